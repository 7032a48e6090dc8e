"""Home: what hurts? A pasted error, a symptom or a target; who is calling; what was asked before."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, ClassVar

import msgspec
from textual import events, on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import Screen
from textual.widgets import Footer, Input, Label, Static

from netdoc.tui.complete import completions
from netdoc.tui.start import Plan
from netdoc.tui.symptoms import SYMPTOMS, Symptom, told
from netdoc.tui.widgets.bar import Bar
from netdoc.tui.widgets.boxes import ConsentBoxes
from netdoc.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from netdoc.tui.app import NetdocApp
    from netdoc.tui.kept import Kept

ANY = "any client of the cluster"
BOOKS = {"audit": "Review best practices"}


class Asking(Input):
    """An input that takes a pasted error of several lines as one."""

    def _on_paste(self, event: events.Paste) -> None:
        text = " ".join(event.text.split())
        if text:
            self.insert_text_at_cursor(text[:16_000])
        event.stop()
        event.prevent_default()


class Book(msgspec.Struct, frozen=True):
    """A playbook in the list."""

    name: str
    title: str


class HomeScreen(Screen[None]):
    """Asks what hurts. `symptom` is what was chosen, `playbook` what looks for it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "onward", "Next", show=False, id="home-next"),
        Binding("down", "down", "Down", show=False, priority=False, id="home-down"),
        Binding("up", "up", "Up", show=False, id="home-up"),
        Binding("escape", "clear", "Clear", show=False, id="home-clear"),
        Binding("ctrl+r,f6", "resume", "Resume run", show=False, id="home-resume"),
        Binding("f2", "app.places", "Cluster", id="home-places"),
        Binding("f3", "app.demo", "Demo", id="home-demo"),
        Binding("f4", "app.checks", "Checks", id="home-checks"),
        Binding("f5", "app.settings", "Settings", id="home-settings"),
        Binding("q", "app.leave", "Quit", id="home-quit"),
    ]

    app: NetdocApp

    def __init__(self) -> None:
        super().__init__()
        self.playbook = "connectivity"
        self.installed: frozenset[str] = frozenset()
        self._playbooks: tuple[str, ...] = ()
        self._offered: tuple[str, ...] = ()
        self.built = False

    def compose(self) -> ComposeResult:
        yield Bar()
        with Vertical(id="ask"):
            yield Label("What hurts?", classes="title")
            yield Asking(
                placeholder="paste the error, or type a target: svc/web.shop:80, https://.., 10.43.0.10:53",
                id="target",
                classes="field",
            )
            yield Label("Who is calling?", classes="title", id="who")
            yield Asking(placeholder=f"{ANY} (enter), or deploy/.., pod/.., internet, here", id="from", classes="field")
            yield ConsentBoxes()
            yield Static("", id="understood", markup=False)
        yield Rows[str](_offer, id="offers")
        with Horizontal(id="lists"):
            with Vertical(id="left"):
                yield Label("or choose a symptom", classes="title")
                yield Rows[Any](self._draw_symptom, id="symptoms")
            with Vertical(id="right"):
                yield Label("Recent runs", classes="title")
                yield Rows[Any](_draw_run, id="runs", empty="none yet")
        yield Footer()

    def on_mount(self) -> None:
        self.built = True
        self.query_one("#symptoms", Rows).show([*SYMPTOMS, *self._books()])
        self.query_one("#offers").display = False
        self.query_one(ConsentBoxes).tick(self.app.start.limits)
        self.query_one("#target").focus()
        self.looked()

    def on_screen_resume(self) -> None:
        if self.app.warmed.is_set():
            self._read_runs()

    # How the cluster stands

    def looked(self) -> None:
        """The lookout, or what was imported, has something new to say."""
        if not self.built:
            return
        lookout, bar = self.app.lookout, self.query_one(Bar)
        bar.place, bar.namespace = lookout.label, lookout.namespace
        words = {"asking": "… asking", "ready": "✓ answers", "none": "- no cluster", "failed": "✗ no answer"}
        bar.state = words[lookout.state]
        if self.app.warmed.is_set():
            self.installed, self._playbooks = self.app.installed.checks, self.app.installed.playbooks
            self.query_one("#symptoms", Rows).show([*SYMPTOMS, *self._books()])
            self._read_runs()
        self._understand()

    def _books(self) -> Iterable[Book]:
        """The playbooks that no symptom leads to."""
        led_to = {one.playbook for one in SYMPTOMS}
        return (Book(name, BOOKS.get(name, f"playbook {name}")) for name in self._playbooks if name not in led_to)

    @work(exclusive=True, group="runs", exit_on_error=False)
    async def _read_runs(self) -> None:
        from netdoc.tui.kept import recent

        self.query_one("#runs", Rows).show(await asyncio.to_thread(recent))

    # What is typed

    @on(Input.Changed)
    def _typed(self, event: Input.Changed) -> None:
        self._understand()
        self._offer(event.value, event.input.id == "from")

    @work(exclusive=True, group="complete", exit_on_error=False)
    async def _offer(self, text: str, source: bool) -> None:
        await self.app.warmed.wait()
        self._offers(await completions(text, self.app.lookout, source=source))

    def _offers(self, offered: tuple[str, ...]) -> None:
        rows = self.query_one("#offers", Rows)
        self._offered = offered
        rows.cursor = 0
        rows.show(offered)
        rows.display = bool(offered)
        rows.styles.height = len(offered)

    def _understand(self) -> None:
        """Says what was understood, or how the cluster stands while nothing is typed."""
        said, style = self._standing()
        text = self.query_one("#target", Input).value
        if text.strip() and self.app.warmed.is_set():
            said, style = _understood(text)
        self.query_one("#understood", Static).update(Content.styled(said, style))

    def _standing(self) -> tuple[str, str]:
        lookout = self.app.lookout
        if lookout.state == "asking":
            return "asking the cluster; you can type meanwhile", "$foreground-muted"
        if lookout.state == "ready":
            return "enter asks, tab completes, esc leaves the field", "$foreground-muted"
        return f"{lookout.problem}; {lookout.mend}" if lookout.mend else lookout.problem, "$text-warning"

    @on(Input.Submitted, "#target")
    def _target_given(self, event: Input.Submitted) -> None:
        """The next question is who calls."""
        self._offers(())
        if event.value.strip():
            self.query_one("#from").focus()
        else:
            self._ask_what()

    @on(Input.Submitted, "#from")
    def _source_given(self) -> None:
        self._offers(())
        target = self.query_one("#target", Input).value.strip()
        if not target:
            self._ask_what()
            return
        source = self.query_one("#from", Input).value.strip()
        sources = tuple(source.replace(",", " ").split()) if source and source != ANY else ()
        self.app.ask(self.plan(target, sources))

    def _ask_what(self) -> None:
        self.query_one("#target").focus()
        self.notify("paste the error, or type a target: svc/web.shop:80, a URL, an address", markup=False)

    def plan(self, target: str, sources: tuple[str, ...]) -> Plan:
        """The run that the form asks for."""
        limits = self.query_one(ConsentBoxes).limits(self.app.start.limits)
        return Plan(target=target, sources=sources, place=self.app.place, limits=limits, playbook=self.playbook)

    @on(Rows.Chosen, "#offers")
    def _offer_chosen(self, event: Rows.Chosen) -> None:
        self._take(event.item)

    def _take(self, offer: str) -> None:
        field = self.focused if isinstance(self.focused, Input) else self.query_one("#target", Input)
        field.focus()
        field.value = offer
        field.cursor_position = len(offer)

    # What is chosen

    @on(Rows.Chosen, "#symptoms")
    def _symptom_chosen(self, event: Rows.Chosen) -> None:
        item = event.item
        self.playbook = item.playbook if isinstance(item, Symptom) else item.name
        missing = told(item, self.installed) if isinstance(item, Symptom) else self._unreviewed(item)
        if missing:
            self.notify(missing, title=item.title, severity="warning", markup=False)
        self.query_one("#target").focus()

    def _unreviewed(self, book: Book) -> str:
        if book.name != "audit":
            return ""
        parts = ("security", "performance", "reliability", "monitoring")
        audits = [one for one in parts if f"audit-{one}" not in self.installed]
        return f"not reviewed in this version: {', '.join(audits)}" if audits else ""

    @on(Rows.Chosen, "#runs")
    def _run_chosen(self, event: Rows.Chosen) -> None:
        kept: Kept = event.item
        self.app.open_run(kept.run)

    def _draw_symptom(self, item: Symptom | Book, width: int) -> Content:
        from netdoc.tui.draw.sheet import ink

        if isinstance(item, Book):
            return ink((item.title, ""))
        hint = told(item, self.installed) if self.installed else ""
        word = "not yet" if hint.startswith("not") else "in part" if hint else ""
        return ink((item.title.ljust(26), ""), (word.ljust(9) if width > 40 or word else "", "warn"),
                   (item.hint if width > 40 else "", "faint"))  # fmt: skip

    # Keys

    def action_onward(self) -> None:
        """Tab completes where something is offered, and goes on elsewhere."""
        if self._offered and isinstance(self.focused, Input):
            self._take(self._offered[self.query_one("#offers", Rows).cursor])
        else:
            self.focus_next()

    def action_down(self) -> None:
        if self._offered and isinstance(self.focused, Input):
            self.query_one("#offers", Rows).cursor += 1
        else:
            self.focus_next()

    def action_up(self) -> None:
        if self._offered and isinstance(self.focused, Input):
            self.query_one("#offers", Rows).cursor -= 1
        else:
            self.focus_previous()

    def action_clear(self) -> None:
        """Esc leaves what is offered, then what is typed, then the field."""
        if self._offered:
            self._offers(())
        elif isinstance(self.focused, Input) and self.focused.value:
            self.focused.value = ""
        else:
            self.query_one("#symptoms").focus()

    def action_resume(self) -> None:
        kept = self.query_one("#runs", Rows).current
        if kept is None or kept.state != "cut short":
            self.notify("only a run that was cut short can be resumed: choose one in the list")
            return
        self.app.open_run(kept.run)


def _offer(text: str, width: int) -> Content:
    from netdoc.report import inert

    return Content(f"  {inert.line(text)}")


def _draw_run(kept: Kept, width: int) -> Content:
    from netdoc.tui.draw.lists import run

    return run(kept, width)


def _understood(text: str) -> tuple[str, str]:
    """What the text means, in words, with the style of the line."""
    from netdoc.path import TargetError, parse_target
    from netdoc.report import inert

    try:
        target = parse_target(text)
    except TargetError as error:
        mend = f"; {error.mend}" if error.mend else ""
        return inert.line(f"? {error}{mend}", 300), "$text-warning"
    name = target.url or target.host or f"{target.name}{f' in {target.namespace}' if target.namespace else ''}"
    port = f", port {target.port}" if target.port and not target.url else ""
    failed = f"; the error tells: {target.error.failure}" if target.error else ""
    caller = f"; written by pod {target.error.pod}, it seems" if target.error and target.error.pod else ""
    return inert.line(f"✓ understood: {target.kind} {name}{port}{failed}{caller}", 300), "$text-success"
