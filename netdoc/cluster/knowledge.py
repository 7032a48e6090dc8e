"""What may be concluded from an object's absence in a file: that depends on who wrote it, and of what."""

from __future__ import annotations

from typing import Protocol

import msgspec

from netdoc.cluster.files import Unreadable
from netdoc.cluster.holdings import Holdings
from netdoc.cluster.kinds import BUILT_IN_GROUPS, resource_name
from netdoc.model.kube.meta import Kind, Object
from netdoc.model.record import Gap

# What `kubectl cluster-info dump` writes (kubectl/pkg/cmd/clusterinfo/clusterinfo_dump.go).
# Namespaces are known by what is in them.
_DUMPED = frozenset(
    {"Node", "Event", "ReplicationController", "Service", "DaemonSet", "Deployment", "ReplicaSet", "Pod", "Namespace"}
)

# Kinds that a target or a source can be: one that is not there is what the user asked to be told.
_NAMED = frozenset({"Service", "Pod", "Namespace", "Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob"})

# Kinds of the built-in groups that are policy or routes: without one, there are none.
_POLICY = frozenset({"NetworkPolicy", "Ingress", "IngressClass", "CustomResourceDefinition"})


class Knowledge(Protocol):
    """Answers for what the documents do not hold."""

    def hidden(self, kind: type[Object], name: str, namespace: str) -> Gap | None:
        """Why an object, or all of a kind (""), may not be shown although the documents are there."""
        ...

    def listed(self, kind: type[Object], namespace: str, found: int) -> Gap | None:
        """Why a list of `found` objects may not be all."""
        ...

    def absent(self, kind: type[Object], name: str, namespace: str) -> Gap | None:
        """Why an object that was not found may exist nevertheless; None where it does not."""
        ...


class Whole(msgspec.Struct, frozen=True):
    """Everything there is: the embedded network, and objects made in tests."""

    def hidden(self, kind: type[Object], name: str, namespace: str) -> Gap | None:
        return None

    def listed(self, kind: type[Object], namespace: str, found: int) -> Gap | None:
        return None

    def absent(self, kind: type[Object], name: str, namespace: str) -> Gap | None:
        return None


class Foreign(msgspec.Struct, frozen=True):
    """Files of others' making: they do not say what they left out."""

    holdings: Holdings
    unreadable: tuple[Unreadable, ...] = ()
    dump: bool = False
    listed_empty: frozenset[str] = frozenset()

    def hidden(self, kind: type[Object], name: str, namespace: str) -> Gap | None:
        return None

    def listed(self, kind: type[Object], namespace: str, found: int) -> Gap | None:
        """In others' files a kind of policy, route or CRD that does not occur is none, and that is said."""
        if (gap := self._unreadable(kind.KIND)) is not None:
            return gap
        if self._occurs(kind.KIND):
            return _kept_by_hand(kind.KIND) if kind.KIND.kind == "EndpointSlice" and not found else None
        if self._undumped(kind.KIND):
            return _not_in_dump(kind.KIND)
        if self._is_policy(kind.KIND):
            return _taken_as_none(kind.KIND)
        return None if self._is_named(kind.KIND) or found else _left_out(kind.KIND)

    def absent(self, kind: type[Object], name: str, namespace: str) -> Gap | None:
        place = kind.KIND
        if (gap := self._unreadable(place)) is not None:
            return gap
        if self._undumped(place):
            return _not_in_dump(place)
        return None if self._is_named(place) or self._is_policy(place) else _left_out(place, name)

    def _unreadable(self, kind: Kind) -> Gap | None:
        """A file that could not be read and may hold objects of the kind."""
        hiding = [one for one in self.unreadable if one.kinds is None or kind.kind in one.kinds]
        if not hiding:
            return None
        more = f" and {len(hiding) - 1} more" if len(hiding) > 1 else ""
        return Gap(what=resource_name(kind), reason="incomplete", detail=f"cannot read {hiding[0]}{more}")

    def _occurs(self, kind: Kind) -> bool:
        """Whether an object of the kind is there, or a list of it that says that there is none."""
        return self.holdings.has(kind) or kind.kind in self.listed_empty

    def _is_policy(self, kind: Kind) -> bool:
        return kind.kind in _POLICY or kind.group not in BUILT_IN_GROUPS

    def _is_named(self, kind: Kind) -> bool:
        return kind.kind in _NAMED

    def _undumped(self, kind: Kind) -> bool:
        """Whether the kind is one that would be missed, and that a dump leaves out."""
        dumped = kind.kind in _DUMPED or self._occurs(kind)
        return self.dump and not dumped and (self._is_named(kind) or self._is_policy(kind))


def _taken_as_none(kind: Kind) -> Gap:
    detail = f"the snapshot holds no {resource_name(kind)}: taken as none"
    return Gap(what=resource_name(kind), reason="assumed", detail=detail, blocking=False)


def _left_out(kind: Kind, name: str = "") -> Gap:
    detail = (
        f"the snapshot does not hold {kind.kind} {name}" if name else f"the snapshot holds no {resource_name(kind)}"
    )
    return Gap(what=resource_name(kind), reason="incomplete", detail=detail, blocking=False)


def _kept_by_hand(kind: Kind) -> Gap:
    """Slices are there or derived for every Service that has a selector; of the others a file cannot tell."""
    detail = "the snapshot holds no EndpointSlice here, and there is no selector to derive one from"
    return Gap(what=resource_name(kind), reason="incomplete", detail=detail, blocking=False)


def _not_in_dump(kind: Kind) -> Gap:
    detail = f"kubectl cluster-info dump leaves {resource_name(kind)} out"
    return Gap(what=resource_name(kind), reason="incomplete", detail=detail)
