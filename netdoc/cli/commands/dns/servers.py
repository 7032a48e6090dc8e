"""Servers asked by themselves: DNS pods, the node-local cache and cluster DNS beside a pod's resolver, upstreams."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from netdoc.cli.commands.dns.views import FAMILIES, PATIENCE, Role, Step, View, addresses_of, step_of
from netdoc.model import kube
from netdoc.model.record import Gap
from netdoc.ports import Cluster, Measurement, Vantage, Vantages
from netdoc.predict.corefile import Server
from netdoc.predict.corefile.facts import Upstream
from netdoc.predict.dns import Query, following

HOME = "kube-system"
NODE_LOCAL = "k8s-app=node-local-dns"
NODE_LOCAL_ADDRESS = "169.254.20.10"  # where NodeLocal DNSCache listens unless told otherwise (KEP-1024)
_LOCAL_IP = re.compile(r"(?:^|\s)--?localip[= ]([0-9a-fA-F.:]+)")


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """One server that is asked from one vantage. Without an address the vantage itself stands for the server."""

    vantage: Vantage
    name: str
    role: Role
    address: str = ""
    port: int = 53
    tcp: bool = False


async def ask(asking: Asking, names: tuple[Query, ...]) -> View:
    """Each name in turn until one decides, as glibc goes on; AAAA where A has no address."""
    steps: list[Step] = []
    tool, untold = "", tuple[str, ...]()
    at: int | None = 0 if names else None
    while at is not None:
        here: list[Step] = []
        for kind in FAMILIES:
            result = await asking.vantage.measure(_question(asking, names[at].name, kind))
            if isinstance(result, Gap):
                return _view(asking, steps, tool, untold, result)
            tool, untold = result.get("tool", ""), tuple(result.get("untold", ()))
            here.append(step_of(names[at].name, {**result["rounds"][0], "type": kind, "server": asking.name}))
            if here[-1].rcode != "NOERROR" or addresses_of(here):
                break
        steps += here
        at = following(names, at, "glibc", here[0].rcode, len(addresses_of(here))) if here[-1].rcode else None
    return _view(asking, steps, tool, untold, None)


def _question(asking: Asking, name: str, kind: str) -> Measurement:
    given: dict[str, Any] = {"name": name, "timeout": PATIENCE, "retries": 1}
    given |= {"type": kind} if kind != "A" else {}
    if asking.address:
        given |= {"server": asking.address, "port": asking.port, "transport": "tcp" if asking.tcp else "udp"}
    return Measurement(kind="dns", parameters=given)


def _view(asking: Asking, steps: list[Step], tool: str, untold: tuple[str, ...], gap: Gap | None) -> View:
    last = steps[-1] if steps else None
    addresses = addresses_of(steps)
    failed = (last.rcode or last.failure) if last else "no name to ask"
    return View(
        vantage=asking.vantage.name,
        basis="measured",
        server=asking.name,
        steps=tuple(steps),
        decided=last.name if last else "",
        addresses=addresses,
        outcome="" if gap is not None else "resolved" if addresses else failed,
        gap=gap,
        role=asking.role,
        tool=tool,
        untold=untold,
    )


async def by_themselves(vantages: Vantages, pods: Iterable[kube.Pod], names: tuple[Query, ...]) -> list[View]:
    """Each DNS pod asked through a tunnel."""
    asked = (Asking(vantage=vantages.through(pod.ref, 53), name=pod.name, role="dns-pod") for pod in pods)
    return list(await asyncio.gather(*(ask(one, names) for one in asked)))


async def beside(
    cluster: Cluster, container: Vantage, resolvers: Sequence[str], dns: Sequence[str], names: tuple[Query, ...]
) -> list[View]:
    """From the container: the node-local cache, and cluster DNS, as far as its own resolver is neither of them."""
    roles: dict[str, Role] = {one: "node-local" for one in await _node_local(cluster)}
    roles |= {one: "dns-service" for one in dns if one not in roles}
    asked = [
        Asking(vantage=container, name=address, role=role, address=address)
        for address, role in roles.items()
        if address not in resolvers
    ]
    return [await ask(one, names) for one in asked]


async def _node_local(cluster: Cluster) -> tuple[str, ...]:
    """Where the node-local cache listens, besides the address of cluster DNS; nowhere where it does not run."""
    pods = await cluster.list(kube.Pod, HOME, labels=NODE_LOCAL)
    words = (" ".join((*box.command, *box.args)) for pod in pods.items for box in pod.spec.containers)
    told = [match.group(1) for match in map(_LOCAL_IP.search, words) if match]
    return tuple(dict.fromkeys(told or [NODE_LOCAL_ADDRESS])) if pods.items else ()


def passed_on(server: Server, names: tuple[Query, ...]) -> tuple[tuple[Query, ...], tuple[Upstream, ...]]:
    """The names that cluster DNS passes on before one of its own decides, and the upstreams that take the first."""
    found: list[Query] = []
    upstreams: tuple[Upstream, ...] = ()
    at: int | None = 0 if names else None
    while at is not None:
        served = server.answer(names[at].name, "A")
        if served.forward is not None:
            found.append(names[at])
            upstreams = upstreams or served.forward.upstreams
            at = at + 1 if at + 1 < len(names) else None
            continue
        at = following(names, at, "glibc", served.answer.rcode, len(served.answer.answers))
    return tuple(found), upstreams


async def upstream_views(
    server: Server, vantage: Vantage, names: tuple[Query, ...]
) -> tuple[list[View], tuple[str, ...]]:
    """Each upstream for the names that reach it, and notes on those that cannot be asked."""
    asked, upstreams = passed_on(server, names)
    views: list[View] = []
    notes: list[str] = []
    for one in upstreams:
        if one.file:
            notes.append(f"cluster DNS passes {asked[0].name} on to the servers in its own {one.file}: not asked here")
        elif one.transport != "dns":
            notes.append(f"cluster DNS passes {asked[0].name} on to {one.address} by {one.transport}: not asked here")
        else:
            port = int(one.port) if one.port.isdecimal() else 53
            shown = one.address if port == 53 else f"{one.address} port {port}"
            asking = Asking(vantage=vantage, name=shown, role="upstream", address=one.address, port=port)
            views.append(await ask(asking, asked))
    return views, tuple(dict.fromkeys(notes))
