"""Conducts one run beside the screen: opens the cluster, lets the engine work, keeps the journal, tells what happens.

All of it runs in the thread of an Aside. What the screen needs goes through a Feed, whole and without secrets.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec

from netdoc.engine.ask import Question
from netdoc.engine.events import Announcer
from netdoc.engine.run import Ending, Request
from netdoc.journal.again import Continued, request_of
from netdoc.journal.compare import compare
from netdoc.journal.keeping import Called, Keeping, kept_options, open_journal
from netdoc.journal.writer import Journal
from netdoc.model.event import Event
from netdoc.model.kube.meta import Object, ObjectRef
from netdoc.model.record import Record
from netdoc.model.report import Report
from netdoc.ports import Cluster, Consent, Listing, Recorder
from netdoc.report.inert import page
from netdoc.tui.consents import WORDS, Answer, vantages
from netdoc.tui.guided import Guided
from netdoc.tui.kept import kept_report, story_of
from netdoc.tui.opening import NotOpened, digest_of, open_place, see
from netdoc.tui.requests import request_for
from netdoc.tui.start import Plan

_EXITS = {"pass": 0, "warn": 0, "fail": 1, "unknown": 3}


class Feed:
    """What a run tells the screen. Written in the run's thread, emptied in the screen's."""

    def __init__(self) -> None:
        self.events: deque[Event] = deque()
        self.objects: dict[ObjectRef, Object] = {}
        self.sight: tuple[Report, Report] | None = None
        """How things stand: the report, and the same with every text inert, ready to be drawn."""
        self.notes: list[str] = []
        self.label = ""


class Conduct:
    """One run under way. `answer`, `skip` and `stop` are called in the run's own thread.

    `earlier` is the report of the run that is done again, where no journal keeps it.
    """

    def __init__(self, run: str, plan: Plan, feed: Feed) -> None:
        self.run = run
        self.plan = plan
        self.feed = feed
        self.stop = asyncio.Event()
        self.earlier: Report | None = None
        self._asked: asyncio.Future[str | None] | None = None
        self._work: Guided | None = None
        self._announce: Announcer | None = None
        self._sketch: Callable[[], Report] | None = None

    def skip(self) -> None:
        if self._work is not None:
            self._work.skip()

    def note(self, text: str) -> None:
        if self._announce is not None:
            self._announce("noted", note=text)

    def answer(self, value: str | None) -> None:
        if self._asked is not None and not self._asked.done():
            self._asked.set_result(value)

    async def go(self) -> Report:
        """The report. Raises NotOpened, or what a plan that does not parse raises, before anything is asked."""
        called = self._called()
        story = story_of(self.plan.resumes) if self.plan.resumes else None
        request = request_of(story) if story else request_for(self.plan)
        cluster: Cluster = open_place(self.plan.place, self.run)
        recorder = Recorder(Continued(story, cluster) if story else cluster)
        try:
            self.feed.label = _label(recorder)
            await self._seen(cluster)
            keep = self.plan.limits.keep
            journal = open_journal(called, request, recorder, self.feed.notes.append) if keep else None
            return await self._conduct(called, request, cluster, recorder, journal)
        finally:
            await recorder.close()

    async def _seen(self, cluster: Cluster) -> None:
        """Sees that the cluster answers; one who does not want to wait for it need not."""
        look, halt = asyncio.ensure_future(see(cluster)), asyncio.ensure_future(self.stop.wait())
        done, _ = await asyncio.wait({look, halt}, return_when=asyncio.FIRST_COMPLETED)
        halt.cancel()
        if look in done:
            look.result()
            return
        look.cancel()
        raise NotOpened("it was interrupted before the cluster answered")

    async def _conduct(
        self, called: Called, request: Request, cluster: Cluster, recorder: Recorder, journal: Journal | None
    ) -> Report:
        keeping = Keeping(called, recorder, (self._tell,), journal)
        recorder.listen(self._saw)
        self._announce = keeping.announce
        places = vantages(cluster, frozenset(request.consents), self._decide, self._decided)
        work = self._work = Guided(request, recorder, keeping.announce, self._ask, places)
        self._sketch = lambda: keeping.standing(work)
        try:
            report, _ = await keeping.go(work, self.stop, self._compared, _exit)
        finally:
            await work.vantages.close()
        return report

    def _tell(self, event: Event) -> None:
        """After each step with how things stand."""
        if event.event == "step.finished" and self._sketch is not None:
            self.feed.sight = sight(self._sketch())
        elif event.report is not None:
            self.feed.sight = sight(event.report)
        self.feed.events.append(event)

    def _saw(self, record: Record, answer: Any) -> None:
        found = answer.items if isinstance(answer, Listing) else (answer,) if isinstance(answer, Object) else ()
        self.feed.objects.update((one.ref, one) for one in found)

    async def _ask(self, question: Question) -> str | None:
        self._asked = asyncio.get_running_loop().create_future()
        return await self._asked

    async def _decide(self, consent: Consent, command: str) -> Answer:
        """Puts a command to the person; whoever says nothing says no."""
        assert self._announce is not None
        assert self._work is not None
        with self._work.waiting():
            self._asked = asyncio.get_running_loop().create_future()
            self._announce("asked", question={"consent": consent, "question": WORDS[consent], "command": command})
            answer = await self._asked
        return "all" if answer == "all" else "yes" if answer == "yes" else "no"

    def _decided(self, consent: Consent, command: str, answer: Answer) -> None:
        assert self._announce is not None
        self._announce("answered", question={"consent": consent, "command": command, "answer": answer})

    def _compared(self, report: Report) -> Report:
        """Beside the run that this one does again: what recovered, what is still there, what is new."""
        before = self.earlier or (kept_report(self.plan.rechecks) if self.plan.rechecks else None)
        return msgspec.structs.replace(report, compared=compare(before, report)) if before else report

    def _called(self) -> Called:
        plan = self.plan
        return Called(
            run=self.run,
            started_at=datetime.now(UTC),
            command=plan.command,
            options=kept_options(plan.place),
            digest=digest_of(plan.place) if plan.limits.keep else "",
            resumes=plan.resumes,
            rechecks=plan.rechecks,
        )


def _exit(report: Report, ending: Ending) -> int:
    """As the linear command would have ended."""
    return {"interrupted": 130, "timeout": 4}.get(ending, _EXITS[report.status])


def sight(report: Report) -> tuple[Report, Report]:
    """The report, and the same as a page may show it. Takes its time with thousands of findings: not for the loop."""
    return report, page(report)


def _label(recorder: Recorder) -> str:
    where = recorder.where
    if where.type == "demo":
        return f"demo {where.scenario}"
    return f"snapshot {where.path}" if where.type == "snapshot" else f"context {where.context or where.server}"
