"""Pods: one finding for a trouble and a workload, with its pods as evidence, and what those that fail share."""

from __future__ import annotations

import pytest

from netdoc.api import Finding
from tests.checks.endpoints.build import (
    Manifest,
    ago,
    behind,
    condition,
    container,
    crashing,
    diagnose,
    event,
    exit_,
    findings,
    pod,
    replica_set,
    roots,
    service,
    status,
    waiting,
    workload,
)


def web(*, replicas: int = 3) -> tuple[Manifest, Manifest]:
    owner = workload(replicas=replicas, conditions=(condition("Progressing", True, "NewReplicaSetAvailable"),))
    return owner, replica_set(owner)


# What a finding is about


async def test_one_finding_for_all_pods_of_a_workload() -> None:
    owner, made = web()
    pods = [crashing(f"web-{at}", owner=made, ip=f"10.42.0.{at}") for at in (1, 2, 3)]
    found = await findings(owner, made, *behind(service(), *pods))
    one = found["pod.crash-looping"]
    assert (one.object.kind, one.object.name) == ("Deployment", "web")
    assert one.title.startswith("all 3 pods of deployment/web")
    assert {e.object.name for e in one.evidence if e.object} >= {"web-1", "web-2", "web-3"}


async def test_two_troubles_are_two_findings() -> None:
    owner, made = web(replicas=2)
    pulling = status(state=waiting("ImagePullBackOff"))
    pods = (crashing("web-1", owner=made), pod("web-2", owner=made, ready=False, statuses=(pulling,), ip="10.42.0.8"))
    found = await findings(owner, made, *behind(service(), *pods))
    assert {"pod.crash-looping", "pod.image-pull"} <= found.keys()


async def test_a_bare_pod_speaks_for_itself() -> None:
    told = await diagnose(*behind(service(), crashing()))
    assert roots(told) == [("pod.crash-looping", "Pod/web-1")]


async def test_an_owner_of_a_kind_that_is_not_known_is_named_as_it_is() -> None:
    rollout = workload("Rollout") | {"apiVersion": "argoproj.io/v1alpha1"}
    told = await diagnose(*behind(service(), crashing(owner=rollout)))
    assert roots(told) == [("pod.crash-looping", "Rollout/web")]


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
async def test_the_topmost_workload_of_each_kind(kind: str) -> None:
    owner = workload(kind, told={"desiredNumberScheduled": 1})
    told = await diagnose(owner, *behind(service(), crashing(owner=owner)))
    assert roots(told) == [("pod.crash-looping", f"{kind}/web")]


async def test_a_cronjob_stands_above_its_job() -> None:
    cron = workload("CronJob", "tidy")
    job = workload("Job", "tidy-1", owner=cron)
    told = await diagnose(cron, job, *behind(service(), crashing(owner=job)))
    assert roots(told) == [("pod.crash-looping", "CronJob/tidy")]


async def test_the_stands_of_a_finding_are_its_pods() -> None:
    owner, made = web(replicas=2)
    one = (
        await findings(
            owner, made, *behind(service(), crashing("web-1", owner=made), pod("web-2", owner=made, ip="10.42.0.8"))
        )
    )["pod.crash-looping"]
    assert one.hops == ("endpoint/shop/web-1:8080", "pod/shop/web-1")


# How bad it is


@pytest.mark.parametrize(("serving", "wanted", "severity"), [(0, 1, "error"), (1, 2, "warning"), (2, 2, "info")])
async def test_severity_by_what_the_path_suffers(serving: int, wanted: int, severity: str) -> None:
    owner, made = web(replicas=wanted)
    pods = [pod(f"ok-{at}", owner=made, ip=f"10.42.1.{at}") for at in range(1, serving + 1)]
    found = await findings(owner, made, *behind(service(), crashing(owner=made), *pods))
    assert found["pod.crash-looping"].severity == severity


