"""JSON lines: events, one a line. A run writes them as they happen; a report tells again those that it holds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from netdoc.model.event import Event, Name
from netdoc.model.report import Report, ReportCheck, ReportFinding
from netdoc.report.json import compact


def line(event: Event) -> str:
    """One event as one line, newline included."""
    return compact(event)


def draw(report: Report, width: int, color: bool) -> str:
    return "".join(line(event) for event in retold(report))


def retold(report: Report) -> Iterator[Event]:
    """The events that can be told of a finished run: its steps with what they found, in the report's order.

    What a report does not keep (records, questions) is not invented; a step without times has those of the run.
    """
    run = report.run
    seq = 0

    def event(name: Name, at: datetime, **data: object) -> Event:
        nonlocal seq
        seq += 1
        return Event(event=name, at=at, run=run.id, seq=seq, **data)  # type: ignore[arg-type]

    told: set[str] = set()
    yield event("run.started", run.started_at)
    for check in report.checks:
        began, ended = _times(check, report)
        yield event("step.started", began, check=check)
        for finding in _found(report, check, told):
            evidence = tuple(one for one in report.evidence if one.id in finding.evidence)
            yield event("found", ended, finding=finding, evidence=evidence)
        yield event("step.finished", ended, check=check)
    yield event("run.finished", run.finished_at, report=report)
    for note in report.notes:
        yield event("noted", note.at, note=note.text)


def _times(check: ReportCheck, report: Report) -> tuple[datetime, datetime]:
    began = check.started_at or report.run.started_at
    if check.duration_ms is None:
        return began, report.run.finished_at
    return began, began + timedelta(milliseconds=check.duration_ms)


def _found(report: Report, check: ReportCheck, told: set[str]) -> Iterator[ReportFinding]:
    """A check's findings, each told once although two checks may have found it."""
    for finding in report.findings:
        if finding.id in check.findings and finding.id not in told:
            told.add(finding.id)
            yield finding
