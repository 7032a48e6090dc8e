"""Runs a playbook over one path and says what happens as it happens. Whatever ends it, what was found is kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import msgspec

from netdoc.diagnosis import cycle_in
from netdoc.diagnosis.changes import changes_of, observe_changes
from netdoc.engine import isolation
from netdoc.engine.absent import judge_path
from netdoc.engine.ask import Asker, Question, as_event, nobody
from netdoc.engine.check import Check, Kubectl, NoParameters, Subject
from netdoc.engine.comparisons import measured_kinds
from netdoc.engine.events import Announcer
from netdoc.engine.ledger import Entry, Key, Ledger, Step, key
from netdoc.engine.playbooks.conditions import Standing, holds
from netdoc.engine.playbooks.find import find_playbook
from netdoc.engine.playbooks.model import Playbook
from netdoc.engine.plugins import Broken, broken_packages, find_check, is_ours
from netdoc.engine.views import together, viewpoints
from netdoc.engine.walk import Done, walk
from netdoc.model.codes import known_codes
from netdoc.model.finding import Judgement, Severity, Unjudged
from netdoc.model.report import CheckStatus
from netdoc.model.target import SourceSpec, Target
from netdoc.path import resolve
from netdoc.ports import Consent, NoVantages, Ports, Recorder, Vantages
from netdoc.ports.recorder import Recording

Ending = Literal["finished", "timeout", "interrupted"]
Work = Callable[[], Awaitable[Iterable[Judgement]]]

TARGET_STEP = Step(id="target", check="target", title="Find the target and the way to it")
CONNECT_STEP = Step(id="connect", check="connect", title="Try it from the source")
"""Runs behind the playbook's own steps, with a consent to measure: what was predicted is compared with packets."""
STRANGER = 10.0
"""Seconds that a check of another package may take; less where the run's own time is shorter."""


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to run: the target, its callers, the playbook with its inputs, and how far to go."""

    target: Target | None
    playbook: Playbook
    sources: tuple[SourceSpec, ...] = ()
    inputs: Mapping[str, Any] = {}
    playbooks: str = ""
    since: timedelta = timedelta(hours=2)
    repeat: int = 3
    timeout: float | None = 30.0
    consents: tuple[Consent, ...] = ()


class Run:
    """One run: its ledger, and how it ended."""

    def __init__(
        self,
        request: Request,
        recorder: Recorder,
        announce: Announcer,
        asker: Asker = nobody,
        vantages: Vantages | None = None,
    ) -> None:
        self.request = request
        self.recorder = recorder
        self.vantages = Recording(recorder, vantages or NoVantages(), request.consents)
        self.announce = announce
        steps = request.playbook.steps
        self.ledger = Ledger(known_codes(), recorder, single=len(steps) == 1 and bool(steps[0].check))
        recorder.listen(self.ledger.measured_so)
        self.ending: Ending = "finished"
        self.outcome = ""
        self._so_far: tuple[Judgement, ...] = ()
        self._asker = asker
        self._clock = _Clock(request.timeout)
        self._kubectl = Kubectl(recorder.where.context)

    async def go(self, stop: asyncio.Event) -> Ending:
        """Runs to the end, to the deadline, or until `stop` is set; leaves nothing of ours running."""
        work = asyncio.ensure_future(self._steps())
        halt = asyncio.ensure_future(stop.wait())
        done: set[asyncio.Future[Any]] = set()
        while not done and self._clock.left != 0:
            done, _ = await asyncio.wait({work, halt}, timeout=self._clock.left, return_when=asyncio.FIRST_COMPLETED)
        self.ending = "finished" if work in done else "interrupted" if halt in done else "timeout"
        for task in (work, halt):
            task.cancel()
        await asyncio.gather(work, halt, return_exceptions=True)
        if work in done:
            work.result()
        return self.ending

    async def _steps(self) -> None:
        await self._step(TARGET_STEP, TARGET_STEP.title, (), self._resolve)
        for broken in broken_packages():
            self._not_told(f"the checks of package {broken.package}", broken.reason)
        standing = Standing(inputs=dict(self.request.inputs))
        await walk(self.request.playbook, standing, self)
        if self.request.consents and self.ledger.path is not None:
            await self.run_step(CONNECT_STEP)
        self.outcome = self._said(standing)
        await self._look_for_changes()

    async def _look_for_changes(self) -> None:
        """What changed around the path. A read that is refused stands in the record as a gap, like any other."""
        path = self.ledger.path
        if path is not None and path.object is not None:
            self.ledger.changes = changes_of(await observe_changes(self.recorder, path, self.request.since))

    def _said(self, standing: Standing) -> str:
        """What the playbook says at its end: its first outcome that holds."""
        outcomes = self.request.playbook.outcomes
        return next((one.say for one in outcomes if one.when is None or holds(one.when, standing)), "")

    # What a walk asks for

    async def run_step(self, work: Step) -> Done:
        """Runs one check; one that is not installed or broken is said, and costs itself alone."""
        ours = is_ours(work.check)
        check = find_check(work.check) if ours else await _found_apart(work.check)
        match check:
            case None:
                self._not_told(f"check {work.check}", work.title, reason="not-installed")
                return Done("skip")
            case Broken():
                self._not_told(f"check {work.check}", check.reason)
                return self._finish(msgspec.structs.replace(_begun(work), status="unknown", reason=check.reason))
            case Check():
                self._bring(check, ours)
                seconds = None if ours else min(STRANGER, (self._clock.left or STRANGER * 2) / 2)
                return await self._step(
                    work, work.title or check.title, check.hops, lambda: self._check(check, work, seconds)
                )

    async def put(self, question: Question) -> str | None:
        """Asks whoever can be asked; the run's time stands still meanwhile."""
        self.announce("asked", question=as_event(question))
        with self._clock:
            answer = await self._asker(question)
        answer = answer if question.accepts(answer) else question.default or None
        if answer is None:
            self._not_told(question.question, "nobody answered", reason="incomplete")
        else:
            self.announce("answered", question={"step": question.step, "answer": answer})
        return answer

    def pass_over(self, work: Step, reason: str) -> None:
        self._finish(msgspec.structs.replace(_begun(work), reason=reason))

    def playbook(self, name: str) -> Playbook | None:
        return find_playbook(name, self.request.playbooks)

    # One step

    async def _step(self, work: Step, title: str, covers: tuple[str, ...], act: Work) -> Done:
        """Runs one step's work; whatever becomes of it, the step is closed and said."""
        self._so_far = ()
        entry, clock = _begun(work, title, covers), time.monotonic()
        self.announce("step.started", check=entry.report())
        try:
            entry = self._kept(entry, tuple(await act()))
        except asyncio.CancelledError:
            entry = self._kept(entry, self._so_far)
            entry = msgspec.structs.replace(entry, status="unknown", reason="stopped before it was done")
            raise
        except Exception as error:  # a check that raises costs itself alone, and is said to have raised
            entry = self._failed(entry, f"{type(error).__name__}: {error}")
        finally:
            elapsed = round((time.monotonic() - clock) * 1000)
            done = self._finish(msgspec.structs.replace(entry, duration_ms=elapsed))
        return done

    def _failed(self, entry: Entry, reason: str) -> Entry:
        """What its hops are is unknown then (see `covers`); a check of ours that names no hop spoke for all."""
        blocking = (is_ours(entry.step.check) and not entry.covers) or entry.step is TARGET_STEP
        self._not_told(f"check {entry.step.check}", reason, blocking=blocking)
        return msgspec.structs.replace(entry, status="unknown", reason=reason)

    def _not_told(
        self,
        what: str,
        detail: str,
        *,
        reason: Literal["not-supported", "not-installed", "incomplete"] = "not-supported",
        blocking: bool = False,
    ) -> None:
        self.ledger.unjudged.append(Unjudged(what=what, reason=reason, detail=detail, blocking=blocking))

    def _finish(self, entry: Entry) -> Done:
        self.ledger.entries.append(entry)
        self.announce("step.finished", check=entry.report())
        return Done(entry.status, frozenset(code for code, _ in entry.findings))

    def _bring(self, check: Check, ours: bool) -> None:
        """Takes the check's codes and rules; a stranger's rules that would make something explain itself are left."""
        if not ours and (circle := cycle_in((*self.ledger.rules, *check.rules))):
            self._not_told(f"the causal rules of check {check.id}", f"they run in a circle: {' → '.join(circle)}")
            check = msgspec.structs.replace(check, rules=())
        for ledger in (self.ledger, *(one.ledger for one in self.ledger.viewpoints)):
            ledger.bring(check)

    async def _resolve(self) -> Iterable[Judgement]:
        target, specs, ledger = self.request.target, self.request.sources, self.ledger
        if target is None:
            return ()
        if self.recorder.where.type != "live":
            await self.recorder.now()  # what is seen in files was so when they were taken
        ledger.path = path = await resolve(self.recorder, target, specs)
        ledger.viewpoints = await viewpoints(self.recorder, target, specs, path, ledger)
        for one in ledger.viewpoints:
            one.take(judge_path(one.path, self._kubectl))
        return judge_path(path, self._kubectl)

    async def _check(self, check: Check, work: Step, seconds: float | None) -> Iterable[Judgement]:
        path = self.ledger.path
        if path is None:
            return ()
        subject = Subject(
            path=path,
            kubectl=self._kubectl,
            now=await self.recorder.now(),
            since=self.request.since,
            repeat=self.request.repeat,
            parameters=_parameters(check, work.parameters),
        )
        if seconds is not None:
            said = await isolation.run_apart(check, Ports(self.recorder), subject, seconds)
            for one in self.ledger.viewpoints:
                one.take(each for each in said if one.concerns(each))
            return said
        ports = Ports(self.recorder, self.vantages)
        self._so_far = tuple(check.judge(await check.observe(ports, subject)))
        if not self.ledger.viewpoints:
            return self._so_far
        seen = await asyncio.gather(*(check.observe(ports, one.of(subject)) for one in self.ledger.viewpoints))
        return together(self._so_far, self.ledger, [tuple(check.judge(one)) for one in seen])

    def _kept(self, entry: Entry, judgements: tuple[Judgement, ...]) -> Entry:
        """Enters judgements into the ledger; returns the entry with the worst of what they say."""
        keys: list[Key] = []
        for judgement in judgements:
            if isinstance(judgement, Unjudged):
                self.ledger.unjudged.append(judgement)
                continue
            keys.append(key(judgement))
            if (told := self.ledger.add(judgement)) is not None:
                self.announce("found", finding=told, evidence=self.ledger.evidence_of(told))
        if entry.step.check == CONNECT_STEP.check and not (keys or measured_kinds(self.recorder.records)):
            return msgspec.structs.replace(entry, status="skip", reason=_unmeasured(judgements))
        entry = msgspec.structs.replace(entry, unsaid=_unsaid(judgements))
        severities = {one.severity for one in self.ledger.findings if key(one) in keys}
        blocked = any(isinstance(one, Unjudged) and one.blocking for one in judgements)
        status = _worst(severities, blocked)
        return msgspec.structs.replace(entry, status=status, findings=tuple(dict.fromkeys(keys)))


