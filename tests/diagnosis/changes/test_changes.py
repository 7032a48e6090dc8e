"""Each kind of change is told with what differs, newest first, and nothing is told that nobody did."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdoc.diagnosis.changes import Around, changes_of
from tests.asking import MOMENT
from tests.checks.endpoints.build import (
    Manifest,
    ago,
    condition,
    container,
    event,
    exit_,
    manifest,
    node,
    owned_by,
    pod,
    replica_set,
    service,
    slice_,
    status,
    template,
    workload,
)
from tests.diagnosis.changes.build import around, changes, told, written

WEB = workload()
OLD, NEW = container(image="web:1.4"), container(image="web:1.5")


def of(owner: Manifest, name: str = "web-1", **rest: object) -> Manifest:
    return pod(name, owner=owner, **rest)  # type: ignore[arg-type]


def deployed(*sets: Manifest, deployment: Manifest = WEB, more: tuple[Manifest, ...] = ()) -> list[Manifest]:
    """The Service, a Deployment with these ReplicaSets, and a pod of the last."""
    return [service(), deployment, *sets, of(sets[-1]), *more]


async def test_nothing_changed() -> None:
    assert await told(*deployed(replica_set(WEB, 1, OLD, made=ago(days=3)))) == []


async def test_a_rollout_is_told_by_what_differs() -> None:
    sets = (replica_set(WEB, 1, OLD, made=ago(days=3)), replica_set(WEB, 2, NEW, made=ago(minutes=20)))
    assert await told(*deployed(*sets)) == [("rollout", "Deployment/web", "image 1.4 → 1.5")]


async def test_the_first_revision_is_no_rollout() -> None:
    assert await told(*deployed(replica_set(WEB, 1, OLD, made=ago(minutes=20)))) == []


async def test_a_rollout_of_what_is_not_read_is_told_as_such() -> None:
    sets = (replica_set(WEB, 1, OLD, made=ago(days=3)), replica_set(WEB, 2, OLD, made=ago(minutes=20)))
    assert await told(*deployed(*sets)) == [("rollout", "Deployment/web", "revision 2, in nothing that netdoc reads")]


async def test_a_return_to_an_earlier_template() -> None:
    """The old ReplicaSet gets the newest number; when, its renumbering or the Deployment's template tells."""
    left = replica_set(WEB, 2, NEW, made=ago(hours=1))
    back = replica_set(WEB, 3, OLD, made=ago(days=3))
    back["metadata"]["managedFields"] = [written(ago(minutes=5), metadata={"f:annotations": {}})]
    assert await told(*deployed(left, back)) == [
        ("rollout", "Deployment/web", "back to an earlier template: image 1.5 → 1.4"),
        ("rollout", "Deployment/web", "image 1.4 → 1.5"),
    ]
    deployment = workload(metadata={"managedFields": [written(ago(minutes=7), spec={"f:template": {}})]})
    newest = (await changes(*deployed(left, back, deployment=deployment)))[0]
    assert newest.at == MOMENT - timedelta(minutes=7)


@pytest.mark.parametrize("kind", ["StatefulSet", "DaemonSet"])
async def test_revisions_of_what_keeps_its_templates(kind: str) -> None:
    owner = workload(kind)
    kept = [
        manifest(
            "apps/v1",
            "ControllerRevision",
            f"web-{number}",
            metadata={"labels": {"app": "web"}, "ownerReferences": [owned_by(owner)], "creationTimestamp": made},
            revision=number,
            data={"spec": {"template": {"metadata": {}, "spec": {"containers": [one]}}}},
        )
        for number, one, made in ((1, OLD, ago(days=2)), (2, NEW, ago(minutes=9)))
    ]
    assert await told(service(), owner, of(owner), *kept) == [("rollout", f"{kind}/web", "image 1.4 → 1.5")]


async def test_a_template_that_the_service_no_longer_selects() -> None:
    """The Service has no pod: its earlier ReplicaSets lead to the Deployment that took its label away."""
    front, back = {"app": "web", "tier": "front"}, {"app": "web", "tier": "back"}
    before, after = (workload(template=template(labels)) for labels in (front, back))
    sets = [replica_set(before, 1, made=ago(days=3)), replica_set(after, 2, made=ago(minutes=4))]
    found = await told(service(selector=front), after, *sets, of(sets[1], labels=back))
    assert found == [("rollout", "Deployment/web", "label tier front → back")]


# Scaling


def scaled(before: int, after: int, to: str = "web-1", **when: float) -> Manifest:
    up = "up" if after > before else "down"
    message = f"Scaled {up} replica set {to} from {before} to {after}"
    return event(WEB, "ScalingReplicaSet", message, last=ago(**when))


async def test_who_wrote_the_replicas_alone_scaled() -> None:
    wrote = written(ago(minutes=4), "autoscaler", spec={"f:replicas": {}})
    deployment = workload(replicas=3, metadata={"managedFields": [wrote]})
    found = await told(*deployed(replica_set(deployment, 1, made=ago(days=3)), deployment=deployment))
    assert found == [("scale", "Deployment/web", "3 replicas, by autoscaler")]


