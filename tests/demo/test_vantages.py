"""The vantages of the embedded network: real packets on loopback, told in the network's own addresses."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import Any

import pytest

from netdoc.demo.delivery import Fate
from netdoc.demo.doors import HOME, Doors, Server
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Gap
from netdoc.ports import Consent, Measurement, NoVantages, Vantage
from netdoc.vantage import vantages_of
from netdoc.vantage.agent import LocalAgent
from tests.demo.staging import opened, pods, vantages, world


def ref(namespace: str, app: str, scenario: str = "healthy", node: str = "") -> ObjectRef:
    return pods(world(scenario), namespace, app, node)[0].ref


async def measured(vantage: Vantage, kind: str, **parameters: Any) -> dict[str, Any]:
    result = await vantage.measure(Measurement(kind=kind, parameters=parameters))
    assert isinstance(result, dict), result
    assert "127.0.0." not in json.dumps(result)
    return result


# Connections


async def test_a_connection_stands_fails_and_says_so_in_the_networks_addresses() -> None:
    async with vantages("one-node-in-three", "exec") as places:
        inside = places.inside(ref("shop", "client", node="node-a"), "client")
        assert inside.name.startswith("exec:shop/client-")
        ends = [{"address": "10.43.115.7", "port": 80}, {"address": "10.42.2.27", "port": 8080},
                {"address": "10.43.115.7", "port": 81}]  # fmt: skip
        rows = (await measured(inside, "tcp", endpoints=ends, repeat=6, timeout=2.0))["endpoints"]
    assert [(row["address"], row["port"], row["attempts"], row["failures"]) for row in rows] == [
        ("10.43.115.7", 80, 6, 2), ("10.42.2.27", 8080, 6, 6), ("10.43.115.7", 81, 6, 6)]  # fmt: skip
    good = rows[0]["tries"][0]
    assert good["to"] == "10.43.115.7:80"
    assert good["from"].startswith("10.42.0.16:")
    assert {one["failure"]["kind"] for one in rows[1]["tries"]} == {"timeout"}
    assert {one["failure"]["kind"] for one in rows[2]["tries"]} == {"refused"}


# Names


@pytest.mark.parametrize(
    ("scenario", "name", "addresses", "failure"),
    [
        ("healthy", "web.shop", ["10.43.115.7"], ""),
        ("healthy", "web", ["10.43.115.7"], ""),
        ("healthy", "10.43.115.7", ["10.43.115.7"], ""),
        ("healthy", "shop.example.com", ["203.0.113.10"], ""),
        ("healthy", "wbe.shop", [], "not-found"),
        ("external-name-address", "warehouse.shop", [], "not-found"),
        ("dns-hosts-trap", "web.shop", [], "no-answer"),
        ("dns-scaled-to-zero", "web.shop", [], "no-answer"),
        ("policy-dns-forgotten", "web.shop", [], "no-answer"),
        ("dns-nameserver-nobody", "web.shop", [], "no-answer"),
        ("dns-nameserver-elsewhere", "web.shop", [], "no-answer"),  # the shop's policies let it ask cluster DNS alone
        ("dns-policy-default", "web.shop", [], "no-answer"),
        ("dns-no-kubernetes", "web.shop", [], "not-found"),
        ("dns-no-search", "web.shop", [], "not-found"),
        ("dns-no-search", "web.shop.svc.cluster.local", ["10.43.115.7"], ""),
        ("dns-one-of-two", "web.shop", ["10.43.115.7"], ""),
        ("one-node-in-three", "web.shop", ["10.43.115.7"], ""),
    ],
)
async def test_a_name_as_the_pods_libc_tells_it(scenario: str, name: str, addresses: list[str], failure: str) -> None:
    async with vantages(scenario, "exec") as places:
        inside = places.inside(ref("shop", "client", scenario, "node-a"), "client")
        told = await measured(inside, "getaddrinfo", name=name, repeat=2)
    assert [one.get("addresses", []) for one in told["tries"]] == [addresses] * 2
    assert [one.get("failure", {}).get("kind", "") for one in told["tries"]] == [failure] * 2
    assert told["failures"] == (2 if failure else 0)


async def test_every_step_and_who_answered_it() -> None:
    async with vantages("healthy", "exec") as places:
        inside = places.inside(ref("shop", "client"), "client")
        told = await measured(inside, "libc", name="api.shop")
        named = await measured(inside, "libc", name="web.shop", nameservers=["10.43.0.53", "10.43.0.10"])
    assert [step["name"] for step in told["steps"]] == [
        "api.shop.shop.svc.cluster.local.", "api.shop.svc.cluster.local."]  # fmt: skip
    assert told["conf"]["nameservers"] == ["10.43.0.10"]
    assert {one["server"] for step in told["steps"] for one in step["tries"]} == {"10.43.0.10"}
    servers = [(one["server"], one["ok"]) for step in named["steps"] for one in step["tries"]]
    assert ("10.43.0.53", False) in servers
    assert ("10.43.0.10", True) in servers


async def test_a_server_that_is_refused_is_told_by_its_own_address() -> None:
    async with vantages("dns-scaled-to-zero", "exec") as places:
        inside = places.inside(ref("shop", "client", "dns-scaled-to-zero"), "client")
        told = await measured(inside, "dns", server="10.43.0.10", name="web.shop.svc.cluster.local.")
    failure = told["rounds"][0]["failure"]
    assert (told["server"], told["port"], failure["kind"], failure["offender"]) == (
        "10.43.0.10", 53, "refused", "10.43.0.10")  # fmt: skip


async def test_a_long_answer_is_cut_and_asked_for_again_over_tcp() -> None:
    asked = {"server": "192.168.20.1", "name": "policy.example.com.", "type": "TXT"}
    async with vantages("healthy", "exec") as places:
        inside = places.inside(ref("traefik", "traefik"), "traefik")
        cut = await measured(inside, "dns", **asked)
        whole = await measured(inside, "dns", **asked, transport="tcp")
    assert cut["rounds"][0]["truncated"]
    assert whole["rounds"][0]["size"] > 512


async def test_the_internet_sees_the_load_balancer() -> None:
    async with vantages("healthy", "exec") as places:
        here = places.here()
        told = await measured(here, "getaddrinfo", name="shop.example.com")
        ends = [{"address": "203.0.113.10", "port": 443}, {"address": "10.43.115.7", "port": 80}]
        rows = (await measured(here, "tcp", endpoints=ends, timeout=1.0))["endpoints"]
    assert here.name == "here"
    assert told["tries"][0]["addresses"] == ["203.0.113.10"]
    assert rows[0]["failures"] == 0


# Tunnels


async def test_each_dns_pod_by_itself() -> None:
    asked = {"name": "web.shop.svc.cluster.local.", "timeout": 5.0}
    async with vantages("dns-one-of-two", "port-forward") as places:
        alive = places.through(ref("kube-system", "coredns", "dns-one-of-two", "node-c"), 53)
        dead = places.through(ref("kube-system", "coredns", "dns-one-of-two", "node-a"), 53)
        answered, closed = [
            await vantage.measure(Measurement(kind="dns", parameters=asked)) for vantage in (alive, dead)
        ]
        other = await alive.measure(Measurement(kind="tcp", parameters={}))
    assert isinstance(answered, dict)
    assert isinstance(closed, dict)
    assert (answered["failures"], answered["server"], answered["port"]) == (0, alive.name, 53)
    assert closed["failures"] == 1
    assert closed["rounds"][0]["failure"]["kind"] in ("closed", "reset")
    assert isinstance(other, Gap)


# Consents, and what is said


@pytest.mark.parametrize("consent", ["exec", "port-forward"])
async def test_each_vantage_needs_its_own_consent(consent: Consent) -> None:
    others: list[Consent] = [one for one in ("exec", "port-forward") if one != consent]
    told: list[str] = []
    async with vantages("healthy", *others, told=told) as places:
        vantage = (
            places.inside(ref("shop", "client"), "client")
            if consent == "exec"
            else places.through(ref("kube-system", "coredns"), 53)
        )
        result = await vantage.measure(Measurement(kind="dns", parameters={"name": "a."}))
    assert isinstance(result, Gap)
    assert (result.reason, result.blocking) == ("needs-consent", False)
    assert not told


async def test_without_any_consent_there_is_no_vantage() -> None:
    assert isinstance(vantages_of(opened(), frozenset()), NoVantages)


@pytest.mark.parametrize(
    ("scenario", "namespace", "app", "container"),
    [("crash-loop", "shop", "web", "web"), ("node-not-ready", "shop", "api", "api")],
)
async def test_no_stream_leads_into_what_does_not_run(scenario: str, namespace: str, app: str, container: str) -> None:
    node = "node-b"
    async with vantages(scenario, "exec", "port-forward") as places:
        inside = places.inside(ref(namespace, app, scenario, node), container)
        result = await inside.measure(Measurement(kind="getaddrinfo", parameters={"name": "web"}))
    assert isinstance(result, Gap)
    assert result.reason == "unreachable"


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [("icmp", {}), ("tcp", {}), ("tcp", {"endpoints": [{"address": "web", "port": 80}]}), ("dns", {"name": "a."})],
)
async def test_a_question_that_is_none_is_a_gap(kind: str, parameters: dict[str, Any]) -> None:
    async with vantages("healthy", "exec") as places:
        inside = places.inside(ref("shop", "client"), "client")
        result = await inside.measure(Measurement(kind=kind, parameters=parameters))
    assert isinstance(result, Gap)
    assert (result.reason, result.blocking) == ("not-supported", False)


async def test_what_is_measured_is_told_before_and_once() -> None:
    told: list[str] = []
    async with vantages("healthy", "exec", told=told) as places:
        inside = places.inside(ref("shop", "client"), "client")
        await measured(inside, "getaddrinfo", name="web.shop", repeat=3)
    assert len(told) == 1
    assert '"name":"web.shop"' in told[0]
    assert f"{HOME}:" in told[0]


PROGRAM = """
import sys, netdoc.cli
sys.argv = ["netdoc", "diagnose", "--demo=crash-loop", "-q", "--no-journal", "-o", "short"]
try:
    netdoc.cli.main()