async def test_a_pod_that_is_ready_between_two_ends_loses_requests() -> None:
    owner, made = web(replicas=2)
    flapping = pod("web-1", owner=made, statuses=(status(ready=True, last=exit_(minutes=2), restarts=6),))
    told = await diagnose(owner, made, *behind(service(), flapping, pod("web-2", owner=made, ip="10.42.0.8")))
    assert roots(told) == [("pod.crash-looping", "Deployment/web")]
    assert told.status == "fail"


# What those that fail have in common


async def common(failing: Manifest, *serving: Manifest, **world: Manifest) -> str:
    owner, made = web(replicas=9)
    found = await findings(owner, made, *behind(service(), failing, *serving))
    (one,) = [one for code, one in found.items() if code.startswith("pod.")]
    return one.detail


async def test_a_node_in_common() -> None:
    _, made = web()
    others = [pod(f"ok-{at}", owner=made, node="node-b", ip=f"10.42.1.{at}") for at in (1, 2)]
    assert "on node node-a" in await common(crashing(owner=made, node="node-a"), *others)


async def test_a_revision_in_common() -> None:
    _, made = web()
    old, new = {"app": "web", "pod-template-hash": "old"}, {"app": "web", "pod-template-hash": "new"}
    others = [pod(f"ok-{at}", owner=made, labels=old, ip=f"10.42.1.{at}") for at in (1, 2)]
    assert "of revision new" in await common(crashing(owner=made, labels=new), *others)


async def test_an_image_in_common() -> None:
    _, made = web()
    failing = crashing(owner=made, containers=(container(image="web:2"),))
    assert "with image web:2" in await common(failing, pod("ok-1", owner=made, ip="10.42.1.1"))


async def test_age_in_common() -> None:
    _, made = web()
    young = crashing(owner=made, metadata={"creationTimestamp": ago(minutes=4)})
    assert "younger" in await common(young, pod("ok-1", owner=made, ip="10.42.1.1"))


async def test_nothing_in_common_is_not_made_up() -> None:
    _, made = web()
    assert await common(crashing(owner=made), pod("ok-1", owner=made, ip="10.42.1.1")) == ""


# Evidence


async def crash_evidence(text: str) -> Finding:
    logs = {("shop", "web-1", "web", True): text}
    return (await findings(*behind(service(), crashing()), logs=logs))["pod.crash-looping"]


async def test_the_last_lines_of_the_log_are_quoted() -> None:
    one = await crash_evidence("\n".join(f"line {at}" for at in range(40)))
    (log,) = [e for e in one.evidence if e.kind == "log"]
    assert log.observed.splitlines() == [f"line {at}" for at in range(35, 40)]
    assert "--previous" in log.command


async def test_a_long_line_is_cut() -> None:
    (log,) = [e for e in (await crash_evidence("x" * 5000)).evidence if e.kind == "log"]
    assert len(log.observed) == 300


@pytest.mark.parametrize("text", ["", "\n \n"])
async def test_an_empty_log_is_no_evidence(text: str) -> None:
    assert not [e for e in (await crash_evidence(text)).evidence if e.kind == "log"]


async def test_an_event_is_quoted_with_how_often() -> None:
    failing = pod(ready=False, containers=(container(readinessProbe={"tcpSocket": {"port": 8080}}),))
    word = event(failing, "Unhealthy", "Readiness probe failed: connection refused", count=41)
    one = (await findings(*behind(service(), failing), word))["pod.readiness-failing"]
    (quoted,) = [e for e in one.evidence if e.kind == "event"]
    assert quoted.observed == "Readiness probe failed: connection refused (41 times)"


async def test_every_trouble_has_a_fix() -> None:
    """And its commands pin the context and the namespace."""
    pulling = status(state=waiting("ImagePullBackOff"))
    for failing in (crashing(), pod(ready=False), pod(ready=False, statuses=(pulling,))):
        (one,) = [f for c, f in (await findings(*behind(service(), failing))).items() if c.startswith("pod.")]
        assert one.fix is not None
        assert one.fix.commands
        assert all(command.startswith("kubectl --context test -n shop ") for command in one.fix.commands)
