"""netdoc dns lookup: a name side by side from each place and server that may be asked."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any

import click
import msgspec

from netdoc.cli import options
from netdoc.cli.answering import show
from netdoc.cli.commands.dns.gather import Gathered, read
from netdoc.cli.commands.dns.views import (
    View,
    expansion,
    here,
    inside,
    owners,
    predicted,
    servers_by_themselves,
)
from netdoc.cli.exits import Exit, Failure
from netdoc.cli.reading import watched, within
from netdoc.cli.sources import open_cluster
from netdoc.model import kube
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Gap
from netdoc.path import TargetError, parse_source, parse_target, resolve
from netdoc.ports import Cluster, Consent, Vantages


class Told(msgspec.Struct, frozen=True):
    views: tuple[View, ...]
    owners: dict[str, ObjectRef | None]
    notes: tuple[str, ...]


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
        show(_lines(told, how), how.color)
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
    from netdoc.report.inert import line
    from netdoc.vantage import vantages_of

    cluster = await open_cluster(where, "dns")
    places = vantages_of(cluster, consents, lambda text: print(f"netdoc: {line(text)}", file=sys.stderr))
    try:
        return await _views(watched(cluster, how), places, name, source, servers)
    finally:
        await places.close()
        await cluster.close()


async def _views(cluster: Cluster, places: Vantages, name: str, source: str, servers: tuple[str, ...]) -> Told:
    gathered = await read(cluster)
    pod = await _pod(cluster, source) if source else None
    service = await cluster.get(kube.Service, "kube-dns", "kube-system")
    dns = service.cluster_addresses if isinstance(service, kube.Service) else ()
    names = expansion(pod, dns, name)
    if not names:
        raise Failure(f"{name!r} is not a host name")
    views: list[View] = []
    if pod is not None:
        views += [predicted(gathered.server, pod, dns, name), await inside(places, pod, name)]
    views += await _by_themselves(cluster, places, service, names)
    if cluster.where.type == "live":
        views += await here(places, name, servers)
    elif not views:
        raise Failure("nothing can be asked of a record", "name whose resolver is meant with --from, or dns predict")
    return Told(tuple(views), await owners(cluster, views), _notes(gathered))


async def _pod(cluster: Cluster, source: str) -> kube.Pod:
    """The pod that stands for the source. Any target would do to find it."""
    try:
        spec = parse_source(source)
    except TargetError as wrong:
        raise Failure(str(wrong)) from wrong
    path = await resolve(cluster, parse_target("127.0.0.1"), (spec,))
    refs = [ref for one in path.sources for ref in one.pods]
    found = await cluster.get(kube.Pod, refs[0].name, refs[0].namespace) if refs else None
    if not isinstance(found, kube.Pod):
        raise Failure(f"--from {source} has no pod whose resolver could be asked")
    return found


async def _by_themselves(
    cluster: Cluster, places: Vantages, service: kube.Service | Gap | None, names: tuple[str, ...]
) -> list[View]:
    if not places.allowed("port-forward") or not isinstance(service, kube.Service) or not service.spec.selector:
        return []
    labels = ",".join(f"{key}={value}" for key, value in sorted(service.spec.selector.items()))
    listing = await cluster.list(kube.Pod, service.namespace, labels=labels)
    return await servers_by_themselves(places, (one for one in listing.items if one.status.phase == "Running"), names)


def _notes(gathered: Gathered) -> tuple[str, ...]:
    from netdoc.vantage.here import surroundings

    return (*gathered.notes, *(f"here: {one}" for one in surroundings()))


def _document(name: str, told: Told) -> dict[str, Any]:
    return {
        "apiVersion": "netdoc/v1",
        "kind": "DNSLookup",
        "name": name,
        "views": [msgspec.to_builtins(view) for view in told.views],
        "owners": {address: {} if ref is None else msgspec.to_builtins(ref) for address, ref in told.owners.items()},
        "notes": list(told.notes),
    }


def _lines(told: Told, how: options.QuestionOptions) -> Iterable[str]:
    for view in told.views:
        asked = f", asks {view.server}" if view.server else ""
        yield f"{view.vantage} ({view.basis}{asked})"
        if view.gap is not None:
            yield f"  NOT ASKED: {view.gap.what}: {view.gap.detail or view.gap.reason}"
            continue
        for step in view.steps:
            took = f" {step.ms:.0f} ms" if step.ms is not None else ""
            by = f" by {step.server}" if step.server else ""
            yield f"  {step.name} {step.type}  {_said(step.rcode, step.answers, step.failure)}{by}{took}"
        decided = f", decided by {view.decided}" if view.decided and len(view.steps) > 2 else ""
        yield f"  = {view.outcome}{decided}"
        for address in view.addresses:
            yield f"    {address}  {_whose(address, told)}"
    for note in told.notes if not how.quiet else ():
        yield f"note: {note}"


def _said(rcode: str, answers: tuple[str, ...], failure: str) -> str:
    if failure:
        return failure
    return f"{rcode} {', '.join(answers) or 'no record'}" if rcode == "NOERROR" else rcode


def _whose(address: str, told: Told) -> str:
    if address not in told.owners:
        return "whose it is could not be read"
    ref = told.owners[address]
    if ref is None:
        return "nobody's in this cluster"
    return f"{ref.kind} {ref.namespace}/{ref.name}" if ref.namespace else f"{ref.kind} {ref.name}"
