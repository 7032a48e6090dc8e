"""What repairs each trouble: one sentence and the commands that a person would type. Pure; nothing is applied."""

from __future__ import annotations

from typing import Literal

from netdoc.api import Fix, ObjectRef, kube
from netdoc_checks.endpoints.seen import AnyWorkload, Seen, Workload
from netdoc_checks.endpoints.trouble import Trouble

Owner = Literal["helm", "argocd", "flux"]


def managed_by(object_: AnyWorkload | kube.Service | kube.Pod) -> Owner | None:
    """Who writes this object: a live patch would be reverted.

    Argo CD marks with its tracking id or instance label, Flux with its toolkit's labels, Helm with the
    managed-by label and release annotations.
    """
    labels, notes = object_.metadata.labels, object_.metadata.annotations
    if (
        "argocd.argoproj.io/tracking-id" in notes
        or "argocd.argoproj.io/instance" in labels
        or _written_by_argo(object_)
    ):
        return "argocd"
    if any(key.endswith(".toolkit.fluxcd.io/name") for key in labels):
        return "flux"
    if labels.get("app.kubernetes.io/managed-by") == "Helm" or "meta.helm.sh/release-name" in notes:
        return "helm"
    return None


def _written_by_argo(object_: AnyWorkload | kube.Service | kube.Pod) -> bool:
    written = getattr(object_.metadata, "managed_fields", ())
    return any(one.manager.startswith("argocd") and not one.subresource for one in written)


def fix_for(trouble: Trouble, owner: ObjectRef, workload: Workload | None, seen: Seen) -> Fix:
    """The repair of a pod's trouble."""
    summary, commands = _advice(trouble, owner, seen)
    owned = managed_by(workload.object) if workload else managed_by(trouble.pod)
    return Fix(summary=summary, commands=commands, managed_by=owned)


# What to do, and which command begins it: `edit` the workload, read its `logs`, or `describe` the pod.
ADVICE = {
    "pod.crash-looping": ("read why it exits in its last lines, and mend that", "previous"),
    "pod.oom-killed": ("raise the memory limit, or find what uses it up", "edit"),
    "pod.image-pull": ("correct the image's name or tag, or the pull secret", "edit"),
    "pod.config-missing": ("create {subject} in {namespace}, or correct the reference to it", "edit"),
    "pod.unschedulable": ("make room on a node, or relax the constraint that the scheduler names", "describe"),
    "pod.init-blocked": ("mend what init container {container} waits for or fails on", "logs"),
    "pod.readiness-misconfigured": ("make the probe ask for what the application serves", "edit"),
    "pod.readiness-failing": ("find out why the application refuses its own probe", "logs"),
    "pod.liveness-killing": ("give the probe more time, or mend what makes the application hang", "edit"),
    "pod.evicted": ("make room on its node, and create the pod again", "describe"),
}
ELSE = ("see what the pod says of itself", "describe")


def _advice(trouble: Trouble, owner: ObjectRef, seen: Seen) -> tuple[str, tuple[str, ...]]:
    words, command = ADVICE.get(trouble.code, ELSE)
    summary = words.format(
        subject=trouble.subject or "what is missing", namespace=trouble.pod.namespace, container=trouble.container
    )
    return summary, (_command(command, trouble, owner, seen),)


def _command(which: str, trouble: Trouble, owner: ObjectRef, seen: Seen) -> str:
    kubectl, pod = seen.subject.kubectl, trouble.pod
    match which:
        case "edit":
            return kubectl("edit", f"{owner.kind.lower()}/{owner.name}", namespace=owner.namespace)
        case "describe":
            return kubectl("describe", "pod", pod.name, namespace=pod.namespace)
    previous = ("--previous",) if which == "previous" else ()
    return kubectl("logs", pod.name, "-c", trouble.container, *previous, namespace=pod.namespace)
