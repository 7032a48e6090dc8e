"""Judges pods: one finding for a trouble and a workload, its pods in the evidence. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from netdoc.api import Evidence, Finding, Gap, Mitigation, ObjectRef, kube
from netdoc_checks.endpoints.advice import fix_for, managed_by
from netdoc_checks.endpoints.seen import Group, Seen, Workload
from netdoc_checks.endpoints.standing import RUNNING, Standing, hops_of, in_common, owner_of, published, severity_of
from netdoc_checks.endpoints.trouble import Trouble, ready, trouble_of

MOST_PODS = 4  # pods quoted as evidence; the finding says how many there are

# What one pod does, and what several do.
VERBS = {
    "pod.crash-looping": ("keeps crashing", "keep crashing"),
    "pod.oom-killed": ("is killed for memory", "are killed for memory"),
    "pod.image-pull": ("cannot pull its image", "cannot pull their image"),
    "pod.config-missing": ("lacks what it refers to", "lack what they refer to"),
    "pod.unschedulable": ("is taken by no node", "are taken by no node"),
    "pod.init-blocked": ("waits for an init container", "wait for an init container"),
    "pod.readiness-failing": ("fails its readiness probe", "fail their readiness probe"),
    "pod.readiness-misconfigured": ("has a readiness probe that is wrong", "have a readiness probe that is wrong"),
    "pod.liveness-killing": ("is killed by its own probe", "are killed by their own probe"),
    "pod.network-not-ready": ("gets no network", "get no network"),
    "pod.evicted": ("was evicted", "were evicted"),
    "pod.terminating": ("hangs in termination", "hang in termination"),
    "pod.sidecar-not-ready": ("waits for its mesh proxy", "wait for their mesh proxy"),
    "pod.not-ready": ("runs and is not ready", "run and are not ready"),
}

# What becomes of a live roll-back: Helm acts when it is called, the others reconcile all the time.
REVERTS = {
    "helm": "the next helm upgrade puts the new revision back",
    "argocd": "Argo CD puts the new revision back unless automated sync is off",
    "flux": "Flux puts the new revision back unless it is suspended",
}


def judge_pods(group: Group, stand: Standing, seen: Seen) -> Iterable[Finding]:
    """A finding for each kind of trouble of each workload of the group."""
    gathered: dict[tuple[str, ObjectRef], list[Trouble]] = {}
    for pod in _counted(group, seen):
        trouble = trouble_of(pod, seen.events_of(pod.ref), seen.subject.now)
        if trouble is not None:
            owner, _ = owner_of(pod, seen)
            gathered.setdefault((_pod_code(trouble), owner), []).append(trouble)
    for (code, owner), troubles in gathered.items():
        yield _finding(code, owner, troubles, group, stand, seen)


def _pod_code(trouble: Trouble) -> str:
    """An exhausted pool is the node's; what the pod shows of it is that it got no network."""
    return "pod.network-not-ready" if trouble.code.startswith("node.") else trouble.code


def _counted(group: Group, seen: Seen) -> list[kube.Pod]:
    """The pods that should serve. One that was evicted or is held in its end counts where nothing took its place."""
    counted = [pod for pod in group.pods.items if not pod.finished]
    if any(ready(pod) for pod in counted):
        return counted
    replaced = {owner_of(pod, seen)[0] for pod in counted}
    evicted = [
        pod
        for pod in group.pods.items
        if pod.status.phase == "Failed" and pod.status.reason == "Evicted" and owner_of(pod, seen)[0] not in replaced
    ]
    ended = [pod for pod in group.pods.items if _ended(pod)]
    held = [pod for pod in group.pods.items if pod.finished and pod.metadata.deletion_timestamp and not _of_job(pod)]
    return counted + evicted + ([*held, *(pod for pod in ended if pod not in held)] if not counted else [])


def _ended(pod: kube.Pod) -> bool:
    """A pod that nobody starts again and nobody replaces."""
    return pod.status.phase == "Failed" and pod.status.reason != "Evicted" and not _of_job(pod)


def _of_job(pod: kube.Pod) -> bool:
    """A Job's pods are meant to end."""
    owner = pod.metadata.controller
    return owner is not None and owner.kind == "Job"


def _finding(
    code: str, owner: ObjectRef, troubles: list[Trouble], group: Group, stand: Standing, seen: Seen
) -> Finding:
    pods = [one.pod for one in troubles]
    workload = owner_of(pods[0], seen)[1]
    mine = [pod for pod in group.living if owner_of(pod, seen)[0] == owner]
    serving = [pod for pod in mine if ready(pod) and pod not in pods]
    worst = troubles[0]
    dates = [one.since for one in troubles if one.since is not None]
    called = any(ready(pod) for pod in pods) or (published(group) and code not in RUNNING)
    severity = "error" if called else severity_of(group, stand, workload, len(serving))
    return Finding(
        code=code,
        title=_title(code, owner, worst, len(pods), max(len(mine), len(pods))),
        detail=_detail(worst, pods, serving, severity, seen),
        object=owner,
        hops=hops_of(pods, stand, group),
        severity=severity,
        evidence=tuple(_evidence(troubles, seen)),
        since=min(dates) if dates else None,
        fix=fix_for(worst, owner, workload, seen),
        mitigation=_rollback(workload, owner, troubles, seen),
    )


