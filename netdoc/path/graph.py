"""The hops of a path while they are found."""

from __future__ import annotations

import msgspec

from netdoc.model.kube.meta import ObjectRef
from netdoc.model.path import Absent, Hop, Unread
from netdoc.model.record import Gap


class Graph:
    """Collects hops in the order in which traffic meets them. A hop met twice is one hop with all its ways on."""

    def __init__(self) -> None:
        self._hops: dict[str, Hop] = {}
        self.absent: list[Absent] = []
        self.unread: list[Unread] = []

    def add(self, hop: Hop) -> str:
        known = self._hops.get(hop.id)
        self._hops[hop.id] = hop if known is None else _merged(known, hop)
        return hop.id

    def lead(self, start: str, *ends: str) -> None:
        """Traffic that passed `start` may go on to each of `ends`."""
        hop = self._hops[start]
        self._hops[start] = msgspec.structs.replace(hop, next=_union(hop.next, ends))

    def could_not_read(self, hop: str, gap: Gap) -> None:
        if (unread := Unread(hop=hop, gap=gap)) not in self.unread:
            self.unread.append(unread)

    def is_absent(self, absent: Absent, hop: str = "") -> None:
        """What is not there; `hop` is the one at which the path ends for it."""
        told = msgspec.structs.replace(absent, hop=hop)
        if told not in self.absent:
            self.absent.append(told)

    @property
    def hops(self) -> tuple[Hop, ...]:
        return tuple(self._hops.values())


def object_id(ref: ObjectRef) -> str:
    """The part of a hop's id that names its object."""
    return "/".join(part for part in (ref.kind.lower(), ref.namespace, ref.name) if part)


def port_suffix(port: int | None, protocol: str = "TCP") -> str:
    """`:80`, `:53/udp`, or nothing where no port is known."""
    if port is None:
        return ""
    return f":{port}" if protocol == "TCP" else f":{port}/{protocol.lower()}"


def _merged(one: Hop, other: Hop) -> Hop:
    return msgspec.structs.replace(
        one, next=_union(one.next, other.next), addresses=_union(one.addresses, other.addresses)
    )


def _union(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one + other))
