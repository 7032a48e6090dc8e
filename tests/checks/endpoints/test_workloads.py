"""Workloads: pods that nobody asks for, that are refused or not made, or of a revision that does not come up."""

from __future__ import annotations

import pytest

from tests.checks.endpoints.build import (
    Manifest,
    ago,
    behind,
    condition,
    container,
    crashing,
    diagnose,
    event,
    findings,
    judge,
    pod,
    port,
    replica_set,
    roots,
    service,
    slices,
    workload,
)

# Scaled to zero


@pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
async def test_scaled_to_zero(kind: str) -> None:
    told = await diagnose(service(), *slices(service()), workload(kind, replicas=0))
    assert roots(told) == [("workload.scaled-to-zero", f"{kind}/web")]
    assert told.findings[0].severity == "error"


async def test_scaled_to_zero_since_the_last_write_of_its_replicas() -> None:
    written = [
        {"manager": "kubectl", "time": ago(minutes=20), "fieldsV1": {"f:spec": {"f:replicas": {}}}},
        {"manager": "helm", "time": ago(minutes=5), "fieldsV1": {"f:spec": {"f:template": {}}}},
    ]
    one = workload(replicas=0, metadata={"managedFields": written})
    found = await findings(service(), *slices(service()), one)
    since = found["workload.scaled-to-zero"].since
    assert since is not None
    assert since.isoformat() == ago(minutes=20)


async def test_a_workload_at_zero_beside_one_that_serves_is_silent() -> None:
    """Blue and green behind one Service: the one that rests is no trouble."""
    blue = workload(name="blue")
    told = await diagnose(workload(name="green", replicas=0), blue, *behind(service(), pod(owner=replica_set(blue))))
    assert told.status == "pass"


async def test_a_suspended_or_finished_job_is_expected_to_have_no_pods() -> None:
    told = await diagnose(service(), *slices(service()), workload("Job", replicas=1))
    assert not [one for one in told.findings if one.code.startswith("workload.")]


async def test_a_workload_asked_for_by_name() -> None:
    told = await diagnose(workload(replicas=0), target="deploy/web.shop")
    assert roots(told) == [("workload.scaled-to-zero", "Deployment/web")]


# Refused


REFUSALS = [
    ('pods "web-1" is forbidden: exceeded quota: compute, requested: pods=1, used: pods=4', "quota", "quota"),
    ('pods "web-1" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot', "pod security", "security"),
    ('failed calling webhook "check.example.com": connection refused', "webhook fails", "webhook"),
    ('admission webhook "check.example.com" denied the request: no', "webhook denies", "webhook"),
    ('error looking up service account shop/web: serviceaccount "web" not found', "service account", "service account"),
    ("pods is forbidden: maximum cpu usage per Container is 1, but limit is 2", "LimitRange", "refuses it"),
    ("pods is forbidden: minimum memory usage per Container is 1Gi", "LimitRange", "refuses it"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "title", "fix"), REFUSALS)
async def test_refused_by_a_replica_sets_condition(message: str, title: str, fix: str) -> None:
    owner = workload()
    made = replica_set(owner, conditions=(condition("ReplicaFailure", True, "FailedCreate", message),))
    told = await diagnose(owner, made, service(), *slices(service()))
    assert roots(told) == [("workload.creation-refused", "Deployment/web")]
    one = told.roots[0]
    assert title in one.title
    assert one.detail == message
    assert one.fix is not None
    assert fix in one.fix.summary
    assert one.fix.commands


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
async def test_refused_by_an_event_where_no_condition_says_so(kind: str) -> None:
    status = {"desiredNumberScheduled": 1} if kind == "DaemonSet" else {}
    owner = workload(kind, told=status)
    failed = event(owner, "FailedCreate", REFUSALS[0][0])
    told = await diagnose(owner, failed, service(), *slices(service()))
    assert roots(told) == [("workload.creation-refused", f"{kind}/web")]


async def test_a_refusal_of_the_past_is_not_believed() -> None:
    """A pod was made after it: the event tells how it was, not how it is."""
    owner = workload("StatefulSet", replicas=2)
    failed = event(owner, "FailedCreate", REFUSALS[0][0], last=ago(minutes=30))
    made = event(owner, "SuccessfulCreate", "create Pod web-0 successful", last=ago(minutes=2))
    found = await findings(owner, failed, made, service(), *slices(service()))
    assert "workload.creation-refused" not in found


async def test_a_condition_that_no_longer_holds() -> None:
    owner = workload()
    made = replica_set(owner, conditions=(condition("ReplicaFailure", False, "FailedCreate", REFUSALS[0][0]),))
    found = await findings(owner, made, service(), *slices(service()))
    assert "workload.creation-refused" not in found


async def test_some_refused_while_others_serve_is_a_warning() -> None:
    owner = workload(replicas=3)
    made = replica_set(owner, conditions=(condition("ReplicaFailure", True, "FailedCreate", REFUSALS[0][0]),))
    told = await diagnose(owner, made, *behind(service(), pod(owner=made)))
    assert roots(told) == [("workload.creation-refused", "Deployment/web")]
    assert told.status == "warn"


