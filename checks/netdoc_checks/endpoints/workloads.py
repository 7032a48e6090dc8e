"""Judges workloads: pods that are not asked for, refused, not made, or of a revision that does not come up. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from netdoc.api import Evidence, Finding, Fix, Judgement, Unjudged, kube, template_difference
from netdoc_checks.endpoints.advice import managed_by
from netdoc_checks.endpoints.pods import event_evidence, fails_since_rollout, rollback
from netdoc_checks.endpoints.seen import Group, Seen, Workload
from netdoc_checks.endpoints.standing import Standing, hops_of, owner_of, severity_of
from netdoc_checks.endpoints.trouble import ready, trouble_of

# A controller acts within a second or two; what it has not begun after a minute it will not begin.
CONTROLLER_LAG = timedelta(minutes=1)


def judge_workloads(group: Group, stand: Standing, seen: Seen) -> Iterable[Judgement]:
    if not group.pods.complete:
        return  # without its pods nothing can be said of what a workload made of them
    for workload in _workloads(group, seen):
        mine = [pod for pod in group.living if owner_of(pod, seen)[0] == workload.ref]
        serving = [pod for pod in mine if ready(pod)]
        if isinstance(workload.object, kube.Deployment | kube.StatefulSet) and workload.desired == 0 and not mine:
            yield _scaled_to_zero(workload, group, stand, seen)
            continue
        if isinstance(workload.object, kube.DaemonSet) and not mine and _acted_on(workload.object):
            yield from _on_no_node(workload, group, stand, seen)
        yield from _new_revision(workload, mine, serving, group, stand, seen)
        if len(mine) < workload.desired:
            refused = list(_refused(workload, mine, serving, group, stand, seen))
            yield from refused or _not_made(workload, mine, group, stand, seen)
        elif not serving:
            yield from _deadline(workload, mine, group, stand, seen)


def _workloads(group: Group, seen: Seen) -> list[Workload]:
    """Those that own the group's pods; where it has none, those whose template it selects."""
    found = {owner_of(pod, seen)[0]: owner_of(pod, seen)[1] for pod in group.living}
    known = [workload for workload in found.values() if workload is not None]
    if known or group.living:
        return known
    if group.service is None:
        return list(group.workloads)
    wanted = group.service.spec.selector.items()
    return [one for one in group.workloads if wanted and wanted <= dict(one.template_labels).items()]


def _name(workload: Workload) -> str:
    return f"{workload.ref.kind.lower()}/{workload.ref.name}"


def _scaled_to_zero(workload: Workload, group: Group, stand: Standing, seen: Seen) -> Finding:
    ref = workload.ref
    return Finding(
        code="workload.scaled-to-zero",
        title=f"{_name(workload)} asks for no replicas",
        object=ref,
        hops=group.hops,
        severity="error" if stand.down else "info",
        since=_last_write(workload, "f:replicas"),
        evidence=(
            Evidence(
                object=ref,
                field="spec.replicas",
                observed="0",
                expected="at least 1",
                command=seen.subject.kubectl("get", f"{ref.kind.lower()}/{ref.name}", namespace=ref.namespace),
            ),
        ),
        fix=Fix(
            summary="scale it up again",
            commands=(
                seen.subject.kubectl(
                    "scale", f"{ref.kind.lower()}/{ref.name}", "--replicas=1", namespace=ref.namespace
                ),
            ),
            managed_by=managed_by(workload.object),
        ),
    )


def _acted_on(daemon_set: kube.DaemonSet) -> bool:
    return daemon_set.status.observed_generation >= max(daemon_set.metadata.generation, 1)


def _on_no_node(workload: Workload, group: Group, stand: Standing, seen: Seen) -> Iterable[Finding]:
    """A DaemonSet's controller makes no pod for a node that the template shuts out: none is pending to say so."""
    if workload.desired:
        return
    ref, chosen = workload.ref, workload.object.template.spec.node_selector
    wanted = ",".join(f"{key}={value}" for key, value in sorted(chosen.items()))
    yield Finding(
        code="pod.unschedulable",
        title=f"no node takes the pods of {_name(workload)}"
        + (f": none that it may use has {wanted}" if wanted else ": its affinity or the nodes' taints shut all out"),
        object=ref,
        hops=group.hops,
        severity="error" if stand.down else "info",
        evidence=(
            Evidence(
                object=ref,
                field="status.desiredNumberScheduled",
                observed="0",
                expected="at least 1",
                command=seen.subject.kubectl("get", f"daemonset/{ref.name}", "-o", "wide", namespace=ref.namespace),
            ),
        ),
        fix=Fix(
            summary="label the nodes that are meant, or correct the template's nodeSelector, affinity or tolerations",
            commands=(seen.subject.kubectl("get", "nodes", "--show-labels"),),
            managed_by=managed_by(workload.object),
        ),
    )


