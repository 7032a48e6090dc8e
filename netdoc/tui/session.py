"""One run as the screen knows it: its steps, what was found and read so far, how things stand.

All of it is kept in the screen's thread. The run itself works beside (see conduct); what it told is taken in by
`drain`, as much at a time as came.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from netdoc.cluster.recorded import decode_answer
from netdoc.engine.playbooks.model import Playbook
from netdoc.engine.run import CONNECT_STEP
from netdoc.journal.place import new_id
from netdoc.journal.reader import Story
from netdoc.model.event import Event
from netdoc.model.kube.meta import Object, ObjectRef
from netdoc.model.record import Record
from netdoc.model.report import CheckStatus, Note, Report, ReportCheck, ReportFinding
from netdoc.ports import Listing
from netdoc.report.inert import page
from netdoc.tui.aside import Aside
from netdoc.tui.conduct import Conduct, Feed, sight
from netdoc.tui.kept import place_of
from netdoc.tui.opening import NotOpened
from netdoc.tui.start import Limits, Plan

State = Literal["running", "asking", "finished", "failed"]
StepState = CheckStatus | Literal["waiting", "running", "absent"]

STARTING = ("target", "Find the target and the way to it", "Which hops does a request cross on its way?")


TRY = "What was predicted is compared with packets from where the caller stands. Each command is shown first."


class StepView(msgspec.Struct, kw_only=True):
    """One step down the side. `absent` is a step whose check is not installed."""

    id: str
    title: str
    check: str = ""
    why: str = ""
    state: StepState = "waiting"
    reason: str = ""
    started: float | None = None
    milliseconds: int | None = None


class Ran(msgspec.Struct, frozen=True, kw_only=True):
    """A command that a person decided on."""

    at: datetime
    consent: str
    command: str
    answer: str


class Session:
    """A run, live or read back. `shown` is its report as far as it stands, every text in it inert.

    `changed` is set by whatever a redraw should show.
    """

    def __init__(self, plan: Plan, run: str = "") -> None:
        self.plan = plan
        self.run = run or new_id()
        self.state: State = "running"
        self.problem: NotOpened | None = None
        self.steps: list[StepView] = [StepView(id=STARTING[0], title=STARTING[1], why=STARTING[2])]
        self.findings: list[ReportFinding] = []
        self.log: list[Record | Ran] = []
        self.report: Report | None = None
        self.shown: Report | None = None
        self.question: dict[str, Any] = {}
        self.notes: list[Note] = []
        self.last = 0
        """The number of the last event that was heard of."""
        self.feed = Feed()
        self.heard = time.monotonic()
        self.changed = True
        self.began = datetime.now(UTC)
        self._aside: Aside | None = None
        self._conduct: Conduct | None = None
        self._future: Future[Report] | None = None

    # What it is

    @property
    def live(self) -> bool:
        return self.state in ("running", "asking")

    @property
    def label(self) -> str:
        return self.feed.label or self.plan.place.label

    @property
    def now_step(self) -> StepView | None:
        return next((step for step in self.steps if step.state == "running"), None)

    @property
    def next_step(self) -> StepView | None:
        if not self.live:
            return None
        now = self.now_step
        behind = self.steps[self.steps.index(now) + 1 :] if now else self.steps
        return next((step for step in behind if step.state == "waiting"), None)

    def object_of(self, ref: ObjectRef | None) -> Object | None:
        return self.feed.objects.get(ref) if ref is not None else None

    def silent_for(self) -> float:
        """Seconds since the run last told anything; a person who is asked may take their time."""
        return time.monotonic() - self.heard if self.state == "running" else 0.0

    # What is done with it

    def start(self, earlier: Report | None = None) -> None:
        self._aside = Aside("run")
        self._aside.call(self._begin, earlier)

    def stop(self) -> None:
        """Ends it at once: the run is told, and nobody waits."""
        if self._aside is not None and self._conduct is not None and self.live:
            self._aside.call(self._conduct.stop.set)

    def skip(self) -> bool:
        """Passes over the step that is under way; False where none is."""
        if self._aside is None or self._conduct is None or self.now_step in (None, self.steps[0]):
            return False
        self._aside.call(self._conduct.skip)
        return True

    def answer(self, value: str | None) -> None:
        if self._aside is not None and self._conduct is not None:
            self._aside.call(self._conduct.answer, value)
        self.question = {}
        self.state, self.heard = "running" if self.live else self.state, time.monotonic()

    def note(self, text: str) -> None:
        """Notes it in a run that is under way; its journal keeps it."""
        if self._aside is not None and self._conduct is not None:
            self._aside.call(self._conduct.note, text)

    def close(self, seconds: float = 0.0) -> None:
        """Leaves nothing running; a run that is under way has so long to write down that it was interrupted."""
        self.stop()
        future = self._future
        if future is not None and seconds:
            with contextlib.suppress(Exception, CancelledError):  # however it ended, it has, or nobody waits longer
                future.result(seconds)
        if self._aside is not None:
            self._aside.end()

    def _begin(self, earlier: Report | None) -> None:
        """In the run's own thread and loop."""
        assert self._aside is not None
        self._conduct = Conduct(self.run, self.plan, self.feed)
        self._conduct.earlier = earlier
        self._future = self._aside.start(self._conduct.go())

    # What it tells

    def plan_steps(self, playbook: Playbook) -> None:
        """The steps that are to come, as the playbook names them."""
        for step in playbook.steps:
            title = step.title or step.check or step.run or step.id
            why = " ".join(step.why.split())
            self.steps.append(StepView(id=step.id, title=title, check=step.check or step.run, why=why))
        if self.plan.limits.consents:
            self.steps.append(StepView(id=CONNECT_STEP.id, title=CONNECT_STEP.title, check=CONNECT_STEP.check, why=TRY))
        self.changed = True

    def drain(self, most: int = 5000) -> bool:
        """Takes in what the run told since; True where anything changed."""
        events = self.feed.events
        for _ in range(min(len(events), most)):
            self.take(events.popleft())
        if self.feed.sight is not None:
            (self.report, self.shown), self.feed.sight, self.changed = self.feed.sight, None, True
            self._carry()
        self._settle()
        changed, self.changed = self.changed, False
        return changed

    def take(self, event: Event) -> None:
        self.changed, self.heard, self.last = True, time.monotonic(), event.seq
        handler = _HANDLERS.get(event.event)
        if handler is not None:
            handler(self, event)

    def _settle(self) -> None:
        """The run's thread has ended: with a report, which came as an event, or with what went wrong."""
        future = self._future
        if future is None or not future.done() or self.feed.events or not self.live:
            return
        error = future.exception() if not future.cancelled() else None
        if error is not None:
            wrong = NotOpened(f"internal error: {type(error).__name__}: {error}", "netdoc diagnose may tell more")
            self.problem = error if isinstance(error, NotOpened) else wrong
        self.state = "failed" if error is not None or self.report is None else "finished"
        self.changed = True
        if self._aside is not None:
            self._aside.end()

    def _step(self, check: ReportCheck) -> StepView:
        id_ = check.step or check.id
        found = next((one for one in self.steps if one.id == id_), None)
        if found is None:
            found = StepView(id=id_, title=check.title, check=check.id)
            self.steps.append(found)
        return found

    def _began(self, event: Event) -> None:
        assert event.check is not None
        step = self._step(event.check)
        step.state, step.started = "running", time.monotonic()

    def _ended(self, event: Event) -> None:
        assert event.check is not None
        step = self._step(event.check)
        step.state, step.reason = event.check.status, event.check.reason
        step.milliseconds = event.check.duration_ms

    def _asked(self, event: Event) -> None:
        self.question, self.state = event.question, "asking"

    def _answered(self, event: Event) -> None:
        if "consent" in event.question:
            self.log.append(msgspec.convert(event.question | {"at": event.at}, Ran))
            return
        step = next((one for one in self.steps if one.id == event.question.get("step")), None)
        if step is not None:
            step.state, step.reason = "pass", f"answered: {event.question.get('answer')}"

    def _noted(self, event: Event) -> None:
        self.notes.append(Note(at=event.at, text=event.note))
        self._carry()

    def _carry(self) -> None:
        """The report carries the notes from its end on."""
        if self.report is not None and self.shown is not None and self.notes and not self.live:
            notes = tuple(self.notes)
            self.report = msgspec.structs.replace(self.report, notes=notes)
            self.shown = msgspec.structs.replace(self.shown, notes=page(notes))

    def _finished(self, event: Event) -> None:
        self.report, self.state = event.report, "finished"
        if self._aside is None and event.report is not None:
            self.report, self.shown = sight(event.report)
        self._carry()
        for step in self.steps:
            if step.state in ("waiting", "running"):
                step.state, step.reason = self._untold(step)

    def _untold(self, step: StepView) -> tuple[StepState, str]:
        """Why a step of the playbook told nothing: its check is not installed, or the run ended before it."""
        report = self.report
        absent = {one.what for one in report.not_checked if one.reason == "not-installed"} if report else set()
        if step.check and f"check {step.check}" in absent:
            return "absent", f"the check {step.check} is not installed"
        return "unknown", "the run ended before it"


