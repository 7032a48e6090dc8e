"""Reads everything that decides between pods, once, into a policy set."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any

import click
import msgspec

from netdoc.cli.exits import Exit, Failure
from netdoc.cli.options import QuestionOptions, WhereOptions
from netdoc.cli.reading import ask
from netdoc.model import kube
from netdoc.model.record import Gap
from netdoc.ports import Cluster, Listing
from netdoc.predict.policy import IPBlockMode, PolicySet, read_foreign
from netdoc.predict.policy.peers import Owners
from netdoc.report.inert import line

ipblock_option = click.option(
    "--ipblock-pods",
    type=click.Choice(["match", "ignore"]),
    default="match",
    show_default=True,
    help="Whether ipBlocks match the addresses of pods; that differs between network plugins.",
)


class Gathered(msgspec.Struct, frozen=True):
    """The policy set, what it does not hold (Services, owners), and refused reads that could change a verdict."""

    policies: PolicySet
    services: tuple[kube.Service, ...]
    owners: Owners | None
    gaps: tuple[Gap, ...]
    context: str
    namespace: str


def gather(where: WhereOptions, how: QuestionOptions, ipblock_pods: IPBlockMode = "match") -> Gathered:
    """Reads the cluster that the options name. Raises Failure (3) where pods or policies may not be read."""
    return ask(where, how, "policy", lambda cluster: read(cluster, ipblock_pods))


async def read(cluster: Cluster, mode: IPBlockMode) -> Gathered:
    """All namespaces, whatever -n says: policies speak of other namespaces' pods."""
    pods, policies, spaces, nodes = await asyncio.gather(
        cluster.list(kube.Pod), cluster.list(kube.NetworkPolicy), cluster.list(kube.Namespace), cluster.list(kube.Node)
    )
    services, sets, jobs = await asyncio.gather(
        cluster.list(kube.Service), cluster.list(kube.ReplicaSet), cluster.list(kube.Job)
    )
    for needed in (pods, policies):
        if not needed.complete and needed.gap is not None and not _misshapen(needed.gap):
            raise Failure(f"it could not be established: {_said(needed.gap)}", code=Exit.UNKNOWN)
    admin = await asyncio.gather(*(cluster.list(kind) for kind in kube.ADMIN_POLICIES))
    foreign = await asyncio.gather(*(cluster.list(kind) for kind in kube.FOREIGN))
    indexed = PolicySet.build(
        pods.items,
        spaces.items if spaces.complete else None,
        policies.items,
        [one for listing in admin for one in listing.items],
        nodes=nodes.items if nodes.complete else None,
        foreign=[found for listing in foreign for one in listing.items for found in read_foreign(_document(one))],
        ipblock_pods=mode,
    )
    place = cluster.where
    gaps = _gaps([pods, policies, *admin, *foreign])
    return Gathered(indexed, services.items, _owners(sets, jobs), gaps, place.context, place.namespace)


def _misshapen(gap: Gap) -> bool:
    """Single objects that are not what their kind is, in files: the others can be judged without them."""
    return gap.reason == "incomplete" and gap.detail.startswith("cannot read")


def _said(gap: Gap) -> str:
    return f"{gap.what} ({gap.reason})" + (f": {gap.detail}" if gap.detail else "")


def _gaps(listings: Iterable[Listing[Any]]) -> tuple[Gap, ...]:
    return tuple(one.gap for one in listings if one.gap is not None and one.gap.blocking)


def _document(object_: kube.ForeignPolicyObject) -> dict[str, Any]:
    raw: dict[str, Any] = msgspec.to_builtins(object_)
    return raw | {"apiVersion": object_.KIND.api_version, "kind": object_.KIND.kind}


def _owners(sets: Listing[kube.ReplicaSet], jobs: Listing[kube.Job]) -> Owners | None:
    """Who owns ReplicaSets and Jobs; None where they may not be read, and names have to tell."""
    if not sets.complete or not jobs.complete:
        return None
    return {
        (one.namespace, one.KIND.kind, one.name): (owner.kind, owner.name)
        for one in (*sets.items, *jobs.items)
        if (owner := one.metadata.controller) is not None
    }


def verdict_exit(gathered: Gathered, how: QuestionOptions) -> Exit:
    """0 once answered; 3 where a kind of policy could not be read that might decide otherwise, which is said.

    So is every policy that the API server would refuse, to who wants notes: it takes no part.
    """
    for one in gathered.policies.refused if not how.quiet else ():
        where = f"{one.ref.kind} {one.ref.namespace + '/' if one.ref.namespace else ''}{one.ref.name}"
        first = one.problems[0]
        click.echo(line(f"netdoc: {where} would be refused and takes no part: {first.path}: {first.text}"), err=True)
    if not gathered.gaps:
        return Exit.OK
    for gap in gathered.gaps:
        click.echo(line(f"netdoc: NOT CHECKED: {_said(gap)}; what it holds may decide otherwise"), err=True)
    return Exit.UNKNOWN
