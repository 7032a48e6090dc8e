"""netdoc playbooks: what is installed, what one says, and what is wrong with one."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import msgspec

from netdoc.cli import options
from netdoc.cli.commands.catalogue import output_option, printed, table
from netdoc.cli.exits import Exit, Failure
from netdoc.cli.plays import named, source_named
from netdoc.engine.playbooks.find import Source, Unloadable, Unsound, find_playbook, load, sources
from netdoc.engine.playbooks.model import Playbook
from netdoc.engine.plugins import find_check


@click.group(invoke_without_command=True)
@options.playbooks_option
@output_option
@click.pass_context
def playbooks(context: click.Context, playbooks: str, format_: str) -> None:
    """Lists, shows and checks playbooks."""
    if context.invoked_subcommand is None:
        _list(playbooks, format_)


@playbooks.command(name="list")
@options.playbooks_option
@output_option
def list_(playbooks: str, format_: str) -> None:
    """Lists the playbooks that are installed, and those of --playbooks."""
    _list(playbooks, format_)


@playbooks.command()
@click.argument("name", shell_complete=options.completed("playbook"))
@options.playbooks_option
@output_option
def show(name: str, playbooks: str, format_: str) -> None:
    """Shows one as a person reads it: what it asks, its steps, and why."""
    from netdoc.cli.prose import playbook_text

    playbook = named(name, playbooks)
    printed({"playbook": msgspec.to_builtins(playbook)}, format_, lambda: playbook_text(playbook, find_check))


@playbooks.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@options.playbooks_option
@output_option
def lint(files: tuple[str, ...], playbooks: str, format_: str) -> Exit:
    """Points at line and column of everything that is wrong with FILE (or a playbook's name, or - for stdin).

    What is not installed is a note, and no mistake. Exit code 1 where there is a mistake.
    """
    rows = [row for name in files for row in _linted(name, playbooks)]
    printed({"problems": rows}, format_, lambda: "\n".join(_row_text(row) for row in rows) or "no mistake found")
    return Exit.FOUND if any(row["severity"] == "error" for row in rows) else Exit.OK


def _linted(name: str, folder: str) -> Iterator[dict[str, Any]]:
    from netdoc.engine.playbooks.lint import lint as problems_of

    origin, text = _text(name, folder)
    for one in problems_of(text, find_check, lambda other: find_playbook(other, folder)):
        yield {"file": origin, **msgspec.to_builtins(one)}


def _text(name: str, folder: str) -> tuple[str, bytes]:
    try:
        if name == "-":
            return "stdin", sys.stdin.buffer.read()
        if Path(name).is_file():
            return name, Path(name).read_bytes()
        source = source_named(name, folder)
        return source.origin, source.text()
    except OSError as error:
        raise Failure(f"cannot read {name}: {error.strerror}") from error
    except Unloadable as error:
        raise Failure(f"playbook {name} could not be loaded: {error}") from error


def _row_text(row: dict[str, Any]) -> str:
    from netdoc.report.inert import line

    return line(f"{row['file']}:{row['line']}:{row['column']}: {row['severity']}: {row['message']}")


def _list(folder: str, format_: str) -> None:
    try:
        rows = [_row(source) for _, source in sorted(sources(folder).items())]
    except OSError as error:
        raise Failure(f"cannot read {error.filename or folder}: {error.strerror}") from error
    printed(
        {"playbooks": rows}, format_, lambda: table((row["id"], row["title"], row.get("summary", "")) for row in rows)
    )


def _row(source: Source) -> dict[str, Any]:
    row: dict[str, Any] = {"id": source.id, "source": source.origin}
    try:
        playbook: Playbook = load(source)
    except Unsound as unsound:
        return row | {"title": f"not sound: {unsound}", "broken": True}
    except (Unloadable, OSError) as error:
        return row | {"title": f"could not be loaded: {error}", "broken": True}
    steps = [{"id": one.id, "title": one.title} for one in playbook.steps]
    return row | {"title": playbook.metadata.title, "summary": playbook.metadata.summary, "steps": steps}
