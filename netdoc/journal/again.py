"""A recorded run as something to be asked again: its request, and a Cluster that answers from the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import msgspec

from netdoc.cluster.recorded import RecordedCluster
from netdoc.engine.run import Request
from netdoc.journal.reader import Story
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Ask, Gap, Record
from netdoc.ports import Cluster, Listing, Traffic, Where
from netdoc.ports.cluster import K


class Replayed(RecordedCluster):
    """The record as a Cluster. What is judged again keeps its number, and the time when it was seen."""

    def __init__(self, story: Story) -> None:
        self.past: Mapping[Ask, Record] = story.past
        super().__init__(story.answers, where=story.head.where, now=story.now or story.head.started_at)


class Continued:
    """The record where it tells all, the cluster itself for the rest: a run that goes on where it was cut short."""

    def __init__(self, story: Story, live: Cluster) -> None:
        self.past = {ask: record for ask, record in story.past.items() if record.gap is None}
        kept = {ask: data for ask, data in story.answers.items() if ask in self.past}
        self._recorded = RecordedCluster(kept, where=live.where, now=story.now or story.head.started_at)
        self._live = live

    @property
    def where(self) -> Where:
        return self._live.where

    @property
    def traffic(self) -> Traffic:
        return self._live.traffic

    async def now(self) -> datetime:
        return await self._live.now()

    async def get(self, kind: type[K], name: str, namespace: str = "") -> K | Gap | None:
        answer = await self._recorded.get(kind, name, namespace)
        return await self._live.get(kind, name, namespace) if isinstance(answer, Gap) else answer

    async def list(self, kind: type[K], namespace: str = "", *, labels: str = "", fields: str = "") -> Listing[K]:
        answer = await self._recorded.list(kind, namespace, labels=labels, fields=fields)
        if answer.gap is None:
            return answer
        return await self._live.list(kind, namespace, labels=labels, fields=fields)

    async def log(self, pod: ObjectRef, container: str, *, previous: bool = False, lines: int = 20) -> str | Gap:
        answer = await self._recorded.log(pod, container, previous=previous, lines=lines)
        if isinstance(answer, str):
            return answer
        return await self._live.log(pod, container, previous=previous, lines=lines)

    async def close(self) -> None:
        await self._live.close()

    def __getattr__(self, name: str) -> Any:
        """What a source may bring beside its objects: notes, streams, vantages of its own."""
        return getattr(self._live, name)


class Reopened(Continued):
    """The snapshot or demo of a recorded run, with what was measured in it: nothing is measured anew."""

    def __init__(self, story: Story, files: Cluster) -> None:
        super().__init__(story, files)
        self.measured = Replayed(story).measured


def request_of(story: Story, limit: timedelta | None = None) -> Request:
    """The question that the run asked, with the answers that were given in it. A replay has no time limit."""
    head = story.head
    return Request(
        target=head.target,
        sources=head.sources,
        playbook=head.playbook,
        inputs={**head.inputs, **story.given_answers},
        since=timedelta(seconds=head.since),
        repeat=head.repeat,
        consents=head.consents,
        timeout=(limit.total_seconds() or None) if limit is not None else None,
    )


def head_fields(request: Request) -> dict[str, Any]:
    """The request as a head keeps it."""
    return {
        "playbook": request.playbook,
        "target": request.target,
        "sources": request.sources,
        "inputs": msgspec.to_builtins(dict(request.inputs)),
        "since": request.since.total_seconds(),
        "repeat": request.repeat,
        "consents": request.consents,
    }
