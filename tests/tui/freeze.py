"""Freezes runs of the embedded network for pictures of screens: `python -m tests.tui.freeze`.

What differs from run to run (ids, times, durations) is set; of what was asked the first dozen is kept.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec

from netdoc.model.event import Event
from netdoc.model.report import Report, encode
from netdoc.tui.conduct import Conduct, Feed
from netdoc.tui.start import Limits, Place, Plan

RUNS = Path(__file__).parent / "runs"
BEGAN = datetime(2026, 11, 20, 3, 12, tzinfo=UTC)
RUN = "20261120T031200Z-0a1b2c"
RECORDS = 12

PLANS = {
    "rollout": ("bad-rollout", "svc/sonarr.media:8989", ("deploy/traefik.traefik",)),
    "selector": ("selector-typo", "svc/web.shop:80", ("deploy/client.shop",)),
    "replica": ("one-replica-crashing", "svc/web.shop:80", ("deploy/client.shop",)),
    "healthy": ("healthy", "svc/web.shop:80", ("deploy/client.shop",)),
}


def plan_of(name: str) -> Plan:
    scenario, target, sources = PLANS[name]
    return Plan(target=target, sources=sources, place=Place(demo=scenario), limits=Limits(keep=False))


def events_of(name: str) -> tuple[Event, ...]:
    """The frozen events of a run."""
    lines = (RUNS / f"{name}.jsonl").read_bytes().splitlines()
    return tuple(msgspec.json.decode(line, type=Event) for line in lines)


async def freeze(name: str) -> None:
    feed = Feed()
    await Conduct(RUN, plan_of(name), feed).go()
    observed = 0
    lines: list[bytes] = []
    for event in feed.events:
        observed += event.event == "observed"
        if event.event != "observed" or observed <= RECORDS:
            lines.append(_line(event, len(lines)))
    (RUNS / f"{name}.jsonl").write_bytes(b"".join(lines))


def _line(event: Event, place: int) -> bytes:
    at = BEGAN + timedelta(milliseconds=20 * place)
    report = _still(event.report) if event.report else None
    check = msgspec.structs.replace(event.check, started_at=at, duration_ms=40) if event.check else None
    record = msgspec.structs.replace(event.record, at=at) if event.record else None
    evidence = tuple(msgspec.structs.replace(one, at=one.at and BEGAN) for one in event.evidence)
    event = msgspec.structs.replace(
        event, at=at, seq=place + 1, report=report, check=check, record=record, evidence=evidence
    )
    return encode(event) + b"\n"


def _still(report: Report) -> Report:
    run = msgspec.structs.replace(report.run, started_at=BEGAN, finished_at=BEGAN + timedelta(seconds=1))
    checks = tuple(msgspec.structs.replace(one, started_at=BEGAN, duration_ms=40) for one in report.checks)
    evidence = tuple(
        one if one.kind == "event" else msgspec.structs.replace(one, at=one.at and BEGAN) for one in report.evidence
    )
    summary = msgspec.structs.replace(report.summary, duration_ms=1000)
    tool = msgspec.structs.replace(report.tool, version="0.0.0")
    return msgspec.structs.replace(report, run=run, checks=checks, evidence=evidence, summary=summary, tool=tool)


if __name__ == "__main__":
    RUNS.mkdir(exist_ok=True)
    for each in PLANS:
        asyncio.run(freeze(each))
