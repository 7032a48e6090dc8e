"""From what stands around the path to what changed there, newest first. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from netdoc.diagnosis.changes.observe import Around, maps_in
from netdoc.diagnosis.changes.rollouts import rollouts
from netdoc.diagnosis.changes.scaling import scalings
from netdoc.model import kube
from netdoc.model.change import Change, What
from netdoc.model.kube.discovery import MANAGED_BY_LABEL, SLICE_CONTROLLER
from netdoc.model.kube.meta import Object, ObjectRef

PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")
STARTING = 120  # seconds in which a new node takes on its conditions


def changes_of(around: Around) -> tuple[Change, ...]:
    """The changes within the time asked about, newest first; ties by object, so that order never varies."""
    found = [
        *rollouts(around),
        *scalings(around),
        *_restarts(around),
        *_nodes(around),
        *_written(around.services, "service"),
        *_written([one for one in around.slices if _hand_kept(one)], "service"),
        *_written(around.policies, "policy"),
        *_configured(around),
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


def _restarts(around: Around) -> Iterable[Change]:
    """One for each container of a workload, at its last end: its pods restart for one and the same reason."""
    gathered: dict[tuple[ObjectRef, str], list[tuple[kube.Pod, kube.ContainerStatus]]] = {}
    for pod in around.pods:
        for status in pod.status.container_statuses:
            if status.last_state.terminated is not None and status.last_state.terminated.finished_at is not None:
                gathered.setdefault((_topmost(pod, around), status.name), []).append((pod, status))
    for (ref, name), ended in gathered.items():
        yield _restart(ref, name, ended)


def _restart(ref: ObjectRef, name: str, ended: list[tuple[kube.Pod, kube.ContainerStatus]]) -> Change:
    ends = [(status.last_state.terminated, pod.name) for pod, status in ended]
    last, _ = max(((end, pod) for end, pod in ends if end), key=lambda one: (str(one[0].finished_at), one[1]))
    assert last.finished_at is not None
    reason = f" ({last.reason})" if last.reason not in ("", "Error") else ""
    count = sum(status.restart_count for _, status in ended)
    pods = f" in {len(ended)} pods" if len(ended) > 1 else ""
    times = f"{count} restart{'' if count == 1 else 's'}{pods}"
    detail = f"container {name} ended with exit code {last.exit_code}{reason}, {times}"
    return Change(at=last.finished_at, object=ref, what="restart", detail=detail)


def _topmost(pod: kube.Pod, around: Around) -> ObjectRef:
    """The workload that a pod belongs to, as far as it was read; the pod where it belongs to none."""
    owner = pod.metadata.controller
    if owner is None:
        return pod.ref
    owners = {(one.namespace, one.name): one.metadata.controller for one in around.replica_sets}
    above = owners.get((pod.namespace, owner.name)) if owner.kind == "ReplicaSet" else None
    owner = above or owner
    return ObjectRef(api_version=owner.api_version, kind=owner.kind, namespace=pod.namespace, name=owner.name)


def _nodes(around: Around) -> Iterable[Change]:
    """Conditions that turned after the node was made. All turn with Ready where a node is lost or comes back."""
    for node in around.nodes:
        ready = kube.condition(node.status.conditions, "Ready")
        lost = ready is not None and ready.status != "True"
        turned = ready.last_transition_time if ready is not None else None
        for told in node.status.conditions:
            at, born = told.last_transition_time, node.metadata.creation_timestamp
            telling = told.type == "Ready" or (told.type in PRESSURES and not lost and at != turned)
            if at is None or not telling or (born and (at - born).total_seconds() < STARTING):
                continue
            detail = f"{told.type} became {told.status}" + (f" ({told.reason})" if told.reason else "")
            yield Change(at=at, object=node.ref, what="node", detail=detail)


def _configured(around: Around) -> Iterable[Change]:
    """ConfigMaps, with the workloads whose pods refer to them."""
    users: dict[tuple[str, str], set[ObjectRef]] = {}
    specs = [(_topmost(pod, around), pod.spec) for pod in around.pods]
    specs += [(one.ref, one.template.spec) for one in around.workloads]
    for ref, spec in specs:
        for name in maps_in(spec):
            users.setdefault((ref.namespace, name), set()).add(ref)
    for change in _written(around.config_maps, "config"):
        used_by = tuple(sorted(users.get((change.object.namespace, change.object.name), ())))
        yield msgspec.structs.replace(change, used_by=used_by)


def _written(objects: Iterable[Object], what: What) -> Iterable[Change]:
    """The last write of a person or a tool to an object's own fields, or its creation where nobody wrote since."""
    for one in objects:
        fields = getattr(one.metadata, "managed_fields", ())
        writes = [(field.time, field) for field in fields if field.time and field.subresource != "status"]
        born = one.metadata.creation_timestamp
        if writes:
            at, field = max(writes, key=lambda pair: (pair[0], pair[1].manager))
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
    mine = {(pod.namespace, pod.name) for pod in around.pods}
    for event in (one for one in around.events if one.reason == "Evicted"):
        at = event.last_seen
        about = event.involved_object
        if at is not None and (event.namespace, about.name) in mine:
            ref = ObjectRef(api_version="v1", kind="Pod", namespace=event.namespace, name=about.name)
            yield Change(at=at, object=ref, what="event", detail=f"evicted: {event.message}")
