"""A list of any length with a cursor: only the lines in sight are ever drawn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

T = TypeVar("T")


class Rows(ScrollView, Generic[T], can_focus=True):
    """Items, one a line. `draw` makes the line of an item for a width; it is called for visible items alone."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False, id="list-up"),
        Binding("down,j", "move(1)", "Down", show=False, id="list-down"),
        Binding("pageup", "page(-1)", "Page up", show=False, id="list-page-up"),
        Binding("pagedown", "page(1)", "Page down", show=False, id="list-page-down"),
        Binding("home,g", "go(0)", "First", show=False, id="list-first"),
        Binding("end,G", "go(-1)", "Last", show=False, id="list-last"),
        Binding("enter", "choose", "Open", show=False, id="list-open"),
    ]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--cursor", "rows--blurred"}
    DEFAULT_CSS = """
    Rows {
        height: 1fr; width: 1fr; overflow-x: hidden; scrollbar-size-vertical: 1;
        & > .rows--cursor { background: $block-cursor-background; color: $block-cursor-foreground; text-style: bold; }
        & > .rows--blurred { background: $block-cursor-blurred-background; }
        &:ansi > .rows--cursor { text-style: reverse; }
        &:nocolor > .rows--cursor { text-style: reverse; }
    }
    """

    cursor: reactive[int] = reactive(0)

    class Highlighted(Message):
        """The cursor stands on another item."""

        def __init__(self, rows: Rows[Any], item: Any) -> None:
            super().__init__()
            self.rows = rows
            self.item = item

        @property
        def control(self) -> Rows[Any]:
            return self.rows

    class Chosen(Highlighted):
        """Enter or a click on the item under the cursor."""

    def __init__(
        self,
        draw: Callable[[T, int], Content],
        *,
        empty: str = "nothing here",
        copies: Callable[[T], str] | None = None,
        id: str | None = None,
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self._draw = draw
        self._empty = empty
        self._copies = copies
        self.items: Sequence[T] = ()

    @property
    def current(self) -> T | None:
        return self.items[self.cursor] if 0 <= self.cursor < len(self.items) else None

    @property
    def copy_text(self) -> str:
        """What is copied of the item under the cursor: its line, or what the list says."""
        if self.current is None:
            return ""
        return self._copies(self.current) if self._copies else self._draw(self.current, 1000).plain.strip()

    def show(self, items: Sequence[T], empty: str | None = None) -> None:
        """Shows other items; the cursor stays where it was as far as it can."""
        self.items = items
        self._empty = self._empty if empty is None else empty
        self.virtual_size = Size(self.scrollable_content_region.width or 1, max(len(items), 1))
        if self.cursor >= len(items):
            self.cursor = max(len(items) - 1, 0)
        self.refresh()

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, len(self.items) - 1))

    def watch_cursor(self, before: int, now: int) -> None:
        if before != now:
            self.refresh()
            self.scroll_to_region(Region(0, now, 1, 1), animate=False, force=True)
            if self.current is not None:
                self.post_message(self.Highlighted(self, self.current))

    def on_resize(self, event: events.Resize) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width or 1, max(len(self.items), 1))
        self.refresh()

    def render_line(self, y: int) -> Strip:
        place, width = y + self.scroll_offset.y, self.scrollable_content_region.width
        if not self.items:
            text = Content.styled(self._empty, "$foreground-muted") if place == 0 else Content("")
            return self._strip(text, width, self.visual_style)
        if place >= len(self.items):
            return Strip.blank(width, self.visual_style.rich_style)
        style = self.visual_style
        if place == self.cursor:
            style = self.get_visual_style("rows--cursor" if self.has_focus else "rows--blurred")
        line = self._draw(self.items[place], width)
        if place == self.cursor and self.has_focus:
            line = Content(line.plain)  # the cursor's own colours: a status colour on them might not be read
        return self._strip(line, width, style)

    def _strip(self, line: Content, width: int, style: Any) -> Strip:
        strips = Visual.to_strips(self, line.truncate(width), width, 1, style, pad=True)
        return strips[0] if strips else Strip.blank(width, style.rich_style)

    def on_focus(self) -> None:
        self.refresh()
        if self.current is not None:
            self.post_message(self.Highlighted(self, self.current))

    def on_blur(self) -> None:
        self.refresh()

    def on_click(self, event: events.Click) -> None:
        place = event.y + self.scroll_offset.y
        if not 0 <= place < len(self.items):
            return
        again = place == self.cursor
        self.cursor = place
        if again and self.current is not None:
            self.post_message(self.Chosen(self, self.current))

    def action_move(self, by: int) -> None:
        self.cursor += by

    def action_page(self, by: int) -> None:
        self.cursor += by * max(self.scrollable_content_region.height - 1, 1)

    def action_go(self, place: int) -> None:
        self.cursor = place if place >= 0 else len(self.items) - 1

    def action_choose(self) -> None:
        if self.current is not None:
            self.post_message(self.Chosen(self, self.current))
