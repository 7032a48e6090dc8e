"""The rules that are printed are those that are needed, and without any one of them nothing wrong is said."""

from __future__ import annotations

import asyncio
import functools
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from netdoc.demo import assemble, open_demo
from netdoc.engine.assemble import assemble as report_of
from netdoc.engine.check import Check, Read
from netdoc.engine.playbooks.find import find_playbook
from netdoc.engine.plugins import all_checks
from netdoc.engine.reads import Rule, readers_of_secrets, rules_for, secrets_for
from netdoc.engine.run import Request, Run
from netdoc.model import kube
from netdoc.model import report as model
from netdoc.model.kube.meta import Kind, Object, ObjectRef
from netdoc.model.record import Gap
from netdoc.path import parse_source, parse_target
from netdoc.ports import Cluster, Listing, Ports, Recorder, Traffic, Where
from netdoc.ports.cluster import K

Right = tuple[str, str, str]
"""(API group, resource, verb)."""


class Secret(Object, frozen=True):
    KIND = Kind("v1", "Secret", "secrets")


class Restricted:
    """A Cluster that refuses some rights as an API server does, and remembers which were used."""

    def __init__(self, cluster: Cluster, refused: frozenset[Right] = frozenset()) -> None:
        self._cluster, self._refused = cluster, refused
        self.used: set[Right] = set()

    @property
    def where(self) -> Where:
        return self._cluster.where

    @property
    def traffic(self) -> Traffic:
        return self._cluster.traffic

    async def now(self) -> datetime:
        return await self._cluster.now()

    def _refusal(self, verb: str, group: str, resource: str) -> Gap | None:
        self.used.add((group, resource, verb))
        if (group, resource, verb) not in self._refused:
            return None
        what = f"{verb} {resource}.{group}".rstrip(".")
        return Gap(what=what, reason="forbidden", detail=f"may not {what}")

    async def get(self, kind: type[K], name: str, namespace: str = "") -> K | Gap | None:
        refusal = self._refusal("get", kind.KIND.group, kind.KIND.plural)
        return refusal or await self._cluster.get(kind, name, namespace)

    async def list(self, kind: type[K], namespace: str = "", *, labels: str = "", fields: str = "") -> Listing[K]:
        refusal = self._refusal("list", kind.KIND.group, kind.KIND.plural)
        if refusal is not None:
            return Listing(gap=refusal)
        return await self._cluster.list(kind, namespace, labels=labels, fields=fields)

    async def log(self, pod: ObjectRef, container: str, *, previous: bool = False, lines: int = 20) -> str | Gap:
        refusal = self._refusal("get", "", "pods/log")
        return refusal or await self._cluster.log(pod, container, previous=previous, lines=lines)

    async def close(self) -> None:
        await self._cluster.close()


async def diagnosed(
    id_: str, refused: frozenset[Right] = frozenset(), target: str = "", source: str = ""
) -> tuple[model.Report, set[Right]]:
    """The report on a scenario under these refusals, and the rights that it used."""
    scenario = assemble.scenario(id_)
    cluster = Restricted(open_demo(id_), refused)
    recorder = Recorder(cluster)
    caller = source or ("" if target else scenario.source)
    playbook = find_playbook("connectivity", "")
    assert playbook is not None
    request = Request(
        target=parse_target(target or scenario.target),
        sources=(parse_source(caller),) if caller else (),
        playbook=playbook,
    )
    run = Run(request, recorder, lambda *_, **__: None)  # type: ignore[arg-type]
    await run.go(asyncio.Event())
    moment = datetime.now(UTC)
    given = model.RunInput(type="demo", scenario=id_, now=await cluster.now())
    header = model.Run(id="r", started_at=moment, finished_at=moment, command=(), playbook="connectivity", input=given)
    return report_of(run.ledger, recorder, header), cluster.used


def checks() -> list[Check]:
    return [one for one in all_checks() if isinstance(one, Check)]


@functools.cache
def declared() -> frozenset[Right]:
    return frozenset((rule.group, rule.resource, verb) for rule in rules_for(checks()) for verb in rule.verbs)


