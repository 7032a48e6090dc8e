"""netdoc policy batch: many questions as JSON lines, answered one for one and in order."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import click
import msgspec

from netdoc.cli import options
from netdoc.cli.commands.policy.gather import gather, ipblock_option, verdict_exit
from netdoc.cli.exits import Exit
from netdoc.predict.policy import answer
from netdoc.predict.policy.peers import Directory


@click.command()
@click.argument("file", type=click.File("rb"))
@ipblock_option
@options.where_options
@options.question_options
def batch(file: Any, **given: Any) -> Exit:
    """Answers FILE (- for stdin): JSON lines {"from": .., "to": .., "port": .., "protocol": ..} to the same with
    "allowed". Exit 2 where a line was wrong, after all lines.
    """
    how = options.question(given)
    gathered = gather(options.where(given), how, given["ipblock_pods"])
    directory = Directory(gathered.policies, gathered.owners)
    wrong = False
    for line in _lines(file):
        told = answer(directory, line) if isinstance(line, dict) else {"error": str(line)}
        wrong = wrong or "error" in told
        click.echo(msgspec.json.encode(told, order="sorted"))
    return Exit.USAGE if wrong else verdict_exit(gathered, how)


def _lines(file: Any) -> Iterator[dict[str, Any] | str]:
    """Each line as an object; as what is wrong with it where it is none. An empty line is a line, and no object."""
    for number, raw in enumerate(file, start=1):
        try:
            yield msgspec.json.decode(raw, type=dict[str, Any])
        except msgspec.DecodeError as error:
            yield f"line {number} is no JSON object: {error}"