@pytest.mark.parametrize(
    ("steps", "expected"),
    [
        ((scaled(2, 0, minutes=3),), ["2 → 0 replicas"]),
        ((scaled(1, 3, minutes=3),), ["1 → 3 replicas"]),
        ((scaled(0, 2, minutes=60),), []),  # what makes the ReplicaSet
        ((scaled(1, 2, minutes=3), scaled(2, 1, "web-0", minutes=3)), []),  # a rollout's steps
        ((scaled(2, 0, minutes=3), scaled(1, 0, "web-0", minutes=3)), ["2 → 0 replicas"]),
        ((scaled(2, 0, "web-0", minutes=3),), []),  # an old one is emptied
        ((scaled(2, 0, minutes=300),), []),  # long ago
    ],
)
async def test_what_the_controller_did_tells_of_scaling(steps: tuple[Manifest, ...], expected: list[str]) -> None:
    """A write through the scale subresource carries no time; the controller's events do."""
    wrote = written("", "kubectl", "scale", spec={"f:replicas": {}})
    deployment = workload(metadata={"managedFields": [wrote]})
    found = await told(*deployed(replica_set(deployment, 1, made=ago(hours=1)), deployment=deployment, more=steps))
    assert found == [("scale", "Deployment/web", one) for one in expected]


async def test_the_words_of_older_controllers() -> None:
    step = event(WEB, "ScalingReplicaSet", "Scaled down replica set web-1 to 0 from 2", last=ago(minutes=3))
    older = event(WEB, "ScalingReplicaSet", "Scaled down replica set web-1 to 1", last=ago(minutes=4))
    found = await told(*deployed(replica_set(WEB, 1, made=ago(hours=1)), more=(step, older)))
    assert [detail for _, _, detail in found] == ["2 → 0 replicas", "to 1 replica"]


async def test_a_stateful_set_without_replicas() -> None:
    owner = workload("StatefulSet", replicas=0)
    deleted = event(owner, "SuccessfulDelete", "delete Pod web-0 in StatefulSet web successful", last=ago(minutes=6))
    assert await told(service(), owner, deleted) == [("scale", "StatefulSet/web", "to 0 replicas")]


# Pods and nodes


async def test_restarts_are_one_line_for_a_workload() -> None:
    rs = replica_set(WEB, 1, made=ago(days=3))
    pods = [
        of(
            rs,
            f"web-{at}",
            ip=f"10.42.0.{at}",
            statuses=(status(last=exit_(137, "OOMKilled", minutes=at), restarts=at),),
        )
        for at in (1, 2, 3)
    ]
    found = await changes(service(), WEB, rs, *pods)
    assert [(one.object.kind, one.detail) for one in found] == [
        ("Deployment", "container web ended with exit code 137 (OOMKilled), 6 restarts in 3 pods")
    ]
    assert found[0].at == MOMENT - timedelta(minutes=1)


async def test_a_bare_pod_restarts_by_itself() -> None:
    bare = pod(statuses=(status(last=exit_(1), restarts=1),))
    assert await told(service(), bare) == [("restart", "Pod/web-1", "container web ended with exit code 1, 1 restart")]


def turned(*conditions: Manifest) -> Manifest:
    made = node("node-a", *conditions)
    made["metadata"]["creationTimestamp"] = ago(days=9)
    return made


async def test_a_node_that_comes_back_is_one_line() -> None:
    at = ago(minutes=8)
    ready = condition("Ready", True, "KubeletReady", since=at)
    back = turned(ready, *(condition(one, False, "Has", since=at) for one in ("MemoryPressure", "DiskPressure")))
    assert await told(service(), pod(), back) == [("node", "Node/node-a", "Ready became True (KubeletReady)")]


async def test_pressure_by_itself_is_told() -> None:
    full = turned(condition("DiskPressure", True, "KubeletHasDiskPressure", since=ago(minutes=8)))
    assert await told(service(), pod(), full) == [
        ("node", "Node/node-a", "DiskPressure became True (KubeletHasDiskPressure)")
    ]


async def test_the_conditions_of_a_new_node_are_no_change() -> None:
    fresh = node("node-a", condition("Ready", True, since=ago(minutes=8)))
    fresh["metadata"]["creationTimestamp"] = ago(minutes=9)
    assert await told(service(), pod(), fresh) == []


async def test_an_eviction_of_a_pod_of_the_path_alone() -> None:
    mine, other = pod(), pod("other", labels={"app": "other"})
    told_ = [
        event(one, "Evicted", "The node was low on resource: memory.", last=ago(minutes=2)) for one in (mine, other)
    ]
    assert await told(service(), mine, other, *told_) == [
        ("event", "Pod/web-1", "evicted: The node was low on resource: memory.")
    ]


# What people write


def policy(**metadata: object) -> Manifest:
    return manifest("networking.k8s.io/v1", "NetworkPolicy", "deny", metadata=metadata, spec={"podSelector": {}})


SELECTOR = written(ago(minutes=3), spec={"f:selector": {}})
MADE = written(ago(minutes=3), "kubectl-create", spec={"f:podSelector": {}})


