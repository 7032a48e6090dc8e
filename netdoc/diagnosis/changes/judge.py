"""From what stands around the path to what changed there, newest first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from itertools import pairwise

from netdoc.diagnosis.changes.observe import Around
from netdoc.diagnosis.templates import template_difference
from netdoc.model import kube
from netdoc.model.change import Change, What
from netdoc.model.kube.discovery import MANAGED_BY_LABEL, SLICE_CONTROLLER
from netdoc.model.kube.meta import ManagedFields, Object, ObjectRef

PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")
STARTING = 120  # seconds in which a new node takes on its conditions


def changes_of(around: Around) -> tuple[Change, ...]:
    """The changes within the time asked about, newest first; ties by object, so that order never varies."""
    found = [
        *_rollouts(around),
        *_revisions(around),
        *_scalings(around),
        *_restarts(around),
        *_nodes(around),
        *_written(around, around.services, "service"),
        *_written(around, [one for one in around.slices if _hand_kept(one)], "service"),
        *_written(around, around.policies, "policy"),
        *_written(around, around.config_maps, "config"),
        *_evictions(around),
    ]
    kept = {(one.object, one.what, one.detail): one for one in found if _within(one.at, around)}
    return tuple(sorted(kept.values(), key=lambda one: (-one.at.timestamp(), one.object, one.what, one.detail)))


def _within(at: datetime, around: Around) -> bool:
    return around.now - around.since <= at <= around.now


def _hand_kept(slice_: kube.EndpointSlice) -> bool:
    """The endpoint controllers write all day; a person's slice is changed by a person."""
    return not slice_.metadata.labels.get(MANAGED_BY_LABEL, "").startswith(
        (SLICE_CONTROLLER, "endpointslicemirroring-controller")
    )


def _rollouts(around: Around) -> Iterable[Change]:
    """A ReplicaSet made within the time, against the one before it: the difference of their templates in words."""
    by_owner: dict[ObjectRef, list[kube.ReplicaSet]] = {}
    for one in around.replica_sets:
        owner = one.metadata.controller
        if owner is not None and owner.kind == "Deployment":
            ref = ObjectRef(api_version="apps/v1", kind="Deployment", namespace=one.namespace, name=owner.name)
            by_owner.setdefault(ref, []).append(one)
    for ref, mine in by_owner.items():
        ordered = sorted(mine, key=lambda one: one.revision)
        for before, after in pairwise(ordered):
            made = after.metadata.creation_timestamp
            if made is not None:
                yield Change(at=made, object=ref, what="rollout", detail=_rollout_words(before, after))
        yield from _rolled_back(ref, ordered, around)


def _rollout_words(before: kube.ReplicaSet, after: kube.ReplicaSet) -> str:
    return template_difference(before.template, after.template) or f"revision {after.revision}"


def _rolled_back(ref: ObjectRef, ordered: list[kube.ReplicaSet], around: Around) -> Iterable[Change]:
    """An old ReplicaSet with the newest revision number: somebody went back, and no ReplicaSet was made for it."""
    if len(ordered) < 2:
        return
    newest, before = ordered[-1], ordered[-2]
    made, older = newest.metadata.creation_timestamp, before.metadata.creation_timestamp
    written = _last_write(newest.metadata.managed_fields, "f:annotations")
    if made and older and made < older and written:
        detail = f"back to an earlier template: {_rollout_words(before, newest)}"
        yield Change(at=written, object=ref, what="rollout", detail=detail)


def _last_write(fields: Iterable[ManagedFields], touching: str) -> datetime | None:
    times = [one.time for one in fields if one.time and touching in one.fields_v1.get("f:metadata", {})]
    return max(times, default=None)


def _revisions(around: Around) -> Iterable[Change]:
    by_owner: dict[ObjectRef, list[kube.ControllerRevision]] = {}
    for one in around.revisions:
        owner = one.metadata.controller
        if owner is not None:
            ref = ObjectRef(api_version=owner.api_version, kind=owner.kind, namespace=one.namespace, name=owner.name)
            by_owner.setdefault(ref, []).append(one)
    for ref, mine in by_owner.items():
        ordered = sorted(mine, key=lambda one: one.revision)
        for before, after in pairwise(ordered):
            made = after.metadata.creation_timestamp
            if made is not None:
                yield Change(at=made, object=ref, what="rollout", detail=_revision_words(before, after))


