"""The recorder around a Cluster: every question is asked once a run, and what came back is kept.

The record is made here, where the I/O is, and nowhere else: evidence cites it, the journal keeps it, replay
answers from it. Checks that ask the same question share one answer, also while it is still on its way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

from netdoc.model.kube.meta import Object, ObjectRef
from netdoc.model.record import Ask, Gap, Record
from netdoc.ports.cluster import NO_TIME, Cluster, K, Listing, Traffic, Where
from netdoc.ports.vantage import Consent, Measurement, Vantage, Vantages

T = TypeVar("T")
Observer = Callable[[Record, Any], None]


class Recorder:
    """A Cluster that remembers, and tells each new record and its answer to whoever listens."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._observers: list[Observer] = []
        self._answers: dict[Ask, asyncio.Task[Any]] = {}
        self._cited: dict[ObjectRef, Record] = {}
        # What is judged again keeps its number and the time when it was seen.
        self._past: Mapping[Ask, Record] = getattr(cluster, "past", {})
        self.records: list[Record] = []
        self._now: datetime | None = None
        self.clock: Callable[[datetime], None] = lambda now: None

    def listen(self, observer: Observer) -> None:
        self._observers.append(observer)

    @property
    def where(self) -> Where:
        return self._cluster.where

    @property
    def notes(self) -> tuple[str, ...]:
        """What the source has to say of itself: an unverified certificate, a file that could not be read."""
        told: tuple[str, ...] = getattr(self._cluster, "notes", ())
        return told + tuple(str(one) for one in getattr(self._cluster, "unreadable", ()))

    @property
    def traffic(self) -> Traffic:
        return self._cluster.traffic

    @property
    def vantage(self) -> str:
        return "api" if self.where.type == "live" else "snapshot"

    async def now(self) -> datetime:
        self._now = await self._cluster.now()
        self.clock(self._now)
        return self._now

    def seen_at(self, record: Record) -> datetime | None:
        """When that which a record holds was so: of files it is the capture's time, and not when they were read."""
        if self.where.type == "live" or record.ask.verb == "measure":
            return record.at
        return None if self._now == NO_TIME else self._now

    async def get(self, kind: type[K], name: str, namespace: str = "") -> K | Gap | None:
        ask = _ask("get", kind, namespace if kind.KIND.namespaced else "", name=name)
        return await self._once(ask, lambda: self._cluster.get(kind, name, ask.namespace))

    async def list(self, kind: type[K], namespace: str = "", *, labels: str = "", fields: str = "") -> Listing[K]:
        ask = _ask("list", kind, namespace if kind.KIND.namespaced else "", labels=labels, fields=fields)
        return await self._once(ask, lambda: self._cluster.list(kind, ask.namespace, labels=labels, fields=fields))

    async def log(self, pod: ObjectRef, container: str, *, previous: bool = False, lines: int = 20) -> str | Gap:
        ask = Ask(
            verb="log",
            resource="pods/log",
            namespace=pod.namespace,
            name=pod.name,
            container=container,
            previous=previous,
        )
        return await self._once(ask, lambda: self._cluster.log(pod, container, previous=previous, lines=lines))

    async def measure(self, vantage: Vantage, measurement: Measurement) -> dict[str, Any] | Gap:
        """What was measured; of a run that is judged again, what was measured then."""
        ask = Ask(
            verb="measure",
            resource=measurement.kind,
            name=vantage.name,
            fields=msgspec.json.encode(measurement.parameters, order="deterministic").decode(),
        )
        before: Callable[[Ask], dict[str, Any] | Gap | None] = getattr(self._cluster, "measured", lambda ask: None)

        async def fetch() -> dict[str, Any] | Gap:
            known = before(ask)
            return await vantage.measure(measurement) if known is None else known

        return await self._once(ask, fetch)

    async def close(self) -> None:
        for task in self._answers.values():
            task.cancel()
        await self._cluster.close()

    def record_of(self, ref: ObjectRef) -> Record | None:
        """The record in which an object was last seen."""
        return self._cited.get(ref)

    async def _once(self, ask: Ask, fetch: Callable[[], Awaitable[T]]) -> T:
        """Share one answer. A caller that is cancelled leaves the question under way for the others."""
        task = self._answers.get(ask)
        if task is None or task.cancelled():
            task = asyncio.ensure_future(self._fetch(ask, fetch))
            self._answers[ask] = task
        answer: T = await asyncio.shield(task)
        return answer

    async def _fetch(self, ask: Ask, fetch: Callable[[], Awaitable[T]]) -> T:
        answer = await fetch()
        self._keep(ask, answer)
        return answer

    def _keep(self, ask: Ask, answer: Any) -> None:
        found, gap = _contents(answer)
        before = self._past.get(ask)
        record = Record(
            id=before.id if before else f"R{len(self._past) + len(self.records) + 1}",
            ask=ask,
            at=before.at if before else datetime.now(UTC),
            vantage=ask.name if ask.verb == "measure" else self.vantage,
            count=len(found),
            gap=gap,
        )
        self.records.append(record)
        self._cited.update((item.ref, record) for item in found)
        for observer in self._observers:
            observer(record, answer)


class Measuring:
    """A vantage whose measurements are kept. What it was asked before is not measured again in this run."""

    def __init__(self, recorder: Recorder, vantage: Vantage) -> None:
        self._recorder = recorder
        self._vantage = vantage

    @property
    def name(self) -> str:
        return self._vantage.name

    async def measure(self, measurement: Measurement) -> dict[str, Any] | Gap:
        return await self._recorder.measure(self._vantage, measurement)


class Recording:
    """The vantages of a run, each with its measurements kept."""

    def __init__(self, recorder: Recorder, vantages: Vantages, consents: Collection[Consent] = ()) -> None:
        self._recorder = recorder
        self._vantages = vantages
        self._consents = frozenset(consents)

    def allowed(self, consent: Consent) -> bool:
        return consent in self._consents

    def here(self) -> Vantage:
        return Measuring(self._recorder, self._vantages.here())

    def inside(self, pod: ObjectRef, container: str) -> Vantage:
        return Measuring(self._recorder, self._vantages.inside(pod, container))

    def through(self, pod: ObjectRef, port: int) -> Vantage:
        return Measuring(self._recorder, self._vantages.through(pod, port))

    async def close(self) -> None:
        await self._vantages.close()


def _ask(verb: str, kind: type[Object], namespace: str, *, name: str = "", labels: str = "", fields: str = "") -> Ask:
    place = kind.KIND
    return Ask(
        verb=verb,
        resource=place.plural,
        group=place.group,
        projection=kind.__name__,
        namespace=namespace,
        name=name,
        labels=labels,
        fields=fields,
    )


def _contents(answer: Any) -> tuple[tuple[Object, ...], Gap | None]:
    match answer:
        case Gap():
            return (), answer
        case Listing():
            return answer.items, answer.gap
        case Object():
            return (answer,), None
        case _:
            return (), None
