"""Markdown for a ticket or a post-mortem: everything the table says, and the evidence in full."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from netdoc.model.finding import Fix, Mitigation
from netdoc.model.report import Report, ReportEvidence, ReportFinding
from netdoc.report import digest, inert, phrases
from netdoc.report.digest import Cause
from netdoc.report.markup import code, fence, prose


def draw(report: Report, width: int, color: bool) -> str:
    shown = inert.page(report)
    causes = digest.causes(shown)
    parts = [
        *_verdict(shown),
        *_section("Seen from each source", _comparisons(shown)),
        *(part for number, cause in enumerate(causes) for part in _cause(shown, cause, number, len(causes))),
        *_section("Path", _path(shown)),
        *_section("Also seen", (_finding(one) for one in digest.beside(shown, causes))),
        *_section("Changes", _changes(shown)),
        *_section("Notes", (f"- {phrases.utc(one.at)} {prose(one.text)}" for one in shown.notes)),
        *_section("Not checked", (f"- {prose(phrases.not_checked(one))}" for one in digest.blind(shown))),
        *_section("Checks", _checks(shown)),
        *_run(shown),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _section(title: str, lines: Iterator[str]) -> Iterator[str]:
    text = "\n".join(lines)
    if text:
        yield f"## {title}"
        yield text


def _verdict(report: Report) -> Iterator[str]:
    yield f"# {phrases.badge(report.status)}: {prose(phrases.verdict(report))}"
    facts = [prose(phrases.question(report)), prose(phrases.impact(report)), phrases.basis(report)]
    yield "\n".join(f"- {fact}" for fact in facts if fact)


def _cause(report: Report, cause: Cause, number: int, of: int) -> Iterator[str]:
    finding = cause.finding
    word = "Cause" if of == 1 else f"Cause {number + 1} of {of}"
    doubt = phrases.certainty(finding)
    yield f"## {word}{f' ({doubt})' if doubt else ''}: {prose(finding.title)}"
    yield fence(finding.detail, "text") if "\n" in finding.detail else prose(finding.detail)
    yield "\n".join(_facts(report, finding, first=number == 0))
    for one in cause.evidence:
        yield from _evidence(one)
    if finding.mitigation:
        yield from _remedy("What helps now", finding.mitigation)
    if finding.fix:
        yield from _remedy("What repairs it", finding.fix)
        yield prose(phrases.owner(finding.fix))
        if finding.fix.patch:
            yield fence(msgspec.json.format(msgspec.json.encode(finding.fix.patch, order="sorted")).decode(), "json")
    yield from _consequences(cause)


def _facts(report: Report, finding: ReportFinding, first: bool) -> Iterator[str]:
    yield f"- code: {code(finding.code)}"
    yield f"- where: {code(str(finding.object))}"
    if phrases.of_whom(report, finding):
        yield f"- from: {prose(phrases.of_whom(report, finding))}"
    if finding.since:
        yield f"- since: {phrases.since(finding.since, digest.now(report))}"
    for change in digest.suspects(report) if first else ():
        yield f"- suspect: {prose(f'{phrases.since(change.at, digest.now(report))} {phrases.changed(change)}')}"


def _evidence(one: ReportEvidence) -> Iterator[str]:
    at = f" at {phrases.utc(one.at)}" if one.at else ""
    yield f"{code(one.id)} {prose(phrases.proof(one))}{at}"
    lines = [f"{label}: {value}" for label, value in (("observed", one.observed), ("expected", one.expected)) if value]
    yield fence("\n".join(lines), "text") if lines else ""
    yield fence(one.command, "sh") if one.command else ""


def _remedy(title: str, remedy: Fix | Mitigation) -> Iterator[str]:
    yield f"**{title}:** {prose(remedy.summary)}"
    yield fence("\n".join(remedy.commands), "sh") if remedy.commands else ""


def _consequences(cause: Cause) -> Iterator[str]:
    if cause.consequences:
        yield "Because of this:"
        yield "\n".join(_finding(one) for one in cause.consequences)


def _finding(one: ReportFinding) -> str:
    return f"- {one.severity}: {prose(one.title)} ({code(one.code)})"


def _path(report: Report) -> Iterator[str]:
    for fold in digest.folds(report):
        for hop in fold.shown:
            summary = phrases.hop_summary(hop, report)
            yield f"- {phrases.badge(hop.status)} {code(hop.id)}{f': {prose(summary)}' if summary else ''}"
        for status, count in fold.hidden:
            yield f"- {phrases.badge(status)} {phrases.hidden(status, count)}"


def _comparisons(report: Report) -> Iterator[str]:
    for one in digest.seen(report):
        who, how = phrases.seen(one, len(report.comparisons))
        yield f"- {phrases.badge(one.like.status)} {prose(f'{who}: {how}')}"


def _changes(report: Report) -> Iterator[str]:
    for one in sorted(report.changes, key=lambda change: change.at):
        mark = " (suspect)" if one.suspect else ""
        yield f"- {phrases.utc(one.at)} {prose(phrases.changed(one))}{mark}"


def _checks(report: Report) -> Iterator[str]:
    for one in report.checks:
        yield f"- {phrases.badge(one.status)} {prose(one.title)}{f': {prose(one.reason)}' if one.reason else ''}"


def _run(report: Report) -> Iterator[str]:
    yield "## Run"
    yield f"- {prose(phrases.counts(report))}\n- {prose(phrases.origin(report))}"
    yield fence(phrases.command(report), "sh")
