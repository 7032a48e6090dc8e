"""A Cluster over files and documents: `--snapshot PATH`, and the embedded network.

Nothing is derived and nothing assumed about documents that are said to be everything (`from_documents`), nor about
what netdoc saved itself. About files of others' making the contract's assumptions are made, and said.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any

import msgspec

from netdoc.cluster import assume, clock
from netdoc.cluster.decode import Misfit, collected_later, misfit_gap
from netdoc.cluster.documents import documents_of
from netdoc.cluster.errors import ClusterError
from netdoc.cluster.files import Unreadable
from netdoc.cluster.holdings import Held, Holdings
from netdoc.cluster.kinds import resource_name
from netdoc.cluster.knowledge import Foreign, Knowledge, Whole
from netdoc.cluster.logfiles import LogKey, tail
from netdoc.cluster.selection import selects
from netdoc.model.kube import EndpointSlice, Namespace, Node, Pod, Service
from netdoc.model.kube.meta import Object, ObjectRef
from netdoc.model.record import Gap
from netdoc.ports.cluster import K, Listing, Traffic, Where

_ZONE_LABEL = "topology.kubernetes.io/zone"


class SnapshotCluster:
    """Answers from documents. `unreadable` names what could not be read of them, with file and line."""

    def __init__(
        self,
        holdings: Holdings,
        knowledge: Knowledge,
        where: Where,
        *,
        now: datetime | None = None,
        logs: Mapping[LogKey, str] | None = None,
        unreadable: tuple[Unreadable, ...] = (),
    ) -> None:
        self.holdings = holdings
        self.unreadable = unreadable
        self.knowledge = knowledge
        self._where = where
        self._now = now
        self.logs = dict(logs or {})
        self._assuming = isinstance(knowledge, Foreign)

    @classmethod
    def from_documents(
        cls,
        documents: Iterable[Any],
        *,
        where: Where,
        now: datetime | None = None,
        logs: Mapping[LogKey, str] | None = None,
    ) -> SnapshotCluster:
        """A cluster that is exactly these objects. Raises ClusterError for one that is not a Kubernetes object."""
        text = documents_of(iter(documents))
        if text.unreadable:
            raise ClusterError(str(text.unreadable[0]))
        return cls(Holdings(text.documents), Whole(), where, now=now, logs=logs)

    @property
    def where(self) -> Where:
        return self._where

    @property
    def traffic(self) -> Traffic:
        return Traffic()

    async def now(self) -> datetime:
        """The capture's time, else the latest in the objects, else 1970: never the reader's clock."""
        if self._now is None:
            self._now = clock.latest(one.raw for one in self.holdings.everything())
        return self._now

    async def get(self, kind: type[K], name: str, namespace: str = "") -> K | Gap | None:
        if _is_secret(kind):
            return _secret_gap(kind)
        place = (namespace or self._where.namespace) if kind.KIND.namespaced else ""
        if (gap := self.knowledge.hidden(kind, name, place)) is not None:
            return gap
        found = self._held(kind).find(name, place)
        if isinstance(found, Misfit):
            return misfit_gap(resource_name(kind.KIND), (found,))
        return found if found is not None else self.knowledge.absent(kind, name, place)

    async def list(self, kind: type[K], namespace: str = "", *, labels: str = "", fields: str = "") -> Listing[K]:
        if _is_secret(kind):
            return Listing(gap=_secret_gap(kind))
        try:
            chosen = selects(kind, labels, fields)
        except ValueError as error:
            return Listing(gap=Gap(what=resource_name(kind.KIND), reason="not-supported", detail=str(error)))
        place = namespace if kind.KIND.namespaced else ""
        if (gap := self.knowledge.hidden(kind, "", place)) is not None:
            return Listing(gap=gap)
        held = self._held(kind)
        items = tuple(item for item in held.within(place) if chosen(item))
        misfit = misfit_gap(resource_name(kind.KIND), held.misfits(place))
        gaps = (misfit, self.knowledge.listed(kind, place, len(items)), *self._assumed(kind, items, place))
        return Listing(items, _weightiest(gaps))

    async def log(self, pod: ObjectRef, container: str, *, previous: bool = False, lines: int = 20) -> str | Gap:
        text = self.logs.get((pod.namespace, pod.name, container, previous))
        if text is not None:
            return tail(text, lines)
        detail = f"the snapshot holds no log of {container} in {pod}"
        return Gap(what="pods/log", reason="incomplete", detail=detail, blocking=False)

    async def close(self) -> None:
        return None

    # What others' files leave out

    def _held(self, kind: type[K]) -> Held[K]:
        with collected_later():
            if not self._assuming:
                return self.holdings.held(kind)
            known = kind in self.holdings.decoded
            held = self.holdings.held(kind, assume.with_status)
            return held if known else self._completed(kind, held)

    def _completed(self, kind: type[K], held: Held[K]) -> Held[K]:
        """The kind's objects with those that follow from others."""
        extra: Iterable[Any] = ()
        if kind is Namespace:
            present = {one.name for one in held.within()}
            extra = [_bare_namespace(name) for name in sorted(self.holdings.namespaces() - present)]
        elif kind is Pod:
            workloads = (one for type_ in assume.WORKLOADS for one in self._held(type_).within())
            extra = list(assume.stand_ins(workloads, held.within()))  # type: ignore[arg-type]
        elif kind is EndpointSlice:
            extra = self._derived(held.within())  # type: ignore[arg-type]
        return self.holdings.extend(kind, extra)

    def _derived(self, present: tuple[EndpointSlice, ...]) -> Iterable[EndpointSlice]:
        zones = {node.name: node.metadata.labels.get(_ZONE_LABEL, "") for node in self._held(Node).within()}
        services = self._held(Service).within()
        return list(assume.derived_slices(services, self._held(Pod).within(), present, zones))

    def _assumed(self, kind: type[K], items: tuple[K, ...], place: str) -> Iterator[Gap | None]:
        """What was assumed of these objects, and what those that they were derived from left unread."""
        if not self._assuming:
            return
        if not items or any(item.assumed for item in items):
            for source in self._sources(kind):
                yield misfit_gap(resource_name(source.KIND), self._held(source).misfits(place))
                yield _if_blocking(self.knowledge.listed(source, place, 0))
        taken = [str(item.ref) for item in items if item.assumed]
        if taken:
            named = ", ".join(taken[:3]) + (f" and {len(taken) - 3} more" if len(taken) > 3 else "")
            how = _HOW.get(kind.KIND.kind, "without status in the snapshot: taken as healthy")
            yield Gap(what=resource_name(kind.KIND), reason="assumed", detail=f"{named}: {how}", blocking=False)

    def _sources(self, kind: type[Any]) -> tuple[type[Object], ...]:
        """The kinds that objects of this kind are derived from, where they are not in the files themselves.

        Where pods ran when the files were written, they are there, and no workload stands for any.
        """
        dumped = isinstance(self.knowledge, Foreign) and self.knowledge.dump
        ran = dumped or any(one.stated for one in self.holdings.documents(Pod.KIND))
        workloads = () if ran else assume.WORKLOADS
        if kind is EndpointSlice:
            return (Pod, *workloads)
        return workloads if kind is Pod else ()


_HOW = {
    "Pod": "without status in the snapshot: taken as running, its address unknown",
    "EndpointSlice": "not in the snapshot: derived from the Service and its pods",
}


def _weightiest(gaps: Iterable[Gap | None]) -> Gap | None:
    """The gap that matters most: one that blocks before one that does not."""
    return min((gap for gap in gaps if gap is not None), key=lambda gap: not gap.blocking, default=None)


def _if_blocking(gap: Gap | None) -> Gap | None:
    return gap if gap is not None and gap.blocking else None


def _bare_namespace(name: str) -> Namespace:
    return msgspec.convert({"metadata": {"name": name}, "status": {"phase": "Active"}}, Namespace)


def _is_secret(kind: type[Any]) -> bool:
    return bool(kind.KIND.kind == "Secret" and not kind.KIND.group)


def _secret_gap(kind: type[Any]) -> Gap:
    detail = "Secrets in a file are not read"
    return Gap(what=resource_name(kind.KIND), reason="incomplete", detail=detail, blocking=False)
