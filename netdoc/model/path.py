"""The path: the hops that traffic crosses from its sources to its target, as a graph."""

from __future__ import annotations

from typing import Literal

import msgspec

from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Gap
from netdoc.model.target import SourceSpec, Target

HopKind = Literal[
    "client",
    "dns",
    "firewall",
    "loadbalancer",
    "entrypoint",
    "router",
    "middleware",
    "service",
    "endpoint",
    "policy",
    "pod",
    "node",
    "external",
]


class Hop(msgspec.Struct, frozen=True, kw_only=True):
    """One place that traffic passes. Ids are stable from run to run; `next` are the hops after this one.

    A policy is a gate on the edge `between` two hops. `addresses` (one a family), `port` and `protocol` are what a
    packet to this hop would carry, where that is known.
    """

    id: str
    kind: HopKind
    object: ObjectRef | None = None
    next: tuple[str, ...] = ()
    between: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    port: int | None = None
    port_name: str = ""
    protocol: str = "TCP"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """Who calls, looked up: the object, and the pods that stand for each distinct set of labels and each node."""

    spec: SourceSpec
    hop: str
    object: ObjectRef | None = None
    pods: tuple[ObjectRef, ...] = ()
    addresses: tuple[str, ...] = ()


class Absent(msgspec.Struct, frozen=True, kw_only=True):
    """Something that was asked for and is not there, although its kind could be read; `hop` is where the path ends."""

    what: Literal["target", "source", "namespace", "port"]
    object: ObjectRef
    near: tuple[str, ...] = ()
    port: str = ""
    detail: str = ""
    hop: str = ""


class Unread(msgspec.Struct, frozen=True, kw_only=True):
    """A read that the path hangs on and that could not be made: the hop's nature is unknown."""

    hop: str
    gap: Gap


class Path(msgspec.Struct, frozen=True, kw_only=True):
    """A resolved path. Where the target or a source is absent, `absent` says so and the hops end there."""

    target: Target
    object: ObjectRef | None = None
    sources: tuple[Source, ...] = ()
    hops: tuple[Hop, ...] = ()
    absent: tuple[Absent, ...] = ()
    unread: tuple[Unread, ...] = ()
    assumed: tuple[str, ...] = ()

    def hop(self, id: str) -> Hop | None:
        return next((hop for hop in self.hops if hop.id == id), None)

    def of_kind(self, kind: HopKind) -> tuple[Hop, ...]:
        return tuple(hop for hop in self.hops if hop.kind == kind)

    def downstream(self, id: str) -> frozenset[str]:
        """Every hop that traffic may pass after this one."""
        after = {hop.id: hop.next for hop in self.hops}
        seen: set[str] = set()
        stack = list(after.get(id, ()))
        while stack:
            here = stack.pop()
            if here not in seen:
                seen.add(here)
                stack.extend(after.get(here, ()))
        return frozenset(seen)
