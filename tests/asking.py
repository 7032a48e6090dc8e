"""Asks the engine itself, without the command line: for tests that ask often, or of clusters made by hand."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

from netdoc.cluster import SnapshotCluster
from netdoc.engine.assemble import assemble
from netdoc.engine.events import Announcer
from netdoc.engine.run import CONNECTIVITY, Request, Run
from netdoc.model import report as model
from netdoc.path import parse_source, parse_target
from netdoc.ports import Cluster, Recorder, Where

MOMENT = datetime(2026, 11, 20, 3, 12, tzinfo=UTC)
HEADER = model.Run(id="test", started_at=MOMENT, finished_at=MOMENT, command=(), input=model.RunInput(type="snapshot"))


async def ask(cluster: Cluster, target: str, source: str = "") -> model.Report:
    """The report of one question; the cluster stays open."""
    recorder = Recorder(cluster)
    sources = (parse_source(source),) if source else ()
    request = Request(target=parse_target(target), sources=sources, steps=CONNECTIVITY)
    run = Run(request, recorder, Announcer("test"))
    await run.go(asyncio.Event())
    return assemble(run.ledger, recorder, HEADER)


def cluster_of(*objects: Any, now: datetime = MOMENT) -> SnapshotCluster:
    """A cluster that holds exactly these manifests."""
    return SnapshotCluster.from_documents(objects, where=Where(type="live", context="test"), now=now)