def _last_write(workload: Workload, field: str) -> datetime | None:
    """When a spec field was last written, where managedFields tell."""
    written = getattr(workload.object.metadata, "managed_fields", ())
    dates = [one.time for one in written if one.time and field in one.fields_v1.get("f:spec", {})]
    return max(dates, default=None)


def _new_revision(
    workload: Workload, mine: list[kube.Pod], serving: list[kube.Pod], group: Group, stand: Standing, seen: Seen
) -> Iterable[Finding]:
    """The newest revision never came up: its pods fail, and those of the one before do not or are gone for it."""
    failing = [pod for pod in mine if trouble_of(pod, seen.events_of(pod.ref), seen.subject.now) is not None]
    if not failing or not fails_since_rollout(workload, failing):
        return
    newest, before = workload.replica_sets[0], workload.replica_sets[1]
    difference = template_difference(before.template, newest.template)
    first = trouble_of(failing[0], seen.events_of(failing[0].ref), seen.subject.now)
    yield Finding(
        code="workload.new-revision-failing",
        title=f"revision {newest.revision} of {_name(workload)} does not come up" + (f": {first.why}" if first else ""),
        detail=f"against revision {before.revision}: {difference or 'what differs is nothing that netdoc reads'}",
        object=workload.ref,
        hops=hops_of(failing, stand, group),
        severity=severity_of(group, stand, workload, len(serving)),
        since=newest.metadata.creation_timestamp,
        evidence=(
            Evidence(
                object=newest.ref,
                field="spec.template",
                observed=f"revision {newest.revision}: 0 of {len(failing)} pods ready",
                expected=f"as revision {before.revision}",
                command=seen.subject.kubectl(
                    "rollout", "history", f"deployment/{workload.ref.name}", namespace=workload.ref.namespace
                ),
                data={"difference": difference},
            ),
        ),
        mitigation=rollback(workload, seen),
        fix=Fix(summary="mend the new revision and roll it out again", managed_by=managed_by(workload.object)),
    )


def _refused(
    workload: Workload, mine: list[kube.Pod], serving: list[kube.Pod], group: Group, stand: Standing, seen: Seen
) -> Iterable[Finding]:
    """The API refuses its pods: quota, LimitRange, pod security, a webhook, a missing service account."""
    told = _refusal(workload, seen)
    if told is None:
        return
    evidence, message, since = told
    yield Finding(
        code="workload.creation-refused",
        title=f"the API refuses the pods of {_name(workload)}: {_refusal_words(message)}",
        detail=message,
        object=workload.ref,
        hops=group.hops,
        severity=severity_of(group, stand, workload, len(serving)),
        since=since,
        evidence=(evidence,),
        fix=_refusal_fix(workload, message, seen),
    )


def _refusal(workload: Workload, seen: Seen) -> tuple[Evidence, str, datetime | None] | None:
    """A condition says it while it holds; an event only of those whose status has no such condition."""
    describe = seen.subject.kubectl(
        "describe", f"{workload.ref.kind.lower()}/{workload.ref.name}", namespace=workload.ref.namespace
    )
    for object_ in (*workload.replica_sets, workload.object):
        conditions = getattr(getattr(object_, "status", None), "conditions", ())
        told = kube.condition(conditions, "ReplicaFailure")
        if told is not None and told.status == "True":
            evidence = Evidence(
                object=object_.ref,
                field="status.conditions[ReplicaFailure]",
                observed=told.message,
                expected="absent",
                command=describe,
            )
            return evidence, told.message, told.last_transition_time
    for ref in (workload.ref, *(one.ref for one in workload.replica_sets[:1])):
        events = [event for event in seen.events_of(ref) if event.reason == "FailedCreate"]
        if events and not _made_since(events[-1], seen.events_of(ref)):
            return event_evidence(events[-1], seen), events[-1].message, events[-1].first_seen
    return None


def _made_since(failed: kube.Event, events: tuple[kube.Event, ...]) -> bool:
    """A pod was created after the failure: the event tells of the past."""
    last = failed.last_seen
    return any(one.reason == "SuccessfulCreate" and one.last_seen and last and one.last_seen > last for one in events)


