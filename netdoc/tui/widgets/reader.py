"""A page to read: drawn for the width that it has, scrolled by keys, never as markup."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from netdoc.tui.draw.sheet import Sheet


class Reader(VerticalScroll, can_focus=True):
    """Draws again when it is told to, or when its width changes."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j", "scroll_down", "Down", show=False, id="page-down"),
        Binding("k", "scroll_up", "Up", show=False, id="page-up"),
        Binding("g", "scroll_home", "Top", show=False, id="page-top"),
        Binding("G", "scroll_end", "End", show=False, id="page-end"),
    ]
    DEFAULT_CSS = """
    Reader { padding: 0 1; width: 1fr; height: 1fr; scrollbar-gutter: stable; scrollbar-size-vertical: 1; }
    Reader > Static { width: 1fr; height: auto; }
    """

    def __init__(self, id: str | None = None) -> None:
        super().__init__(id=id)
        self._write: Callable[[Sheet], None] | None = None
        self._width = 0
        self._text = Static("", markup=False)
        self.plain = ""

    def compose(self) -> ComposeResult:
        yield self._text

    def show(self, write: Callable[[Sheet], None], *, top: bool = False) -> None:
        """Shows a page; `top` where it is another page than before."""
        self._write = write
        self._redraw()
        if top:
            self.scroll_home(animate=False)

    def on_resize(self, event: events.Resize) -> None:
        if self.scrollable_content_region.width != self._width:
            self._redraw()

    def _redraw(self) -> None:
        self._width = self.scrollable_content_region.width
        if self._write is None or not self._width:
            return
        sheet = Sheet(self._width)
        self._write(sheet)
        content = sheet.content
        self.plain = content.plain
        self._text.update(content)
