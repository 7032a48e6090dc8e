"""Single checks: a list, and a form made from the parameters that a check declares."""

from __future__ import annotations

import asyncio
import typing
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Checkbox, Input, Label

from netdoc.report import inert
from netdoc.tui.draw.sheet import ink
from netdoc.tui.start import Plan
from netdoc.tui.widgets.boxes import ConsentBoxes
from netdoc.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from netdoc.engine.check import Check
    from netdoc.engine.plugins import Broken
    from netdoc.tui.app import NetdocApp


class ChecksScreen(ModalScreen[None]):
    """Every check that is installed; one that could not be loaded says why."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "app.pop_screen", "Back", id="checks-back")]

    app: NetdocApp

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -small"):
            yield Label("Single checks", classes="title")
            yield Rows[Any](_line, id="checks", empty="no check is installed")
            yield Label("enter opens its form, esc goes back", classes="faint")

    def on_mount(self) -> None:
        self.query_one("#checks").focus()
        self._read()

    @work(exclusive=True, group="checks", exit_on_error=False)
    async def _read(self) -> None:
        rows = self.query_one("#checks", Rows)
        rows.show((), "reading the checks")
        rows.show(await asyncio.to_thread(_installed), "no check is installed")
        rows.styles.height = max(len(rows.items), 1)

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        from netdoc.engine.plugins import Broken

        if isinstance(event.item, Broken):
            self.notify(f"{event.item.id}: {event.item.reason}", severity="error", markup=False)
            return
        self.app.pop_screen()
        self.app.push_screen(CheckForm(event.item))


class CheckForm(ModalScreen[None]):
    """Target, source, and a field for each parameter. What does not fit is said at the field's name."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "app.pop_screen", "Back", id="form-back")]

    app: NetdocApp

    def __init__(self, check: Check) -> None:
        super().__init__()
        self.check = check
        self.fields = tuple(_fields(check))

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box -small"):
            yield Label(f"{self.check.title} ({self.check.id})", classes="title", markup=False)
            yield Label("target", classes="faint")
            yield Input(placeholder="svc/web.shop:80", id="target", classes="field")
            yield Label("from", classes="faint")
            yield Input(placeholder="any client of the cluster", id="from", classes="field")
            for field in self.fields:
                yield from field.widgets()
            yield ConsentBoxes()
            yield Button("Run (enter)", id="run", compact=True)

    def on_mount(self) -> None:
        session = self.app.session
        self.query_one(ConsentBoxes).tick(session.plan.limits if session else self.app.start.limits)
        if session is not None:
            self.query_one("#target", Input).value = session.plan.target
            self.query_one("#from", Input).value = " ".join(session.plan.sources)
        self.query_one("#target").focus()

    @on(Input.Submitted)
    @on(Button.Pressed)
    def _run(self) -> None:
        target = self.query_one("#target", Input).value.strip()
        if not target:
            self.notify("a target is needed", severity="warning")
            self.query_one("#target").focus()
            return
        given = {field.name: value for field in self.fields if (value := field.value(self)) not in (None, "")}
        try:
            msgspec.convert(given, self.check.parameters, strict=False)
        except msgspec.ValidationError as error:
            self.notify(inert.line(str(error)), title="that does not fit", severity="error", markup=False)
            return
        sources = tuple(self.query_one("#from", Input).value.split())
        self.app.pop_screen()
        self.app.ask(
            Plan(
                target=target,
                sources=sources,
                place=self.app.place,
                limits=self.query_one(ConsentBoxes).limits(self.app.start.limits),
                check=self.check.id,
                parameters=given,
            )
        )


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter as a field: its type, its default in words, what it is."""

    name: str
    type: Any
    default: str
    doc: str

    def widgets(self) -> Iterator[Label | Checkbox | Input]:
        if self.type is bool:
            yield Checkbox(f"{self.name}  {self.doc}", value=self.default == "True", id=f"p-{self.name}", compact=True)
            return
        yield Label(f"{self.name}  {self.doc}".rstrip(), classes="faint", markup=False)
        yield Input(placeholder=self.default, id=f"p-{self.name}", classes="field")

    def value(self, form: CheckForm) -> Any:
        if self.type is bool:
            return form.query_one(f"#p-{self.name}", Checkbox).value
        return form.query_one(f"#p-{self.name}", Input).value.strip()


def _fields(check: Check) -> Iterator[Field]:
    for field in msgspec.structs.fields(check.parameters):
        kind, doc = field.type, ""
        if typing.get_origin(kind) is typing.Annotated:
            kind, *extras = typing.get_args(kind)
            doc = next((one.description for one in extras if isinstance(one, msgspec.Meta) and one.description), "")
        default = "" if field.default is msgspec.NODEFAULT else str(field.default)
        yield Field(name=field.name, type=kind, default=default, doc=inert.line(doc))


def _installed() -> tuple[Check | Broken, ...]:
    from netdoc.engine.plugins import all_checks

    return all_checks()


def _line(item: Any, width: int) -> Content:
    title = getattr(item, "title", "") or f"NOT LOADED: {getattr(item, 'reason', '')}"
    return ink((inert.line(item.id).ljust(16), "strong"), (inert.line(title), "")).truncate(width, ellipsis=True)
