"""The verdict: the root cause large with what changed just before it, its proof, what helps, what it rests on."""

from __future__ import annotations

from netdoc.model.change import Change
from netdoc.model.finding import Fix, Mitigation
from netdoc.model.report import Compared, Report, ReportFinding
from netdoc.report import digest, phrases
from netdoc.report.digest import Cause
from netdoc.tui.draw import evidence
from netdoc.tui.draw.evidence import Lookup
from netdoc.tui.draw.sheet import Sheet, ink

FIRST = 2
"""Pieces of proof beside a cause; the others have a page of their own."""


def draw(sheet: Sheet, report: Report, lookup: Lookup, unfolded: bool = False) -> None:
    causes = digest.causes(report)
    _head(sheet, report)
    if report.compared is not None:
        _compared(sheet, report.compared)
    if report.status == "unknown":
        blind(sheet, report)
    for number, cause in enumerate(causes, start=1):
        title = "ROOT CAUSE" if len(causes) == 1 else f"ROOT CAUSE {number} of {len(causes)}"
        _cause(sheet, report, cause, title, lookup, unfolded)
    _beside(sheet, digest.beside(report, causes), unfolded)
    _sources(sheet, report)
    if not causes:
        _changes(sheet, report)
    sheet.gap()
    more = "; m measures" if report.basis == "configuration" and report.run.input.type != "snapshot" else ""
    sheet.prose(phrases.basis(report) + more, lead="Rests on ", lead_style="faint")
    if report.status != "unknown":
        blind(sheet, report)


def blind(sheet: Sheet, report: Report) -> None:
    """What was not checked, in words."""
    items = digest.blind(report)
    if not items:
        return
    sheet.heading("NOT CHECKED", "unknown")
    for one in items:
        sheet.prose(phrases.not_checked(one), indent=2, lead="? ", lead_style="unknown")


def _head(sheet: Sheet, report: Report) -> None:
    sheet.prose(
        phrases.verdict(report), lead=f"{phrases.badge(report.status)}  ", lead_style=report.status, style="strong"
    )
    sheet.prose(phrases.question(report), style="faint")
    if report.run.outcome:
        sheet.prose(report.run.outcome)


def _sources(sheet: Sheet, report: Report) -> None:
    """How each of several sources fares, the worst first, and where it first differs."""
    if not report.comparisons:
        return
    sheet.heading("SEEN FROM EACH SOURCE")
    for one in digest.seen(report):
        who, how = phrases.seen(one, len(report.comparisons))
        status = one.like.status
        sheet.prose(who, indent=2, lead=f"{phrases.badge(status)}  ", lead_style=status, style="strong")
        sheet.prose(how, indent=4)


def _cause(sheet: Sheet, report: Report, cause: Cause, title: str, lookup: Lookup, unfolded: bool) -> None:
    finding = cause.finding
    style = phrases.OF_SEVERITY[finding.severity]
    doubt = phrases.certainty(finding)
    sheet.heading(f"{title}{f' ({doubt})' if doubt else ''}", style, finding.code)
    if finding.title not in report.headline:
        sheet.prose(finding.title, lead="█ ", lead_style=style, style="strong")
    if finding.detail:
        sheet.block(finding.detail, indent=2)
    sheet.field("where", str(finding.object))
    if phrases.of_whom(report, finding):
        sheet.field("from", phrases.of_whom(report, finding))
    if finding.since:
        sheet.field("since", phrases.since(finding.since, digest.now(report)))
    if finding.id == report.root_causes[0]:
        _scope(sheet, report)
    remedies(sheet, finding)
    for one in cause.evidence[:FIRST]:
        sheet.gap()
        evidence.draw(sheet, one, lookup)
    if len(cause.evidence) > FIRST:
        sheet.prose(f"{len(cause.evidence) - FIRST} more under Evidence (2)", style="faint")
    _consequences(sheet, cause, unfolded)


