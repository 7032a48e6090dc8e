"""What a CoreDNS with this Corefile answers: the block by its zone, the plugin by its place, the objects behind it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

import msgspec

from netdoc.model.kube import EndpointSlice, Namespace, Pod, Service
from netdoc.predict.corefile.doubts import Doubt
from netdoc.predict.corefile.facts import Forward, block_for, doubts, forward_for, kubernetes_options
from netdoc.predict.corefile.model import Corefile, CorefileError
from netdoc.predict.dns import names, selector
from netdoc.predict.dns.zone import Answer, Zone

T = TypeVar("T")


class Served(msgspec.Struct, frozen=True):
    """An answer, the server block's line that it comes from, where it goes on, and what may change it.

    `forward` is set where the plugin `kubernetes` passes the name on, or does not stand in the block.
    """

    answer: Answer
    line: int = 0
    forward: Forward | None = None
    doubts: tuple[Doubt, ...] = ()


class Server(msgspec.Struct, frozen=True):
    corefile: Corefile
    zones: tuple[Zone | None, ...]  # one for each server block

    @classmethod
    def build(
        cls,
        corefile: Corefile,
        services: Iterable[Service] | None,
        slices: Iterable[EndpointSlice] | None,
        pods: Iterable[Pod] | None,
        namespaces: Iterable[Namespace] | None,
        servers: tuple[str, ...] = (),
        scope: frozenset[str] | None = None,
    ) -> Server:
        """As Zone.build; `servers` are the addresses of the CoreDNS pods. Raises CorefileError for a bad selector."""
        held = (_kept(services), _kept(slices), _kept(pods), _kept(namespaces))
        found = (kubernetes_options(block, servers) for block in corefile.blocks)
        try:
            return cls(corefile, tuple(Zone.build(*held, options, scope) if options else None for options in found))
        except selector.BadSelector as wrong:
            raise CorefileError(f"plugin/kubernetes: unable to parse label selector value: {wrong}") from wrong

    def answer(self, name: str, type_: str = "A") -> Served:
        """Total, as Zone.answer."""
        try:
            block = block_for(self.corefile, name)
        except names.NotAName as wrong:
            return Served(Answer(error=f"not a domain name: {wrong}"))
        if block is None:
            return Served(Answer(error=f"no server block takes {name}: CoreDNS refuses"))
        forward = forward_for(block, name)
        zone = next(zone for one, zone in zip(self.corefile.blocks, self.zones, strict=True) if one is block)
        found = doubts(block, name, type_)
        if zone is None:
            said = f"the server block of line {block.line} takes {name}, and it has no plugin kubernetes"
            return Served(Answer(error=said), block.line, forward, found)
        answer = zone.answer(name, type_)
        goes_on = answer.falls_through or zone.zone_of(names.parse(name)) is None
        return Served(answer, block.line, forward if goes_on else None, found)


def _kept(objects: Iterable[T] | None) -> list[T] | None:
    """Objects that several zones can go through."""
    return None if objects is None else list(objects)
