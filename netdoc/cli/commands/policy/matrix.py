"""netdoc policy matrix: who may reach whom."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Callable
from typing import Any

import click

from netdoc.cli import options
from netdoc.cli.commands.policy.gather import gather, ipblock_option, verdict_exit
from netdoc.cli.exits import Exit, Failure
from netdoc.predict.policy import Connection, Matrix, document
from netdoc.predict.policy import matrix as tabulate

Row = tuple[str, str, str]


@click.command()
@click.option("--pods", is_flag=True, help="Every pod, not every workload.")
@click.option("-o", "--output", "format_", type=click.Choice(["table", "json", "csv", "dot", "html"]), default="table")
@ipblock_option
@options.where_options
@options.question_options
def matrix(pods: bool, format_: str, **given: Any) -> Exit:
    """Who may reach whom, on which ports. Workloads are pods of one owner and the same labels.

    -n shows what one namespace's workloads may reach, and who may reach them.
    """
    where, how = options.where(given, many=True), options.question(given)
    gathered = gather(where, how, given["ipblock_pods"])
    spaces = {end.id.partition("/")[0] for end in gathered.policies.pods()}
    if where.namespace and where.namespace not in spaces:
        raise Failure(f"no pod is in namespace {where.namespace}", "see kubectl get namespaces")
    table = tabulate(gathered.policies, by_pod=pods, owners=gathered.owners)
    if format_ == "json":
        from netdoc.report.json import compact

        click.echo(compact(_narrowed(document(table), where.namespace)), nl=False)
    else:
        rows = [row for row in _rows(table) if _concerns(row, where.namespace)]
        click.echo(_DRAW[format_](rows), nl=False)
    return verdict_exit(gathered, how)


def _concerns(row: Row, namespace: str) -> bool:
    return not namespace or any(end.startswith(f"{namespace}/") for end in row[:2])


def _narrowed(found: dict[str, Any], namespace: str) -> dict[str, Any]:
    if not namespace:
        return found
    lists = [word for word in ("connections", "uncertain") if word in found]
    kept = {word: [one for one in found[word] if _concerns((one["from"], one["to"], ""), namespace)] for word in lists}
    return found | kept


def _rows(table: Matrix) -> list[Row]:
    found = [
        (
            one.source.id,
            one.destination.id,
            _told(one),
        )
        for one in table.connections()
    ]
    return sorted(found)


def _told(one: Connection) -> str:
    more = f" (not known: {ports_text(one.unknown)})" if any(one.unknown.values()) else ""
    return ports_text(one.allowed) + more


def ports_text(ports: Any) -> str:
    """`TCP 80,443 UDP all`, as a person would say it."""
    if all(list(ports.get(protocol, ())) == [(1, 65535)] for protocol in ("TCP", "UDP", "SCTP")):
        return "everything"
    words = []
    for protocol in ("TCP", "UDP", "SCTP"):
        spans = [
            f"{a}" if a == b else "all" if (a, b) == (1, 65535) else f"{a}-{b}" for a, b in ports.get(protocol, ())
        ]
        if spans:
            words.append(f"{protocol} {','.join(spans)}")
    return " ".join(words) or "nothing"


def _table(rows: list[Row]) -> str:
    from netdoc.report.inert import line

    if not rows:
        return "nothing is allowed\n"
    first, second = (max(len(row[at]) for row in rows) for at in (0, 1))
    return "".join(line(f"{a.ljust(first)}  ->  {b.ljust(second)}  {ports}") + "\n" for a, b, ports in rows)


def _csv(rows: list[Row]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("from", "to", "allowed"))
    writer.writerows([tuple(_no_formula(cell) for cell in row) for row in rows])
    return text.getvalue()


def _no_formula(cell: str) -> str:
    """A spreadsheet would run a cell that begins so (OWASP, CSV injection)."""
    return f"'{cell}" if cell[:1] in "=+-@\t\r" else cell


def _dot(rows: list[Row]) -> str:
    edges = "".join(f"  {_word(a)} -> {_word(b)} [label={_word(ports)}];\n" for a, b, ports in rows)
    return f"digraph policies {{\n  rankdir=LR;\n{edges}}}\n"


def _word(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _html(rows: list[Row]) -> str:
    """One page, no script, nothing loaded from elsewhere."""
    cells = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>\n" for row in rows)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return (
        f'<!doctype html>\n<html lang="en"><meta charset="utf-8"><meta http-equiv="Content-Security-Policy" '
        f'content="{policy}">\n<title>Who may reach whom</title>\n<style>body{{font-family:sans-serif}}'
        "table{border-collapse:collapse}td,th{border:1px solid #999;padding:.2em .5em;text-align:left}</style>\n"
        f"<table><tr><th>from</th><th>to</th><th>allowed</th></tr>\n{cells}</table></html>\n"
    )


_DRAW: dict[str, Callable[[list[Row]], str]] = {"table": _table, "csv": _csv, "dot": _dot, "html": _html}
