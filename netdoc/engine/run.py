"""Runs steps over one path and says what happens as it happens. Whatever ends it, what was found is kept."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from netdoc.diagnosis.changes import changes_of, observe_changes
from netdoc.engine.absent import judge_path
from netdoc.engine.check import Check, Kubectl, NoParameters, Subject
from netdoc.engine.events import Announcer
from netdoc.engine.ledger import Entry, Key, Ledger, Step, key
from netdoc.engine.plugins import Broken, find_check
from netdoc.model.codes import known_codes
from netdoc.model.finding import Judgement, Severity, Unjudged
from netdoc.model.report import CheckStatus
from netdoc.model.target import SourceSpec, Target
from netdoc.path import resolve
from netdoc.ports import Ports, Recorder

Ending = Literal["finished", "timeout", "interrupted"]
Work = Callable[[], Awaitable[Iterable[Judgement]]]

TARGET_STEP = Step(id="target", check="target", title="Find the target and the way to it")


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """What to run: the target, its callers, the steps, and how far to go."""

    target: Target | None
    sources: tuple[SourceSpec, ...] = ()
    steps: tuple[Step, ...] = ()
    playbook: str = ""
    since: timedelta = timedelta(hours=2)
    repeat: int = 3
    timeout: float | None = 30.0


class Run:
    """One run: its ledger, and how it ended."""

    def __init__(self, request: Request, recorder: Recorder, announce: Announcer) -> None:
        self.request = request
        self.recorder = recorder
        self.announce = announce
        self.ledger = Ledger(known_codes(), recorder)
        self.ending: Ending = "finished"
        self._kubectl = Kubectl(recorder.where.context)

    async def go(self, stop: asyncio.Event) -> Ending:
        """Runs to the end, to the deadline, or until `stop` is set; leaves nothing of ours running."""
        work = asyncio.ensure_future(self._steps())
        halt = asyncio.ensure_future(stop.wait())
        done, _ = await asyncio.wait({work, halt}, timeout=self.request.timeout, return_when=asyncio.FIRST_COMPLETED)
        self.ending = "finished" if work in done else "interrupted" if halt in done else "timeout"
        for task in (work, halt):
            task.cancel()
        await asyncio.gather(work, halt, return_exceptions=True)
        if work in done:
            work.result()
        return self.ending

    async def _steps(self) -> None:
        await self._step(TARGET_STEP, TARGET_STEP.title, (), self._resolve)
        for step in self.request.steps:
            await self.run_step(step)
        await self._look_for_changes()

    async def _look_for_changes(self) -> None:
        """What changed around the path. A read that is refused stands in the record as a gap, like any other."""
        path = self.ledger.path
        if path is not None and path.object is not None:
            self.ledger.changes = changes_of(await observe_changes(self.recorder, path, self.request.since))

    async def run_step(self, step: Step) -> None:
        """Runs one check; one that is not installed or broken is said, and costs itself alone."""
        check = find_check(step.check)
        match check:
            case None:
                self.ledger.unjudged.append(
                    Unjudged(what=f"check {step.check}", reason="not-installed", detail=step.title)
                )
            case Broken():
                self._skipped(step, check)
            case Check():
                self.ledger.bring(check)
                await self._step(step, step.title or check.title, check.hops, lambda: self._check(check, step))

    def _skipped(self, step: Step, broken: Broken) -> None:
        what = Unjudged(what=f"check {step.check}", reason="not-supported", detail=broken.reason)
        self.ledger.unjudged.append(what)
        entry = _begun(step, step.title or step.check)
        self._finish(msgspec.structs.replace(entry, status="unknown", reason=broken.reason))

    async def _step(self, step: Step, title: str, covers: tuple[str, ...], work: Work) -> None:
        """Runs one step's work; whatever becomes of it, the step is closed and said."""
        entry, clock = _begun(step, title, covers), time.monotonic()
        self.announce("step.started", check=entry.report())
        try:
            entry = self._kept(entry, tuple(await work()))
        except asyncio.CancelledError:
            entry = msgspec.structs.replace(entry, status="unknown", reason="stopped before it was done")
            raise
        except Exception as error:  # a check that raises costs itself alone, and is said to have raised
            entry = self._failed(entry, f"{type(error).__name__}: {error}")
        finally:
            elapsed = round((time.monotonic() - clock) * 1000)
            self._finish(msgspec.structs.replace(entry, duration_ms=elapsed))

    def _failed(self, entry: Entry, reason: str) -> Entry:
        self.ledger.unjudged.append(
            Unjudged(what=f"check {entry.step.check}", reason="not-supported", detail=reason, blocking=True)
        )
        return msgspec.structs.replace(entry, status="unknown", reason=reason)

    def _finish(self, entry: Entry) -> None:
        self.ledger.entries.append(entry)
        self.announce("step.finished", check=entry.report())

    async def _resolve(self) -> Iterable[Judgement]:
        if self.request.target is None:
            return ()
        path = await resolve(self.recorder, self.request.target, self.request.sources)
        self.ledger.path = path
        return judge_path(path, self._kubectl)

    async def _check(self, check: Check, step: Step) -> Iterable[Judgement]:
        path = self.ledger.path
        if path is None:
            return ()
        subject = Subject(
            path=path,
            kubectl=self._kubectl,
            now=await self.recorder.now(),
            since=self.request.since,
            repeat=self.request.repeat,
            parameters=_parameters(check, step.parameters),
        )
        return check.judge(await check.observe(Ports(self.recorder), subject))

    def _kept(self, entry: Entry, judgements: tuple[Judgement, ...]) -> Entry:
        """Enters judgements into the ledger; returns the entry with the worst of what they say."""
        keys: list[Key] = []
        severities: set[Severity] = set()
        for judgement in judgements:
            if isinstance(judgement, Unjudged):
                self.ledger.unjudged.append(judgement)
                continue
            keys.append(key(judgement))
            if (told := self.ledger.add(judgement)) is not None:
                severities.add(told.severity)
                self.announce("found", finding=told, evidence=self.ledger.evidence_of(told))
        blocked = any(isinstance(one, Unjudged) and one.blocking for one in judgements)
        status = _worst(severities, blocked)
        return msgspec.structs.replace(entry, status=status, findings=tuple(dict.fromkeys(keys)))


def _worst(severities: set[Severity], blocked: bool) -> CheckStatus:
    if "error" in severities:
        return "fail"
    if blocked:
        return "unknown"
    return "warn" if "warning" in severities else "pass"


def _begun(step: Step, title: str, covers: tuple[str, ...] = ()) -> Entry:
    return Entry(step=step, title=title, status="skip", started_at=datetime.now(UTC), duration_ms=0, covers=covers)


def _parameters(check: Check, given: Mapping[str, object]) -> msgspec.Struct:
    """The check's parameters as declared. Raises msgspec.ValidationError for a value that does not fit."""
    if check.parameters is NoParameters:
        return NoParameters()
    return msgspec.convert(dict(given), check.parameters, strict=False)


# The connectivity playbook's documented order. A step whose check is not installed is said under notChecked.
CONNECTIVITY = (Step(id="endpoints", check="endpoints", title="Inspect service endpoints"),)