def _refusal_words(message: str) -> str:
    for mark, words in (
        ("exceeded quota", "a quota is used up"),
        ("failed quota", "a quota wants requests or limits that they do not set"),
        ("violates PodSecurity", "pod security forbids them"),
        ("failed calling webhook", "an admission webhook fails"),
        ("denied the request", "an admission webhook denies them"),
        ("serviceaccount", "their service account does not exist"),
        ("maximum", "they exceed a LimitRange"),
        ("minimum", "they fall short of a LimitRange"),
    ):
        if mark in message:
            return words
    return "forbidden" if "forbidden" in message else "it does not say why in a known way"


def _refusal_fix(workload: Workload, message: str, seen: Seen) -> Fix:
    kubectl, namespace = seen.subject.kubectl, workload.ref.namespace
    if "exceeded quota" in message:
        return Fix(
            summary="raise the quota, or free what uses it up",
            commands=(kubectl("describe", "quota", namespace=namespace),),
        )
    if "violates PodSecurity" in message:
        return Fix(
            summary="make the pod meet the namespace's pod security level",
            commands=(kubectl("get", "namespace", namespace, "--show-labels"),),
        )
    if "serviceaccount" in message:
        return Fix(
            summary="create the service account, or name one that exists",
            commands=(kubectl("get", "serviceaccounts", namespace=namespace),),
        )
    if "webhook" in message:
        return Fix(
            summary="mend the webhook, or what it objects to",
            commands=(kubectl("get", "validatingwebhookconfigurations,mutatingwebhookconfigurations"),),
        )
    return Fix(
        summary="make the pod template meet what refuses it",
        commands=(kubectl("describe", "limitrange", namespace=namespace),),
    )


def _not_made(
    workload: Workload, mine: list[kube.Pod], group: Group, stand: Standing, seen: Seen
) -> Iterable[Judgement]:
    """Fewer pods than asked for, and nothing says why: the controller has not acted on what is written."""
    object_ = workload.object
    if not isinstance(object_, kube.Deployment | kube.StatefulSet) or mine:
        return
    written = max(
        (one.time for one in object_.metadata.managed_fields if one.time and not one.subresource), default=None
    )
    behind = object_.metadata.generation > object_.status.observed_generation > 0
    late = written is not None and seen.subject.now - written > CONTROLLER_LAG
    paused = isinstance(object_, kube.Deployment) and object_.spec.paused
    if not (behind or paused or late):
        return
    if seen.events_gap is not None:  # what refuses the pods may stand in events alone
        gap = seen.events_gap
        yield Unjudged(what=gap.what, reason=gap.reason, detail=gap.detail, hop=group.hops[0], blocking=True)
        return
    why = (
        "its rollout is paused"
        if paused
        else "its controller has not acted on the last change"
        if behind
        else "no pod was made"
    )
    yield _stuck(workload, why, f"{len(mine)} pods", f"{workload.desired} pods", group, stand, written, seen)


def _deadline(workload: Workload, mine: list[kube.Pod], group: Group, stand: Standing, seen: Seen) -> Iterable[Finding]:
    object_ = workload.object
    if not isinstance(object_, kube.Deployment):
        return
    told = kube.condition(object_.status.conditions, "Progressing")
    if told is None or told.reason != "ProgressDeadlineExceeded":
        return
    yield _stuck(
        workload, told.message, told.reason, "NewReplicaSetAvailable", group, stand, told.last_transition_time, seen
    )


def _stuck(
    workload: Workload,
    why: str,
    observed: str,
    expected: str,
    group: Group,
    stand: Standing,
    since: datetime | None,
    seen: Seen,
) -> Finding:
    ref = workload.ref
    return Finding(
        code="workload.rollout-stuck",
        title=f"the rollout of {_name(workload)} does not progress: {why}",
        object=ref,
        hops=group.hops,
        severity="error" if stand.down else "warning",
        since=since,
        evidence=(
            Evidence(
                object=ref,
                field="status",
                observed=observed,
                expected=expected,
                command=seen.subject.kubectl(
                    "rollout", "status", f"{ref.kind.lower()}/{ref.name}", "--watch=false", namespace=ref.namespace
                ),
            ),
        ),
        fix=Fix(summary="find out what its controller waits for (kube-controller-manager's log)"),
        mitigation=rollback(workload, seen),
    )
