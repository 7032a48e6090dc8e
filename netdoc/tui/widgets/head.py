"""The line above a table: its columns' names, as wide as the columns are."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content
from textual.widget import Widget


class Head(Widget):
    DEFAULT_CSS = "Head { height: 1; padding: 0 1; }"

    def __init__(self, draw: Callable[[int], Content], id: str | None = None) -> None:
        super().__init__(id=id)
        self._columns = draw

    def render(self) -> Content:
        return self._columns(self.content_size.width)