def _scope(sheet: Sheet, report: Report) -> None:
    if phrases.impact(report):
        sheet.field("scope", phrases.impact(report))
    for number, change in enumerate(digest.suspects(report)[:4]):
        when = phrases.since(change.at, digest.now(report))
        sheet.field("suspect" if number == 0 else "", f"{when} {phrases.changed(change)}", style="warn")


def remedies(sheet: Sheet, finding: ReportFinding) -> None:
    if finding.mitigation:
        _remedy(sheet, "HELPS NOW", "(repairs nothing)", finding.mitigation)
    if finding.fix:
        _remedy(sheet, "REPAIRS", "", finding.fix)
        if phrases.owner(finding.fix):
            sheet.prose(phrases.owner(finding.fix), indent=2, lead="! ", lead_style="warn", style="warn")
        if finding.fix.patch and not finding.fix.commands:
            from netdoc.report.yaml import document

            sheet.block(document(finding.fix.patch).rstrip("\n"), indent=4, style="command", most=20)


def _remedy(sheet: Sheet, title: str, aside: str, remedy: Fix | Mitigation) -> None:
    sheet.heading(title, "pass", aside)
    sheet.prose(remedy.summary, indent=2)
    for command in remedy.commands:
        sheet.command(command)


def _consequences(sheet: Sheet, cause: Cause, unfolded: bool) -> None:
    if not cause.consequences:
        return
    count = len(cause.consequences)
    sheet.gap()
    sheet.lines.append(
        ink(
            ("▾ " if unfolded else "▸ ", "faint"),
            (f"because of this: {count} {'more' if count > 1 else 'other'} finding{'s' if count > 1 else ''}", ""),
            ("" if unfolded else "  (f unfolds)", "faint"),
        )
    )
    for one in cause.consequences if unfolded else ():
        one_line(sheet, one, indent=2)


def _beside(sheet: Sheet, findings: tuple[ReportFinding, ...], unfolded: bool) -> None:
    if not findings:
        return
    sheet.heading("ALSO SEEN")
    for one in findings if unfolded else findings[:6]:
        one_line(sheet, one, indent=2)
    if len(findings) > 6 and not unfolded:
        sheet.prose(f"{len(findings) - 6} more: f unfolds, F lists all", indent=2, style="faint")


def one_line(sheet: Sheet, finding: ReportFinding, indent: int = 0) -> None:
    status = phrases.OF_SEVERITY[finding.severity]
    lead = f"{phrases.GLYPHS[status]} {finding.severity.upper()} "
    sheet.prose(f"{finding.title} [{finding.code}]", indent=indent, lead=lead, lead_style=status)


def _changes(sheet: Sheet, report: Report) -> None:
    if not report.changes:
        return
    sheet.heading("CHANGED LATELY")
    for one in sorted(report.changes, key=lambda change: change.at, reverse=True)[:8]:
        change_line(sheet, one)


def change_line(sheet: Sheet, one: Change) -> None:
    style = "warn" if one.suspect else ""
    mark = "! suspect " if one.suspect else ""
    sheet.prose(f"{mark}{phrases.changed(one)}", lead=f"{phrases.utc(one.at)}  ", lead_style="faint", style=style)


def _compared(sheet: Sheet, compared: Compared) -> None:
    """After doing it again: what recovered, what is still there, what is new, what nobody can tell."""
    told = (
        ("RECOVERED", "pass", "✓", compared.recovered),
        ("STILL THERE", "fail", "✗", compared.still),
        ("NEW", "warn", "!", compared.new),
        ("NOT KNOWN ANY MORE", "unknown", "?", compared.unknown),
    )
    sheet.heading(f"AGAINST RUN {compared.run}", "strong")
    if not any(findings for *_, findings in told):
        sheet.prose("nothing was found then, and nothing now", indent=2)
    for word, style, glyph, findings in told:
        for one in findings:
            sheet.prose(f"{one.title} [{one.code}]", indent=2, lead=f"{glyph} {word}  ", lead_style=style)
