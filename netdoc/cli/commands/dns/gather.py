"""Reads what cluster DNS answers from: its Corefile, and the objects behind the names."""

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
from netdoc.predict import corefile
from netdoc.predict.corefile.facts import kubernetes_options

HOME, CONFIG = "kube-system", "coredns"
USUAL = (
    ".:53 {\n kubernetes cluster.local in-addr.arpa ip6.arpa {\n  pods insecure\n"
    "  fallthrough in-addr.arpa ip6.arpa\n }\n forward . /etc/resolv.conf\n}\n"
)
"""What kubeadm writes, as far as it decides the cluster's own names."""


class Gathered(msgspec.Struct, frozen=True):
    """The server as its Corefile has it. `notes` say what was taken for granted, `gaps` what could not be read."""

    server: corefile.Server
    notes: tuple[str, ...]
    gaps: tuple[Gap, ...]


def gather(where: WhereOptions, how: QuestionOptions) -> Gathered:
    """Reads the cluster that the options name. Raises Failure for a Corefile that CoreDNS would refuse."""
    return ask(where, how, "dns", read)


async def read(cluster: Cluster) -> Gathered:
    """All namespaces, whatever -n says: names lead anywhere."""
    text, notes, gaps = await _corefile(cluster)
    try:
        parsed = corefile.parse(text)
    except corefile.CorefileError as wrong:
        raise Failure(f"CoreDNS refuses its Corefile: {wrong}", code=Exit.UNKNOWN) from wrong
    services, slices, spaces, pods = await asyncio.gather(
        cluster.list(kube.Service),
        cluster.list(kube.EndpointSlice),
        cluster.list(kube.Namespace),
        _pods(cluster, parsed),
    )
    listings: tuple[Listing[Any] | None, ...] = (services, slices, spaces, pods)
    gaps += tuple(one.gap for one in listings if one is not None and one.gap is not None and one.gap.blocking)
    try:
        server = corefile.Server.build(parsed, _held(services), _held(slices), _held(pods), _held(spaces))
    except corefile.CorefileError as wrong:
        raise Failure(f"CoreDNS refuses its Corefile: {wrong}", code=Exit.UNKNOWN) from wrong
    return Gathered(server, notes, gaps)


async def _corefile(cluster: Cluster) -> tuple[str, tuple[str, ...], tuple[Gap, ...]]:
    found = await cluster.get(kube.ConfigMap, CONFIG, HOME)
    if isinstance(found, kube.ConfigMap) and "Corefile" in found.data:
        return found.data["Corefile"], (), ()
    why = f"{found.what}: {found.detail or found.reason}" if isinstance(found, Gap) else f"no {HOME}/{CONFIG} holds one"
    note = f"the Corefile is not known ({why}): cluster.local and `pods insecure` are assumed, as kubeadm sets them"
    return USUAL, (note,), (found,) if isinstance(found, Gap) and found.blocking else ()


async def _pods(cluster: Cluster, parsed: corefile.Corefile) -> Listing[kube.Pod] | None:
    """Pods decide names with `pods verified` alone; they are the largest list of a cluster."""
    options = (kubernetes_options(block) for block in parsed.blocks)
    verified = any(one is not None and one.pods == "verified" for one in options)
    return await cluster.list(kube.Pod) if verified else None


def _held(listing: Listing[Any] | None) -> Iterable[Any] | None:
    """None where absence from the list would prove nothing."""
    return listing.items if listing is not None and listing.complete else None


def say(gathered: Gathered, how: QuestionOptions) -> None:
    """Notes, for who wants them, and gaps go to stderr: stdout is data."""
    from netdoc.report.inert import line

    for note in gathered.notes if not how.quiet else ():
        click.echo(f"netdoc: {line(note)}", err=True)
    for gap in gathered.gaps:
        click.echo(f"netdoc: NOT CHECKED: {line(gap.what)} ({gap.reason})", err=True)
