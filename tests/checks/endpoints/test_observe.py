"""What the check reads: the neighbourhood of its path, and no Secret; what it may not read is unknown, not absent."""

from __future__ import annotations

from typing import Any

import pytest

from netdoc.api import Finding, Gap, Kubectl, Listing, Ports, Subject, Unjudged, kube
from netdoc.model.record import Record
from netdoc.path import parse_source, parse_target, resolve
from netdoc.ports import Recorder
from netdoc_checks.endpoints import CHECK
from tests.asking import MOMENT
from tests.checks.endpoints.build import (
    Manifest,
    behind,
    cluster,
    crashing,
    manifest,
    pod,
    replica_set,
    service,
    slices,
    workload,
)


class Refusing:
    """A cluster that refuses to answer about some kinds, as RBAC does."""

    def __init__(self, inner: Any, *kinds: str) -> None:
        self._inner = inner
        self._kinds = kinds

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def _gap(self, kind: type[kube.Object]) -> Gap | None:
        plural = kind.KIND.plural
        return Gap(what=f"may not list {plural}", reason="forbidden") if plural in self._kinds else None

    async def get(self, kind: type[Any], name: str, namespace: str = "") -> Any:
        return self._gap(kind) or await self._inner.get(kind, name, namespace)

    async def list(self, kind: type[Any], namespace: str = "", *, labels: str = "", fields: str = "") -> Any:
        gap = self._gap(kind)
        return Listing(gap=gap) if gap else await self._inner.list(kind, namespace, labels=labels, fields=fields)

    async def log(self, pod: Any, container: str, **rest: Any) -> Any:
        if "pods/log" in self._kinds:
            return Gap(what="may not read pods/log", reason="forbidden")
        return await self._inner.log(pod, container, **rest)


async def seen(
    *objects: Manifest, target: str = "svc/web.shop", source: str = "", refused: tuple[str, ...] = ()
) -> tuple[list[Any], list[Record]]:
    """The judgements, and every read that was made for them."""
    recorder = Recorder(Refusing(cluster(*objects), *refused))
    path = await resolve(recorder, parse_target(target), (parse_source(source),) if source else ())
    subject = Subject(path=path, kubectl=Kubectl(), now=MOMENT)
    judgements = list(CHECK.judge(await CHECK.observe(Ports(recorder), subject)))
    return judgements, recorder.records


def asks(records: list[Record]) -> set[tuple[str, str, str]]:
    return {(one.ask.verb, one.ask.resource, one.ask.namespace) for one in records}


async def test_a_healthy_service_costs_a_handful_of_narrow_reads() -> None:
    owner = workload()
    _, records = await seen(owner, replica_set(owner), *behind(service(), pod(owner=replica_set(owner))))
    everywhere = [
        one.ask for one in records if one.ask.verb == "list" and one.ask.resource == "pods" and not one.ask.namespace
    ]
    assert all(one.fields for one in everywhere), "all pods of a cluster were read for one Service"
    assert not [one for one in records if one.ask.resource in ("events", "pods/log")], "nothing is in trouble"


async def test_events_and_logs_are_read_of_what_is_in_trouble_alone() -> None:
    healthy = pod("web-2", ip="10.42.0.8")
    _, records = await seen(*behind(service(), crashing(), healthy))
    fields = {one.ask.fields for one in records if one.ask.resource == "events"}
    assert fields == {"involvedObject.kind=Pod,involvedObject.name=web-1"}
    assert [one.ask.name for one in records if one.ask.verb == "log"] == ["web-1"]


async def test_no_secret_is_ever_asked_for() -> None:
    missing = pod(ready=False, statuses=({"name": "web", "state": {"waiting": {
        "reason": "CreateContainerConfigError", "message": 'secret "db" not found'}}},))  # fmt: skip
    judgements, records = await seen(*behind(service(), missing))
    assert "pod.config-missing" in {one.code for one in judgements if isinstance(one, Finding)}
    assert not [one for one in records if one.ask.resource in ("secrets", "configmaps")]


async def test_only_declared_reads_are_made() -> None:
    """What a check reads is what `netdoc rbac` prints: a read beside it would be refused."""
    declared = {(verb, read.kind.KIND.plural) for read in CHECK.reads for verb in read.verbs}
    owner = workload()
    worlds: list[tuple[Manifest, ...]] = [
        (*behind(service(), crashing()),),
        (service(selector={"app": "wbe"}), owner, pod()),
        (owner, replica_set(owner), service()),
        (service("web", type="LoadBalancer", given=("203.0.113.7",)), pod()),
    ]
    for objects in worlds:
        _, records = await seen(*objects, source="internet")
        for one in records:
            verb, resource = one.ask.verb, one.ask.resource.removesuffix("/log")
            assert (verb, resource) in declared, one.ask


@pytest.mark.parametrize(
    ("objects", "refused"),
    [
        ((service(), *slices(service())), "pods"),
        ((service(selector={"app": "wbe"}), *slices(service()), pod()), "deployments"),
        ((*behind(service(), pod()),), "nodes"),
    ],
)
async def test_what_may_not_be_read_is_unknown(objects: tuple[Manifest, ...], refused: str) -> None:
    judgements, _ = await seen(*objects, refused=(refused,))
    assert [one for one in judgements if isinstance(one, Unjudged) and one.blocking and refused in one.what]
    codes = {one.code for one in judgements if isinstance(one, Finding)}
    assert "service.selector-no-match" not in codes, "a refusal was taken for an absence"


async def test_slices_that_may_not_be_read_are_no_empty_list() -> None:
    judgements, _ = await seen(*behind(service(), pod()), refused=("endpointslices",))
    assert not [one for one in judgements if isinstance(one, Finding)]


async def test_a_log_that_may_not_be_read_costs_evidence_and_no_verdict() -> None:
    judgements, _ = await seen(*behind(service(), crashing()), refused=("pods/log",))
    assert {"pod.crash-looping"} <= {one.code for one in judgements if isinstance(one, Finding)}
    (gap,) = [one for one in judgements if isinstance(one, Unjudged)]
    assert not gap.blocking


async def test_events_that_may_not_be_read_leave_what_status_shows() -> None:
    judgements, _ = await seen(*behind(service(), crashing()), refused=("events",))
    assert "pod.crash-looping" in {one.code for one in judgements if isinstance(one, Finding)}


async def test_an_alias_that_may_not_be_followed_is_unknown() -> None:
    alias = service("db", ip="", type="ExternalName", externalName="pg.databases.svc.cluster.local", selector={})
    held = Refusing(cluster(alias, manifest("v1", "Namespace", "databases", "")))
    real = held._inner.get

    async def get(kind: type[Any], name: str, namespace: str = "") -> Any:
        refusal = Gap(what="may not get services in databases", reason="forbidden")
        return refusal if namespace == "databases" else await real(kind, name, namespace)

    held._inner.get = get
    recorder = Recorder(held)
    path = await resolve(recorder, parse_target("svc/db.shop"), ())
    assert path.unread or [
        one
        for one in CHECK.judge(await CHECK.observe(Ports(recorder), Subject(path=path, kubectl=Kubectl(), now=MOMENT)))
        if isinstance(one, Unjudged) and one.blocking
    ]
