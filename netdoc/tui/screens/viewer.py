"""Text to read, whole: an object's YAML."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label

from netdoc.tui import clipboard
from netdoc.tui.draw.sheet import ink
from netdoc.tui.widgets.rows import Rows


class ViewerScreen(ModalScreen[None]):
    """Lines as they stand; c copies all of them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,y", "app.pop_screen", "Back", id="viewer-back"),
        Binding("c", "copy", "Copy all", id="viewer-copy"),
    ]

    def __init__(self, title: str, text: str) -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Label(self._title, classes="title", markup=False)
            yield Rows[str](_line, id="lines")
            yield Label("c copies all, esc goes back", classes="faint")

    def on_mount(self) -> None:
        self.query_one("#lines", Rows).show(self._text.rstrip("\n").split("\n"))
        self.query_one("#lines").focus()

    def action_copy(self) -> None:
        self.notify(clipboard.copy(self.app, self._text), markup=False)


def _line(text: str, width: int) -> Content:
    key, colon, value = text.partition(":")
    if not colon or not key.strip(" -").isidentifier():
        return Content(text)
    return ink((f"{key}:", "command"), (value, ""))