async def test_a_refusal_explains_a_stuck_rollout() -> None:
    stuck = condition("Progressing", False, "ProgressDeadlineExceeded", "timed out progressing")
    owner = workload(conditions=(stuck,))
    made = replica_set(owner, conditions=(condition("ReplicaFailure", True, "FailedCreate", REFUSALS[1][0]),))
    assert roots(await diagnose(owner, made, service(), *slices(service()))) == [
        ("workload.creation-refused", "Deployment/web")
    ]


# Not made


@pytest.mark.parametrize(
    ("owner", "words"),
    [
        (workload(paused=True), "paused"),
        (workload(metadata={"generation": 7}), "has not acted on the last change"),
        (workload(metadata={"managedFields": [{"manager": "kubectl", "time": ago(minutes=9)}]}), "no pod was made"),
    ],
)
async def test_pods_that_nobody_makes(owner: Manifest, words: str) -> None:
    told = await diagnose(owner, service(), *slices(service()))
    assert roots(told) == [("workload.rollout-stuck", "Deployment/web")]
    assert words in told.roots[0].title


async def test_a_workload_that_was_written_a_moment_ago_has_its_time() -> None:
    owner = workload(metadata={"managedFields": [{"manager": "kubectl", "time": ago(seconds=5)}]})
    assert "workload.rollout-stuck" not in await findings(owner, service(), *slices(service()))


# The newest revision


def rollout(*, progress: str = "ReplicaSetUpdated", replicas: int = 1) -> tuple[Manifest, Manifest, Manifest]:
    """A Deployment whose second revision has another image and port."""
    newer = container(image="web:2", ports=(port(9090),))
    owner = workload(replicas=replicas, containers=(newer,), conditions=(condition("Progressing", True, progress),))
    return owner, replica_set(owner, 2, newer, made=ago(minutes=15)), replica_set(owner, 1, container())


async def test_a_new_revision_that_fails_is_the_cause_and_told_with_its_difference() -> None:
    owner, new, old = rollout()
    told = await diagnose(owner, new, old, *behind(service(), crashing(owner=new)))
    assert roots(told) == [("workload.new-revision-failing", "Deployment/web")]
    one = told.roots[0]
    assert "image 1 → 2" in one.detail
    assert "containerPort 8080 → 9090" in one.detail
    assert one.since is not None
    assert one.since.isoformat() == ago(minutes=15)
    assert one.mitigation is not None
    assert "--to-revision=1" in one.mitigation.commands[0]


async def test_it_explains_the_crash_and_the_empty_list() -> None:
    owner, new, old = rollout()
    told = await diagnose(owner, new, old, *behind(service(), crashing(owner=new)))
    assert {"pod.crash-looping", "service.no-ready-endpoint"} <= {one.code for one in told.findings}


async def test_a_revision_that_came_up_once_is_not_to_blame() -> None:
    """NewReplicaSetAvailable: it served, and fails now for another reason than the rollout."""
    owner, new, old = rollout(progress="NewReplicaSetAvailable")
    told = await diagnose(owner, new, old, *behind(service(), crashing(owner=new)))
    assert roots(told) == [("pod.crash-looping", "Deployment/web")]
    assert told.roots[0].mitigation is None


async def test_a_revision_whose_old_pods_fail_as_well_is_not_to_blame() -> None:
    owner, new, old = rollout(replicas=2)
    both = (crashing("new-1", owner=new), crashing("old-1", owner=old, ip="10.42.0.8"))
    told = await diagnose(owner, new, old, *behind(service(), *both))
    assert roots(told) == [("pod.crash-looping", "Deployment/web")]


async def test_a_first_revision_cannot_be_rolled_back() -> None:
    owner = workload()
    told = await diagnose(owner, replica_set(owner), *behind(service(), crashing(owner=replica_set(owner))))
    assert roots(told) == [("pod.crash-looping", "Deployment/web")]
    assert told.roots[0].mitigation is None


async def test_who_owns_the_deployment_would_put_the_new_revision_back() -> None:
    owner, new, old = rollout()
    owner["metadata"]["annotations"] = {"argocd.argoproj.io/tracking-id": "shop:apps/Deployment:shop/web"}
    told = await diagnose(owner, new, old, *behind(service(), crashing(owner=new)))
    assert told.roots[0].mitigation is not None
    assert "argocd" in told.roots[0].mitigation.summary
    assert told.roots[0].fix is not None
    assert told.roots[0].fix.managed_by == "argocd"


# The deadline


async def test_a_rollout_past_its_deadline_whose_pods_say_nothing() -> None:
    stuck = condition("Progressing", False, "ProgressDeadlineExceeded", "ReplicaSet web-1 has timed out progressing.")
    owner = workload(conditions=(stuck,))
    told = await diagnose(owner, replica_set(owner), *behind(service(), pod(owner=replica_set(owner), ready=False)))
    assert "workload.rollout-stuck" in {one.code for one in told.findings}
    assert roots(told)[0][0] == "pod.not-ready"


async def test_a_deadline_that_passed_and_pods_that_serve_are_silent() -> None:
    stuck = condition("Progressing", False, "ProgressDeadlineExceeded", "timed out progressing")
    owner = workload(conditions=(stuck,))
    assert not await judge(owner, replica_set(owner), *behind(service(), pod(owner=replica_set(owner))))
