"""Asks for a name on both sides: in the source's container, of a DNS pod, of this machine's or a named resolver."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from ipaddress import ip_address
from typing import Any, Literal

import msgspec

from netdoc.api import Gap, Measurement, Ports, Subject, Vantage, kube
from netdoc_checks.families import is_address
from netdoc_checks.split.seen import View

PATIENCE = 3.0  # seconds for an answer of one server
FAMILIES = ("A", "AAAA")
Place = Literal["inside", "outside"]


async def in_pod(ports: Ports, subject: Subject, pod: kube.Pod, name: str) -> View:
    """As the container's own libc resolves it, its search list and all."""
    container = pod.spec.containers[0].name
    vantage = ports.vantages.inside(pod.ref, container)
    words = ("exec", pod.name, "-c", container, "--", "getent", "ahosts", name)
    return await _by_libc(vantage, "inside", name, subject.kubectl(*words, namespace=pod.namespace))


async def with_age(ports: Ports, pod: kube.Pod, view: View, name: str) -> View:
    """The view, and for how long its answer may still be kept: the TTL that the pod's nameserver tells."""
    server = view.server.partition(", ")[0]
    if not server or view.ttl is not None or not view.addresses:
        return view
    asked = await _asked(ports.vantages.inside(pod.ref, pod.spec.containers[0].name), name, "A", {"server": server})
    records = asked["rounds"][0].get("answer", ()) if isinstance(asked, dict) else ()
    ages = [int(one["ttl"]) for one in records if "ttl" in one and one["data"] in view.addresses]
    return msgspec.structs.replace(view, ttl=min(ages)) if ages else view


async def at_server(ports: Ports, subject: Subject, pod: kube.Pod, name: str) -> View:
    """As one pod of cluster DNS answers, through a tunnel."""
    named = [one.container_port for box in pod.serving_containers for one in box.ports if one.name == "dns-tcp"]
    port = named[0] if named else 53
    command = subject.kubectl("port-forward", pod.name, f"5353:{port}", namespace=pod.namespace)
    return await _by_question(ports.vantages.through(pod.ref, port), "inside", name, {"transport": "tcp"}, command)


async def outside(ports: Ports, name: str, server: str) -> View:
    """As this machine's resolver has it, or the server that was named."""
    vantage = ports.vantages.here()
    if not server:
        return await _by_libc(vantage, "outside", name, f"getent ahosts {name}")
    try:
        host, port = place_of(server)
    except ValueError as wrong:
        gap = Gap(what=f"{name} as the outside sees it", reason="not-supported", detail=str(wrong), blocking=False)
        return View(place="outside", gap=gap)
    command = f"dig @{host} -p {port} {name}" if port != 53 else f"dig @{host} {name}"
    return await _by_question(vantage, "outside", name, {"server": host, "port": port}, command, server)


def place_of(server: str) -> tuple[str, int]:
    """`IP`, `IP:PORT`, `[IPv6]:PORT`. Raises ValueError, which names what is wrong."""
    host, port = server, "53"
    if server.startswith("[") and "]:" in server:
        host, _, port = server[1:].partition("]:")
    elif server.count(":") == 1:
        host, _, port = server.partition(":")
    try:
        address = str(ip_address(host.strip("[]")))
    except ValueError:
        raise ValueError(f"{server!r} is not the address of a resolver: give IP or IP:PORT") from None
    if not port.isdecimal() or not 0 < int(port) < 65536:
        raise ValueError(f"{port!r} is not a port")
    return address, int(port)


async def _by_libc(vantage: Vantage, place: Place, name: str, command: str) -> View:
    result = await vantage.measure(Measurement(kind="getaddrinfo", parameters={"name": name}))
    if isinstance(result, Gap):
        return View(place=place, vantage=vantage.name, gap=result, command=command)
    told = result["tries"][0]
    failure = told.get("failure", {})
    return View(
        place=place,
        vantage=vantage.name,
        server=", ".join(result.get("conf", {}).get("nameservers", ())),
        addresses=tuple(one for one in map(str, told.get("addresses", ())) if is_address(one)) if told["ok"] else (),
        failure=str(failure.get("kind", "")),
        detail=str(failure.get("detail", "")),
        command=command,
    )


async def _by_question(
    vantage: Vantage, place: Place, name: str, to: Mapping[str, Any], command: str, server: str = ""
) -> View:
    results = await asyncio.gather(*(_asked(vantage, name, kind, to) for kind in FAMILIES))
    gap = next((one for one in results if isinstance(one, Gap)), None)
    if gap is not None:
        return View(place=place, vantage=vantage.name, server=server, gap=gap, command=command)
    rounds = [one["rounds"][0] for one in results if isinstance(one, dict)]
    records = [record for one in rounds for record in one.get("answer", ())]
    found = [one for one in records if one["type"] in FAMILIES and is_address(str(one["data"]))]
    failure, detail = ("", "") if found else _failure(rounds, records)
    return View(
        place=place,
        vantage=vantage.name,
        server=server,
        addresses=tuple(dict.fromkeys(str(one["data"]) for one in found)),
        failure=failure,
        detail=detail,
        ttl=min((int(one["ttl"]) for one in found if "ttl" in one), default=None),  # not every tool tells
        command=command,
    )


async def _asked(vantage: Vantage, name: str, kind: str, to: Mapping[str, Any]) -> dict[str, Any] | Gap:
    """Over UDP, and again over TCP where the answer was cut (RFC 7766, section 5)."""
    asked = {"name": f"{name.rstrip('.')}.", "type": kind, "timeout": PATIENCE, "retries": 1, **to}
    result = await vantage.measure(Measurement(kind="dns", parameters=asked))
    if isinstance(result, dict) and result["rounds"][0].get("truncated"):
        return await vantage.measure(Measurement(kind="dns", parameters={**asked, "transport": "tcp"}))
    return result


def _failure(rounds: list[dict[str, Any]], records: list[dict[str, Any]]) -> tuple[str, str]:
    """What two answers without an address say together. An alias that the server does not follow says nothing."""
    lost = [one["failure"] for one in rounds if not one["ok"]]
    if lost:
        return "no-answer", str(lost[0].get("detail") or lost[0]["kind"])
    codes = [str(one["rcode"]) for one in rounds]
    if "NXDOMAIN" in codes:
        return "not-found", "NXDOMAIN"
    other = [one for one in codes if one != "NOERROR"]
    if other:
        return "failed", other[0]
    if records:
        return "failed", f"it is an alias of {records[-1]['data']}, which the server does not follow"
    return "no-address", "NOERROR without an address"
