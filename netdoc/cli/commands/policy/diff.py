"""netdoc policy diff: what becomes allowed and what becomes denied."""

from __future__ import annotations

import asyncio
from typing import Any

import click
import msgspec

from netdoc.cli import options
from netdoc.cli.commands.policy.gather import Gathered, ipblock_option, read, verdict_exit
from netdoc.cli.commands.policy.matrix import ports_text
from netdoc.cli.exits import Exit, Failure
from netdoc.cli.options import WhereOptions
from netdoc.cli.sources import open_cluster
from netdoc.predict.policy import IPBlockMode, PolicySet
from netdoc.predict.policy import diff as compare


@click.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--pods", is_flag=True, help="Every pod, not every workload.")
@click.option("-o", "--output", "format_", type=click.Choice(["table", "json"]), default="table")
@ipblock_option
@options.where_options
def diff(before: str, after: str, pods: bool, format_: str, **given: Any) -> Exit:
    """What becomes allowed and what becomes denied from A to B: two snapshots, or files of policies.

    A file without pods is laid over the pods of the other one, else over those of the cluster that the options name.
    """
    where = options.where(given)
    one, other = asyncio.run(_both(before, after, where, given["ipblock_pods"]))
    found = compare(one.policies, other.policies, by_pod=pods, owners=one.owners)
    if format_ == "json":
        from netdoc.report.json import indented

        document = {"apiVersion": "netdoc/v1", "kind": "PolicyDiff"} | msgspec.to_builtins(found)
        click.echo(indented(document), nl=False)
        return verdict_exit(other)
    from netdoc.report.inert import line

    for change in found.changes:
        for word, ports in (("+ allowed", change.allowed), ("- denied ", change.denied), ("? unknown", change.unknown)):
            if any(ports.values()):
                click.echo(line(f"{word}  {change.source} -> {change.destination}  {ports_text(ports)}"))
    for word, names in (("only in B", found.added), ("only in A", found.removed)):
        for name in names:
            click.echo(line(f"· {word}: {name}"))
    if not found.changes:
        click.echo("no connection changes")
    return verdict_exit(other)


async def _both(before: str, after: str, where: WhereOptions, mode: IPBlockMode) -> tuple[Gathered, Gathered]:
    one, other = await _read(before, mode), await _read(after, mode)
    if not _pods(one) and not _pods(other):
        base = await _base(where, mode)
        return _over(base, one), _over(base, other)
    if not _pods(one):
        return _over(other, one), other
    return one, other if _pods(other) else _over(one, other)


async def _read(path: str, mode: IPBlockMode) -> Gathered:
    cluster = await open_cluster(WhereOptions(snapshot=path), "policy")
    try:
        return await read(cluster, mode)
    finally:
        await cluster.close()


async def _base(where: WhereOptions, mode: IPBlockMode) -> Gathered:
    if not (where.snapshot or where.demo or where.context or where.kubeconfig):
        raise Failure("neither A nor B holds pods", "name the cluster whose pods are meant: --snapshot, --context")
    cluster = await open_cluster(where, "policy")
    try:
        return await read(cluster, mode)
    finally:
        await cluster.close()


def _pods(gathered: Gathered) -> bool:
    return any(True for _ in gathered.policies.pods())


def _over(base: Gathered, policies: Gathered) -> Gathered:
    """The policies of one laid over the pods of the other."""
    inputs, own = base.policies.inputs, policies.policies.inputs
    laid = PolicySet.build(
        inputs.pods, inputs.namespaces, own.policies, own.admin, nodes=inputs.nodes, foreign=own.foreign,
        ipblock_pods=inputs.ipblock_pods,
    )  # fmt: skip
    return msgspec.structs.replace(base, policies=laid)
