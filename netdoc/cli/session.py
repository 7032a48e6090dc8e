"""Runs a request against a cluster and writes the report: what every diagnosing command shares."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from netdoc import __version__
from netdoc.cli.exits import Exit, exit_code
from netdoc.cli.options import OutputOptions, RunOptions, WhereOptions
from netdoc.cli.output import Writer
from netdoc.cli.questions import on_stdin
from netdoc.cli.sources import digest_of, open_cluster
from netdoc.engine.assemble import assemble
from netdoc.engine.events import Announcer, Listener
from netdoc.engine.run import Ending, Request, Run
from netdoc.journal.place import new_id
from netdoc.journal.redaction import redacted
from netdoc.model import report as model
from netdoc.model.event import Event
from netdoc.model.report import Report
from netdoc.ports import Cluster, NoVantages, Recorder, Vantages

if TYPE_CHECKING:
    from netdoc.journal.writer import Journal

_ENDINGS = {"timeout": "the time limit was reached", "interrupted": "it was interrupted", "finished": ""}

Opening = Callable[[str], Awaitable[Cluster]]
"""Opens the cluster for the run of that id."""


class Conduct(msgspec.Struct, frozen=True, kw_only=True):
    """How a run is conducted: of what, written how, kept or not; `finish` has the last word on the report."""

    request: Request
    where: WhereOptions
    run: RunOptions
    output: OutputOptions
    open: Opening | None = None
    finish: Callable[[Report], Report] = lambda report: report
    resumes: str = ""
    rechecks: str = ""


def conduct(request: Request, where: WhereOptions, run: RunOptions, output: OutputOptions) -> Exit:
    """Runs the request to its end and writes every output. Raises Failure before anything was asked."""
    return perform(Conduct(request=request, where=where, run=run, output=output))


def perform(how: Conduct) -> Exit:
    return asyncio.run(_perform(how))


async def _perform(how: Conduct) -> Exit:
    id_, started = new_id(), datetime.now(UTC)
    opening = how.open or (lambda run: open_cluster(how.where, run))
    cluster = await opening(id_)
    how = _consented(how)
    async with _opened(cluster) as recorder, _measuring(cluster, how) as vantages:
        writer = Writer(how.output)
        journal = None if how.run.no_journal else _journal(id_, started, how, recorder)
        announce = Announcer(id_, (_redacting(*([journal] if journal else []), *writer.listeners),))
        recorder.listen(lambda record, answer: announce("observed", record=record))
        announce("run.started")
        work = Run(how.request, recorder, announce, on_stdin, vantages)
        with _interrupts() as stop:
            ending = await work.go(stop)
        header = await _header(id_, started, how.request, recorder, work.outcome)
        report = redacted(how.finish(assemble(work.ledger, recorder, header, _ENDINGS[ending])))
        code = exit_code(report, ending, fail_on=how.run.fail_on, require_measured=how.run.require_measured)
        announce("run.finished", report=report)
        if journal is not None:
            _end(journal, report, ending, code)
        writer.note(*recorder.notes)
        writer.write(report)
        return code


@contextlib.asynccontextmanager
async def _opened(cluster: Cluster) -> AsyncIterator[Recorder]:
    recorder = Recorder(cluster)
    try:
        yield recorder
    finally:
        await recorder.close()


def _consented(how: Conduct) -> Conduct:
    """The request with what was consented to now. One that is judged again keeps what it had."""
    if not how.run.consents:
        return how
    return msgspec.structs.replace(how, request=msgspec.structs.replace(how.request, consents=how.run.consents))


@contextlib.asynccontextmanager
async def _measuring(cluster: Cluster, how: Conduct) -> AsyncIterator[Vantages]:
    """The vantages that were consented to; what they are about to run is told on stderr, quiet or not."""
    if not how.run.consents:
        yield NoVantages()
        return
    from netdoc.report.inert import line
    from netdoc.vantage import vantages_of

    consents = frozenset(how.run.consents)
    places = vantages_of(cluster, consents, lambda text: print(f"netdoc: {line(text)}", file=sys.stderr))
    try:
        yield places
    finally:
        await places.close()


def _redacting(*listeners: Listener) -> Listener:
    """Hands each event on without secrets: to the journal first, so that what was shown is kept."""

    def tell(event: Event) -> None:
        clean = redacted(event)
        for listener in listeners:
            listener(clean)

    return tell


def _journal(id_: str, started: datetime, how: Conduct, recorder: Recorder) -> Journal:
    from netdoc.journal.again import head_fields
    from netdoc.journal.entries import VERSION, Head
    from netdoc.journal.writer import Journal

    place = recorder.where
    if place.type == "snapshot" and place.path:
        place = msgspec.structs.replace(place, path=str(Path(place.path).absolute()))
    head = Head(
        journal=VERSION,
        run=id_,
        netdoc=__version__,
        started_at=started,
        command=("netdoc", *sys.argv[1:]),
        where=place,
        options=_kept_options(how.where),
        digest=digest_of(how.where),
        resumes=how.resumes,
        rechecks=how.rechecks,
        **head_fields(how.request),
    )
    quiet = how.output.quiet
    journal = Journal(head, lambda text: None if quiet else print(f"netdoc: {text}", file=sys.stderr))
    recorder.listen(journal.observed)
    recorder.clock = journal.now
    return journal


def _kept_options(where: WhereOptions) -> dict[str, object]:
    """The where options as a head keeps them: files by their whole path, so that they are found from anywhere."""
    options: dict[str, object] = msgspec.to_builtins(where)
    for name in ("snapshot", "kubeconfig"):
        if options[name]:
            options[name] = str(Path(str(options[name])).absolute())
    return options


def _end(journal: Journal, report: Report, ending: Ending, code: Exit) -> None:
    from netdoc.journal.entries import End

    at = report.run.finished_at
    journal.end(End(ending=ending, at=at, status=report.status, headline=report.headline, exit=int(code)))


async def _header(id_: str, started: datetime, request: Request, recorder: Recorder, outcome: str) -> model.Run:
    place = recorder.where
    return model.Run(
        id=id_,
        started_at=started,
        finished_at=datetime.now(UTC),
        command=("netdoc", *sys.argv[1:]),
        playbook=request.playbook.name,
        outcome=outcome,
        input=model.RunInput(
            type=place.type,
            context=place.context,
            server=place.server,
            path=place.path,
            scenario=place.scenario,
            now=await recorder.now(),
        ),
    )


@contextlib.contextmanager
def _interrupts() -> Iterator[asyncio.Event]:
    """Ctrl-C and TERM stop the run and let it report; a second Ctrl-C ends the process there and then."""
    stop, loop = asyncio.Event(), asyncio.get_running_loop()

    def halt(number: int) -> None:
        loop.remove_signal_handler(number)
        stop.set()

    chosen = (signal.SIGINT, signal.SIGTERM)
    for number in chosen:
        with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
            loop.add_signal_handler(number, halt, number)
    try:
        yield stop
    finally:
        for number in chosen:
            with contextlib.suppress(NotImplementedError, RuntimeError, ValueError):
                loop.remove_signal_handler(number)
