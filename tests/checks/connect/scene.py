"""A client of the embedded network whose measurements end as a test tells them to."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import msgspec

from netdoc.api import Finding, Judgement, Kubectl, Ports, Subject, Unjudged, kube, parse_target, resolve
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
from netdoc_checks.dns.judge import judge as judge_dns
from netdoc_checks.dns.observe import observe as observe_dns
from netdoc_checks.dns.rules import RULES as DNS_RULES
from netdoc_checks.policy import CHECK as POLICY
from tests.asking import MOMENT

TARGET, CLIENT = "svc/web.shop:80", "deploy/client.shop"
FULL, CONTROL = "web.shop.svc.cluster.local.", "kubernetes.default.svc.cluster.local."
SERVER, WEB, API = "10.43.0.10", "10.43.115.7", "10.43.0.1"
CONF = {"nameservers": [SERVER], "search": ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"]}
Verdict = Callable[[str, int], str]  # address and how often it was tried to "" (connected) or a kind of failure
Question = dict[str, Any]
Answers = Callable[[Question, int], dict[str, Any]]  # a question and how often it was asked to what came of it


def connects(address: str, at: int) -> str:
    return ""


def noerror(*addresses: str, ms: float = 1.0, size: int = 60, truncated: bool = False) -> dict[str, Any]:
    records = [{"name": FULL, "type": "A", "ttl": 5, "data": one} for one in addresses]
    told = {"ok": True, "ms": ms, "rcode": "NOERROR", "answer": records}
    return {**told, "size": size, "truncated": truncated}


def says(rcode: str, ms: float = 1.0) -> dict[str, Any]:
    return {"ok": True, "ms": ms, "rcode": rcode, "answer": [], "size": 60, "truncated": False}


def lost(kind: str = "timeout") -> dict[str, Any]:
    return {"ok": False, "ms": 2000.0, "failure": {"kind": kind, "detail": "no answer came"}}


def answers(question: Question, at: int) -> dict[str, Any]:
    """Cluster DNS as it should be."""
    known = {FULL: WEB, CONTROL: API}
    return noerror(known[question["name"]]) if question["name"] in known else says("NXDOMAIN")


class Fake(NoVantages):
    """A container whose name lookups, questions and connections end as they are told to."""

    def __init__(
        self,
        verdict: Verdict = connects,
        name: str | list[str] = "",
        conf: dict[str, list[str]] = CONF,
        pods: frozenset[str] | set[str] = frozenset(),
        answers: Answers = answers,
        libc: Callable[[Question], dict[str, Any] | Gap] | None = None,
    ) -> None:
        self.verdict, self.name_, self.conf, self.silent = verdict, name, conf, pods
        self.answers, self.libc = answers, libc
        self.asked: list[Question] = []

    def inside(self, pod: ObjectRef, container: str) -> Vantage:
        return Measures(f"exec:{pod.namespace}/{pod.name}", self)

    def through(self, pod: ObjectRef, port: int) -> Vantage:
        return Measures(f"port-forward:{pod.namespace}/{pod.name}:{port}", self, pod.name)


class Measures:
    def __init__(self, name: str, fake: Fake, pod: str = "") -> None:
        self.name, self._fake, self._pod = name, fake, pod

    async def measure(self, measurement: Measurement) -> dict[str, Any] | Gap:
        given, fake = measurement.parameters, self._fake
        match measurement.kind:
            case "getaddrinfo":
                return {"tries": [_lookup(fake.name_) for _ in range(given["repeat"])], "conf": fake.conf}
            case "tcp":
                return {"endpoints": [self._row(one, given["repeat"]) for one in given["endpoints"]]}
            case "libc" if given.get("name") == "":
                return {"conf": fake.conf, "steps": []}
            case "libc":
                return fake.libc(given) if fake.libc else Gap(what="libc", reason="not-installed", detail="no python")
            case "dns" if not self._pod:
                fake.asked.append(given)
                return {"rounds": [fake.answers(given, at) for at in range(given["repeat"])]}
        return {"attempts": 1, "failures": int(self._pod in fake.silent), "rounds": [self._by_itself(given)]}

    def _by_itself(self, given: Question) -> dict[str, Any]:
        if self._pod in self._fake.silent:
            return {"ok": False, "failure": {"kind": "closed", "detail": "closed"}}
        return self._fake.answers({"repeat": 1, **given, "server": self._pod, "transport": "tcp", "type": "A"}, 0)

    def _row(self, place: dict[str, Any], repeat: int) -> dict[str, Any]:
        kinds = [self._fake.verdict(place["address"], at) for at in range(repeat)]
        tries = [
            {"ok": not kind, "ms": 1.0} | ({"failure": {"kind": kind, "detail": kind}} if kind else {})
            for kind in kinds
        ]
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


async def endpoints() -> list[str]:
    slices = await cluster().list(kube.EndpointSlice, "shop", labels="kubernetes.io/service-name=web")
    return [one.addresses[0] for slice_ in slices.items for one in slice_.endpoints or ()]


async def dns_pods() -> dict[str, str]:
    """The DNS pods and their addresses."""
    pods = await cluster().list(kube.Pod, "kube-system", labels="k8s-app=kube-dns")
    return {one.name: one.addresses[0] for one in pods.items}


ENDS = asyncio.run(endpoints())


class Outcome(msgspec.Struct, frozen=True):
    """What the check says; `roots` with what the checks `dns` and `policy` say of the same path."""

    findings: tuple[Finding, ...]
    roots: tuple[Finding, ...]
    unjudged: tuple[Unjudged, ...]

    @property
    def codes(self) -> list[str]:
        return sorted(one.code for one in self.findings)

    def of(self, code: str) -> Finding:
        return next(one for one in self.findings if one.code == code)


async def tried(
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
    fake: Fake | None = None,
) -> Outcome:
    recorder = Recorder(on or cluster())
    path = await resolve(recorder, parse_target(target), (parse_source(source),))
    subject = Subject(path=path, kubectl=Kubectl("test"), now=MOMENT, since=timedelta(hours=2), repeat=repeat)
    places = fake or Fake(verdict, name or [WEB], conf, silent)
    ports = Ports(recorder, Recording(recorder, places, consents))
    found = tuple(CHECK.judge(await CHECK.observe(ports, subject)))
    known = tuple(_settled(one) for one in found if isinstance(one, Finding))
    beside: list[Judgement] = [*POLICY.judge(await POLICY.observe(ports, subject))]
    beside += judge_dns(await observe_dns(ports, subject))
    beside += judge_path(path, subject.kubectl)
    both = (*known, *(_settled(one) for one in beside if isinstance(one, Finding)))
    made = diagnose(both, path, (*CHECK.rules, *POLICY.rules, *DNS_RULES))
    roots = tuple(made.findings[place] for place in made.roots)
    return Outcome(known, roots, tuple(one for one in found if isinstance(one, Unjudged)))


def _settled(one: Finding) -> Finding:
    return msgspec.structs.replace(one, severity=one.severity or known_codes()[one.code].severity)


def only(addresses: list[str], kind: str) -> Verdict:
    return lambda address, at: kind if address in addresses else ""
