"""Rollouts: a template that took another's place, the difference of the two in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from itertools import pairwise

import msgspec

from netdoc.diagnosis.changes.observe import AnyWorkload, Around
from netdoc.diagnosis.templates import template_difference
from netdoc.model import kube
from netdoc.model.change import Change
from netdoc.model.kube.meta import ManagedFields, Object, ObjectRef


class Revision(msgspec.Struct, frozen=True):
    """One template that a workload had. `number` grows with each rollout, also when one goes back to it."""

    number: int
    name: str
    made: datetime
    template: kube.PodTemplate | None


def rollouts(around: Around) -> Iterable[Change]:
    """Each template made after another, and a return to an earlier one, of Deployments and of what keeps revisions."""
    workloads = {one.ref: one for one in around.workloads}
    sets = {one.name: one for one in around.replica_sets}
    for ref, revisions in _by_owner(around).items():
        by_age = sorted(revisions, key=lambda one: (one.made, one.number, one.name))
        for before, after in pairwise(by_age):
            yield Change(at=after.made, object=ref, what="rollout", detail=_words(before, after))
        yield from _back(ref, revisions, workloads.get(ref), sets)


def _by_owner(around: Around) -> Mapping[ObjectRef, list[Revision]]:
    found: dict[ObjectRef, list[Revision]] = {}
    for one in around.replica_sets:
        _enter(found, one, one.revision, one.template, ("Deployment",))
    for kept in around.revisions:
        template = kept.data.spec.template if kept.data is not None and kept.data.spec is not None else None
        _enter(found, kept, kept.revision, template, ("StatefulSet", "DaemonSet"))
    return found


def _enter(
    found: dict[ObjectRef, list[Revision]],
    one: Object,
    number: int,
    template: kube.PodTemplate | None,
    kinds: tuple[str, ...],
) -> None:
    owner, made = one.metadata.controller, one.metadata.creation_timestamp
    if owner is not None and owner.kind in kinds and made is not None:
        ref = ObjectRef(api_version=owner.api_version, kind=owner.kind, namespace=one.namespace, name=owner.name)
        found.setdefault(ref, []).append(Revision(number, one.name, made, template))


def _words(before: Revision, after: Revision) -> str:
    known = before.template is not None and after.template is not None
    difference = template_difference(before.template, after.template) if known else ""  # type: ignore[arg-type]
    return difference or f"revision {after.number}, in nothing that netdoc reads"


def _back(
    ref: ObjectRef,
    revisions: Sequence[Revision],
    workload: AnyWorkload | None,
    sets: Mapping[str, kube.ReplicaSet],
) -> Iterable[Change]:
    """The newest number on an older template: somebody went back, and nothing was made for it."""
    ordered = sorted(revisions, key=lambda one: (one.number, one.made, one.name))
    if len(ordered) < 2 or ordered[-1].made >= ordered[-2].made:
        return
    newest, left = ordered[-1], ordered[-2]
    at = _went(newest, workload, sets)
    if at is not None:
        detail = f"back to an earlier template: {_words(left, newest)}"
        yield Change(at=at, object=ref, what="rollout", detail=detail)


def _went(newest: Revision, workload: AnyWorkload | None, sets: Mapping[str, kube.ReplicaSet]) -> datetime | None:
    """When: as the workload's template was written, else as its ReplicaSet was renumbered."""
    written = last_write(workload.metadata.managed_fields, "f:spec", "f:template") if workload is not None else None
    kept = sets.get(newest.name)
    if written is not None and written > newest.made:
        return written
    return last_write(kept.metadata.managed_fields, "f:metadata", "f:annotations") if kept is not None else None


def last_write(fields: Iterable[ManagedFields], *path: str) -> datetime | None:
    """When a field was last written, where managedFields tell."""
    times = [one.time for one in fields if one.time is not None and _holds(one.fields_v1, path)]
    return max(times, default=None)


def _holds(fields: object, path: tuple[str, ...]) -> bool:
    for part in path:
        if not isinstance(fields, Mapping) or part not in fields:
            return False
        fields = fields[part]
    return True