@pytest.mark.parametrize(
    ("objects", "expected"),
    [
        (
            [service(metadata={"managedFields": [SELECTOR]})],
            "service Service/web spec.selector written by kubectl-edit",
        ),
        (
            [service(), policy(creationTimestamp=ago(minutes=3), managedFields=[MADE])],
            "policy NetworkPolicy/deny created by kubectl-create",
        ),
        (
            [service(), policy(creationTimestamp=ago(days=3), managedFields=[MADE])],
            "policy NetworkPolicy/deny spec.podSelector written by kubectl-create",
        ),
        ([service(), policy(creationTimestamp=ago(minutes=3))], "policy NetworkPolicy/deny created"),
        ([service(metadata={"managedFields": [written(ago(minutes=3), "lb", "status", status={})]})], ""),
        ([service(metadata={"managedFields": [written(ago(hours=3), spec={"f:selector": {}})]})], ""),
    ],
)
async def test_the_last_write_is_told(objects: list[Manifest], expected: str) -> None:
    assert [" ".join(one) for one in await told(*objects, pod())] == ([expected] if expected else [])


async def test_a_slice_kept_by_hand_changes_and_the_controllers_do_not() -> None:
    hand = slice_()
    hand["metadata"]["managedFields"] = [written(ago(minutes=2), endpoints={})]
    own = slice_()
    own["metadata"]["name"] = "web-own"
    own["metadata"]["labels"]["endpointslice.kubernetes.io/managed-by"] = "endpointslice-controller.k8s.io"
    own["metadata"]["managedFields"] = hand["metadata"]["managedFields"]
    assert await told(service(selector={}), hand, own) == [
        ("service", "EndpointSlice/web-hand", "endpoints written by kubectl-edit")
    ]


CONFIGURED = container(envFrom=[{"configMapRef": {"name": "settings"}}])


def settings_map(name: str = "settings") -> Manifest:
    fields = [written(ago(minutes=2), data={"f:PASSWORD": {}})]
    return manifest("v1", "ConfigMap", name, metadata={"managedFields": fields, "creationTimestamp": ago(days=1)})


async def test_a_config_map_is_told_with_who_uses_it_and_never_its_keys() -> None:
    deployment = workload(containers=(CONFIGURED,))
    rs = replica_set(deployment, 1, made=ago(days=3))
    found = await changes(
        service(), deployment, rs, of(rs, containers=(CONFIGURED,)), settings_map(), settings_map("x")
    )
    assert [(one.what, one.object.name, one.detail) for one in found] == [
        ("config", "settings", "data written by kubectl-edit")
    ]
    assert [str(one) for one in found[0].used_by] == ["deployment/web.shop"]


# Laws


@pytest.fixture(scope="module")
def busy() -> Around:
    """One of everything."""
    deployment = workload(containers=(CONFIGURED,))
    sets = [
        replica_set(deployment, number, container(image=f"web:{number}"), made=ago(minutes=60 - number * 9))
        for number in range(1, 5)
    ]
    pods = [
        of(sets[-1], f"web-{at}", containers=(CONFIGURED,), statuses=(status(last=exit_(1, minutes=at), restarts=at),))
        for at in (1, 2)
    ]
    events = [scaled(1, 3, "web-4", minutes=1), event(pods[0], "Evicted", "gone", last=ago(minutes=4))]
    objects = [
        service(metadata={"managedFields": [SELECTOR]}), deployment, *sets, *pods, settings_map(), *events,
        policy(creationTimestamp=ago(minutes=3)), turned(condition("Ready", True, since=ago(minutes=8))),
    ]  # fmt: skip
    return asyncio.run(around(*objects))


SEVERAL = ("pods", "workloads", "replica_sets", "services", "nodes", "policies", "config_maps", "events")


def test_everything_is_there(busy: Around) -> None:
    assert {one.what for one in changes_of(busy)} == {
        "rollout", "scale", "restart", "node", "service", "policy", "config", "event",
    }  # fmt: skip


@settings(deadline=None)
@given(data=st.data())
def test_the_order_of_what_was_read_never_matters(busy: Around, data: st.DataObject) -> None:
    shuffled = {name: tuple(data.draw(st.permutations(getattr(busy, name)))) for name in SEVERAL}
    assert changes_of(msgspec.structs.replace(busy, **shuffled)) == changes_of(busy)


@settings(deadline=None)
@given(minutes=st.integers(0, 120), later=st.integers(-60, 60))
def test_only_what_lies_within_the_time_is_told_and_newest_first(busy: Around, minutes: int, later: int) -> None:
    now, since = MOMENT + timedelta(minutes=later), timedelta(minutes=minutes)
    found = changes_of(msgspec.structs.replace(busy, now=now, since=since))
    assert all(now - since <= one.at <= now for one in found)
    assert [one.at for one in found] == sorted((one.at for one in found), reverse=True)
    whole = changes_of(msgspec.structs.replace(busy, now=now, since=timedelta(days=9)))
    assert [one for one in whole if now - since <= one.at] == list(found)
