"""Where to look: contexts, namespaces, snapshots, the embedded network."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import msgspec
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Label, Static

from netdoc.report import inert
from netdoc.tui.complete import best
from netdoc.tui.contexts import known_contexts
from netdoc.tui.draw.sheet import ink
from netdoc.tui.start import Place, Plan
from netdoc.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from netdoc.tui.app import NetdocApp


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A place to go to. A scenario of the demo brings its question with it."""

    kind: str
    name: str
    aside: str = ""
    target: str = ""
    source: str = ""


class PlaceScreen(ModalScreen[None]):
    """One list, narrowed as one types. A path that exists is offered as a snapshot."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "app.pop_screen", "Back", id="places-back"),
        Binding("down", "step(1)", "Down", show=False, id="places-down"),
        Binding("up", "step(-1)", "Up", show=False, id="places-up"),
    ]

    app: NetdocApp

    def __init__(self, demo: bool = False) -> None:
        super().__init__()
        self._demo = demo
        self._entries: list[Entry] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Label("Demo: a network broken on purpose" if self._demo else "Where to look", classes="title")
            yield Input(placeholder="type to narrow, or the path of a snapshot", id="which", classes="field")
            yield Rows[Entry](self._line, id="places", empty="nothing fits; a path that exists is taken as a snapshot")
            yield Static("", id="story", markup=False)
            yield Label(_HINTS[self._demo], classes="faint")

    def on_mount(self) -> None:
        self.query_one("#which").focus()
        self._read()

    @work(exclusive=True, group="places", exit_on_error=False)
    async def _read(self) -> None:
        """First what the kubeconfig and the demo tell, then what the cluster does."""
        self._entries = await asyncio.to_thread(_scenarios if self._demo else self._written)
        self._narrow()
        lookout = self.app.lookout
        if self._demo or lookout.state != "ready":
            return
        names, refused = await lookout.names("ns", "")
        self._entries[:0] = [_refused(refused)] if refused else []
        spaces = [Entry(kind="namespace", name=name) for name in names]
        contexts = [one for one in self._entries if one.kind == "context"]
        self._entries = [*contexts, *spaces, *(one for one in self._entries if one.kind != "context")]
        self._narrow()

    def _written(self) -> list[Entry]:
        here = self.app.lookout.label
        contexts = [
            Entry(kind="context", name=name, aside="here now" if here == f"context {name}" else "")
            for name in known_contexts(self.app.place)
        ]
        return [*contexts, *_scenarios()]

    @on(Input.Changed)
    def _narrow(self) -> None:
        text = self.query_one("#which", Input).value.strip()
        fitting = self._entries
        if text:
            names = {f"{one.kind} {one.name} {one.aside}".lower(): one for one in self._entries}
            fitting = [one for name, one in names.items() if all(word in name for word in text.lower().split())]
            fitting.sort(key=lambda one: (one.name != text, not one.name.startswith(text)))
            fitting = [*_path(text), *(fitting or [self._by_name(name) for name in best(text, self._names())])]
        self.query_one("#places", Rows).show(fitting)
        self._tell()

    def _names(self) -> list[str]:
        return [one.name for one in self._entries]

    def _by_name(self, name: str) -> Entry:
        return next(one for one in self._entries if one.name == name)

    def action_step(self, by: int) -> None:
        """The arrows move in the list while one types."""
        self.query_one("#places", Rows).cursor += by

    @on(Input.Submitted)
    def _entered(self) -> None:
        entry = self.query_one("#places", Rows).current
        text = self.query_one("#which", Input).value.strip()
        if entry is None and text and not self._demo:
            entry = Entry(kind="namespace", name=text)
        if entry is not None:
            self._go(entry)

    @on(Rows.Highlighted)
    def _tell(self) -> None:
        """The whole of what the list has no room for."""
        entry = self.query_one("#places", Rows).current
        self.query_one("#story", Static).update(inert.line(entry.aside) if entry else "")

    def _line(self, entry: Entry, width: int) -> Content:
        kind = "" if self._demo else entry.kind.ljust(10)
        return ink((kind, "faint"), (inert.line(entry.name).ljust(28), ""),
                   (f" {inert.line(entry.aside)}", "faint")).truncate(width, ellipsis=True)  # fmt: skip

    @on(Rows.Chosen)
    def _chosen(self, event: Rows.Chosen) -> None:
        self._go(event.item)

    def _go(self, entry: Entry) -> None:
        place = place_at(entry, self.app.place)
        if place is None:
            self.notify(entry.aside, markup=False)
            return
        self.app.pop_screen()
        self.app.go_to(place)
        if self._demo:
            sources = (entry.source,) if entry.source else ()
            self.app.ask(Plan(target=entry.target, sources=sources, place=place, limits=self.app.start.limits))


_HINTS = {
    False: "enter goes there; nothing is written anywhere",
    True: "enter runs the scenario's own question; no cluster is needed",
}


def place_at(entry: Entry, now: Place) -> Place | None:
    """The place that an entry means; None for one that only says something."""
    if entry.kind == "context":
        return msgspec.structs.replace(now, context=entry.name, namespace="", snapshot="", demo="")
    if entry.kind == "namespace":
        return msgspec.structs.replace(now, namespace=entry.name)
    if entry.kind == "snapshot":
        return msgspec.structs.replace(now, snapshot=entry.name, demo="", context="", namespace="")
    if entry.kind == "demo":
        return msgspec.structs.replace(now, demo=entry.name, snapshot="", context="", namespace="")
    return None


def _scenarios() -> list[Entry]:
    from netdoc.demo import assemble

    chosen = (assemble.scenario(id_) for id_ in assemble.scenario_ids())
    return [Entry(kind="demo", name=one.id, aside=one.story, target=one.target, source=one.source) for one in chosen]


def _refused(what: str) -> Entry:
    return Entry(kind="", name="namespaces", aside=f"NOT LISTED: may not {what}; type the name of one")


def _path(text: str) -> Iterable[Entry]:
    file = Path(text).expanduser()
    try:
        there = ("/" in text or "." in text) and file.exists()
    except OSError:
        there = False
    return (Entry(kind="snapshot", name=str(file)),) if there else ()
