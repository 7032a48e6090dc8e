"""A name seen from several places: each step of the search list, who answered what, which step decided."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Any, Literal

import msgspec

from netdoc.model import kube
from netdoc.model.kube.meta import Object, ObjectRef
from netdoc.model.record import Gap
from netdoc.path.addresses import Held, owner_of
from netdoc.ports import Cluster, Measurement, Vantages
from netdoc.predict.corefile import Server
from netdoc.predict.dns import ResolvConf, expand, following, resolv_conf_of
from netdoc.predict.dns.names import NotAName, parse

FAMILIES = ("A", "AAAA")
DOMAIN = "cluster.local"
PATIENCE = 3.0  # seconds for an answer


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One question and what came of it. `rcode` is "" where nothing came; then `failure` says how."""

    name: str
    type: str
    rcode: str = ""
    answers: tuple[str, ...] = ()
    server: str = ""
    ms: float | None = None
    failure: str = ""


class View(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The name from one vantage; predicted means by the objects, unasked. `decided` is the last name that was asked."""

    vantage: str
    basis: Literal["measured", "predicted"]
    server: str = ""
    steps: tuple[Step, ...] = ()
    decided: str = ""
    addresses: tuple[str, ...] = ()
    outcome: str = ""
    gap: Gap | None = None


async def here(vantages: Vantages, name: str, servers: tuple[str, ...]) -> list[View]:
    """This machine's resolvers as its libc asks them, then each server that was named, by itself."""
    vantage = vantages.here()
    asked: dict[str, Any] = {"name": name, "timeout": PATIENCE, "attempts": 1}
    results = [await vantage.measure(Measurement(kind="libc", parameters=asked))]
    for server in servers:
        given = {**asked, "nameservers": [server], "search": [], "options": []}
        results.append(await vantage.measure(Measurement(kind="libc", parameters=given)))
    return [_of_libc(result, server) for result, server in zip(results, ("", *servers), strict=True)]


def _of_libc(result: dict[str, Any] | Gap, server: str) -> View:
    if isinstance(result, Gap):
        return View(vantage="here", basis="measured", server=server, gap=result)
    steps = tuple(_step(step["name"], one) for step in result["steps"] for one in step["tries"])
    names = [step["name"] for step in result["steps"]]
    return View(
        vantage="here",
        basis="measured",
        server=server or ", ".join(result["conf"]["nameservers"]),
        steps=steps,
        decided=names[-1] if names else "",
        addresses=tuple(result["addresses"]),
        outcome=result["outcome"],
    )


def _step(name: str, told: dict[str, Any]) -> Step:
    failure = told.get("failure", {})
    return Step(
        name=name,
        type=told.get("type", ""),
        rcode=told.get("rcode", ""),
        answers=tuple(f"{one['type']} {one['data']}" for one in told.get("answer", ())),
        server=told.get("server", ""),
        ms=told.get("ms"),
        failure=f"{failure['kind']}: {failure.get('detail', '')}" if failure else "",
    )


def predicted(server: Server, pod: kube.Pod, dns: tuple[str, ...], name: str) -> View:
    """What the pod's libc would ask and cluster DNS answer, by the objects."""
    conf = resolv_conf_of(pod, dns, DOMAIN)
    names = expand(name, conf)
    steps: list[Step] = []
    at: int | None = 0 if names else None
    addresses: tuple[str, ...] = ()
    while at is not None:
        answers = {kind: server.answer(names[at].name, kind).answer for kind in FAMILIES}
        steps += (_foreseen(names[at].name, kind, one.rcode, one.answers, one.error) for kind, one in answers.items())
        if any(one.error for one in answers.values()):
            break
        addresses = tuple(one.partition(" ")[2] for told in answers.values() for one in told.answers if one[0] == "A")
        at = following(names, at, "glibc", answers["A"].rcode, len(addresses))
    return View(
        vantage=f"pod/{pod.namespace}/{pod.name}",
        basis="predicted",
        server=", ".join(conf.nameservers) or "its node's resolver",
        steps=tuple(steps),
        decided=steps[-1].name if steps else "",
        addresses=addresses,
        outcome="resolved" if addresses else steps[-1].failure or steps[-1].rcode if steps else "refused by libc",
    )


def _foreseen(name: str, kind: str, rcode: str, answers: tuple[str, ...], error: str) -> Step:
    return Step(name=name, type=kind, rcode=rcode, answers=answers, failure=error)


async def inside(vantages: Vantages, pod: kube.Pod, name: str) -> View:
    """The name as the container's own libc resolves it. Its steps are not seen: libc tells the end alone."""
    vantage = vantages.inside(pod.ref, pod.spec.containers[0].name if pod.spec.containers else "")
    result = await vantage.measure(Measurement(kind="getaddrinfo", parameters={"name": name}))
    if isinstance(result, Gap):
        return View(vantage=vantage.name, basis="measured", gap=result)
    told = result["tries"][0]
    failure = told.get("failure", {})
    return View(
        vantage=vantage.name,
        basis="measured",
        server=", ".join(result.get("conf", {}).get("nameservers", ())),
        addresses=tuple(told.get("addresses", ())),
        outcome="resolved" if told["ok"] else f"{failure.get('kind')}: {failure.get('detail', '')}",
    )


async def servers_by_themselves(vantages: Vantages, pods: Iterable[kube.Pod], names: tuple[str, ...]) -> list[View]:
    """Each DNS pod asked through a tunnel, for each name of the search list."""
    return list(await asyncio.gather(*(_server(vantages, pod, names) for pod in pods)))


async def _server(vantages: Vantages, pod: kube.Pod, names: tuple[str, ...]) -> View:
    vantage = vantages.through(pod.ref, 53)
    steps: list[Step] = []
    addresses: tuple[str, ...] = ()
    for name in names:
        asked = Measurement(kind="dns", parameters={"name": name, "timeout": PATIENCE, "retries": 1})
        result = await vantage.measure(asked)
        if isinstance(result, Gap):
            return View(vantage=vantage.name, basis="measured", steps=tuple(steps), gap=result)
        steps.append(_step(name, {**result["rounds"][0], "type": "A", "server": pod.name}))
        addresses = tuple(one[2:] for one in steps[-1].answers if one.startswith("A "))
        if addresses or not steps[-1].rcode:
            break
    last = steps[-1] if steps else None
    outcome = "resolved" if addresses else (last.rcode or last.failure) if last else "no name to ask"
    return View(
        vantage=vantage.name,
        basis="measured",
        server=pod.name,
        steps=tuple(steps),
        decided=last.name if last else "",
        addresses=addresses,
        outcome=outcome,
    )


def expansion(pod: kube.Pod | None, dns: tuple[str, ...], name: str) -> tuple[str, ...]:
    """The names that are asked in turn; without a pod the name as it is. Empty for what is no name."""
    try:
        parse(name.rstrip(".") or name)
    except NotAName:
        return ()
    conf = resolv_conf_of(pod, dns, DOMAIN) if pod is not None else ResolvConf()
    return tuple(one.name for one in expand(name, conf))


async def owners(cluster: Cluster, views: Iterable[View]) -> dict[str, ObjectRef | None]:
    """Whose each answered address is; None for nobody's in this cluster. What could not be read is left out."""
    addresses = list(dict.fromkeys(one for view in views for one in view.addresses))
    found = await asyncio.gather(*(owner_of(cluster, one) for one in addresses))
    told: dict[str, ObjectRef | None] = {}
    for address, one in zip(addresses, found, strict=True):
        if isinstance(one, Gap):
            continue
        told[address] = one.object.ref if isinstance(one, Held) and isinstance(one.object, Object) else None
    return told
