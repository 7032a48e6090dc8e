"""The keys of what has the focus, and of the screen."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen, Screen
from textual.widgets import Label

from netdoc.tui.draw.sheet import Sheet
from netdoc.tui.widgets.reader import Reader

_NAMES = {
    "Rows": "the list",
    "Reader": "the page",
    "Asking": "the field",
    "Input": "the field",
    "RunScreen": "this run",
    "HomeScreen": "this screen",
    "FindingsScreen": "all findings",
    "NetdocApp": "everywhere",
    "Screen": "everywhere",
}

_ORDER = ("the field", "this run", "this screen", "all findings", "the list", "the page", "everywhere")


class HelpScreen(ModalScreen[None]):
    """Reads the bindings of the screen below, so that what it says is what the keys do, remapped or not."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark,f1", "app.pop_screen", "Back", id="help-back")
    ]

    def __init__(self, below: Screen[Any]) -> None:
        super().__init__()
        self._groups = _groups(below)

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Label("Keys", classes="title")
            yield Reader(id="help")
            yield Label("esc goes back; f5 changes keys", classes="faint")

    def on_mount(self) -> None:
        page = self.query_one("#help", Reader)
        page.show(self._write)
        page.focus()

    def _write(self, sheet: Sheet) -> None:
        for title, keys in self._groups.items():
            sheet.heading(title.upper())
            for key, text in keys:
                sheet.prose(text, indent=2, lead=key.ljust(16), lead_style="strong")
        sheet.heading("PANES")
        sheet.prose("the next pane; shift+tab the one before", indent=2, lead="tab".ljust(16), lead_style="strong")
        sheet.heading("SIGNS")
        for glyph, text in (
            ("✓ PASS", "checked, and no fault found"),
            ("✗ FAIL", "a fault that the traffic asked about suffers from"),
            ("! WARN", "not well, and not what breaks it"),
            ("? UNKNOWN", "could not be checked: never taken for well"),
            ("· NOT YET", "the step that judges it has not run"),
            ("╪", "a policy: a gate on the way"),
        ):
            sheet.prose(text, indent=2, lead=glyph.ljust(16), lead_style="strong")


def _groups(below: Screen[Any]) -> dict[str, list[tuple[str, str]]]:
    """(key, what it does) by what it belongs to, that with the focus first."""
    groups: dict[str, list[tuple[str, str]]] = {}
    for active in below.active_bindings.values():
        binding, node = active.binding, active.node
        if not binding.description or not binding.id or binding.id.startswith("command"):
            continue  # Textual's own: arrows that scroll, tab that goes on
        title = _NAMES.get(type(node).__name__, "everywhere")
        told = groups.setdefault(title, [])
        key = below.app.get_key_display(binding)
        if (same := next((one for one in told if one[1] == binding.description), None)) is not None:
            told[told.index(same)] = (f"{same[0]}, {key}", same[1])
        else:
            told.append((key, binding.description))
    return dict(sorted(groups.items(), key=lambda group: _ORDER.index(group[0]) if group[0] in _ORDER else 9))
