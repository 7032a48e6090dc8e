"""A box to tick, in signs that are told apart without colour."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget


class Tick(Widget, can_focus=True):
    """`[x]` or `[ ]` with its text. Space, enter or a click turns it over."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space,enter", "turn", "Tick", show=False, id="tick-turn")]
    DEFAULT_CSS = """
    Tick {
        width: auto; height: 1;
        &:focus { background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold; }
        &:focus:ansi { text-style: reverse; }
        &:focus:nocolor { text-style: reverse; }
    }
    """

    value: reactive[bool] = reactive(False)

    def __init__(self, text: str, *, value: bool = False, id: str | None = None) -> None:
        super().__init__(id=id)
        self._text = text
        self.set_reactive(Tick.value, value)

    def render(self) -> Content:
        return Content(f"[{'x' if self.value else ' '}] {self._text}")

    def action_turn(self) -> None:
        self.value = not self.value

    def on_click(self) -> None:
        self.action_turn()
