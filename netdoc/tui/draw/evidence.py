"""Evidence as a person wants to see it: the field in its YAML, a policy's walk, events by time, a log's last lines."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from netdoc.model.kube.meta import Object, ObjectRef
from netdoc.model.report import Report, ReportEvidence, ReportFinding
from netdoc.report import phrases
from netdoc.tui.draw.dig import draw_dig
from netdoc.tui.draw.excerpt import draw_excerpt
from netdoc.tui.draw.sheet import Sheet

Lookup = Callable[[ObjectRef | None], Object | None]


def cited(report: Report, finding: ReportFinding) -> tuple[ReportEvidence, ...]:
    known = {one.id: one for one in report.evidence}
    return tuple(known[id_] for id_ in finding.evidence if id_ in known)


def draw_all(sheet: Sheet, evidence: Iterable[ReportEvidence], lookup: Lookup) -> None:
    """Each piece in its own form; events together, by time."""
    pieces = tuple(evidence)
    events = [one for one in pieces if one.kind == "event"]
    for one in pieces:
        if one.kind != "event":
            sheet.gap()
            draw(sheet, one, lookup)
    if events:
        _timeline(sheet, events)


def draw(sheet: Sheet, one: ReportEvidence, lookup: Lookup) -> None:
    sheet.prose(phrases.proof(one), lead=f"{one.id}  ", lead_style="faint", style="strong")
    {"policy": _policy, "log": _log, "dns": _dig}.get(one.kind, _object)(sheet, one, lookup)
    if one.command:
        sheet.command(one.command)


def _object(sheet: Sheet, one: ReportEvidence, lookup: Lookup) -> None:
    _values(sheet, one)
    value = lookup(one.object)
    if value is not None and one.field:
        draw_excerpt(sheet, value, one.field)


def _policy(sheet: Sheet, one: ReportEvidence, lookup: Lookup) -> None:
    """The walk of one policy: for whom it was asked, which rule came nearest, and why it did not take."""
    if one.expected:
        sheet.field("asked", one.expected)
    sheet.field("decided at", one.field or "spec")
    sheet.field("because", one.observed, style="fail")
    value = lookup(one.object)
    if value is not None:
        draw_excerpt(sheet, value, one.field) or draw_excerpt(sheet, value, "spec")


def _log(sheet: Sheet, one: ReportEvidence, lookup: Lookup) -> None:
    for line in one.observed.split("\n")[-20:]:
        sheet.prose(line, indent=2, lead="│ ", lead_style="faint")


def _dig(sheet: Sheet, one: ReportEvidence, lookup: Lookup) -> None:
    if one.field:
        sheet.field("asked", one.field)
    draw_dig(sheet, one)


def _timeline(sheet: Sheet, events: list[ReportEvidence]) -> None:
    sheet.heading("EVENTS")
    for one in sorted(events, key=lambda each: each.at.timestamp() if each.at else 0.0):
        when = phrases.utc(one.at) if one.at else "at an unknown time"
        sheet.prose(f"{one.field}: {one.observed}", lead=f"{when}  ", lead_style="faint")
        if one.command:
            sheet.command(one.command)


def _values(sheet: Sheet, one: ReportEvidence) -> None:
    for label, value, style in (("observed", one.observed, "fail"), ("expected", one.expected, "pass")):
        for number, line in enumerate(value.split("\n")[:12] if value else ()):
            sheet.field(label if number == 0 else "", line, style=style)
