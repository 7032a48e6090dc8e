"""A run: its steps down the side, the path as it lights up, and beside them what it means."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widgets import ContentSwitcher, Footer, Label, Static

from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Record
from netdoc.model.report import ReportFinding, ReportHop
from netdoc.report import digest, inert
from netdoc.tui import clipboard
from netdoc.tui.draw import lists, pages, path, verdict
from netdoc.tui.draw.sheet import Sheet
from netdoc.tui.draw.state import live_page, next_line, problem_page, state_words
from netdoc.tui.screens.run_actions import RunActions
from netdoc.tui.session import Ran, Session, StepView
from netdoc.tui.widgets.bar import Bar
from netdoc.tui.widgets.head import Head
from netdoc.tui.widgets.reader import Reader
from netdoc.tui.widgets.rows import Rows
from netdoc.tui.widgets.tabs import TabLine

if TYPE_CHECKING:
    from netdoc.tui.app import NetdocApp

TABS = (
    ("verdict", "Verdict", "Cause"),
    ("evidence", "Evidence", "Proof"),
    ("endpoints", "Endpoints", "Ends"),
    ("timeline", "Timeline", "Time"),
    ("blind", "Not checked", "Blind"),
    ("log", "Log", "Log"),
)


class RunScreen(RunActions, Screen[None]):
    """Shows a session. It draws, and asks the session to act; it judges nothing."""

    CSS_PATH = "run.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        *(Binding(str(number), f"tab('{tab[0]}')", tab[1], show=False, id=f"tab-{tab[0]}")
          for number, tab in enumerate(TABS, 1)),
        Binding("r", "again", "Again", id="again"),
        Binding("R", "resume", "Resume", show=False, id="resume"),
        Binding("s", "skip", "Skip step", show=False, id="skip"),
        Binding("a", "step_alone", "Step alone", show=False, id="step-alone"),
        Binding("m", "measure", "Measure", show=False, id="measure"),
        Binding("x", "cancel", "Cancel", show=False, id="cancel"),
        Binding("y", "yaml", "YAML", id="yaml"),
        Binding("c", "copy", "Copy", id="copy"),
        Binding("o", "commands", "Commands", id="commands"),
        Binding("f", "unfold", "Unfold", show=False, id="unfold"),
        Binding("slash,F", "findings", "Findings", id="findings"),
        Binding("n", "note", "Note", show=False, id="note"),
        Binding("e", "export", "Report", id="export"),
        Binding("escape", "back", "Back", show=False, id="back"),
        Binding("q", "home", "Back", id="home"),
    ]  # fmt: skip

    app: NetdocApp

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.tab = "verdict"
        self.unfolded = False
        self.detail: StepView | ReportHop | None = None
        self.table = lists.EndpointTable(())
        self._asked: object = None
        self.built = False

    def compose(self) -> ComposeResult:
        yield Bar()
        yield Static("", id="next", markup=False)
        with Horizontal(id="body"):
            with Vertical(id="side"):
                yield Label("STEPS", classes="title")
                yield Rows[StepView](lists.step, id="steps")
                yield Label("PATH", classes="title")
                yield Rows[path.PathRow](path.draw, id="path", empty="not known yet")
            with Vertical(id="main"):
                yield TabLine(TABS, id="tabs")
                with ContentSwitcher(initial="page", id="pages"):
                    yield Reader(id="page")
                    with Vertical(id="endpoints"):
                        yield Head(lambda width: self.table.head(width), id="endpoint-head")
                        yield Rows[lists.EndpointRow](
                            lambda row, width: self.table.row(row, width),
                            id="endpoint-rows",
                            empty="no endpoint is known on this path",
                        )
                    with Vertical(id="log-page"):
                        yield Rows[Any](lists.asked, id="log", empty="nothing was asked yet", copies=_log_command)
                        yield Static("", id="log-whole", markup=False)
        yield Footer()

    def on_mount(self) -> None:
        if not self.query("#page"):
            return  # the app ends at this very moment
        self.built = True
        self.query_one("#page").focus()
        self.moved()

    def on_unmount(self) -> None:
        self.built = False

    # What the session told

    def moved(self) -> None:
        """Draws what changed: at most ten times a second, and only what is in sight."""
        if not self.built or not self.query(Bar):
            return  # not there yet, or going away: the run goes on without
        session = self.session
        bar = self.query_one(Bar)
        bar.place, bar.state = session.label or self.app.lookout.label, state_words(session)
        bar.namespace = session.plan.place.namespace
        self.query_one("#next", Static).update(next_line(session))
        steps = self.query_one("#steps", Rows)
        steps.show(session.steps)
        steps.styles.height = min(max(len(session.steps), 1), 9)
        self._draw_path()
        self._draw_page()
        self._put_question()

    def _draw_path(self) -> None:
        report = self.session.shown
        rows = path.rows(report, judged=not self.session.live, open_folds=self.unfolded) if report else ()
        self.query_one("#path", Rows).show(rows)
        counts = {"endpoints": len(lists.endpoints(self.session)), "log": len(self.session.log)}
        if report is not None:
            counts |= {"evidence": len(report.evidence), "blind": len(report.not_checked)}
        self.query_one(TabLine).count(counts)

    def _draw_page(self, *, top: bool = False) -> None:
        self.query_one(TabLine).active = "" if self.detail is not None else self.tab
        table = self.tab if self.detail is None and self.tab in ("endpoints", "log") else "page"
        self.query_one("#pages", ContentSwitcher).current = "log-page" if table == "log" else table
        if table == "log":
            self.query_one("#log", Rows).show(self.session.log)
            self._tell_whole()
        elif table == "endpoints":
            rows = self.query_one("#endpoint-rows", Rows)
            endpoints = lists.endpoints(self.session)
            self.table = lists.EndpointTable(endpoints)
            rows.show(endpoints)
            self.query_one(Head).refresh()
        else:
            self.query_one("#page", Reader).show(self._page(), top=top)

    def _page(self) -> Callable[[Sheet], None]:
        """Which page is shown: of what the cursor stands on, of the tab, or how the run stands."""
        session, report, detail = self.session, self.session.shown, self.detail
        if isinstance(detail, StepView):
            return lambda sheet: pages.step_page(sheet, session, detail)
        if report is None or (session.problem is not None and session.state == "failed"):
            return lambda sheet: problem_page(sheet, session) if session.problem else live_page(sheet, session)
        if isinstance(detail, ReportHop):
            hop = next((one for one in report.path if one.id == detail.id), detail)
            judged = not session.live
            return lambda sheet: pages.hop_page(sheet, report, hop, session.object_of, judged=judged)
        if self.tab == "evidence":
            return lambda sheet: pages.evidence_page(sheet, report, session.object_of)
        if self.tab == "timeline":
            return lambda sheet: pages.timeline_page(sheet, session)
        if self.tab == "blind":
            return lambda sheet: pages.blind_page(sheet, report)
        if session.live:
            return lambda sheet: live_page(sheet, session)
        return lambda sheet: verdict.draw(sheet, report, session.object_of, self.unfolded)

    def _put_question(self) -> None:
        question = self.session.question
        if self.session.state != "asking" or question is self._asked:
            return
        self._asked = question
        if "consent" in question:
            from netdoc.tui.screens.consent import ConsentScreen

            self.app.push_screen(ConsentScreen(question, self.session.label), self.session.answer)
            return
        from netdoc.tui.screens.question import QuestionScreen

        self.app.push_screen(QuestionScreen(question), self.session.answer)

    # What the cursor stands on

    @on(Rows.Highlighted, "#steps")
    @on(Rows.Chosen, "#steps")
    def _on_step(self, event: Rows.Highlighted) -> None:
        self._detail(event.item)

    @on(Rows.Highlighted, "#path")
    @on(Rows.Chosen, "#path")
    def _on_hop(self, event: Rows.Highlighted) -> None:
        if event.item.hop is not None:
            self._detail(event.item.hop)
        elif isinstance(event, Rows.Chosen):
            self.action_unfold()

    @on(Rows.Chosen, "#endpoint-rows")
    def _on_endpoint(self, event: Rows.Chosen) -> None:
        report, ref = self.session.shown, event.item.ref
        hops = report.path if report else ()
        hop = next((one for one in hops if one.kind == "endpoint" and one.object == ref), None)
        if hop is not None:
            self._detail(hop)
            self.query_one("#page").focus()

    @on(Rows.Highlighted, "#log")
    def _tell_whole(self) -> None:
        """The line under the cursor, which the list may have no room for."""
        told = self.query_one("#log", Rows).current
        self.query_one("#log-whole", Static).update(inert.line(_log_command(told), inert.COMMAND) if told else "")

    @on(TabLine.Picked)
    def _on_tab(self, event: TabLine.Picked) -> None:
        self.action_tab(event.tab)

    def _detail(self, detail: StepView | ReportHop) -> None:
        if self.is_current:
            fresh = detail is not self.detail
            self.detail = detail
            self._draw_page(top=fresh)

    def action_tab(self, tab: str) -> None:
        self.tab, self.detail = tab, None
        self._draw_page(top=True)
        self.query_one({"endpoints": "#endpoint-rows", "log": "#log"}.get(tab, "#page")).focus()

    # What stands there, for the keys

    @property
    def root(self) -> ReportFinding | None:
        report = self.session.shown
        causes = digest.causes(report) if report else ()
        return causes[0].finding if causes else None

    def object_here(self) -> ObjectRef | None:
        """The object that the focus is on: a hop's, an endpoint's, else the root cause's."""
        if isinstance(self.focused, Rows) and self.focused.id == "endpoint-rows" and self.focused.current:
            ref: ObjectRef | None = self.focused.current.ref
            return ref
        if isinstance(self.detail, ReportHop):
            return self.detail.object
        return self.root.object if self.root else None

    def findings_here(self) -> tuple[ReportFinding, ...]:
        report = self.session.shown
        if report is None:
            return ()
        if isinstance(self.detail, ReportHop):
            return pages.findings_of_hop(report, self.detail)
        if isinstance(self.detail, StepView):
            return pages.findings_of_step(report, self.detail)
        return tuple(one.finding for one in digest.causes(report)) or report.findings

    def text_here(self) -> str:
        if isinstance(self.focused, Rows):
            return self.focused.copy_text
        return self.query_one("#page", Reader).plain

    def action_copy(self) -> None:
        text = self.text_here()
        if not text.strip():
            self.notify("nothing to copy here")
            return
        self.notify(inert.line(clipboard.copy(self.app, text)), markup=False)

    def offers(self) -> Iterable[tuple[str, str, Callable[[], Any]]]:
        """What the palette offers here."""
        yield "Do it again", "The same question now: recovered, still, new (r)", self.action_again
        yield "Measure from the source", "With your consent, each command shown first (m)", self.action_measure
        yield "Export the report", "Every format that the command line has (e)", self.action_export
        yield "All findings", "With a filter (/)", self.action_findings
        yield "Commands that show the same", "kubectl and others (o)", self.action_commands
        yield "Add a note", "Into the timeline (n)", self.action_note


def _log_command(told: Record | Ran) -> str:
    return told.command if isinstance(told, Ran) else lists.command_of(told.ask)
