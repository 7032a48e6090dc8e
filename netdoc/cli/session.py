"""Runs a request against a cluster and writes the report: what every diagnosing command shares."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from datetime import UTC, datetime

import msgspec

from netdoc.cli.exits import Exit, exit_code
from netdoc.cli.options import OutputOptions, RunOptions, WhereOptions
from netdoc.cli.output import Writer
from netdoc.cli.questions import on_stdin
from netdoc.cli.sources import digest_of, open_cluster
from netdoc.engine.run import Ending, Request, Run
from netdoc.journal.keeping import Called, Keeping, kept_options, open_journal
from netdoc.journal.place import new_id
from netdoc.model.report import Report
from netdoc.ports import Cluster, NoVantages, Recorder, Vantages

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
    called = _called(how)
    opening = how.open or (lambda run: open_cluster(how.where, run))
    cluster = await opening(called.run)
    how = _consented(how)
    async with _opened(cluster) as recorder, _measuring(cluster, how) as vantages:
        writer = Writer(how.output)
        journal = None if how.run.no_journal else open_journal(called, how.request, recorder, _complaining(how))
        keeping = Keeping(called, recorder, writer.listeners, journal)
        work = Run(how.request, recorder, keeping.announce, on_stdin, vantages)
        with _interrupts() as stop:
            report, code = await keeping.go(work, stop, how.finish, lambda report, ending: _exit(how, report, ending))
        writer.note(*recorder.notes)
        writer.write(report)
        if code == Exit.UNKNOWN and how.run.require_measured and report.status != "unknown":
            writer.note("--require-measured: no packet of this run crossed the path; --exec tries it from the source")
        return Exit(code)


def _called(how: Conduct) -> Called:
    return Called(
        run=new_id(),
        started_at=datetime.now(UTC),
        command=("netdoc", *sys.argv[1:]),
        options=kept_options(how.where),
        digest="" if how.run.no_journal else digest_of(how.where),
        resumes=how.resumes,
        rechecks=how.rechecks,
    )


def _exit(how: Conduct, report: Report, ending: Ending) -> Exit:
    return exit_code(report, ending, fail_on=how.run.fail_on, require_measured=how.run.require_measured)


def _complaining(how: Conduct) -> Callable[[str], None]:
    quiet = how.output.quiet
    return lambda text: None if quiet else print(f"netdoc: {text}", file=sys.stderr)


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
