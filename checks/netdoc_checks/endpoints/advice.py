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


def _advice(trouble: Trouble, owner: ObjectRef, seen: Seen) -> tuple[str, tuple[str, ...]]:
    kubectl, pod = seen.subject.kubectl, trouble.pod
    edit = kubectl("edit", f"{owner.kind.lower()}/{owner.name}", namespace=owner.namespace)
    describe = kubectl("describe", "pod", pod.name, namespace=pod.namespace)
    logs = kubectl("logs", pod.name, "-c", trouble.container, "--previous", namespace=pod.namespace)
    match trouble.code:
        case "pod.crash-looping":
            return "read why it exits in its last lines, and mend that", (logs,)
        case "pod.oom-killed":
            return "raise the memory limit, or find what uses it up", (edit,)
        case "pod.image-pull":
            return "correct the image's name or tag, or the pull secret", (edit,)
        case "pod.config-missing":
            return _missing_advice(trouble, seen), (edit,)
        case "pod.unschedulable":
            return "make room on a node, or relax the constraint that the scheduler names", (describe,)
        case "pod.init-blocked":
            return f"mend what init container {trouble.container} waits for or fails on", (
                kubectl("logs", pod.name, "-c", trouble.container, namespace=pod.namespace),
            )
        case "pod.readiness-misconfigured":
            return "make the probe ask for what the application serves", (edit,)
        case "pod.readiness-failing":
            return "find out why the application refuses its own probe", (
                kubectl("logs", pod.name, "-c", trouble.container, namespace=pod.namespace),
            )
        case "pod.liveness-killing":
            return "give the probe more time, or mend what makes the application hang", (edit,)
        case "pod.evicted":
            return "make room on its node, and create the pod again", (describe,)
        case _:
            return "see what the pod says of itself", (describe,)


def _missing_advice(trouble: Trouble, seen: Seen) -> str:
    what = trouble.subject or "what is missing"
    return f"create {what} in {trouble.pod.namespace}, or correct the reference to it"
