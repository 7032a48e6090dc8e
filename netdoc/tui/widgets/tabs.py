"""One line of tabs: number, name, and what waits behind each."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from netdoc.tui.draw.sheet import ink


class TabLine(Widget):
    """The tabs of a page. `active` is the id of the one that is open; "" where a detail is shown instead."""

    DEFAULT_CSS = "TabLine { height: 1; padding: 0 1; background: $panel; }"

    active: reactive[str] = reactive("")

    class Picked(Message):
        def __init__(self, tab: str) -> None:
            super().__init__()
            self.tab = tab

    def __init__(self, tabs: tuple[tuple[str, str, str], ...], id: str | None = None) -> None:
        """`tabs` are (id, name, short name)."""
        super().__init__(id=id)
        self.tabs = tabs
        self.counts: dict[str, int] = {}

    def count(self, counts: dict[str, int]) -> None:
        if counts != self.counts:
            self.counts = counts
            self.refresh()

    def _labels(self) -> tuple[list[tuple[str, str]], int]:
        """(id, label) of each, and the gap between them: as much of it as the line has room for."""
        whole = [(tab[0], f"{number} {tab[1]}{self._behind(tab[0])}") for number, tab in enumerate(self.tabs, 1)]
        short = [(tab[0], f"{number} {tab[2]}{self._behind(tab[0])}") for number, tab in enumerate(self.tabs, 1)]
        bare = [(tab[0], f"{number} {tab[2]}") for number, tab in enumerate(self.tabs, 1)]
        for labels in (whole, short, bare):
            if sum(len(text) + 2 for _, text in labels) - 2 <= self.size.width:
                return labels, 2
        return bare, 1

    def _behind(self, id_: str) -> str:
        count = self.counts.get(id_, 0)
        return f"({count})" if count else ""

    def render(self) -> Content:
        parts: list[tuple[str, str]] = []
        labels, gap = self._labels()
        for id_, text in labels:
            parts += [(text, "bold underline $text-primary" if id_ == self.active else ""), (" " * gap, "")]
        return ink(*parts).truncate(self.size.width)

    def on_click(self, event: events.Click) -> None:
        place = -1
        labels, gap = self._labels()
        for id_, text in labels:
            place += len(text) + gap
            if event.x <= place:
                self.post_message(self.Picked(id_))
                return
