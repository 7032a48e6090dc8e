"""A name seen from several places: each step of the search list, who answered what, which step decided."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from ipaddress import ip_address
from typing import Any, Literal

import msgspec

from netdoc.model import kube
from netdoc.model.kube.meta import Object, ObjectRef
from netdoc.model.record import Gap
from netdoc.path.addresses import Held, owner_of
from netdoc.ports import Cluster, Measurement, Vantage, Vantages
from netdoc.predict.corefile import Server
from netdoc.predict.corefile.server import Served
from netdoc.predict.dns import Query, ResolvConf, expand, following, resolv_conf_of
from netdoc.predict.dns.names import NotAName, parse

FAMILIES = ("A", "AAAA")
DOMAIN = "cluster.local"
PATIENCE = 3.0  # seconds for an answer
Role = Literal["resolver", "getaddrinfo", "dns-pod", "dns-service", "node-local", "upstream", "server"]
"""Whom the view asks: the place's own resolver by DNS, or by its libc; else one server by itself."""


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One question and what came of it. `rcode` is "" where nothing came; then `failure` says how."""

    name: str
    type: str
    rcode: str = ""
    answers: tuple[str, ...] = ()
    server: str = ""
    ms: float | None = None
    failure: str = ""
    errors: tuple[str, ...] = ()  # extended errors (RFC 8914)
    transport: str = ""
    truncated: bool = False


class View(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The name from one vantage; predicted means by the objects, unasked. `decided` is the last name that was asked.

    `tool` is what asked, `libc` whose rules it went by, `untold` what the tool does not tell.
    """

    vantage: str
    basis: Literal["measured", "predicted"]
    server: str = ""
    steps: tuple[Step, ...] = ()
    decided: str = ""
    addresses: tuple[str, ...] = ()
    outcome: str = ""
    gap: Gap | None = None
    role: Role = "resolver"
    tool: str = ""
    libc: str = ""
    untold: tuple[str, ...] = ()


async def here(vantages: Vantages, name: str, servers: tuple[str, ...]) -> list[View]:
    """This machine's resolvers as its libc asks them, then each server that was named, by itself."""
    vantage = vantages.here()
    asked: dict[str, Any] = {"name": name, "timeout": PATIENCE, "attempts": 1}
    results = [await vantage.measure(Measurement(kind="libc", parameters=asked))]
    for server in servers:
        given = {**asked, "nameservers": [server], "search": [], "options": []}
        results.append(await vantage.measure(Measurement(kind="libc", parameters=given)))
    return [of_libc(vantage.name, result, server) for result, server in zip(results, ("", *servers), strict=True)]


async def inside(vantages: Vantages, pod: kube.Pod, name: str) -> list[View]:
    """The name as the container's libc asks for it, step by step; and what that libc itself says where it is not the
    same, which hosts(5) and nsswitch.conf(5) bring about."""
    vantage = container_of(vantages, pod)
    steps = await vantage.measure(Measurement(kind="libc", parameters={"name": name}))
    end = await vantage.measure(Measurement(kind="getaddrinfo", parameters={"name": name}))
    view, own = of_libc(vantage.name, steps), _of_getaddrinfo(vantage.name, end)
    told = own.gap is None and (view.gap is not None or set(own.addresses) != set(view.addresses))
    return [view, own] if told else [view]


def container_of(vantages: Vantages, pod: kube.Pod) -> Vantage:
    return vantages.inside(pod.ref, pod.spec.containers[0].name if pod.spec.containers else "")


def of_libc(vantage: str, result: dict[str, Any] | Gap, server: str = "") -> View:
    role: Role = "server" if server else "resolver"
    if isinstance(result, Gap):
        return View(vantage=vantage, basis="measured", server=server, gap=result, role=role)
    names = [step["name"] for step in result["steps"]]
    return View(
        vantage=vantage,
        basis="measured",
        server=server or ", ".join(result["conf"]["nameservers"]),
        steps=tuple(step_of(step["name"], one) for step in result["steps"] for one in step["tries"]),
        decided=names[-1] if names else "",
        addresses=tuple(result["addresses"]),
        outcome=result["outcome"],
        role=role,
        tool=result.get("tool", ""),
        libc=result.get("libc", ""),
    )


