"""A command that is about to be run, or a tunnel that is about to be opened, whole; and whether it may."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Label, Static

from netdoc.report import inert
from netdoc.tui.draw.sheet import Sheet
from netdoc.tui.widgets.reader import Reader

TITLES = {"exec": "Run this in the container?", "port-forward": "Open this tunnel?"}
AFTER = {
    "exec": "it looks names up and tries connections; it writes nothing and ends by itself",
    "port-forward": "the pod is asked through it by itself; it is closed when it has answered",
}


class ConsentScreen(ModalScreen[str]):
    """No is what enter and esc say. After a no nothing more of the kind is run in this run."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "dismiss('no')", "No", id="consent-no"),
        Binding("y", "dismiss('yes')", "Yes", id="consent-yes"),
        Binding("a", "dismiss('all')", "Yes to all of this run", id="consent-all"),
    ]

    def __init__(self, question: dict[str, Any], place: str) -> None:
        super().__init__()
        self._consent = str(question["consent"])
        self._command = inert.block(str(question["command"]), inert.COMMAND)
        self._place = inert.line(place)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -small"):
            yield Label(f"{TITLES[self._consent]}  (--{self._consent}, {self._place})", classes="title", markup=False)
            yield Reader(id="command")
            yield Static(AFTER[self._consent], classes="faint", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("No (n)", id="no", compact=True)
                yield Button("Yes (y)", id="yes", compact=True)
                yield Button("Yes to all of this run (a)", id="all", compact=True)

    def on_mount(self) -> None:
        self.query_one("#command", Reader).show(self._write)
        self.query_one("#no").focus()

    def _write(self, sheet: Sheet) -> None:
        sheet.block(self._command, indent=0, style="command", most=200)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id or "no")
