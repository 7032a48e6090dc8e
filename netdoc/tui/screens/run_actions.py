"""What the keys of a run do. A key that cannot do anything now says why."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import msgspec
from textual import work

from netdoc.journal import place
from netdoc.journal.notes import add, noted
from netdoc.report import inert

if TYPE_CHECKING:
    from netdoc.model.kube.meta import ObjectRef
    from netdoc.model.report import ReportFinding
    from netdoc.ports import Consent
    from netdoc.tui.app import NetdocApp
    from netdoc.tui.session import Session, StepView


class RunActions:
    """Mixed into the run screen, which says what the focus is on."""

    if TYPE_CHECKING:
        app: NetdocApp
        session: Session
        unfolded: bool
        detail: Any

        def notify(self, message: str, **options: Any) -> None: ...
        def moved(self) -> None: ...
        def object_here(self) -> ObjectRef | None: ...
        def findings_here(self) -> tuple[ReportFinding, ...]: ...

    def action_again(self) -> None:
        if self.session.live:
            self.notify("the run is under way: x cancels it")
            return
        self.app.run_again(self.session)

    def action_resume(self) -> None:
        """Goes on where a run was cut short: what it read is not asked again."""
        if self.session.live or self.session.report is not None:
            self.notify("only a run that was cut short can be resumed; r does this one again")
            return
        plan = msgspec.structs.replace(self.session.plan, resumes=self.session.run)
        self.app.ask(plan)

    def action_skip(self) -> None:
        if self.session.skip():
            self.notify("passed over: what the step would have told stays unknown")
        else:
            self.notify("no step is under way that could be passed over")

    def action_step_alone(self) -> None:
        """The step that the cursor is on, by itself, with nothing remembered."""
        from netdoc.tui.session import StepView

        step: StepView | None = self.detail if isinstance(self.detail, StepView) else None
        if step is None or step.check in ("", "target") or step.state == "absent":
            self.notify("choose a step with an installed check first" if step is None or step.state != "absent"
                        else f"the check {step.check} is not installed")  # fmt: skip
            return
        if self.session.live:
            self.notify("the run is under way: x cancels it")
            return
        plan = self.session.plan
        self.app.ask(msgspec.structs.replace(plan, check=step.check, checks=(), inputs={}, resumes="", rechecks=""))

    def action_measure(self) -> None:
        """The same question with packets: what may be run is chosen first, and each command asked for."""
        from netdoc.tui.screens.measure import MeasureScreen

        if self.session.live:
            self.notify("the run is under way: x cancels it")
        elif self.session.report is None:
            self.notify("there is no path yet to measure: r does this run again first")
        elif self.session.plan.place.snapshot:
            self.notify("a snapshot holds nothing to measure in: ask a live cluster (f2)")
        else:
            self.app.push_screen(MeasureScreen(self.session), self._measured)

    def _measured(self, consents: tuple[Consent, ...] | None) -> None:
        if consents:
            plan = self.session.plan
            limits = msgspec.structs.replace(plan.limits, consents=consents)
            self.app.ask(msgspec.structs.replace(plan, limits=limits, resumes="", rechecks=""))

    def action_cancel(self) -> None:
        if not self.session.live:
            self.notify("the run has ended: there is nothing to cancel")
            return
        self.session.stop()
        self.notify("cancelled: what was found so far is kept")

    def action_back(self) -> None:
        """Esc: from a detail to the verdict, then out of a run that is under way, then home."""
        if self.detail is not None:
            self.detail = None
            self.moved()
        elif self.session.live:
            self.action_cancel()
        else:
            self.action_home()

    def action_home(self) -> None:
        from netdoc.tui.screens.confirm import ConfirmScreen

        if not self.session.live:
            self.app.pop_screen()
            return

        def leave(yes: bool | None) -> None:
            if yes:
                self.session.stop()
                self.app.pop_screen()

        self.app.push_screen(ConfirmScreen("A run is under way. Cancel it and leave? What it found is kept."), leave)

    def action_unfold(self) -> None:
        self.unfolded = not self.unfolded
        self.moved()

    def action_yaml(self) -> None:
        from netdoc.tui.draw.excerpt import yaml_of
        from netdoc.tui.screens.viewer import ViewerScreen

        ref = self.object_here()
        value = self.session.object_of(ref)
        if ref is None:
            self.notify("no object stands here: choose a hop on the path")
        elif value is None:
            self.notify(f"{inert.line(str(ref))} was not read in this run", markup=False)
        else:
            self.app.push_screen(ViewerScreen(inert.line(str(ref)), yaml_of(value)))

    def action_commands(self) -> None:
        from netdoc.tui.screens.commands import CommandsScreen, offered

        self.app.push_screen(CommandsScreen(offered(self.session, self.findings_here())))

    def action_findings(self) -> None:
        from netdoc.tui.screens.findings import FindingsScreen

        if self.session.shown is None:
            self.notify("nothing was found yet")
            return
        self.app.push_screen(FindingsScreen(self.session))

    def action_note(self) -> None:
        from netdoc.tui.screens.line import LineScreen

        screen = LineScreen("A note for the timeline", "what you saw or did, with the time of now")
        self.app.push_screen(screen, self._noted)

    def _noted(self, text: str | None) -> None:
        if not text or not text.strip():
            return
        if self.session.live:
            self.session.note(text.strip())
            self.notify("noted: see the timeline (4)")
        else:
            self._keep_note(text.strip())

    @work(group="note", exit_on_error=False)
    async def _keep_note(self, text: str) -> None:
        session = self.session
        note = noted(session.run, text, session.last + 1)
        said = "noted: see the timeline (4)"
        try:
            await asyncio.to_thread(add, place.file_of(session.run), note)
        except FileNotFoundError:
            said = "noted on this screen alone: the run is not kept"
        except OSError as error:
            said = f"noted on this screen alone: {error}"
        session.take(note)
        self.moved()
        self.notify(said, markup=False)

    def action_export(self) -> None:
        from netdoc.tui.screens.export import ExportScreen

        if self.session.live or self.session.report is None:
            self.notify("there is no report yet: the run has not ended")
            return
        self.app.push_screen(ExportScreen(self.session))