def _of_getaddrinfo(vantage: str, result: dict[str, Any] | Gap) -> View:
    if isinstance(result, Gap):
        return View(vantage=vantage, basis="measured", gap=result, role="getaddrinfo")
    told = result["tries"][0]
    failure = told.get("failure", {})
    return View(
        vantage=vantage,
        basis="measured",
        server=", ".join(result.get("conf", {}).get("nameservers", ())),
        addresses=tuple(told.get("addresses", ())),
        outcome="resolved" if told["ok"] else f"{failure.get('kind')}: {failure.get('detail', '')}",
        role="getaddrinfo",
        tool=result.get("tool", ""),
    )


def step_of(name: str, told: dict[str, Any]) -> Step:
    failure = told.get("failure", {})
    return Step(
        name=name,
        type=told.get("type", ""),
        rcode=told.get("rcode", ""),
        answers=tuple(f"{one['type']} {one['data']}" for one in told.get("answer", ())),
        server=told.get("server", ""),
        ms=told.get("ms"),
        failure=f"{failure['kind']}: {failure.get('detail', '')}" if failure else "",
        errors=tuple(f"{one['code']} {one['text']}".strip() for one in told.get("ede", ())),
        transport=told.get("transport", ""),
        truncated=bool(told.get("truncated")),
    )


def predicted(server: Server, pod: kube.Pod, dns: tuple[str, ...], name: str) -> View:
    """What the pod's libc would ask and cluster DNS answer, by the objects; unknown where it asks somebody else."""
    conf = resolv_conf_of(pod, dns, DOMAIN)
    names = expand(name, conf)
    other = asks_other(conf, dns)
    steps: list[Step] = []
    at: int | None = 0 if names else None
    addresses: tuple[str, ...] = ()
    while at is not None:
        asked = names[at].name
        answers = [_foreseen(asked, kind, server.answer(asked, kind), other) for kind in FAMILIES]
        steps += answers
        if any(one.failure for one in answers):
            break
        addresses = addresses_of(answers)
        at = following(names, at, "glibc", answers[0].rcode, len(addresses))
    return View(
        vantage=f"pod/{pod.namespace}/{pod.name}",
        basis="predicted",
        server=", ".join(conf.nameservers) or "its node's resolver",
        steps=tuple(steps),
        decided=steps[-1].name if steps else "",
        addresses=addresses,
        outcome="resolved" if addresses else steps[-1].failure or steps[-1].rcode if steps else "refused by libc",
    )


def asks_other(conf: ResolvConf, dns: tuple[str, ...]) -> str:
    """Why the objects do not tell the answer: the resolver is neither cluster DNS nor a cache on the node for it."""
    first = next(iter(conf.nameservers), "")
    if not first:
        return "the answer of its node's resolver is not told by the objects"
    if first in dns or is_link_local(first):
        return ""
    return f"{first} is not cluster DNS: its answer is not told by the objects"


def _foreseen(name: str, kind: str, served: Served, other: str) -> Step:
    answer = served.answer
    failure = other or answer.error
    if served.forward is not None and failure and not other:
        upstreams = ", ".join(one.address or one.file for one in served.forward.upstreams)
        failure = f"passed on to {upstreams}: the objects do not tell its answer"
    if failure:
        return Step(name=name, type=kind, failure=failure)
    return Step(name=name, type=kind, rcode=answer.rcode, answers=answer.answers)


def is_link_local(text: str) -> bool:
    try:
        return ip_address(text).is_link_local
    except ValueError:
        return False


def addresses_of(steps: Iterable[Step]) -> tuple[str, ...]:
    """Those of both families, in order."""
    found = (one.partition(" ") for step in steps for one in step.answers)
    return tuple(data for kind, _, data in found if kind in FAMILIES)


def expansion(pod: kube.Pod | None, dns: tuple[str, ...], name: str) -> tuple[Query, ...]:
    """The names that are asked in turn; without a pod the name as it is. Empty for what is no name."""
    try:
        parse(name.rstrip(".") or name)
    except NotAName:
        return ()
    return expand(name, resolv_conf_of(pod, dns, DOMAIN) if pod is not None else ResolvConf())


async def owners(cluster: Cluster, views: Sequence[View]) -> dict[str, ObjectRef | None]:
    """Whose each answered address is; None for nobody's in this cluster. What could not be read is left out."""
    addresses = list(dict.fromkeys(one for view in views for one in view.addresses))
    found = await asyncio.gather(*(owner_of(cluster, one) for one in addresses))
    told: dict[str, ObjectRef | None] = {}
    for address, one in zip(addresses, found, strict=True):
        if isinstance(one, Gap):
            continue
        told[address] = one.object.ref if isinstance(one, Held) and isinstance(one.object, Object) else None
    return told
