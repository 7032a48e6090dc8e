"""netdoc policy lint: what is wrong or pointless in the policies themselves."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click
import msgspec

from netdoc.cli import options
from netdoc.cli.answering import show
from netdoc.cli.commands.policy.gather import gather, ipblock_option, verdict_exit
from netdoc.cli.exits import Exit
from netdoc.model.codes import known_codes
from netdoc.model.finding import SEVERITIES
from netdoc.predict.policy import Lint
from netdoc.predict.policy import lint as inspect

_MARKS = {"error": "✗", "warning": "!", "info": "·"}


@click.command()
@click.option("-o", "--output", "format_", type=click.Choice(["table", "json"]), default="table")
@options.fail_on_option
@ipblock_option
@options.where_options
@options.question_options
def lint(format_: str, fail_on: str, **given: Any) -> Exit:
    """What is wrong or pointless in the policies: invalid, selecting nothing, never matching, shadowed, forgotten."""
    where, how = options.where(given, many=True), options.question(given)
    gathered = gather(where, how, given["ipblock_pods"])
    found = [one for one in inspect(gathered.policies, gathered.services) if where.namespace in ("", one.ref.namespace)]
    found.sort(key=lambda one: (SEVERITIES.index(_severity(one)), one.ref, one.path, one.code))
    if format_ == "json":
        from netdoc.report.json import indented

        rows = [msgspec.to_builtins(one) | {"severity": _severity(one)} for one in found]
        click.echo(indented({"apiVersion": "netdoc/v1", "kind": "PolicyLint", "findings": rows}), nl=False)
    else:
        show(_lines(found), how.color)
    failing = {"error": {"error"}, "warning": {"error", "warning"}, "never": set()}[fail_on]
    unread = verdict_exit(gathered, how)
    return Exit.FOUND if any(_severity(one) in failing for one in found) else unread


def _severity(one: Lint) -> Any:
    code = known_codes().get(one.code)
    return code.severity if code else "warning"


def _lines(found: list[Lint]) -> Iterable[str]:
    for one in found:
        where = f"{one.ref.kind} {one.ref.namespace + '/' if one.ref.namespace else ''}{one.ref.name}"
        path = f" at {one.path}" if one.path and not one.path.startswith("(") else ""  # a direction stands in the text
        yield f"{_MARKS[_severity(one)]} {one.code}  {where}{path}: {one.text}"
    yield f"{len(found)} found" if found else "nothing found"
