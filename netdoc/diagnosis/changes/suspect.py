"""Which change fits the cause: made to the object that is at fault, of the right kind, before it broke. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

import msgspec

from netdoc.model.change import Change
from netdoc.model.finding import Finding
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.path import Path

# Clocks of nodes and API server differ a little, and a condition is written seconds after what it tells.
SLACK = timedelta(seconds=30)

# Which kinds of change can cause what an area's codes tell, the likeliest first.
FITTING: Mapping[str, tuple[str, ...]] = {
    "service": ("service", "rollout"),
    "policy": ("policy", "rollout"),
    "pod": ("rollout", "config", "node", "event"),
    "workload": ("rollout", "scale", "config", "node"),
    "node": ("node",),
    "loadbalancer": ("service",),
    "dns": ("config", "rollout", "service", "scale"),
}

# The same for codes of which one knows better.
FITTING_CODE: Mapping[str, tuple[str, ...]] = {
    "workload.scaled-to-zero": ("scale",),
    "pod.unschedulable": ("rollout", "scale", "node"),
    "pod.evicted": ("event", "node"),
}
# What of a new template a Service depends on.
SERVICE_WORDS = ("label ", "containerPort ")


def suspected(
    changes: Sequence[Change], root: Finding | None, path: Path
) -> tuple[tuple[Change, ...], datetime | None]:
    """The changes with the suspect marked, and since when the root must hold if it does not say itself."""
    if root is None:
        return tuple(changes), None
    fitting = [change for change in changes if _fits(change, root, path)]
    if not fitting:
        return tuple(changes), None
    order = _order(root)
    chosen = min(
        fitting,
        key=lambda one: (one.detail.startswith("created"), order.index(one.what), -one.at.timestamp(), one.object),
    )
    marked = tuple(msgspec.structs.replace(one, suspect=True) if one is chosen else one for one in changes)
    return marked, chosen.at


def _order(root: Finding) -> tuple[str, ...]:
    return FITTING_CODE.get(root.code) or FITTING.get(root.code.partition(".")[0], ())


def _fits(change: Change, root: Finding, path: Path) -> bool:
    if change.what not in _order(root):
        return False
    if root.since is not None and change.at > root.since + SLACK:
        return False
    return _concerns(change, root, path)


def _concerns(change: Change, root: Finding, path: Path) -> bool:
    """The change was made to the object at fault, to what it stands on, or to something that its proof names."""
    named = {root.object, *(one.object for one in root.evidence if one.object is not None)}
    if change.object in named:
        return True
    match change.what:
        case "config":
            return bool(named & set(change.used_by))
        case "node":
            return _on_node(change.object, root, path)
        case "rollout" if root.code.startswith("service."):
            return _same_place(change, root) and any(word in change.detail for word in SERVICE_WORDS)
        case _:
            return False


def _same_place(change: Change, root: Finding) -> bool:
    return change.object.namespace == root.object.namespace


def _on_node(node: ObjectRef, root: Finding, path: Path) -> bool:
    hops = {hop.id for hop in path.of_kind("node") if hop.object == node}
    reached = set(root.hops).union(*(path.downstream(hop) for hop in root.hops)) if root.hops else set()
    return bool(hops & reached)
