"""Asks split DNS about a name on the embedded network, with views that end as a test says."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Literal

import msgspec

from netdoc.api import Finding, Judgement, Kubectl, NoParameters, Ports, Subject, Unjudged, parse_target, resolve
from netdoc.cluster import SnapshotCluster
from netdoc.demo import assemble
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Gap
from netdoc.path import parse_source
from netdoc.ports import Consent, Measurement, NoVantages, Recorder, Vantage, Vantages, Where
from netdoc.ports.recorder import Recording
from netdoc_checks import split
from tests.asking import MOMENT

NAME, CLIENT = "shop.example.com", "deploy/client.shop"
BALANCER, SERVICE = "203.0.113.10", "10.43.24.140"  # of svc/traefik.traefik in the embedded network
Answer = list[str] | str
"""Addresses, or a kind of failure."""
SILENCE = {"kind": "timeout", "detail": "no answer"}


class Views(NoVantages):
    """What each side answers, and which addresses take no connection."""

    def __init__(
        self, inside: Answer, outside: Answer, dead: tuple[str, ...] = (), failure: Mapping[str, Any] = SILENCE
    ) -> None:
        self.inside_, self.outside_, self.dead, self.failure = inside, outside, dead, failure
        self.asked: list[tuple[str, Measurement]] = []

    def here(self) -> Vantage:
        return _Side("here", self.outside_, self)

    def inside(self, pod: ObjectRef, container: str) -> Vantage:
        return _Side(f"exec:{pod.namespace}/{pod.name}", self.inside_, self)

    def through(self, pod: ObjectRef, port: int) -> Vantage:
        return _Side(f"port-forward:{pod.namespace}/{pod.name}:{port}", self.inside_, self)


class _Side:
    def __init__(self, name: str, answer: Answer, views: Views) -> None:
        self.name, self._answer, self._views = name, answer, views

    async def measure(self, measurement: Measurement) -> dict[str, Any] | Gap:
        self._views.asked.append((self.name, measurement))
        given = measurement.parameters
        match measurement.kind:
            case "getaddrinfo":
                return {"tries": [_libc(self._answer)], "conf": {"nameservers": ["192.0.2.53"]}}
            case "dns":
                return {"rounds": [_answered(self._answer, given["type"])]}
        rows = [self._row(one, given["repeat"]) for one in given["endpoints"]]
        return {"endpoints": rows}

    def _row(self, place: dict[str, Any], repeat: int) -> dict[str, Any]:
        lost = {"ok": False, "failure": self._views.failure}
        return {**place, "tries": [lost if place["address"] in self._views.dead else {"ok": True}] * repeat}


def _libc(answer: Answer) -> dict[str, Any]:
    if isinstance(answer, list):
        return {"ok": True, "addresses": answer}
    return {"ok": False, "failure": {"kind": answer, "detail": answer}}


def _answered(answer: Answer, kind: str) -> dict[str, Any]:
    codes = {"not-found": "NXDOMAIN", "no-address": "NOERROR", "failed": "SERVFAIL"}
    if answer == "no-answer":
        return {"ok": False, "failure": {"kind": "timeout", "detail": "no answer came"}}
    if isinstance(answer, str):
        return {"ok": True, "rcode": codes[answer], "answer": []}
    fitting = [one for one in answer if (":" in one) == (kind == "AAAA")]
    records = [{"name": f"{NAME}.", "type": kind, "ttl": 240, "data": one} for one in fitting]
    return {"ok": True, "rcode": "NOERROR", "answer": records}


class Told(msgspec.Struct, frozen=True):
    findings: tuple[Finding, ...]
    unjudged: tuple[Unjudged, ...]

    @property
    def brief(self) -> list[tuple[str, str, bool]]:
        return [(one.code, str(one.severity), one.proven) for one in self.findings]


def cluster(*operations: dict[str, Any], type_: Literal["live", "snapshot"] = "live") -> SnapshotCluster:
    """The embedded network as a live cluster would be, or as a snapshot of it."""
    documents = assemble.apply(assemble.network(), [msgspec.convert(one, assemble.Operation) for one in operations])
    return SnapshotCluster.from_documents(documents, where=Where(type=type_, context="test"), now=MOMENT)


def corefile(*lines: str) -> dict[str, Any]:
    """The network's Corefile with lines of ours."""
    inside = "\n    ".join(lines)
    text = (
        ".:53 {\n    errors\n    health\n    ready\n"
        f"    {inside}\n"
        "    kubernetes cluster.local in-addr.arpa ip6.arpa {\n        fallthrough in-addr.arpa ip6.arpa\n    }\n"
        "    forward . 192.168.20.1\n    cache 30\n    loop\n    reload\n}\n"
    )
    merge = {"kind": "ConfigMap", "namespace": "kube-system", "name": "coredns", "with": {"data": {"Corefile": text}}}
    return {"merge": merge}


def traefik(changes: Mapping[str, Any]) -> dict[str, Any]:
    return {"merge": {"kind": "Service", "namespace": "traefik", "name": "traefik", "with": changes}}


def published(name: str = NAME) -> dict[str, Any]:
    return traefik({"metadata": {"annotations": {"external-dns.alpha.kubernetes.io/hostname": name}}})


async def asked(
    vantages: Vantages,
    *,
    on: SnapshotCluster | None = None,
    source: str = CLIENT,
    target: str = f"https://{NAME}",
    consents: tuple[Consent, ...] = ("exec",),
    outside: str = "",
) -> Told:
    recorder = Recorder(on or cluster())
    path = await resolve(recorder, parse_target(target), (parse_source(source),))
    given = split.Parameters(outside=outside) if outside else NoParameters()
    subject = Subject(
        path=path, kubectl=Kubectl("test"), now=MOMENT, since=timedelta(hours=2), repeat=3, parameters=given
    )
    seen = await split.observe(Ports(recorder, Recording(recorder, vantages, consents)), subject)
    found: tuple[Judgement, ...] = tuple(split.judge(seen))
    return Told(
        tuple(one for one in found if isinstance(one, Finding)),
        tuple(one for one in found if isinstance(one, Unjudged)),
    )
