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
from textual.widgets import Button, Input, Label

from netdoc.report import inert
from netdoc.tui.draw.sheet import ink
from netdoc.tui.start import Plan
from netdoc.tui.widgets.boxes import ConsentBoxes
from netdoc.tui.widgets.rows import Rows
from netdoc.tui.widgets.tick import Tick

if TYPE_CHECKING:
    from netdoc.engine.check import Check
    from netdoc.engine.plugins import Broken
    from netdoc.tui.app import NetdocApp


class ChecksScreen(ModalScreen[None]):
    """Every check that is installed; one that could not be loaded says why. Those that are marked run together."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "app.pop_screen", "Back", id="checks-back"),
        Binding("space", "mark", "Mark", id="checks-mark"),
        Binding("a", "mark_all", "Mark all, or none", id="checks-mark-all"),
    ]

    app: NetdocApp

    def __init__(self) -> None:
        super().__init__()
        self.marked: list[Check] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -small"):
            yield Label("Single checks", classes="title")
            yield Rows[Any](self._line, id="checks", empty="no check is installed")
            yield Label("", id="marked", classes="faint", markup=False)

    def on_mount(self) -> None:
        self.query_one("#checks").focus()
        self._read()
        self._tell()

    @work(exclusive=True, group="checks", exit_on_error=False)
    async def _read(self) -> None:
        rows = self.query_one("#checks", Rows)
        rows.show((), "reading the checks")
        rows.show(await asyncio.to_thread(_installed), "no check is installed")
        rows.styles.height = max(len(rows.items), 1)

    def _line(self, item: Check | Broken, width: int) -> Content:
        title = getattr(item, "title", "") or f"NOT LOADED: {getattr(item, 'reason', '')}"
        mark = "[x] " if item in self.marked else "[ ] "
        return ink((mark, ""), (inert.line(item.id).ljust(16), "strong"), (inert.line(title), "")).truncate(
            width, ellipsis=True
        )

    def _tell(self) -> None:
        count = len(self.marked)
        runs = f"enter runs these {count}" if count else "enter opens its form"
        self.query_one("#marked", Label).update(f"{runs}, space marks, a marks all, esc goes back")
        self.query_one("#checks", Rows).refresh()

    def _loaded(self, item: Any) -> bool:
        """Whether it can be run; one that cannot says why."""
        from netdoc.engine.plugins import Broken

        if isinstance(item, Broken):
            self.notify(f"{item.id}: {item.reason}", severity="error", markup=False)
        return item is not None and not isinstance(item, Broken)

    def action_mark(self) -> None:
        current: Any = self.query_one("#checks", Rows).current
        if not self._loaded(current):
            return
        if current in self.marked:
            self.marked.remove(current)
        else:
            self.marked.append(current)
        self._tell()

    def action_mark_all(self) -> None:
        from netdoc.engine.plugins import Broken

        whole = [one for one in self.query_one("#checks", Rows).items if not isinstance(one, Broken)]
        self.marked = [] if len(self.marked) == len(whole) else whole
        self._tell()

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        if not self.marked and not self._loaded(event.item):
            return
        listed = [one for one in self.query_one("#checks", Rows).items if one in self.marked]
        self.app.pop_screen()
        self.app.push_screen(CheckForm(*(listed or [event.item])))


class CheckForm(ModalScreen[None]):
    """Target, source, and of a single check a field for each parameter. What does not fit is said at its name."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "app.pop_screen", "Back", id="form-back")]

    app: NetdocApp

    def __init__(self, *checks: Check) -> None:
        super().__init__()
        self.checks = checks
        self.fields = tuple(_fields(checks[0])) if len(checks) == 1 else ()

    def compose(self) -> ComposeResult:
        with VerticalScroll(classes="box -small"):
            yield Label(self._title(), classes="title", markup=False)
            yield Label("target", classes="faint")
            yield Input(placeholder="svc/web.shop:80", id="target", classes="field")
            yield Label("from", classes="faint")
            yield Input(placeholder="any client of the cluster", id="from", classes="field")
            for field in self.fields:
                yield from field.widgets()
            yield ConsentBoxes()
            yield Button("Run (enter)", id="run", compact=True)

    def _title(self) -> str:
        if len(self.checks) == 1:
            return f"{self.checks[0].title} ({self.checks[0].id})"
        return f"{len(self.checks)} checks: {', '.join(one.id for one in self.checks)}"

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
            msgspec.convert(given, self.checks[0].parameters, strict=False)
        except msgspec.ValidationError as error:
            self.notify(inert.line(str(error)), title="that does not fit", severity="error", markup=False)
            return
        plan = Plan(
            target=target,
            sources=tuple(self.query_one("#from", Input).value.split()),
            place=self.app.place,
            limits=self.query_one(ConsentBoxes).limits(self.app.start.limits),
        )
        ids = tuple(one.id for one in self.checks)
        self.app.pop_screen()
        if len(ids) == 1:
            self.app.ask(msgspec.structs.replace(plan, check=ids[0], parameters=given))
        else:
            self.app.ask(msgspec.structs.replace(plan, checks=ids))


class Field(msgspec.Struct, frozen=True, kw_only=True):
    """A parameter as a field: its type, its default in words, what it is."""

    name: str
    type: Any
    default: str
    doc: str

    def widgets(self) -> Iterator[Label | Tick | Input]:
        if self.type is bool:
            yield Tick(f"{self.name}  {self.doc}", value=self.default == "True", id=f"p-{self.name}")
            return
        yield Label(f"{self.name}  {self.doc}".rstrip(), classes="faint", markup=False)
        yield Input(placeholder=self.default, id=f"p-{self.name}", classes="field")

    def value(self, form: CheckForm) -> Any:
        if self.type is bool:
            return form.query_one(f"#p-{self.name}", Tick).value
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