SCENARIOS = assemble.scenario_ids()
# What scenarios do not ask about, and users do.
ASKED = (
    ("daemonset/node-exporter.monitoring", ""),
    ("statefulset/redis.databases", ""),
    ("svc/web.shop", "cronjob/backup.databases"),
    ("svc/web.shop", "ns/shop"),
    ("https://shop.example.com/", "internet"),
    ("deploy/no-such.shop", ""),
    ("statefulset/no-such.shop", ""),
    ("daemonset/no-such.shop", ""),
)


@pytest.mark.parametrize("id_", SCENARIOS)
async def test_no_read_is_made_that_is_not_declared(id_: str) -> None:
    assert (await diagnosed(id_))[1] <= declared()


@pytest.mark.parametrize(("target", "source"), ASKED)
async def test_no_other_question_needs_more(target: str, source: str) -> None:
    assert (await diagnosed("healthy", target=target, source=source))[1] <= declared()


# One scenario for each part of the judgement that rests on a read of its own.
TELLING = (
    "healthy",
    "address-claimed-twice",
    "alias-to-nowhere",
    "bad-rollout",
    "crash-loop",
    "dns-hosts-trap",
    "dns-no-search",
    "dns-service-deleted",
    "dns-udp-gone",
    "external-local",
    "internal-local",
    "one-node-in-three",
    "one-replica-crashing",
    "policy-ingress-controller",
    "pod-security",
    "proxy-down",
    "scaled-to-zero",
    "selector-typo",
    "stale-hand-kept-endpoints",
    "target-typo",
    "volume-config-missing",
)
# Where the narrower cause stands in what was refused, the wider one is as true.
WIDER = {
    "pod.config-missing": "pod.not-ready",
    "pod.crash-looping": "workload.rollout-stuck",
}


@pytest.mark.parametrize("id_", TELLING)
async def test_without_any_one_rule_nothing_wrong_is_said(id_: str) -> None:
    whole, used = await diagnosed(id_)
    assert len(used) > 2
    for right in sorted(used):
        told, _ = await diagnosed(id_, frozenset({right}))
        _is_no_wrong_verdict(told, whole, right)


def _is_no_wrong_verdict(told: model.Report, whole: model.Report, right: Right) -> None:
    codes = {one.code for one in whole.findings}
    codes |= {WIDER[code] for code in codes if code in WIDER}
    assert {one.code for one in told.findings} <= codes, right
    assert told.status in (whole.status, "unknown"), right
    group, resource, verb = right
    named = [one for one in told.not_checked if one.reason == "forbidden"]
    assert f"{verb} {resource}.{group}".rstrip(".") in {one.what for one in named}, right


@pytest.mark.parametrize("right", [("networking.k8s.io", "networkpolicies", "list"), ("", "pods", "get")])
@pytest.mark.parametrize("id_", ["healthy", "policy-ingress-controller"])
async def test_no_gate_is_open_that_was_not_judged(id_: str, right: Right) -> None:
    told, _ = await diagnosed(id_, frozenset({right}))
    assert {one.status for one in told.path if one.kind == "policy"} == {"unknown"}


@pytest.mark.parametrize("id_", ["healthy", "crash-loop", "selector-typo"])
async def test_without_any_right_nothing_is_known(id_: str) -> None:
    told, _ = await diagnosed(id_, declared())
    assert (told.status, told.findings, told.changes) == ("unknown", (), ())


def test_rules_are_merged_and_hold_no_secret() -> None:
    silent = msgspec.structs.replace(checks()[0], reads=(Read(Secret, ("get",)), Read(kube.Pod, ("log",))))
    rules = rules_for([silent])
    assert Rule("", "pods/log", ("get",)) in rules
    assert Rule("", "pods", ("get", "list")) in rules
    assert not [rule for rule in rules if rule.resource == "secrets"]
    assert len({(rule.group, rule.resource) for rule in rules}) == len(rules)


async def test_secrets_are_named_as_the_checks_ask_for_them() -> None:
    async def observe(ports: Ports, subject: Any) -> None:
        for hop in subject.path.of_kind("service"):
            await ports.cluster.get(Secret, f"{hop.object.name}-tls", hop.object.namespace)

    reader = Check(id="x", title="X", observe=observe, judge=lambda seen: (), codes=(), reads=(Read(Secret, ("get",)),))
    assert readers_of_secrets([*checks(), reader]) == [reader]
    found = await secrets_for(open_demo("healthy"), parse_target("svc/web.shop:80"), (), [reader])
    assert found == {"shop": ["web-tls"]}
