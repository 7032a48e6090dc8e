"""The Vantage port: where packets leave from. On screen "seen from"."""

from __future__ import annotations

from typing import Any, Protocol

import msgspec

from netdoc.model.record import Gap


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to measure: its kind (`dns`, `tcp` ...) and what that kind needs to know."""

    kind: str
    parameters: dict[str, Any]


class Vantage(Protocol):
    """A place from which to measure. What it cannot do is a gap, never a failed measurement."""

    @property
    def name(self) -> str:
        """As evidence cites it: `here`, `exec:shop/web-0`, `port-forward:..`, `pod/..`, `node/..`."""
        ...

    async def measure(self, measurement: Measurement) -> dict[str, Any] | Gap: ...