_HANDLERS: dict[str, Callable[[Session, Event], None]] = {
    "step.started": Session._began,
    "step.finished": Session._ended,
    "found": lambda session, event: session.findings.append(event.finding) if event.finding else None,
    "observed": lambda session, event: session.log.append(event.record) if event.record else None,
    "asked": Session._asked,
    "answered": Session._answered,
    "noted": Session._noted,
    "run.finished": Session._finished,
}


def read_back(story: Story) -> Session:
    """A run that is kept, as it stood when it ended. Takes its time with a long one: not for the loop."""
    head = story.head
    limits = Limits(consents=head.consents)
    alone = () if head.playbook.name else tuple(step.check for step in head.playbook.steps)
    plan = Plan(
        target=head.target.input if head.target else "",
        sources=tuple(one.input for one in head.sources if one.input and not one.guessed),
        place=place_of(story),
        limits=limits,
        playbook=head.playbook.name or "connectivity",
        check=alone[0] if len(alone) == 1 else "",
        checks=alone if len(alone) > 1 else (),
    )
    session = Session(plan, run=head.run)
    session.plan_steps(head.playbook)
    for event in story.events:
        session.take(event)
    session.feed.objects.update(_objects(story))
    session.began = head.started_at
    session.state = "finished" if session.report else "failed"
    if not session.report:
        session.problem = NotOpened("this run was cut short", "r does it again; R goes on where it stopped")
    return session


def _objects(story: Story) -> dict[ObjectRef, Object]:
    found: dict[ObjectRef, Object] = {}
    for data in story.answers.values():
        answer = decode_answer(data)
        items = answer.items if isinstance(answer, Listing) else (answer,) if isinstance(answer, Object) else ()
        found.update((one.ref, one) for one in items)
    return found
