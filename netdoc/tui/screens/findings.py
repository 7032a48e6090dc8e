"""All findings, with a filter, and the one under the cursor whole."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input, Label

from netdoc.model.report import ReportFinding
from netdoc.report import inert
from netdoc.tui import clipboard
from netdoc.tui.draw import lists, pages
from netdoc.tui.draw.state import state_words
from netdoc.tui.filtering import ORDERS, chosen, ordered, ranked
from netdoc.tui.session import Session
from netdoc.tui.widgets.bar import Bar
from netdoc.tui.widgets.reader import Reader
from netdoc.tui.widgets.rows import Rows

_FILTER = "/ filter: words, !not, error, warning, code:dns, ns:shop"


class FindingsScreen(Screen[None]):
    """The list is filtered as one types; esc clears the filter first."""

    CSS_PATH = "findings.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", id="findings-filter"),
        Binding("s", "sort", "Sort", id="findings-sort"),
        Binding("S", "turn", "Backwards", show=False, id="findings-turn"),
        Binding("y", "yaml", "YAML", id="findings-yaml"),
        Binding("c", "copy", "Copy", id="findings-copy"),
        Binding("o", "commands", "Commands", id="findings-commands"),
        Binding("escape", "back", "Back", show=False, id="findings-back"),
        Binding("q", "app.pop_screen", "Back", id="findings-close"),
    ]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.column = "rank"
        self.backwards = False
        self._ranked = ranked(session.shown) if session.shown else ()

    def compose(self) -> ComposeResult:
        yield Bar()
        yield Input(placeholder=_FILTER, id="filter", classes="field")
        yield Label("", id="count", classes="faint", markup=False)
        with Horizontal(id="found"):
            with Vertical(id="list"):
                yield Rows[ReportFinding](self._line, id="findings", empty="no finding fits the filter")
            yield Reader(id="finding")
        yield Footer()

    def _line(self, one: ReportFinding, width: int) -> Content:
        return lists.finding(one, width, self.column)

    def on_mount(self) -> None:
        bar = self.query_one(Bar)
        bar.place, bar.state = self.session.label, state_words(self.session)
        self._filter("")
        self.query_one("#findings").focus()

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._filter(event.value)

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.query_one("#findings").focus()

    def _filter(self, text: str) -> None:
        everything = self._ranked
        found = ordered(chosen(everything, text), self.column, self.backwards)
        self.query_one("#findings", Rows).show(found)
        shown = f"{len(found)} of {len(everything)}" if text.strip() else str(len(everything))
        arrow = " ↑" if self.backwards else ""
        self.query_one("#count", Label).update(f"{shown} findings, by {self.column}{arrow}")
        self._show()

    @on(Rows.Highlighted)
    @on(Rows.Chosen)
    def _show(self) -> None:
        finding, report = self.current, self.session.shown
        page = self.query_one("#finding", Reader)
        if finding is None or report is None:
            page.show(lambda sheet: sheet.prose("nothing is chosen", style="faint"), top=True)
            return
        page.show(lambda sheet: pages.finding_page(sheet, report, finding, self.session.object_of), top=True)

    @property
    def current(self) -> ReportFinding | None:
        return self.query_one("#findings", Rows).current

    def action_sort(self) -> None:
        """The next column; after the last of them the rank again."""
        columns = ["rank", *ORDERS]
        self.column = columns[(columns.index(self.column) + 1) % len(columns)]
        self.backwards = self.backwards and self.column != "rank"
        self._filter(self.query_one("#filter", Input).value)

    def action_turn(self) -> None:
        if self.column == "rank":
            self.notify("the rank has one direction: s sorts by a column first")
            return
        self.backwards = not self.backwards
        self._filter(self.query_one("#filter", Input).value)

    def action_filter(self) -> None:
        self.query_one("#filter").focus()

    def action_back(self) -> None:
        field = self.query_one("#filter", Input)
        if field.value:
            field.value = ""
            self.query_one("#findings").focus()
        else:
            self.app.pop_screen()

    def action_copy(self) -> None:
        page = self.query_one("#finding", Reader)
        if self.current is not None:
            self.notify(inert.line(clipboard.copy(self.app, page.plain)), markup=False)

    def action_yaml(self) -> None:
        from netdoc.tui.draw.excerpt import yaml_of
        from netdoc.tui.screens.viewer import ViewerScreen

        value = self.session.object_of(self.current.object) if self.current else None
        if value is None:
            self.notify("the object was not read in this run")
            return
        self.app.push_screen(ViewerScreen(inert.line(str(value.ref)), yaml_of(value)))

    def action_commands(self) -> None:
        from netdoc.tui.screens.commands import CommandsScreen, offered

        found = (self.current,) if self.current else ()
        self.app.push_screen(CommandsScreen(offered(self.session, found)))
