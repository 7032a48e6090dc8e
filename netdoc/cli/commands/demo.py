"""netdoc demo: the embedded network, broken on purpose."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from netdoc.cli import options
from netdoc.cli.commands.app import is_terminal, opened
from netdoc.cli.exits import Exit

_FIRST = "crash-loop"


@click.command()
@click.argument("scenario", default="", shell_complete=options.completed("scenario"))
@click.option("--list", "listing", is_flag=True, help="List the scenarios.")
@options.run_options
@options.output_options
def demo(scenario: str, listing: bool, **given: Any) -> Exit:
    """Tries netdoc on the embedded network, broken by SCENARIO: in the app on a terminal, else as a report.

    \b
    netdoc demo --list
    netdoc demo selector-typo
    """
    if listing:
        _list([output.partition("=")[0] for output in given["outputs"]])
        return Exit.OK
    from netdoc.cli.asking import asked, scenario_asked
    from netdoc.cli.plays import named
    from netdoc.cli.session import conduct
    from netdoc.report import FORMATS

    where, run = options.WhereOptions(demo=scenario or _FIRST), options.run(given)
    if not given["outputs"] and is_terminal():
        return opened(where, run, *scenario_asked(where.demo, ()))
    output = options.output(given, tuple(FORMATS))
    given |= {"target": None, "sources": ()}
    return conduct(asked(given, where, run, playbook=named("connectivity")), where, run, output)


def _list(formats: list[str]) -> None:
    from netdoc.demo import assemble

    rows = [_row(assemble.scenario(id_)) for id_ in assemble.scenario_ids()]
    if "json" in formats:
        click.echo(msgspec.json.encode({"scenarios": rows}, order="sorted"))
        return
    widest = max(len(row["id"]) for row in rows)
    for row in rows:
        click.echo(f"{row['id'].ljust(widest)}  {row['story']}")


def _row(scenario: Any) -> dict[str, Any]:
    row = {"id": scenario.id, "story": scenario.story, "target": scenario.target, "from": scenario.source}
    return row | ({"cause": msgspec.to_builtins(scenario.cause)} if scenario.cause else {})