def _title(code: str, owner: ObjectRef, worst: Trouble, failing: int, of: int) -> str:
    one, several = VERBS[code]
    who = f"{owner.kind.lower()}/{owner.name}"
    if owner.kind == "Pod":
        return f"{who} {one}: {worst.why}"
    if of == 1:
        return f"the only pod of {who} {one}: {worst.why}"
    count = f"all {of} pods" if failing >= of else f"{failing} of {of} pods"
    return f"{count} of {who} {one if failing == 1 else several}: {worst.why}"


def _detail(worst: Trouble, pods: Sequence[kube.Pod], serving: Sequence[kube.Pod], severity: str, seen: Seen) -> str:
    words = [in_common(pods, serving, seen)]
    if severity == "info":
        words.append(f"{len(serving)} pods still serve, as many as are wanted")
    return "; ".join(word for word in words if word)


def _evidence(troubles: Sequence[Trouble], seen: Seen) -> Iterable[Evidence]:
    """One pod, its last words, what the events say of it; then the other pods, which say the same."""
    shown = [_status_evidence(trouble, seen) for trouble in troubles[:MOST_PODS]]
    told = next((trouble.event for trouble in troubles if trouble.event is not None), None)
    yield shown[0]
    yield from _log(troubles, seen)
    if told is not None:
        yield event_evidence(told, seen)
    yield from shown[1:]


def _status_evidence(trouble: Trouble, seen: Seen) -> Evidence:
    pod = trouble.pod
    return Evidence(
        object=pod.ref,
        field=trouble.field,
        observed=trouble.observed,
        expected=trouble.expected,
        command=seen.subject.kubectl("describe", "pod", pod.name, namespace=pod.namespace),
    )


def event_evidence(event: kube.Event, seen: Seen) -> Evidence:
    """An event as evidence: how often, until when, in its own words."""
    about = event.involved_object
    times = f" ({event.times} times)" if event.times > 1 else ""
    return Evidence(
        kind="event",
        object=event.ref,
        field=event.reason,
        observed=f"{event.message}{times}",
        at=event.last_seen,
        command=seen.subject.kubectl(
            "events", "--for", f"{about.kind.lower()}/{about.name}", namespace=event.namespace
        ),
    )


def _log(troubles: Sequence[Trouble], seen: Seen) -> Iterable[Evidence]:
    """The last lines that a crashed container wrote, cut. They are its words, not ours."""
    for trouble in troubles:
        text = seen.logs.get((trouble.pod.ref, trouble.container))
        if isinstance(text, str) and text.strip():
            lines = text.strip().splitlines()[-5:]
            yield Evidence(
                kind="log",
                object=trouble.pod.ref,
                field=f"log of container {trouble.container}",
                observed="\n".join(line[:300] for line in lines),
                command=seen.subject.kubectl(
                    "logs", trouble.pod.name, "-c", trouble.container, "--previous", namespace=trouble.pod.namespace
                ),
            )
            return


def unread_logs(seen: Seen) -> list[Gap]:
    return [text for text in seen.logs.values() if isinstance(text, Gap)]


def _rollback(
    workload: Workload | None, owner: ObjectRef, troubles: Sequence[Trouble], seen: Seen
) -> Mitigation | None:
    """Going back one revision helps now where the trouble came with the newest one."""
    if workload is None or not fails_since_rollout(workload, [one.pod for one in troubles]):
        return None
    return rollback(workload, seen)


def rollback(workload: Workload, seen: Seen) -> Mitigation | None:
    if len(workload.replica_sets) < 2:
        return None
    before = workload.replica_sets[1].revision
    ref = workload.ref
    command = seen.subject.kubectl(
        "rollout", "undo", f"deployment/{ref.name}", f"--to-revision={before}", namespace=ref.namespace
    )
    owner = managed_by(workload.object)
    if owner is None:
        return Mitigation(summary=f"go back to revision {before}", commands=(command,))
    reverted = REVERTS[owner]
    return Mitigation(
        summary=f"go back to revision {before}; {owner} owns it: {reverted}", commands=(f"{command}  # {reverted}",)
    )


def fails_since_rollout(workload: Workload, pods: Sequence[kube.Pod]) -> bool:
    """Whether these pods are of a newest revision that never came up: the controller has not called it available."""
    if len(workload.replica_sets) < 2 or not isinstance(workload.object, kube.Deployment):
        return False
    newest = workload.replica_sets[0]
    progress = kube.condition(workload.object.status.conditions, "Progressing")
    complete = progress is not None and progress.reason == "NewReplicaSetAvailable"
    owners = {pod.metadata.controller.name for pod in pods if pod.metadata.controller}
    return not complete and owners == {newest.name}
