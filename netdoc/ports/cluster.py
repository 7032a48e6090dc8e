"""The Cluster port: where objects come from. A live API server, a snapshot, or a record of either."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Generic, Literal, Protocol, TypeVar

import msgspec

from netdoc.model.kube.meta import Object, ObjectRef
from netdoc.model.record import Gap

K = TypeVar("K", bound=Object)

NO_TIME = datetime(1970, 1, 1, tzinfo=UTC)
"""The time of manifests that state none: no verdict may depend on the reader's clock."""


class Listing(msgspec.Struct, Generic[K], frozen=True):
    """The objects that a list returned, and why they may not be all.

    A gap that blocks means that an absent object may exist nevertheless: nobody may conclude from its absence.
    """

    items: tuple[K, ...] = ()
    gap: Gap | None = None

    @property
    def complete(self) -> bool:
        """Whether what is not in `items` can be taken as not there."""
        return self.gap is None or not self.gap.blocking


class Where(msgspec.Struct, frozen=True, kw_only=True):
    """Which cluster this is, as a report names it and as a command pins it."""

    type: Literal["live", "snapshot", "demo"]
    context: str = ""
    server: str = ""
    path: str = ""
    scenario: str = ""
    namespace: str = "default"


class Traffic(msgspec.Struct, frozen=True, kw_only=True):
    """What the source has cost so far."""

    requests: int = 0
    bytes: int = 0


class Cluster(Protocol):
    """Where objects come from.

    Nothing here raises for what a cluster says or fails to say: a refusal, a timeout, a cut list are gaps. Absent
    (None) is said only by a source that could see. Only `asyncio.CancelledError` passes through.
    """

    @property
    def where(self) -> Where: ...

    @property
    def traffic(self) -> Traffic: ...

    async def now(self) -> datetime:
        """The cluster's own time: the server's date, the capture's; NO_TIME where nothing tells it.

        No judge reads another clock.
        """
        ...

    async def get(self, kind: type[K], name: str, namespace: str = "") -> K | Gap | None:
        """One object by name; None where it does not exist."""
        ...

    async def list(self, kind: type[K], namespace: str = "", *, labels: str = "", fields: str = "") -> Listing[K]:
        """The objects of a kind in a namespace ("" for all), narrowed by a label and a field selector."""
        ...

    async def log(self, pod: ObjectRef, container: str, *, previous: bool = False, lines: int = 20) -> str | Gap:
        """The last lines of a container's log, as it wrote them."""
        ...

    async def close(self) -> None:
        """Let go of connections and threads; nothing may be asked afterwards."""
        ...
