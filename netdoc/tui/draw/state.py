"""How a run stands, in words: while it works, where it waits, and why it could not begin."""

from __future__ import annotations

import time

from textual.content import Content

from netdoc.report import inert, phrases
from netdoc.tui.draw import verdict
from netdoc.tui.draw.lists import span
from netdoc.tui.draw.sheet import Sheet, ink
from netdoc.tui.draw.style import badge
from netdoc.tui.session import Session

SLOW = 3.0
"""Seconds of silence after which the screen says that it waits."""


def state_words(session: Session) -> str:
    """The right end of the top line."""
    if session.state == "asking":
        return "? asks you"
    if session.state == "failed":
        return "✗ not run"
    if not session.live:
        return badge(session.report.status) if session.report else ""
    silent = session.silent_for()
    if silent >= SLOW:
        return f"… no answer for {int(silent)} s"
    return "▶ running"


def next_line(session: Session) -> Content:
    """What is going on and what comes next; after the end, what to do next."""
    if session.state == "failed":
        return ink(("r ", "strong"), ("again   ", ""), ("f2 ", "strong"), ("another cluster   ", ""), ("q ", "strong"),
                   ("back", ""))  # fmt: skip
    step, after = session.now_step, session.next_step
    if session.live:
        now = inert.line(step.title) if step else "Opening the cluster"
        took = f" {span(time.monotonic() - step.started)}" if step and step.started else ""
        then = f"   then: {inert.line(after.title)}" if after else ""
        return ink(("▶ ", "running"), (now, "strong"), (took, "faint"), (then, "faint"))
    return _afterwards(session)


def _afterwards(session: Session) -> Content:
    report = session.shown
    if report is None:
        return Content("")
    compared = report.compared
    if compared is not None and compared.recovered and not (compared.still or compared.new):
        return ink(("✓ RECOVERED ", "pass"), ("what was broken is not found any more", "strong"))
    words = {
        "fail": "next: mend it, then r does it again",
        "warn": "next: mend it, then r does it again",
        "unknown": "next: see what was not checked (5)",
        "pass": "next: ask from another client, or another symptom (q)",
    }
    return ink((f"{phrases.badge(report.status)}  ", report.status), (words[report.status], ""),
               ("   tab: panes, 1-6: pages", "faint"))  # fmt: skip


def live_page(sheet: Sheet, session: Session) -> None:
    """While it works: the step's why in plain words, what was found so far, what is not told yet."""
    step = session.now_step
    sheet.prose(inert.line(step.title) if step else "Opening the cluster", lead="▶ ", lead_style="running",
                style="strong")  # fmt: skip
    if step is not None and step.why:
        sheet.prose(inert.line(step.why, 4000), indent=2)
    if session.silent_for() >= SLOW:
        sheet.gap()
        sheet.prose(
            f"no answer for {int(session.silent_for())} s: the API may be slow. x cancels, s passes over the step",
            lead="… ", lead_style="warn",
        )  # fmt: skip
    if session.findings:
        sheet.heading("FOUND SO FAR", aside="the verdict comes at the end")
        for one in session.findings[-12:]:
            verdict.one_line(sheet, inert.page(one), indent=2)
    for note in session.feed.notes:
        sheet.gap()
        sheet.prose(inert.line(note), lead="! ", lead_style="warn")


def problem_page(sheet: Sheet, session: Session) -> None:
    """Why nothing was run, and the mend."""
    problem = session.problem
    assert problem is not None
    title = "This run was cut short" if "cut short" in str(problem) else "Nothing was asked"
    sheet.prose(title, lead="✗ ", lead_style="fail", style="strong")
    sheet.gap()
    sheet.block(inert.block(str(problem)))
    if problem.mend:
        sheet.gap()
        sheet.prose(inert.line(problem.mend), indent=2, lead="→ ", lead_style="pass")
    sheet.heading("FROM HERE")
    for key, text in (
        ("r", "the same again: after you mended it, or logged in anew"),
        ("f2", "another cluster, namespace or snapshot"),
        ("f3", "the embedded network, which needs no cluster"),
        ("q", "back to the question"),
    ):
        sheet.prose(text, indent=2, lead=key.ljust(4), lead_style="strong")
