"""The pages behind the verdict: a step, a hop, all evidence, the timeline."""

from __future__ import annotations

import shlex
from datetime import datetime

from netdoc.model.report import Report, ReportFinding, ReportHop
from netdoc.report import inert, phrases
from netdoc.tui.draw import evidence, verdict
from netdoc.tui.draw.evidence import Lookup
from netdoc.tui.draw.sheet import Sheet
from netdoc.tui.draw.style import badge
from netdoc.tui.session import Session, StepView
from netdoc.tui.start import where_words


def step_page(sheet: Sheet, session: Session, step: StepView) -> None:
    """Why the step is there, how it stands, what it found, and which command does it alone."""
    sheet.prose(inert.line(step.title), lead=f"{badge(step.state)}  ", lead_style=step.state, style="strong")
    if step.reason:
        sheet.prose(inert.line(step.reason), indent=2, style="warn")
    if step.milliseconds is not None:
        sheet.prose(f"took {step.milliseconds} ms", indent=2, style="faint")
    if step.why:
        sheet.heading("WHY THIS STEP")
        sheet.prose(inert.line(step.why, 4000), indent=2)
    report = session.shown
    found = findings_of_step(report, step) if report else ()
    if found:
        sheet.heading("FOUND")
        for one in found:
            verdict.one_line(sheet, one, indent=2)
    elif step.state == "pass":
        sheet.heading("FOUND")
        sheet.prose("no fault found", indent=2)
    if step.check not in ("", "target"):
        sheet.heading("THE SAME WITHOUT A SCREEN")
        sheet.command(inert.line(_alone(session, step), inert.COMMAND))


def findings_of_step(report: Report, step: StepView) -> tuple[ReportFinding, ...]:
    ids = {id_ for check in report.checks if (check.step or check.id) == step.id for id_ in check.findings}
    return tuple(one for one in report.findings if one.id in ids)


def hop_page(sheet: Sheet, report: Report, hop: ReportHop, lookup: Lookup, *, judged: bool) -> None:
    """A hop: its object, what was found on it with the evidence, what could not be checked."""
    status = hop.status if judged or hop.status != "skip" else "waiting"
    sheet.prose(hop.id, lead=f"{badge(status)}  ", lead_style=status, style="strong")
    if hop.object is not None:
        sheet.field("object", str(hop.object))
    if hop.between:
        sheet.field("gate", f"between {' and '.join(hop.between)}")
    if hop.next:
        more = f" and {len(hop.next) - 6} more" if len(hop.next) > 6 else ""
        sheet.field("leads to", ", ".join(hop.next[:6]) + more)
    summary = phrases.hop_summary(hop, report) if status != "waiting" else "not judged yet"
    sheet.gap()
    sheet.prose(summary, indent=2, style=status if status in ("fail", "unknown") else "")
    for finding in findings_of_hop(report, hop):
        sheet.gap()
        verdict.one_line(sheet, finding)
        if finding.detail:
            sheet.block(finding.detail)
        evidence.draw_all(sheet, evidence.cited(report, finding), lookup)


def findings_of_hop(report: Report, hop: ReportHop) -> tuple[ReportFinding, ...]:
    """What stands at the hop, and what its summary names or its object carries."""
    same = hop.object if hop.kind != "policy" else None  # a gate stands at its workload, and is none of its faults
    return tuple(one for one in report.findings if one.hop == hop.id or one.object == same or one.code == hop.summary)


def finding_page(sheet: Sheet, report: Report, finding: ReportFinding, lookup: Lookup) -> None:
    """One finding whole: where, since when, why, the proof, what helps."""
    status = phrases.OF_SEVERITY[finding.severity]
    doubt = phrases.certainty(finding)
    sheet.prose(finding.title, lead=f"{phrases.GLYPHS[status]} {finding.severity.upper()}  ", lead_style=status,
                style="strong")  # fmt: skip
    sheet.prose(f"{finding.code}{f' ({doubt})' if doubt else ''}", style="faint")
    if finding.detail:
        sheet.block(finding.detail)
    sheet.field("where", str(finding.object))
    if finding.since:
        sheet.field("since", phrases.since(finding.since, report.run.input.now or report.run.finished_at))
    for one in report.findings:
        if one.id in finding.explained_by:
            sheet.field("because of", f"{one.title} [{one.code}]", style="warn")
    verdict.remedies(sheet, finding)
    evidence.draw_all(sheet, evidence.cited(report, finding), lookup)


def evidence_page(sheet: Sheet, report: Report, lookup: Lookup) -> None:
    """All evidence, below the findings that it proves, the roots first."""
    roots = [one for one in report.findings if one.id in report.root_causes]
    others = [one for one in report.findings if one.id not in report.root_causes]
    for finding in (*roots, *others)[:40]:
        sheet.gap()
        verdict.one_line(sheet, finding)
        evidence.draw_all(sheet, evidence.cited(report, finding), lookup)
    if not report.findings:
        sheet.prose("nothing was found, so there is nothing to prove", style="faint")
    if len(report.findings) > 40:
        sheet.gap()
        sheet.prose(f"{len(report.findings) - 40} more findings: F lists all", style="faint")


def blind_page(sheet: Sheet, report: Report) -> None:
    """What was not checked, and what the verdict rests on."""
    sheet.prose(phrases.basis(report), lead="The verdict rests on ", lead_style="faint")
    verdict.blind(sheet, report)
    if not report.not_checked:
        sheet.gap()
        sheet.prose("everything that this run set out to check was checked")


def timeline_page(sheet: Sheet, session: Session) -> None:
    """What changed in the cluster by its clock, then this run and the notes by this machine's."""
    report = session.shown
    sheet.heading("IN THE CLUSTER", aside="by its clock")
    told = sorted(report.changes, key=lambda one: one.at) if report else []
    for one in told:
        verdict.change_line(sheet, one)
    for when, said in _events(report) if report else ():
        sheet.prose(said, lead=f"{phrases.utc(when)}  " if when else "", lead_style="faint")
    if not told:
        sheet.prose("no change is known around the path", indent=2, style="faint")
    sheet.heading("THIS RUN", aside="by this machine's clock")
    for at, text, style in _run_lines(session):
        sheet.prose(text, lead=f"{phrases.utc(at)}  ", lead_style="faint", style=style)
    sheet.gap()
    sheet.prose("n adds a note", style="faint")


def _events(report: Report) -> list[tuple[datetime | None, str]]:
    pieces = [one for one in report.evidence if one.kind == "event"]
    pieces.sort(key=lambda one: one.at.timestamp() if one.at else 0.0)
    return [(one.at, f"event {one.field}: {one.observed}") for one in pieces]


def _run_lines(session: Session) -> list[tuple[datetime, str, str]]:
    lines = [(session.began, "run began", "")]
    report = session.shown
    for check in report.checks if report else ():
        if check.started_at is not None:
            reason = f": {check.reason}" if check.reason else ""
            lines.append((check.started_at, f"{badge(check.status)}  {check.title}{reason}", ""))
    lines += [(note.at, f"note: {inert.line(note.text, 2000)}", "strong") for note in session.notes]
    if report is not None and not session.live:
        lines.append((report.run.finished_at, f"run ended: {report.headline}", ""))
    return sorted(lines, key=lambda one: one[0])


def _alone(session: Session, step: StepView) -> str:
    words = ["netdoc", "check", step.check, session.plan.target]
    for source in session.plan.sources:
        words += ["--from", source]
    return shlex.join([*words, *where_words(session.plan.place)])
