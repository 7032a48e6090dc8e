"""A question that only a person can answer."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, Static

from netdoc.report import inert
from netdoc.tui.widgets.rows import Rows


class QuestionScreen(ModalScreen[str | None]):
    """Numbers choose; esc leaves it unanswered, which is said in the report."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(None)", "I do not know", id="question-leave")]

    def __init__(self, question: dict[str, Any]) -> None:
        super().__init__()
        self._question = question
        self._choices: list[dict[str, Any]] = list(question.get("choices", ()))

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -small"):
            yield Label(inert.line(str(self._question.get("question", ""))), classes="title", markup=False)
            yield Static(inert.line(str(self._question.get("why", "")), 2000), classes="faint", markup=False)
            yield Rows[Any](self._line, id="choices")
            yield Label("a number or enter answers, esc: I do not know", classes="faint")

    def on_mount(self) -> None:
        rows = self.query_one("#choices", Rows)
        rows.show(list(enumerate(self._choices, 1)))
        rows.styles.height = len(self._choices) + 1
        rows.cursor = next(
            (place for place, one in enumerate(self._choices) if one["value"] == self._question.get("default")), 0
        )
        rows.focus()

    def _line(self, item: tuple[int, dict[str, Any]], width: int) -> Content:
        number, one = item
        mark = "  (default)" if one["value"] == self._question.get("default") else ""
        return Content(f"{number}  {inert.line(str(one.get('label') or one['value']))}{mark}")

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        self.dismiss(event.item[1]["value"])

    def on_key(self, event: events.Key) -> None:
        if event.key.isdecimal() and 0 < int(event.key) <= len(self._choices):
            event.stop()
            self.dismiss(self._choices[int(event.key) - 1]["value"])
