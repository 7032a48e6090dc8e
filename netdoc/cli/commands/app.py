"""netdoc [TARGET]: the terminal app. This module knows no screen; the app is loaded by name when it is opened."""

from __future__ import annotations

import importlib
import os
import shlex
import sys
from typing import Any

import click
import msgspec

from netdoc.cli import options
from netdoc.cli.exits import Exit, Failure
from netdoc.cli.group import TYPED
from netdoc.cli.options import RunOptions, WhereOptions


@click.command()
@click.argument("target", required=False, default="")
@click.option("--from", "sources", metavar="SOURCE", multiple=True, help="Who calls; may repeat.")
@options.where_options
@options.run_options
@options.message_options
def app(**given: Any) -> Exit:
    """Opens the terminal app; with TARGET it asks for it at once.

    \b
    netdoc
    netdoc svc/web.shop:80 --from deploy/client.shop
    """
    where, run = options.where(given), options.run(given)
    target, sources = given["target"], given["sources"]
    if not is_terminal():
        raise Failure("stdin or stdout is no terminal, and the app needs both", f"without it: {_without()}")
    _paint(given["color"])
    return opened(where, run, target, sources)


def _paint(color: str) -> None:
    """Whether the screen has colour is told to Textual in the way that it knows (no-color.org)."""
    if color == "never":
        os.environ["NO_COLOR"] = "1"
    elif color == "always":
        os.environ.pop("NO_COLOR", None)


def _without() -> str:
    """The command that asks the same of a pipe: what was typed, for the app's options are all diagnose's too."""
    typed: list[str] = click.get_current_context().meta.get(TYPED, [])
    words = typed[1:] if typed[:1] == ["app"] else typed
    return shlex.join(["netdoc", "diagnose", *words]) if words else "netdoc diagnose TARGET"


def is_terminal() -> bool:
    return sys.stdin.isatty() and sys.stdout.isatty() and os.environ.get("TERM") != "dumb"


def opened(where: WhereOptions, run: RunOptions, target: str, sources: tuple[str, ...]) -> Exit:
    """Opens the app on a place, with a question or without."""
    if os.environ.get("NO_COLOR") == "":
        del os.environ["NO_COLOR"]  # empty means unset (no-color.org); Textual looks only whether it is there
    start = importlib.import_module("netdoc.tui.start")
    tui = importlib.import_module("netdoc.tui")
    fields = msgspec.to_builtins(where)
    limits = start.Limits(
        timeout=run.timeout, since=run.since, repeat=run.repeat, keep=not run.no_journal, consents=run.consents
    )
    place = msgspec.convert(fields, start.Place)
    code = tui.open_app(start.Start(place=place, limits=limits, target=target, sources=tuple(sources)))
    return Exit.UNKNOWN if code else Exit.OK  # 1 is what Textual says of a crash, and here means that a fault was found
