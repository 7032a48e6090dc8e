"""Runs a request against the chosen cluster and writes the report: what every diagnosing command shares."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import signal
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

from netdoc.cli.exits import Exit, exit_code
from netdoc.cli.options import OutputOptions, RunOptions, WhereOptions
from netdoc.cli.output import Writer
from netdoc.cli.sources import open_cluster
from netdoc.engine.assemble import assemble
from netdoc.engine.events import Announcer
from netdoc.engine.run import Request, Run
from netdoc.model import report as model
from netdoc.ports import Recorder

_ENDINGS = {"timeout": "the time limit was reached", "interrupted": "it was interrupted", "finished": ""}


def conduct(request: Request, where: WhereOptions, run: RunOptions, output: OutputOptions) -> Exit:
    """Runs the request to its end and writes every output. Raises Failure before anything was asked."""
    return asyncio.run(_conduct(request, where, run, output))


async def _conduct(request: Request, where: WhereOptions, run: RunOptions, output: OutputOptions) -> Exit:
    id_ = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"
    recorder = Recorder(await open_cluster(where, id_))
    writer = Writer(output, recorder.where)
    announce = Announcer(id_, writer.listeners)
    recorder.listen(lambda record, answer: announce("observed", record=record))
    started = datetime.now(UTC)
    announce("run.started")
    try:
        work = Run(request, recorder, announce)
        with _interrupts() as stop:
            ending = await work.go(stop)
        header = await _header(id_, started, request, recorder)
        report = assemble(work.ledger, recorder, header, _ENDINGS[ending])
        announce("run.finished", report=report)
        writer.write(report)
        return exit_code(report, ending, fail_on=run.fail_on, require_measured=run.require_measured)
    finally:
        await recorder.close()


async def _header(id_: str, started: datetime, request: Request, recorder: Recorder) -> model.Run:
    place = recorder.where
    return model.Run(
        id=id_,
        started_at=started,
        finished_at=datetime.now(UTC),
        command=("netdoc", *sys.argv[1:]),
        playbook=request.playbook,
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
