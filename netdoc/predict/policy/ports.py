"""Sets of ports. Ports that no rule tells apart are one bit; a set of ports of all protocols is one integer."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping

PROTOCOLS = ("TCP", "UDP", "SCTP")
FIRST, LAST = 1, 65535

Span = tuple[str, int, int]
Intervals = Mapping[str, tuple[tuple[int, int], ...]]


class PortSpace:
    """All ports of the three protocols, cut at every boundary that some rule draws."""

    def __init__(self, spans: Iterable[Span]) -> None:
        cuts: dict[str, set[int]] = {protocol: {FIRST} for protocol in PROTOCOLS}
        for protocol, first, last in spans:
            cuts[protocol].update(cut for cut in (first, last + 1) if FIRST <= cut <= LAST)
        self._starts = {protocol: sorted(found) for protocol, found in cuts.items()}
        self._base: dict[str, int] = {}
        size = 0
        for protocol in PROTOCOLS:
            self._base[protocol] = size
            size += len(self._starts[protocol])
        self.everything = (1 << size) - 1
        self._intervals: dict[int, Intervals] = {}

    def bit(self, protocol: str, port: int) -> int:
        """The set that holds this port alone, and those that no rule tells from it."""
        return 1 << (self._base[protocol] + bisect_right(self._starts[protocol], port) - 1)

    def span(self, protocol: str, first: int, last: int) -> int:
        """The set of ports `first` to `last`, both included. Both ends must be boundaries."""
        low, high = self.bit(protocol, first), self.bit(protocol, last)
        return (high << 1) - low

    def protocol(self, protocol: str) -> int:
        return self.span(protocol, FIRST, LAST)

    def intervals(self, ports: int) -> Intervals:
        """The set as intervals per protocol, ascending, adjacent ones joined; a protocol without any is left out."""
        known = self._intervals.get(ports)
        if known is None:
            found = {protocol: self._of_protocol(ports, protocol) for protocol in PROTOCOLS}
            known = self._intervals[ports] = {protocol: spans for protocol, spans in found.items() if spans}
        return known

    def _of_protocol(self, ports: int, protocol: str) -> tuple[tuple[int, int], ...]:
        starts, base = self._starts[protocol], self._base[protocol]
        ends = [*(start - 1 for start in starts[1:]), LAST]
        chosen = [(starts[i], ends[i]) for i in range(len(starts)) if ports >> (base + i) & 1]
        return joined(chosen)


def joined(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Spans in order, those that touch or overlap made one."""
    result: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if result and first <= result[-1][1] + 1:
            result[-1] = (result[-1][0], max(last, result[-1][1]))
        else:
            result.append((first, last))
    return tuple(result)


def without(ports: Intervals, taken: Intervals) -> Intervals:
    """What of `ports` is not in `taken`."""
    left = {protocol: _minus(spans, taken.get(protocol, ())) for protocol, spans in ports.items()}
    return {protocol: spans for protocol, spans in left.items() if spans}


def _minus(spans: tuple[tuple[int, int], ...], taken: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    left = list(spans)
    for low, high in taken:
        left = [
            piece
            for first, last in left
            for piece in ((first, min(last, low - 1)), (max(first, high + 1), last))
            if piece[0] <= piece[1]
        ]
    return joined(left)
