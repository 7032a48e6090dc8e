"""The page for a terminal: what someone tired needs, in the order in which they need it.

The verdict, the cause with its proof, what helps now and what repairs, the path, then everything else. A path that
could not be judged has what was not checked in the cause's place.
"""

from __future__ import annotations

import msgspec

from netdoc.model.finding import Fix, Mitigation
from netdoc.model.report import CheckStatus, Report, ReportEvidence, ReportFinding, ReportHop
from netdoc.report import digest, inert, phrases
from netdoc.report.digest import Cause
from netdoc.report.page import LABEL, Page, cells

PROOFS = 2
CONSEQUENCES = 6
BESIDE = 12
CHANGES = 8
BLIND = 12
NARROWEST = 20
"""Columns for the summary of a hop; with less, it stands below."""
LINES = 8
"""Lines of a detail or of an observed value, such as a log."""

INSIDE = 2 + LABEL
"""The column where the text of a field stands."""


def draw(report: Report, width: int, color: bool) -> str:
    page = Page(width, color)
    shown = inert.page(report)
    causes = digest.causes(shown)
    _verdict(page, shown)
    if shown.status == "unknown":
        _not_checked(page, shown)
    for cause in causes[:1]:
        _cause(page, shown, cause, _title(cause.finding, "CAUSE"))
    _comparisons(page, shown)
    _path(page, shown)
    for number, cause in enumerate(causes[1:], start=2):
        _cause(page, shown, cause, _title(cause.finding, f"CAUSE {number} of {len(causes)}"))
    _beside(page, shown, causes)
    _compared(page, shown)
    _changes(page, shown)
    _notes(page, shown)
    if shown.status != "unknown":
        _not_checked(page, shown)
    _checks(page, shown)
    _footer(page, shown, causes)
    return str(page)


def _verdict(page: Page, report: Report) -> None:
    lead = f"{phrases.badge(report.status)}  "
    page.prose(phrases.verdict(report), lead=lead, lead_style=report.status, style="strong")
    page.prose(phrases.question(report), indent=cells(lead), style="faint")
    if report.run.outcome:
        page.prose(report.run.outcome, indent=cells(lead), style="strong")


def _compared(page: Page, report: Report) -> None:
    """What became of an earlier run's findings: first what recovered, for that is what one hopes to read."""
    if report.compared is None:
        return
    page.gap()
    page.prose(phrases.compared(report.compared), lead="SINCE  ", lead_style="strong")
    for word, one in phrases.became(report.compared):
        page.prose(f"{one.title} ({one.code})", indent=2, lead=word.ljust(11), lead_style="faint")
        if one.last_seen and word != "still":
            page.prose(f"last seen broken {phrases.utc(one.last_seen)}", indent=13, style="faint")


def _title(finding: ReportFinding, word: str) -> str:
    doubt = phrases.certainty(finding)
    return f"{word} ({doubt})" if doubt else word


def _cause(page: Page, report: Report, cause: Cause, title: str) -> None:
    finding = cause.finding
    page.gap()
    page.prose(finding.code, lead=f"{title}  ", lead_style=phrases.OF_SEVERITY[finding.severity], style="faint")
    page.prose(finding.title, indent=2, style="strong")
    if finding.detail:
        _block(page, finding.detail, indent=2)
    page.field("where", f"{finding.object}")
    if phrases.of_whom(report, finding):
        page.field("from", phrases.of_whom(report, finding))
    if finding.since:
        page.field("since", phrases.since(finding.since, digest.now(report)))
    if finding.id == report.root_causes[0]:
        _scope(page, report)
    _proofs(page, cause)
    _remedies(page, finding)
    _consequences(page, cause)


def _scope(page: Page, report: Report) -> None:
    """What is said once, with the most likely cause: how much fails, and what changed just before."""
    if phrases.impact(report):
        page.field("scope", phrases.impact(report))
    _suspects(page, report)


def _suspects(page: Page, report: Report) -> None:
    for number, change in enumerate(digest.suspects(report)[:CHANGES]):
        when = phrases.since(change.at, digest.now(report))
        page.field("suspect" if number == 0 else "", f"{when} {phrases.changed(change)}", style="warn")


def _proofs(page: Page, cause: Cause) -> None:
    for number, one in enumerate(cause.evidence[:PROOFS]):
        page.field("proof" if number == 0 else "", phrases.proof(one))
        _values(page, one)
        if one.command:
            page.command(one.command)
    _more(page, len(cause.evidence) - PROOFS, indent=INSIDE)


def _values(page: Page, one: ReportEvidence) -> None:
    for label, value in (("observed", one.observed), ("expected", one.expected)):
        lines = value.split("\n") if value else []
        for number, line in enumerate(lines[:LINES]):
            page.prose(line, indent=INSIDE, lead=(label if number == 0 else "").ljust(LABEL), lead_style="faint")
        _more(page, len(lines) - LINES, indent=INSIDE + LABEL, what="lines ")


def _remedies(page: Page, finding: ReportFinding) -> None:
    if finding.mitigation:
        _remedy(page, "now", finding.mitigation)
    if finding.fix:
        _remedy(page, "repair", finding.fix)
        if phrases.owner(finding.fix):
            page.field("", phrases.owner(finding.fix), style="warn")
        if finding.fix.patch and not finding.fix.commands:
            page.command(msgspec.json.encode(finding.fix.patch, order="sorted").decode())


