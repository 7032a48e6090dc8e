"""What a run may do to measure: each consent by itself, none beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label, Static

from netdoc.tui.consents import WORDS
from netdoc.tui.draw.sheet import ink
from netdoc.tui.session import Session
from netdoc.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from netdoc.ports import Consent
    from netdoc.tui.app import NetdocApp

OFFERED: tuple[Consent, ...] = ("exec", "port-forward")
DNS_HOME = "kube-system"


class MeasureScreen(ModalScreen["tuple[Consent, ...] | None"]):
    """Space chooses, enter begins the run again with what is chosen, else with what the cursor stands on."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "dismiss(None)", "Back", id="measure-back"),
        Binding("space", "mark", "Choose", id="measure-mark"),
    ]

    app: NetdocApp

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.marked: set[Consent] = set(session.plan.limits.consents)
        self.off: dict[Consent, str] = {}

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -small"):
            yield Label("Measure: what may netdoc do in this run?", classes="title")
            yield Rows["Consent"](self._line, id="consents")
            yield Static("", id="off", markup=False)
            yield Label("each command is shown first, and run only after a yes", classes="faint")
            yield Label("space chooses, enter begins the run again, esc goes back", classes="faint")

    def on_mount(self) -> None:
        rows = self.query_one("#consents", Rows)
        rows.show(OFFERED)
        rows.styles.height = len(OFFERED)
        rows.focus()
        self._ask()

    @work(exclusive=True, group="may", exit_on_error=False)
    async def _ask(self) -> None:
        """Asks the cluster what this user may; whatever it does not say is left to it."""
        lookout, place = self.app.lookout, self.session.plan.place
        if msgspec.structs.replace(lookout.place, namespace="") != msgspec.structs.replace(place, namespace=""):
            return
        for consent in OFFERED:
            namespace = DNS_HOME if consent == "port-forward" else self._source()
            if namespace and (why := await lookout.refused(consent, namespace)):
                self.off[consent] = why
                self.marked.discard(consent)
        self.query_one("#consents", Rows).refresh()
        self._tell()

    def _source(self) -> str:
        """The namespace of the caller's pods."""
        hops = self.session.report.path if self.session.report else ()
        return next((hop.object.namespace for hop in hops if hop.kind == "client" and hop.object), "")

    def _line(self, consent: Consent, width: int) -> Content:
        why = self.off.get(consent, "")
        mark = "[-]" if why else "[x]" if consent in self.marked else "[ ]"
        name = (f"{mark} --{consent} ".ljust(20), "faint" if why else "strong")
        said = ("off", "unknown") if why else (WORDS[consent], "")
        return ink(name, said).truncate(width, ellipsis=True)

    @on(Rows.Highlighted)
    def _tell(self) -> None:
        """What stands in the way of the one under the cursor, whole."""
        current = self.query_one("#consents", Rows).current
        self.query_one("#off", Static).update(Content(f"off: {self.off[current]}" if current in self.off else ""))

    def action_mark(self) -> None:
        current = self.query_one("#consents", Rows).current
        if current in self.off:
            self.notify(f"--{current} is off: {self.off[current]}", markup=False)
        elif current is not None:
            self.marked.symmetric_difference_update({current})
            self.query_one("#consents", Rows).refresh()

    @on(Rows.Chosen)
    def _begin(self, event: Rows.Chosen) -> None:
        if not self.marked:
            self.action_mark()
        if self.marked:
            self.dismiss(tuple(one for one in OFFERED if one in self.marked))