finally:
    rooms = ("netdoc.demo", "netdoc.vantage", "dns")
    print(*sorted(one for one in sys.modules if one.startswith(rooms)), file=sys.stderr)
"""


def test_without_consent_nothing_of_it_is_loaded() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, timeout=60, check=False)
    loaded = set(done.stderr.split())
    assert {"netdoc.demo", "netdoc.demo.assemble"} <= loaded
    assert loaded <= {"netdoc.demo", "netdoc.demo.assemble", "netdoc.demo.cluster", "netdoc.demo.digest"}


# The sockets themselves


async def test_every_door_does_what_it_says_and_is_gone_afterwards() -> None:
    doors, agent = Doors(lambda by, query, stream: None), LocalAgent()
    ports = {one: await doors.plain(one) for one in ("accepted", "refused", "lost")}
    ends = [{"address": HOME, "port": port} for port in ports.values()]
    asked = Measurement(kind="tcp", parameters={"endpoints": ends, "repeat": 5, "timeout": 0.1})
    try:
        result = await agent.measure(asked)
    finally:
        await agent.close()
        await doors.close()
    assert isinstance(result, dict)
    kinds = [{one.get("failure", {}).get("kind", "") for one in row["tries"]} for row in result["endpoints"]]
    assert kinds == [{""}, {"refused"}, {"timeout"}]
    for port in ports.values():
        with socket.socket() as again:
            again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            again.bind((HOME, port))


@pytest.mark.parametrize(
    ("turns", "kinds"),
    [
        (("accepted",), ["", "", "", ""]),
        (("refused",), ["refused"] * 4),
        (("lost",), ["timeout"] * 4),
        (("accepted", "lost"), ["", "timeout", "", "timeout"]),
    ],
)
@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_name_servers_take_turns(transport: str, turns: tuple[Any, ...], kinds: list[str]) -> None:
    doors, agent = Doors(_echo), LocalAgent()
    met = tuple(Fate(one) for one in turns)
    try:
        port = await doors.name_servers([Server(met, met), Server((Fate("refused"),), (Fate("refused"),))])
        asked = {"server": HOME, "port": port, "name": "a.", "repeat": 4, "timeout": 0.2, "transport": transport}
        result = await agent.measure(Measurement(kind="dns", parameters=asked))
    finally:
        await agent.close()
        await doors.close()
    assert isinstance(result, dict)
    assert [one.get("failure", {}).get("kind", "") for one in result["rounds"]] == kinds


def _echo(by: object, query: bytes, stream: bool) -> bytes:
    """An answer without records to whatever is asked."""
    return query[:2] + bytes([query[2] | 0x80]) + query[3:]