def _revision_words(before: kube.ControllerRevision, after: kube.ControllerRevision) -> str:
    old = before.data.spec.template if before.data and before.data.spec else None
    new = after.data.spec.template if after.data and after.data.spec else None
    words = template_difference(old, new) if old and new else ""
    return words or f"revision {after.revision}"


def _scalings(around: Around) -> Iterable[Change]:
    """Who wrote the number of replicas last, where managedFields tell."""
    for workload in around.workloads:
        if isinstance(workload, kube.DaemonSet):
            continue
        for field in workload.metadata.managed_fields:
            alone = set(field.fields_v1) <= {"f:spec"} and set(field.fields_v1.get("f:spec", {})) <= {"f:replicas"}
            if field.time and "f:replicas" in field.fields_v1.get("f:spec", {}) and alone:
                detail = f"{workload.spec.replicas} replicas, by {field.manager}"
                yield Change(at=field.time, object=workload.ref, what="scale", detail=detail)


def _restarts(around: Around) -> Iterable[Change]:
    """The last end of each pod's containers."""
    for pod in around.pods:
        for status in pod.status.container_statuses:
            last = status.last_state.terminated
            if last is not None and last.finished_at is not None:
                reason = f", {last.reason}" if last.reason not in ("", "Error") else ""
                times = f"{status.restart_count} restart{'' if status.restart_count == 1 else 's'}"
                detail = f"container {status.name} ended with exit code {last.exit_code}{reason}, {times}"
                yield Change(at=last.finished_at, object=pod.ref, what="restart", detail=detail)


def _nodes(around: Around) -> Iterable[Change]:
    """Conditions that turned after the node was made. A node that is lost loses all of them: Ready alone tells it."""
    for node in around.nodes:
        ready = kube.condition(node.status.conditions, "Ready")
        lost = ready is not None and ready.status != "True"
        for told in node.status.conditions:
            at, born = told.last_transition_time, node.metadata.creation_timestamp
            telling = told.type == "Ready" or (told.type in PRESSURES and not lost)
            if at is None or not telling or (born and (at - born).total_seconds() < STARTING):
                continue
            detail = f"{told.type} became {told.status}" + (f" ({told.reason})" if told.reason else "")
            yield Change(at=at, object=node.ref, what="node", detail=detail)


def _written(around: Around, objects: Iterable[Object], what: What) -> Iterable[Change]:
    """The last write of a person or a tool to an object's own fields, and its creation where that is newer."""
    for one in objects:
        fields = getattr(one.metadata, "managed_fields", ())
        writes = [(field.time, field) for field in fields if field.time and field.subresource != "status"]
        born = one.metadata.creation_timestamp
        if writes:
            at, field = max(writes, key=lambda pair: pair[0])
            created = born is not None and at <= born
            detail = (
                f"created by {field.manager}" if created else f"{_touched(field.fields_v1)} written by {field.manager}"
            )
            yield Change(at=at, object=one.ref, what=what, detail=detail)
        elif born is not None:
            yield Change(at=born, object=one.ref, what=what, detail="created")


def _touched(fields: Mapping[str, object]) -> str:
    """The fields that the writer holds, as a person would name them: `spec.selector`."""
    spec = fields.get("f:spec")
    if isinstance(spec, Mapping) and spec:
        names = sorted(key.removeprefix("f:") for key in spec if key.startswith("f:"))
        return ", ".join(f"spec.{name}" for name in names[:4]) + (" ..." if len(names) > 4 else "")
    names = sorted(key.removeprefix("f:") for key in fields if key.startswith("f:") and key != "f:metadata")
    return ", ".join(names[:4]) or "metadata"


def _evictions(around: Around) -> Iterable[Change]:
    mine = {pod.name for pod in around.pods}
    for event in around.evictions:
        at = event.last_seen
        about = event.involved_object
        if at is not None and about.name in mine:
            ref = ObjectRef(api_version="v1", kind="Pod", namespace=about.namespace, name=about.name)
            yield Change(at=at, object=ref, what="event", detail=f"evicted: {event.message}")
