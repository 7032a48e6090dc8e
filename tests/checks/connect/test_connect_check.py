"""The check `connect`: measurements as a container would give them, against the healthy embedded network."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec
import pytest

from netdoc.api import Finding, Kubectl, Ports, Subject, Unjudged, kube, parse_target, resolve
from netdoc.cluster import SnapshotCluster
from netdoc.demo import assemble
from netdoc.diagnosis import diagnose
from netdoc.engine.absent import judge_path
from netdoc.model.codes import known_codes
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Gap
from netdoc.path import parse_source
from netdoc.ports import Consent, Measurement, NoVantages, Recorder, Vantage, Where
from netdoc.ports.recorder import Recording
from netdoc_checks.connect import CHECK
from netdoc_checks.policy import CHECK as POLICY
from tests.asking import MOMENT

TARGET, CLIENT = "svc/web.shop:80", "deploy/client.shop"
CONF = {"nameservers": ["10.43.0.10"], "search": ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"]}
Verdict = Callable[[str, int], str]  # address and how often it was tried to "" (connected) or a kind of failure


def connects(address: str, at: int) -> str:
    return ""


class Fake(NoVantages):
    """A container whose name lookup and connections end as they are told to."""

    def __init__(self, verdict: Verdict, name: str | list[str], conf: dict[str, list[str]], pods: set[str]) -> None:
        self.verdict, self.name_, self.conf, self.silent = verdict, name, conf, pods

    def inside(self, pod: ObjectRef, container: str) -> Vantage:
        return Measures(f"exec:{pod.namespace}/{pod.name}", self)

    def through(self, pod: ObjectRef, port: int) -> Vantage:
        return Measures(f"port-forward:{pod.namespace}/{pod.name}:{port}", self, pod.name)


class Measures:
    def __init__(self, name: str, fake: Fake, pod: str = "") -> None:
        self.name, self._fake, self._pod = name, fake, pod

    async def measure(self, measurement: Measurement) -> dict[str, Any] | Gap:
        given = measurement.parameters
        match measurement.kind:
            case "getaddrinfo":
                return {"tries": [_lookup(self._fake.name_) for _ in range(given["repeat"])], "conf": self._fake.conf}
            case "tcp":
                return {"endpoints": [self._row(one, given["repeat"]) for one in given["endpoints"]]}
        silent = self._pod in self._fake.silent
        told: dict[str, Any] = {"ok": not silent, "failure": {"kind": "closed", "detail": "closed"}} if silent else {}
        return {"attempts": 1, "failures": int(silent), "rounds": [told]}

    def _row(self, place: dict[str, Any], repeat: int) -> dict[str, Any]:
        kinds = [self._fake.verdict(place["address"], at) for at in range(repeat)]
        tries = [{"ok": not kind} | ({"failure": {"kind": kind, "detail": kind}} if kind else {}) for kind in kinds]
        return {**place, "tries": tries}


def _lookup(name: str | list[str]) -> dict[str, Any]:
    if isinstance(name, list):
        return {"ok": True, "ms": 1.0, "addresses": name}
    if name.startswith("late"):
        return {"ok": True, "ms": 5003.0, "addresses": [name.partition(" ")[2]]}
    return {"ok": False, "failure": {"kind": name, "detail": name}}


def cluster(*operations: dict[str, Any]) -> SnapshotCluster:
    documents = assemble.apply(assemble.network(), [msgspec.convert(one, assemble.Operation) for one in operations])
    return SnapshotCluster.from_documents(documents, where=Where(type="snapshot", context="test"), now=MOMENT)


@pytest.fixture(scope="module")
def web() -> tuple[str, list[str]]:
    """The Service's address and its endpoints'."""
    return asyncio.run(_web())


async def _web() -> tuple[str, list[str]]:
    healthy = cluster()
    service = await healthy.get(kube.Service, "web", "shop")
    slices = await healthy.list(kube.EndpointSlice, "shop", labels="kubernetes.io/service-name=web")
    assert isinstance(service, kube.Service)
    ends = [one.addresses[0] for slice_ in slices.items for one in slice_.endpoints or ()]
    return service.spec.cluster_ip, ends


class Outcome(msgspec.Struct, frozen=True):
    findings: tuple[Finding, ...]
    roots: tuple[Finding, ...]
    unjudged: tuple[Unjudged, ...]

    @property
    def codes(self) -> list[str]:
        return sorted(one.code for one in self.findings)


async def tried(
    web: tuple[str, list[str]],
    verdict: Verdict = connects,
    name: str | list[str] = "",
    *,
    conf: dict[str, list[str]] = CONF,
    silent: set[str] | frozenset[str] = frozenset(),
    consents: tuple[Consent, ...] = ("exec", "port-forward"),
    repeat: int = 3,
    on: SnapshotCluster | None = None,
    source: str = CLIENT,
    target: str = TARGET,
) -> Outcome:
    recorder = Recorder(on or cluster())
    path = await resolve(recorder, parse_target(target), (parse_source(source),))
    subject = Subject(path=path, kubectl=Kubectl("test"), now=MOMENT, since=timedelta(hours=2), repeat=repeat)
    fake = Fake(verdict, name or [web[0]], conf, set(silent))
    ports = Ports(recorder, Recording(recorder, fake, consents))
    found = tuple(CHECK.judge(await CHECK.observe(ports, subject)))
    known = tuple(_settled(one) for one in found if isinstance(one, Finding))
    denials = POLICY.judge(await POLICY.observe(ports, subject))
    beside = (*denials, *judge_path(path, subject.kubectl))
    both = (*known, *(_settled(one) for one in beside if isinstance(one, Finding)))
    made = diagnose(both, path, (*CHECK.rules, *POLICY.rules))
    roots = tuple(made.findings[place] for place in made.roots)
    return Outcome(known, roots, tuple(one for one in found if isinstance(one, Unjudged)))


def _settled(one: Finding) -> Finding:
    return msgspec.structs.replace(one, severity=one.severity or known_codes()[one.code].severity)


def only(addresses: list[str], kind: str) -> Verdict:
    return lambda address, at: kind if address in addresses else ""


async def test_what_arrives_is_silent(web: tuple[str, list[str]]) -> None:
    told = await tried(web)
    assert (told.findings, told.unjudged) == ((), ())


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("http://web.shpo/", "target.namespace-not-found"),
        ("wbe.shop:80", "target.not-found"),
        ("svc/wbe.shop", "target.not-found"),
    ],
)
async def test_a_name_that_stands_for_nothing_does_not_exist_for_that(
    web: tuple[str, list[str]], target: str, code: str
) -> None:
    told = await tried(web, name="not-found", target=target)
    assert [one.code for one in told.roots] == [code]
    assert set(told.codes) <= {"dns.nxdomain"}


async def test_one_dead_replica_of_three_is_found_among_those_that_answer(web: tuple[str, list[str]]) -> None:
    told = await tried(web, only(web[1][:1], "timeout"), repeat=10)
    assert told.codes == ["service.endpoint-dead"]
    dead = told.findings[0]
    assert (dead.object.kind, dead.object.name, dead.severity) == ("Service", "web", "error")
    assert dead.hops == (f"endpoint/shop/{dead.title.rpartition(': ')[2]}:8080",)
    assert (dead.evidence[0].attempts, dead.evidence[0].failures) == (10, 10)
    assert dead.evidence[0].vantage.startswith("exec:shop/client-")


async def test_a_replica_that_fails_now_and_then(web: tuple[str, list[str]]) -> None:
    told = await tried(web, lambda address, at: "timeout" if address == web[1][1] and at % 2 else "", repeat=10)
    assert told.codes == ["packet.loss"]
    assert told.findings[0].evidence[0].failures == 5


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("timeout", "packet.dropped"),
        ("rejected", "packet.rejected"),
        ("unreachable", "packet.unreachable"),
        ("refused", "pod.port-closed"),
    ],
)
async def test_no_endpoint_answers(web: tuple[str, list[str]], kind: str, code: str) -> None:
    assert (await tried(web, only([web[0], *web[1]], kind))).codes == [code]


async def test_the_services_own_address_alone_fails(web: tuple[str, list[str]]) -> None:
    told = await tried(web, only([web[0]], "timeout"))
    assert told.codes == ["packet.dropped"]
    assert told.findings[0].hops == ("service/shop/web:80",)


async def test_a_tools_own_failure_is_no_verdict(web: tuple[str, list[str]]) -> None:
    told = await tried(web, only([web[0], *web[1]], "error"))
    assert told.findings == ()
    assert {one.reason for one in told.unjudged} == {"not-supported"}


OPEN = [
    {"delete": {"kind": "NetworkPolicy", "namespace": "shop", "name": "web"}},
]


async def test_a_connection_that_policies_deny_and_that_stands_contradicts_them(web: tuple[str, list[str]]) -> None:
    told = await tried(web, on=cluster(*OPEN))
    assert told.codes == ["packet.policy-contradicted"]
    assert [one.code for one in told.roots] == ["packet.policy-contradicted"]


async def test_a_connection_that_policies_deny_and_that_fails_is_as_predicted(web: tuple[str, list[str]]) -> None:
    told = await tried(web, only([web[0], *web[1]], "timeout"), on=cluster(*OPEN))
    assert told.findings == ()


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("not-found", "dns.nxdomain"),
        ("no-address", "dns.no-address"),
        ("no-answer", "dns.timeout"),
        ("failed", "dns.servfail"),
        (["203.0.113.7"], "dns.wrong-address"),
    ],
)
async def test_the_name(web: tuple[str, list[str]], name: str | list[str], code: str) -> None:
    told = await tried(web, name=name)
    assert told.codes == [code]
    assert told.findings[0].evidence[0].kind == "dns"


async def test_an_answer_after_the_resolvers_timer_is_a_stall(web: tuple[str, list[str]]) -> None:
    assert (await tried(web, name=f"late {web[0]}")).codes == ["dns.five-second-stalls"]


async def test_resolv_conf_tells_of_another_address_and_another_domain(web: tuple[str, list[str]]) -> None:
    elsewhere = {**CONF, "nameservers": ["10.43.0.99"]}
    assert "dns.server-missing" in (await tried(web, name="no-answer", conf=elsewhere)).codes
    served = {"merge": {"kind": "ConfigMap", "namespace": "kube-system", "name": "coredns", "with": {
        "data": {"Corefile": ".:53 {\n kubernetes corp.example\n forward . 192.0.2.1\n}\n"}}}}  # fmt: skip
    told = await tried(web, name="not-found", on=cluster(served))
    assert [one.code for one in told.roots] == ["dns.server-config"]


async def test_a_dns_pod_that_is_silent_by_itself(web: tuple[str, list[str]]) -> None:
    told = await tried(web, silent={"coredns-8895898d9-ctjkx"})
    assert told.codes == ["dns.server-partial"]
    assert told.findings[0].object.name == "coredns"
    assert told.findings[0].evidence[0].vantage == "port-forward:kube-system/coredns-8895898d9-ctjkx:53"


@pytest.mark.parametrize("consents", [(), ("port-forward",)])
async def test_nothing_is_measured_in_the_source_without_its_consent(
    web: tuple[str, list[str]], consents: tuple[Consent, ...]
) -> None:
    assert (await tried(web, only(web[1], "timeout"), consents=consents)).findings == ()


async def test_without_a_pod_to_measure_in_that_is_said(web: tuple[str, list[str]]) -> None:
    told = await tried(web, source="internet")
    assert (told.findings, [one.reason for one in told.unjudged]) == ((), ["no-source"])


def test_every_code_is_looked_for() -> None:
    from pathlib import Path

    text = Path(__file__).read_text()
    assert [one for one in CHECK.codes if f'"{one}"' not in text] == []
