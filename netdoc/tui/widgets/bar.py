"""The top line: which cluster, which namespace, that nothing is written, how it stands."""

from __future__ import annotations

import re

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from netdoc.report import inert
from netdoc.tui.draw.sheet import ink

_PRODUCTION = re.compile(r"(?:^|[^a-z])(?:prod|production|live)(?:[^a-z]|$)", re.IGNORECASE)


class Bar(Widget):
    """Always in sight. A context that calls itself production has a band of its own, with the word."""

    DEFAULT_CSS = """
    Bar {
        dock: top; height: 1; width: 1fr; padding: 0 1;
        background: $panel; color: $foreground;
        &.-production { background: $error-muted; color: $text-error; }
        &:ansi { text-style: reverse; }
        &:nocolor { text-style: reverse; }
    }
    """

    place: reactive[str] = reactive("")
    namespace: reactive[str] = reactive("")
    state: reactive[str] = reactive("")

    def watch_place(self, place: str) -> None:
        self.set_class(bool(_PRODUCTION.search(place)), "-production")

    def render(self) -> Content:
        place = inert.line(self.place) or "no cluster"
        production = "  PRODUCTION" if self.has_class("-production") else ""
        left = ink(("netdoc", "strong"), (f"  {place}", ""), (production, "strong"))
        if self.namespace:
            left = left + Content(f"  ns {inert.line(self.namespace)}")
        right = ink((inert.line(self.state) + "  " if self.state else "", ""), ("read-only", ""))
        room = self.size.width - right.cell_length - 1
        left = left.truncate(max(room, 0), ellipsis=True)
        return left.pad_right(max(self.size.width - left.cell_length - right.cell_length, 1)) + right