class _Clock:
    """The time that a run has left. It stands still while it is entered: a person thinks as long as they like."""

    def __init__(self, seconds: float | None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds
        self._stopped: float | None = None

    @property
    def left(self) -> float | None:
        """Seconds, never less than 0; None without a limit."""
        if self._end is None:
            return None
        return max(0.0, self._end - (self._stopped or time.monotonic()))

    def __enter__(self) -> None:
        self._stopped = time.monotonic()

    def __exit__(self, *_: object) -> None:
        if self._end is not None and self._stopped is not None:
            self._end += time.monotonic() - self._stopped
        self._stopped = None


async def _found_apart(id_: str) -> Check | Broken | None:
    """Looks for a check that is not ours without holding up the loop: its package may take its time."""
    return await isolation.apart_async(lambda: find_check(id_), 2 * isolation.IMPORTING)


def _unmeasured(judgements: Sequence[Judgement]) -> str:
    """Why a measurement made none."""
    told = [one for one in judgements if isinstance(one, Unjudged)]
    if not told or any(one.reason == "needs-consent" for one in told):
        return "there was no consent to it"
    return told[0].detail or told[0].what


def _unsaid(judgements: Iterable[Judgement]) -> frozenset[str]:
    return frozenset(one.hop for one in judgements if isinstance(one, Unjudged) and not one.blocking)


def _worst(severities: set[Severity | None], blocked: bool) -> CheckStatus:
    if "error" in severities:
        return "fail"
    if blocked:
        return "unknown"
    return "warn" if "warning" in severities else "pass"


def _begun(work: Step, title: str = "", covers: tuple[str, ...] = ()) -> Entry:
    return Entry(
        step=work,
        title=title or work.title or work.check,
        status="skip",
        started_at=datetime.now(UTC),
        duration_ms=0,
        covers=covers,
    )


def _parameters(check: Check, given: Mapping[str, object]) -> msgspec.Struct:
    """The check's parameters as declared. Raises msgspec.ValidationError for a value that does not fit."""
    if check.parameters is NoParameters:
        return NoParameters()
    return msgspec.convert(dict(given), check.parameters, strict=False)