def _remedy(page: Page, label: str, remedy: Fix | Mitigation) -> None:
    page.field(label, remedy.summary, label_style="strong")
    for command in remedy.commands:
        page.command(command)


def _consequences(page: Page, cause: Cause) -> None:
    if not cause.consequences:
        return
    page.prose("because of this:", indent=2, style="faint")
    for finding in cause.consequences[:CONSEQUENCES]:
        _one_line(page, finding, indent=4)
    _more(page, len(cause.consequences) - CONSEQUENCES, indent=4)


def _one_line(page: Page, finding: ReportFinding, indent: int) -> None:
    status = phrases.OF_SEVERITY[finding.severity]
    page.prose(f"{finding.title} [{finding.code}]", indent=indent, lead=f"{phrases.GLYPHS[status]} ", lead_style=status)


def _path(page: Page, report: Report) -> None:
    folds = digest.folds(report)
    if not folds:
        return
    page.heading("PATH")
    widest = max(cells(hop.id) for fold in folds for hop in fold.shown)
    column = min(widest, page.width // 2, page.width - NARROWEST - INSIDE - 3)
    for fold in folds:
        for hop in fold.shown:
            _hop(page, hop, phrases.hop_summary(hop, report), column)
        for status, count in fold.hidden:
            page.prose(phrases.hidden(status, count), indent=2, lead=_badge(status), lead_style=status, style="faint")


def _hop(page: Page, hop: ReportHop, summary: str, column: int) -> None:
    """Badge, name, summary in columns; a name too long for its column has its summary below it."""
    lead = _badge(hop.status)
    faint = "faint" if hop.status in ("pass", "skip") else ""
    if cells(hop.id) > column:
        page.prose(hop.id, indent=2, lead=lead, lead_style=hop.status)
        page.prose(summary, indent=2 + cells(lead) + 2, style=faint)
        return
    name = hop.id + " " * (column - cells(hop.id))
    page.row(lead, hop.status, name, summary, faint)


def _badge(status: CheckStatus) -> str:
    return f"{phrases.badge(status):9}  "


def _beside(page: Page, report: Report, causes: tuple[Cause, ...]) -> None:
    findings = digest.beside(report, causes)
    if not findings:
        return
    page.heading("ALSO SEEN")
    for finding in findings[:BESIDE]:
        _one_line(page, finding, indent=2)
        for command in finding.fix.commands if finding.fix else ():
            page.command(command, indent=6)
    _more(page, len(findings) - BESIDE, indent=2)


def _comparisons(page: Page, report: Report) -> None:
    if not report.comparisons:
        return
    page.heading("SEEN FROM EACH SOURCE")
    for one in digest.seen(report):
        who, how = phrases.seen(one, len(report.comparisons))
        page.prose(f"{who}: {how}", indent=2, lead=_badge(one.like.status), lead_style=one.like.status)


def _notes(page: Page, report: Report) -> None:
    if report.notes:
        page.heading("NOTES")
    for one in report.notes:
        page.prose(one.text, indent=2, lead=f"{phrases.utc(one.at)}  ", lead_style="faint")


def _changes(page: Page, report: Report) -> None:
    """What changed and is no suspect; the suspects stand with the cause, and here only where there is none."""
    told = bool(report.root_causes)
    changes = sorted(
        (one for one in report.changes if not (one.suspect and told)), key=lambda one: one.at, reverse=True
    )
    if not changes:
        return
    page.heading("ALSO CHANGED" if told else "CHANGED LATELY")
    for one in changes[:CHANGES]:
        page.prose(f"{phrases.changed(one)}", indent=2, lead=f"{phrases.utc(one.at)}  ", lead_style="faint")
    _more(page, len(changes) - CHANGES, indent=2)


def _not_checked(page: Page, report: Report) -> None:
    items = digest.blind(report)
    if not items:
        return
    page.heading("NOT CHECKED", "unknown" if report.status == "unknown" else "strong")
    for one in items[:BLIND]:
        where = f" [{one.hop}]" if one.hop else ""
        page.prose(f"{phrases.not_checked(one)}{where}", indent=2, lead="? ", lead_style="unknown")
    _more(page, len(items) - BLIND, indent=2)


def _checks(page: Page, report: Report) -> None:
    """One line a check, and only for those that did not simply pass the reason."""
    if not report.checks:
        return
    page.heading("CHECKS")
    for check in report.checks:
        text = f"{check.title}: {check.reason}" if check.reason else check.title
        style = "faint" if check.status in ("pass", "skip") else ""
        page.prose(text, indent=2, lead=_badge(check.status), lead_style=check.status, style=style)


def _footer(page: Page, report: Report, causes: tuple[Cause, ...]) -> None:
    page.gap()
    if "no packet was sent" not in report.headline:
        page.prose(phrases.basis(report), lead="basis: ", lead_style="faint")
    for code in dict.fromkeys(cause.finding.code for cause in causes[:1]):
        page.prose(f"netdoc explain {code}", lead="more: ", lead_style="faint")
    page.prose(phrases.counts(report), style="faint")
    page.prose(phrases.origin(report), style="faint")


def _block(page: Page, text: str, indent: int) -> None:
    lines = text.split("\n")
    for line in lines[:LINES]:
        page.prose(line, indent=indent)
    _more(page, len(lines) - LINES, indent=indent, what="lines ")


def _more(page: Page, count: int, indent: int, what: str = "") -> None:
    if count > 0:
        page.prose(f"{count} more {what}in -o json", indent=indent, style="faint")
