"""The views of a name, from each place and server that may be asked."""

from __future__ import annotations

import msgspec

from netdoc.cli.commands.dns.gather import Gathered, read
from netdoc.cli.commands.dns.servers import beside, by_themselves, upstream_views
from netdoc.cli.commands.dns.views import (
    DOMAIN,
    View,
    asks_other,
    container_of,
    expansion,
    here,
    inside,
    owners,
    predicted,
)
from netdoc.cli.exits import Failure
from netdoc.model import kube
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Gap
from netdoc.path import TargetError, parse_source, parse_target, resolve
from netdoc.ports import Cluster, Vantages
from netdoc.predict.dns import Query, resolv_conf_of

Names = tuple[Query, ...]


class Told(msgspec.Struct, frozen=True):
    views: tuple[View, ...]
    owners: dict[str, ObjectRef | None]
    notes: tuple[str, ...]


async def see(cluster: Cluster, places: Vantages, name: str, source: str, servers: tuple[str, ...]) -> Told:
    """Raises Failure for a name, source or cluster of which nobody can be asked."""
    live = cluster.where.type == "live"
    gathered = await read(cluster)
    pod = await _pod(cluster, source) if source and source.lower() != "here" else None
    service = await cluster.get(kube.Service, "kube-dns", "kube-system")
    dns = service.cluster_addresses if isinstance(service, kube.Service) else ()
    names = expansion(pod, dns, name)
    if not names:
        raise Failure(f"{name!r} is not a host name")
    if pod is None and not live:
        raise Failure(
            "a recorded cluster has no resolver that this machine could ask",
            "name whose is meant, as in --from deploy/client.shop, or ask netdoc dns predict",
        )
    views = await _of_pod(cluster, places, gathered, pod, dns, name) if pod is not None else []
    views += await _by_themselves(cluster, places, service, names)
    notes: tuple[str, ...] = ()
    if pod is None or not asks_other(resolv_conf_of(pod, dns, DOMAIN), dns):
        vantage = container_of(places, pod) if pod is not None and _tools(views) else places.here() if live else None
        upstreams, notes = await upstream_views(gathered.server, vantage, names) if vantage else ([], ())
        views += upstreams
    views += await here(places, name, servers) if live else []
    return Told(tuple(views), await owners(cluster, views), (*_notes(gathered), *notes))


def _tools(views: list[View]) -> bool:
    """Whether the container asks for itself: it may be, and holds a tool."""
    return any(one.basis == "measured" and one.role == "resolver" and one.gap is None for one in views)


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


async def _of_pod(
    cluster: Cluster, places: Vantages, gathered: Gathered, pod: kube.Pod, dns: tuple[str, ...], name: str
) -> list[View]:
    """Predicted, as its container asks, and what stands beside its resolver."""
    views = [predicted(gathered.server, pod, dns, name), *await inside(places, pod, name)]
    if not _tools(views):
        return views
    resolvers = next(one.server for one in (*views[1:], views[0]) if one.server).split(", ")
    return views + await beside(cluster, container_of(places, pod), resolvers, dns, expansion(pod, dns, name))


async def _by_themselves(
    cluster: Cluster, places: Vantages, service: kube.Service | Gap | None, names: Names
) -> list[View]:
    if not places.allowed("port-forward") or not isinstance(service, kube.Service) or not service.spec.selector:
        return []
    labels = ",".join(f"{key}={value}" for key, value in sorted(service.spec.selector.items()))
    listing = await cluster.list(kube.Pod, service.namespace, labels=labels)
    return await by_themselves(places, (one for one in listing.items if one.status.phase == "Running"), names)


def _notes(gathered: Gathered) -> tuple[str, ...]:
    from netdoc.vantage.here import surroundings

    return (*gathered.notes, *(f"here: {one}" for one in surroundings()))
