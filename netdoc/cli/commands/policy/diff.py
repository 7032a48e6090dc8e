"""netdoc policy diff: what becomes allowed and what becomes denied."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import click
import msgspec

from netdoc.cli import options
from netdoc.cli.answering import show
from netdoc.cli.commands.policy.gather import Gathered, gather, ipblock_option, verdict_exit
from netdoc.cli.commands.policy.matrix import ports_text
from netdoc.cli.exits import Exit, Failure
from netdoc.cli.options import QuestionOptions, WhereOptions
from netdoc.predict.policy import Diff, IPBlockMode, PolicySet
from netdoc.predict.policy import diff as compare


@click.command()
@click.argument("before", metavar="A")
@click.argument("after", metavar="B")
@click.option("--pods", is_flag=True, help="Every pod, not every workload.")
@click.option("-o", "--output", "format_", type=click.Choice(["table", "json"]), default="table")
@ipblock_option
@options.where_options
@options.question_options
def diff(before: str, after: str, pods: bool, format_: str, **given: Any) -> Exit:
    """What becomes allowed and what becomes denied from A to B: two snapshots, or files of policies.

    A file without pods is laid over the pods of the other one, else over those of the cluster that the options name.
    """
    where, how = options.where(given), options.question(given)
    one, other = _both(before, after, where, how, given["ipblock_pods"])
    found = compare(one.policies, other.policies, by_pod=pods, owners=one.owners)
    if format_ == "json":
        from netdoc.report.json import indented

        document = {"apiVersion": "netdoc/v1", "kind": "PolicyDiff"} | msgspec.to_builtins(found)
        click.echo(indented(document), nl=False)
    else:
        show(_lines(found), how.color)
    return verdict_exit(other, how)


def _lines(found: Diff) -> Iterable[str]:
    for change in found.changes:
        for word, ports in (("+ allowed", change.allowed), ("- denied ", change.denied), ("? unknown", change.unknown)):
            if any(ports.values()):
                yield f"{word}  {change.source} -> {change.destination}  {ports_text(ports)}"
    for word, names in (("only in B", found.added), ("only in A", found.removed)):
        for name in names:
            yield f"· {word}: {name}"
    if not found.changes:
        yield "no connection changes"


def _both(
    before: str, after: str, where: WhereOptions, how: QuestionOptions, mode: IPBlockMode
) -> tuple[Gathered, Gathered]:
    one, other = (gather(WhereOptions(snapshot=path), how, mode) for path in (before, after))
    if not _pods(one) and not _pods(other):
        base = _base(where, how, mode)
        return _over(base, one), _over(base, other)
    if not _pods(one):
        return _over(other, one), other
    return one, other if _pods(other) else _over(one, other)


def _base(where: WhereOptions, how: QuestionOptions, mode: IPBlockMode) -> Gathered:
    if not (where.snapshot or where.demo or where.context or where.kubeconfig):
        raise Failure("neither A nor B holds pods", "name the cluster whose pods are meant: --snapshot, --context")
    return gather(where, how, mode)


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
