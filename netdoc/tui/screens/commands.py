"""The commands that show the same, help now, or repair: to be copied, never run from here."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator
from typing import ClassVar

import msgspec
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, Static

from netdoc.model.report import ReportFinding
from netdoc.report import inert
from netdoc.tui import clipboard
from netdoc.tui.draw.sheet import ink
from netdoc.tui.session import Session
from netdoc.tui.widgets.rows import Rows


class Offered(msgspec.Struct, frozen=True):
    """A command, and what it is for."""

    purpose: str
    text: str


def offered(session: Session, findings: Iterable[ReportFinding]) -> tuple[Offered, ...]:
    """Of these findings, each command once; last the one that asks the same without a screen."""
    told = [*_of_findings(session, findings), Offered("this run", inert.line(shlex.join(session.plan.command), 16_000))]
    return tuple({one.text: one for one in reversed(told)}.values())[::-1]


def _of_findings(session: Session, findings: Iterable[ReportFinding]) -> Iterator[Offered]:
    report = session.shown
    proofs = {one.id: one for one in report.evidence} if report else {}
    for finding in findings:
        for command in finding.mitigation.commands if finding.mitigation else ():
            yield Offered("helps now", command)
        for command in finding.fix.commands if finding.fix else ():
            yield Offered("repairs", command)
        for id_ in finding.evidence:
            if id_ in proofs and proofs[id_].command:
                yield Offered("shows it", proofs[id_].command)
        yield Offered("explains", f"netdoc explain {finding.code}")


class CommandsScreen(ModalScreen[None]):
    """Enter copies the command under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,o", "app.pop_screen", "Back", id="commands-back"),
        Binding("c", "copy", "Copy", id="commands-copy"),
    ]

    def __init__(self, commands: tuple[Offered, ...]) -> None:
        super().__init__()
        self._commands = commands

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Label("Commands: netdoc runs none of them", classes="title")
            yield Rows[Offered](_line, id="commands", copies=lambda one: one.text)
            yield Label("whole:", classes="faint")
            yield Static("", id="whole", markup=False)
            yield Label("enter or c copies, esc goes back", classes="faint")

    def on_mount(self) -> None:
        rows = self.query_one("#commands", Rows)
        rows.show(self._commands)
        rows.focus()
        self._whole()

    @on(Rows.Highlighted)
    def _whole(self) -> None:
        current = self.query_one("#commands", Rows).current
        self.query_one("#whole", Static).update(Content(current.text if current else ""))

    @on(Rows.Chosen)
    def action_copy(self) -> None:
        text = self.query_one("#commands", Rows).copy_text
        self.notify(clipboard.copy(self.app, text), markup=False)


def _line(one: Offered, width: int) -> Content:
    style = {"helps now": "pass", "repairs": "pass"}.get(one.purpose, "faint")
    return ink((one.purpose.ljust(10), style), (one.text, "")).truncate(width, ellipsis=True)
