"""A few lines to paste in a chat: what, cause, since, scope, the next command. No colour, no wrapping."""

from __future__ import annotations

from collections.abc import Iterator

from netdoc.model.finding import Fix, Mitigation
from netdoc.model.report import Report, ReportFinding
from netdoc.report import digest, inert, phrases
from netdoc.report.markup import code, prose

CAUSES = 3
BLIND = 3
SOURCES = 4


def draw(report: Report, width: int, color: bool) -> str:
    return "".join(f"{line}\n" for line in _lines(inert.page(report)))


def _lines(report: Report) -> Iterator[str]:
    yield f"{phrases.badge(report.status)} {prose(phrases.verdict(report))}"
    if phrases.question(report):
        yield f"asked: {prose(phrases.question(report))}"
    if report.run.outcome:
        yield prose(report.run.outcome)
    if report.compared is not None:
        yield f"since: {prose(phrases.compared(report.compared))}"
    causes = [cause.finding for cause in digest.causes(report)]
    for finding in causes[:CAUSES]:
        yield from _cause(report, finding)
    if len(causes) > CAUSES:
        yield f"and {len(causes) - CAUSES} more causes"
    if phrases.impact(report):
        yield f"scope: {prose(phrases.impact(report))}"
    yield from _seen(report)
    for change in digest.suspects(report)[:1]:
        yield f"suspect: {prose(f'{phrases.since(change.at, digest.now(report))} {phrases.changed(change)}')}"
    yield from _next(report, causes)
    yield from _not_checked(report)
    if "no packet was sent" not in report.headline:
        yield f"basis: {phrases.basis(report)}"


def _seen(report: Report) -> Iterator[str]:
    """One line for sources that fare alike."""
    groups = digest.seen(report)
    for one in groups[:SOURCES]:
        who, how = phrases.seen(one, len(report.comparisons))
        yield f"{phrases.GLYPHS[one.like.status]} {prose(f'{who}: {how}')}"
    if len(groups) > SOURCES:
        yield f"and {len(groups) - SOURCES} more sources"


def _cause(report: Report, finding: ReportFinding) -> Iterator[str]:
    doubt = phrases.certainty(finding)
    yield f"cause{f' ({doubt})' if doubt else ''}: {prose(finding.title)} ({code(finding.code)})"
    if finding.since:
        yield f"since: {phrases.since(finding.since, digest.now(report))}"


def _next(report: Report, causes: list[ReportFinding]) -> Iterator[str]:
    """What to do first: what helps now before what repairs, then what shows the proof."""
    for finding in causes[:1]:
        if finding.mitigation:
            yield f"next: {_remedy(finding.mitigation)}"
        if finding.fix:
            yield f"{'repair' if finding.mitigation else 'next'}: {_remedy(finding.fix)}"
        proofs = [one.command for one in report.evidence if one.id in finding.evidence and one.command]
        if proofs:
            yield f"see: {code(proofs[0])}"
        if finding.fix and phrases.owner(finding.fix):
            yield f"note: {prose(phrases.owner(finding.fix))}"


def _remedy(remedy: Fix | Mitigation) -> str:
    commands = " ; ".join(code(one) for one in remedy.commands)
    return f"{prose(remedy.summary)}: {commands}" if commands else prose(remedy.summary)


def _not_checked(report: Report) -> Iterator[str]:
    items = digest.blind(report)
    if items:
        said = "; ".join(prose(phrases.not_checked(one)) for one in items[:BLIND])
        more = f"; {len(items) - BLIND} more" if len(items) > BLIND else ""
        yield f"NOT CHECKED: {said}{more}"
