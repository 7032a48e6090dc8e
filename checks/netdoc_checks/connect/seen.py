"""What was measured, from whom to where. Plain data."""

from __future__ import annotations

from typing import Any

import msgspec

from netdoc.api import Gap, Hop, ObjectRef, Subject, kube


class Lookup(msgspec.Struct, frozen=True):
    """A name as the container's own libc resolved it."""

    name: str
    result: dict[str, Any] | Gap


class Row(msgspec.Struct, frozen=True):
    """The tries of one place. `allowed` is what the policies say of this caller and it, None where unknown."""

    hop: Hop
    address: str
    port: int
    tries: tuple[dict[str, Any], ...]
    allowed: bool | None = None
    owner: ObjectRef | None = None

    @property
    def failed(self) -> tuple[dict[str, Any], ...]:
        return tuple(one for one in self.tries if not one["ok"])

    @property
    def dead(self) -> bool:
        return bool(self.tries) and len(self.failed) == len(self.tries)

    @property
    def flaky(self) -> bool:
        return 0 < len(self.failed) < len(self.tries)


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """One pod that stands for the source, and what it measured. `gap` says why nothing could be connected."""

    pod: kube.Pod
    hop: str
    owner: ObjectRef
    vantage: str
    lookup: Lookup | None = None
    rows: tuple[Row, ...] = ()
    gap: Gap | None = None


class Tunnel(msgspec.Struct, frozen=True):
    """One DNS pod asked by itself, through a tunnel."""

    pod: kube.Pod
    vantage: str
    result: dict[str, Any] | Gap


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """`asked`: there is consent to measure in the source's containers."""

    subject: Subject
    asked: bool = True
    callers: tuple[Caller, ...] = ()
    tunnels: tuple[Tunnel, ...] = ()
    dns: kube.Service | None = None
    dns_owner: ObjectRef | None = None
    config: kube.ConfigMap | None = None
