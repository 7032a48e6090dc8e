"""Scaling: when the number of replicas was set to another. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

import msgspec

from netdoc.diagnosis.changes.observe import AnyWorkload, Around
from netdoc.model import kube
from netdoc.model.change import Change
from netdoc.model.kube.meta import ObjectRef

# The deployment controller's words, in the order of 1.26 and later and in the one before.
_STEP = re.compile(r"Scaled (up|down) replica set (\S+) (?:from (\d+) to (\d+)|to (\d+)(?: from (\d+))?)")
TOGETHER = timedelta(seconds=60)  # steps of a rollout follow each other within about a minute
AT_ONCE = timedelta(seconds=5)  # a new ReplicaSet is scaled right after it is made


class Step(msgspec.Struct, frozen=True):
    """One step of a ReplicaSet."""

    at: datetime
    set: str
    up: bool
    before: int | None
    after: int


def scalings(around: Around) -> Iterable[Change]:
    for workload in around.workloads:
        if isinstance(workload, kube.DaemonSet):
            continue
        written = list(_written(workload))
        yield from written or _seen(workload, around)


def _written(workload: kube.Deployment | kube.StatefulSet | kube.ReplicaSet | AnyWorkload) -> Iterable[Change]:
    """Who wrote the number alone, and when. A write of the scale subresource carries no time (KEP-2155)."""
    for field in workload.metadata.managed_fields:
        spec = field.fields_v1.get("f:spec", {})
        alone = set(field.fields_v1) <= {"f:spec"} and set(spec) == {"f:replicas"}
        if field.time is not None and alone:
            detail = f"{_replicas(workload.spec.replicas)}, by {field.manager}"
            yield Change(at=field.time, object=workload.ref, what="scale", detail=detail)


def _seen(workload: AnyWorkload, around: Around) -> Iterable[Change]:
    if isinstance(workload, kube.Deployment):
        yield from _of_deployment(workload, around)
    elif isinstance(workload, kube.StatefulSet) and workload.spec.replicas == 0:
        deleted = [e.last_seen for e in _events(around, workload.ref, "SuccessfulDelete") if e.last_seen is not None]
        if deleted:
            yield Change(at=max(deleted), object=workload.ref, what="scale", detail="to 0 replicas")


def _of_deployment(workload: kube.Deployment, around: Around) -> Iterable[Change]:
    """What the controller did to the newest ReplicaSet, where it is no step of a rollout."""
    mine = [one for one in around.replica_sets if _owner(one) == workload.name and one.namespace == workload.namespace]
    if not mine:
        return
    newest = max(mine, key=lambda one: (one.revision, one.name))
    steps = [step for event in _events(around, workload.ref, "ScalingReplicaSet") if (step := _step(event)) is not None]
    for step in steps:
        if step.set == newest.name and not _of_rollout(step, steps, newest):
            origin = f"{step.before} → " if step.before is not None else "to "
            yield Change(at=step.at, object=workload.ref, what="scale", detail=f"{origin}{_replicas(step.after)}")


def _owner(one: kube.ReplicaSet) -> str:
    owner = one.metadata.controller
    return owner.name if owner is not None and owner.kind == "Deployment" else ""


def _events(around: Around, ref: ObjectRef, reason: str) -> list[kube.Event]:
    key = (ref.kind, ref.namespace, ref.name)
    return [
        one
        for one in around.events
        if one.reason == reason and (one.involved_object.kind, one.namespace, one.involved_object.name) == key
    ]


def _step(event: kube.Event) -> Step | None:
    found, at = _STEP.search(event.message), event.last_seen
    if found is None or at is None:
        return None
    before = found[3] or found[6]
    return Step(at, found[2], found[1] == "up", int(before) if before else None, int(found[4] or found[5]))


def _of_rollout(step: Step, steps: Sequence[Step], newest: kube.ReplicaSet) -> bool:
    """A rollout raises the new ReplicaSet as it lowers the others; it never takes the newest to nothing."""
    if step.after == 0:
        return False
    born = newest.metadata.creation_timestamp
    if step.up and born is not None and step.at - born <= AT_ONCE:
        return True
    return any(other.set != step.set and other.up != step.up and abs(other.at - step.at) <= TOGETHER for other in steps)


def _replicas(number: int) -> str:
    return f"{number} replica" if number == 1 else f"{number} replicas"
