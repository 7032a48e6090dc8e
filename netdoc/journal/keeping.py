"""One run from its first event to its last, the same whoever conducts it: said to listeners, and written down."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from netdoc import __version__
from netdoc.engine.assemble import assemble
from netdoc.engine.events import Announcer, Listener
from netdoc.engine.run import Ending, Request, Run
from netdoc.journal.redaction import redacted
from netdoc.model import report as model
from netdoc.model.event import Event
from netdoc.model.report import Report
from netdoc.ports import Recorder

if TYPE_CHECKING:
    from netdoc.journal.writer import Journal

_EARLY: dict[Ending, str] = {
    "timeout": "the time limit was reached",
    "interrupted": "it was interrupted",
    "finished": "",
}


class Called(msgspec.Struct, frozen=True, kw_only=True):
    """How a run came about, beside its question. `options` say where the cluster is, `digest` which input it was."""

    run: str
    started_at: datetime
    command: tuple[str, ...]
    options: dict[str, Any] = {}
    digest: str = ""
    resumes: str = ""
    rechecks: str = ""


class Keeping:
    """A run as it goes on. Every event goes out without secrets, to the journal first: what was shown is kept."""

    def __init__(
        self, called: Called, recorder: Recorder, listeners: tuple[Listener, ...], journal: Journal | None
    ) -> None:
        self._called = called
        self._recorder = recorder
        self._journal = journal
        self.announce = Announcer(called.run, (_redacting(*([journal] if journal else []), *listeners),))
        recorder.listen(lambda record, answer: self.announce("observed", record=record))

    async def go(
        self,
        work: Run,
        stop: asyncio.Event,
        finish: Callable[[Report], Report],
        exit_of: Callable[[Report, Ending], int],
    ) -> tuple[Report, int]:
        """Runs it to its end; returns the report, of which `finish` has the last word, and the exit code."""
        self.announce("run.started")
        ending = await work.go(stop)
        now = await self._recorder.now()
        report = redacted(finish(self.standing(work, now, _EARLY[ending])))
        code = exit_of(report, ending)
        self.announce("run.finished", report=report)
        if self._journal is not None:
            self._end(self._journal, report, ending, code)
        return report, code

    def standing(self, work: Run, now: datetime | None = None, early: str = "") -> Report:
        """The report as far as it can be told: at the end, or in the middle of the run."""
        place, called = self._recorder.where, self._called
        header = model.Run(
            id=called.run,
            started_at=called.started_at,
            finished_at=datetime.now(UTC),
            command=called.command,
            playbook=work.request.playbook.name,
            outcome=work.outcome,
            input=model.RunInput(
                type=place.type,
                context=place.context,
                server=place.server,
                path=place.path,
                scenario=place.scenario,
                now=now,
            ),
        )
        return redacted(assemble(work.ledger, self._recorder, header, early))

    def _end(self, journal: Journal, report: Report, ending: Ending, code: int) -> None:
        from netdoc.journal.entries import End

        at = report.run.finished_at
        journal.end(End(ending=ending, at=at, status=report.status, headline=report.headline, exit=int(code)))


def open_journal(called: Called, request: Request, recorder: Recorder, complain: Callable[[str], None]) -> Journal:
    """Begins the run's file, in which every answer is kept from now on."""
    from netdoc.journal.again import head_fields
    from netdoc.journal.entries import VERSION, Head
    from netdoc.journal.writer import Journal

    place = recorder.where
    if place.type == "snapshot" and place.path:
        place = msgspec.structs.replace(place, path=str(Path(place.path).absolute()))
    fields = msgspec.structs.asdict(called) | head_fields(request)
    journal = Journal(Head(journal=VERSION, netdoc=__version__, where=place, **fields), complain)
    recorder.listen(journal.observed)
    recorder.clock = journal.now
    return journal


def kept_options(where: msgspec.Struct) -> dict[str, Any]:
    """The options that name the cluster, as a head keeps them: files by their whole path, found from anywhere."""
    options: dict[str, Any] = msgspec.to_builtins(where)
    for name in ("snapshot", "kubeconfig"):
        if options[name]:
            options[name] = str(Path(str(options[name])).absolute())
    return options


def _redacting(*listeners: Listener) -> Listener:
    def tell(event: Event) -> None:
        clean = redacted(event)
        for listener in listeners:
            listener(clean)

    return tell
