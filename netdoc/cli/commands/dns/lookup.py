"""netdoc dns lookup: a name side by side from each place and server that may be asked."""

from __future__ import annotations

import sys
from ipaddress import ip_address
from typing import Any

import click
import msgspec

from netdoc.cli import options
from netdoc.cli.answering import show
from netdoc.cli.commands.dns.screen import differences, lines
from netdoc.cli.commands.dns.seen import Told, see
from netdoc.cli.exits import Exit, Failure
from netdoc.cli.output import width
from netdoc.cli.reading import watched, within
from netdoc.cli.sources import open_cluster
from netdoc.ports import Consent


@click.command()
@click.argument("name")
@click.option("--from", "source", metavar="SOURCE", default="", help="Whose resolver: pod/.., deploy/..")
@click.option("--server", "servers", metavar="IP", multiple=True, help="Ask this server too, from here; may repeat.")
@click.option("--exec", "exec_", is_flag=True, help="Ask in the source's container, by its own tools.")
@click.option("--port-forward", is_flag=True, help="Ask each DNS pod by itself, through a tunnel.")
@click.option("-o", "--output", "format_", type=click.Choice(["table", "json"]), default="table", help="Its form.")
@options.where_options
@options.question_options
def lookup(name: str, source: str, servers: tuple[str, ...], format_: str, **given: Any) -> Exit:
    """What does each resolver say of NAME? Every step of the search list, who answered, whose address it is.

    \b
    netdoc dns lookup web.shop --from deploy/client.shop --exec --port-forward
    netdoc dns lookup example.com --server 192.0.2.53
    """
    for one in servers:
        _address(one)
    chosen: dict[Consent, bool] = {"exec": given.pop("exec_"), "port-forward": given.pop("port_forward")}
    consents = frozenset(consent for consent, yes in chosen.items() if yes)
    where, how = options.where(given), options.question(given)
    told = within(how, _lookup(where, how, name, source, servers, consents))
    if format_ == "json":
        from netdoc.report.json import indented

        click.echo(indented(_document(name, told)), nl=False)
    else:
        notes = () if how.quiet else told.notes
        show(lines(told.views, told.owners, notes, width(sys.stdout)), how.color)
    return Exit.OK if any(view.gap is None for view in told.views) else Exit.UNKNOWN


def _address(text: str) -> None:
    try:
        ip_address(text)
    except ValueError as error:
        raise Failure(f"--server {text}: it takes an IP address") from error


async def _lookup(
    where: options.WhereOptions,
    how: options.QuestionOptions,
    name: str,
    source: str,
    servers: tuple[str, ...],
    consents: frozenset[Consent],
) -> Told:
    from netdoc.report.inert import COMMAND, line
    from netdoc.vantage import vantages_of

    cluster = await open_cluster(where, "dns")
    places = vantages_of(cluster, consents, lambda text: print(f"netdoc: {line(text, COMMAND)}", file=sys.stderr))
    try:
        return await see(watched(cluster, how), places, name, source, servers)
    finally:
        await places.close()
        await cluster.close()


def _document(name: str, told: Told) -> dict[str, Any]:
    found = {"differences": [msgspec.to_builtins(one) for one in differences(told.views)]}
    return (found if found["differences"] else {}) | {
        "apiVersion": "netdoc/v1",
        "kind": "DNSLookup",
        "name": name,
        "views": [msgspec.to_builtins(view) for view in told.views],
        "owners": {address: {} if ref is None else msgspec.to_builtins(ref) for address, ref in told.owners.items()},
        "notes": list(told.notes),
    }
