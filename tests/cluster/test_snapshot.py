"""What a snapshot answers: every form that others write, what is assumed, what is unknown, and what is named."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from netdoc.cluster import ClusterError, SnapshotCluster, open_snapshot
from netdoc.model.kube import (
    ConfigMap,
    Deployment,
    EndpointSlice,
    Event,
    Namespace,
    NetworkPolicy,
    Node,
    PersistentVolumeClaim,
    Pod,
    Service,
    StatefulSet,
)
from netdoc.model.kube.meta import Kind, Object, ObjectRef
from netdoc.model.record import Gap
from netdoc.ports.cluster import Where
from tests.cluster.objects import SERVICE, Document, pod, policy, shop


class Secret(Object, frozen=True):
    KIND = Kind("v1", "Secret", "secrets")
    data: dict[str, str] = {}


class Route(Object, frozen=True):
    KIND = Kind("traefik.io/v1alpha1", "IngressRoute", "ingressroutes")


def write(path: Path, *documents: Document) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump_all(documents) if path.suffix == ".yaml" else json.dumps(documents[0]))
    return path


def deployment(name: str = "web", namespace: str = "shop", **spec: Any) -> Document:
    template = {"metadata": {"labels": {"app": name}}, "spec": {"containers": [{"name": "app"}]}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"replicas": 2, "selector": {"matchLabels": {"app": name}}, "template": template, **spec},
    }


def without_status(document: Document) -> Document:
    return {key: value for key, value in document.items() if key != "status"}


async def names(cluster: SnapshotCluster, kind: type[Object], namespace: str = "", **narrow: str) -> list[str]:
    return [one.name for one in (await cluster.list(kind, namespace, **narrow)).items]


# Forms


async def test_yaml_of_several_documents(tmp_path: Path) -> None:
    cluster = open_snapshot(write(tmp_path / "all.yaml", *shop()))
    assert await names(cluster, Pod, "shop") == ["db-0", "web-1", "web-2"]
    assert await names(cluster, Pod, "shop", labels="app=web", fields="spec.nodeName=n1") == ["web-1", "web-2"]
    found = await cluster.get(Service, "web", "shop")
    assert isinstance(found, Service)
    assert cluster.where.type == "snapshot"
    assert cluster.unreadable == ()


@pytest.mark.parametrize("suffix", [".json", ".yaml"])
@pytest.mark.parametrize("kind", ["List", "PodList"])
async def test_lists_with_and_without_kinds_in_their_items(tmp_path: Path, suffix: str, kind: str) -> None:
    items = [pod("a"), pod("b")]
    if kind == "PodList":
        items = [{key: value for key, value in one.items() if key not in ("kind", "apiVersion")} for one in items]
    cluster = open_snapshot(write(tmp_path / f"x{suffix}", {"apiVersion": "v1", "kind": kind, "items": items}))
    assert await names(cluster, Pod) == ["a", "b"]


async def test_a_folder_is_searched_recursively(tmp_path: Path) -> None:
    write(tmp_path / "a" / "pods.yaml", pod("a"))
    write(tmp_path / "b" / "c" / "service.json", SERVICE)
    (tmp_path / "notes.txt").write_text("not read")
    cluster = open_snapshot(tmp_path)
    assert await names(cluster, Pod) == ["a"]
    assert await names(cluster, Service) == ["web"]
    assert cluster.unreadable == ()


async def test_what_powershell_redirects(tmp_path: Path) -> None:
    (tmp_path / "p.yaml").write_bytes(yaml.safe_dump(pod("a")).encode("utf-16"))
    assert await names(open_snapshot(tmp_path), Pod) == ["a"]


async def test_objects_one_after_another_in_one_json_file(tmp_path: Path) -> None:
    (tmp_path / "x.json").write_text("\n".join(json.dumps(pod(name), indent=1) for name in "abc"))
    assert await names(open_snapshot(tmp_path / "x.json"), Pod) == ["a", "b", "c"]


async def test_a_support_bundles_bare_arrays_are_named_by_their_folder(tmp_path: Path) -> None:
    bare = [{key: value for key, value in pod("a").items() if key not in ("kind", "apiVersion")}]
    (tmp_path / "cluster-resources" / "pods").mkdir(parents=True)
    (tmp_path / "cluster-resources" / "pods" / "shop.json").write_text(json.dumps(bare))
    (tmp_path / "cluster-resources" / "services-errors.json").write_text('{"shop": "forbidden"}')
    (tmp_path / "cluster-resources" / "pods-errors.json").write_text("{}")
    logs = tmp_path / "cluster-resources" / "pods" / "logs" / "shop" / "a"
    logs.mkdir(parents=True)
    (logs / "app-previous.log").write_text("panic\n")
    cluster = open_snapshot(tmp_path)
    assert await names(cluster, Pod) == ["a"]
    services = await cluster.list(Service)
    assert not services.complete
    assert (await cluster.list(Pod)).complete
    assert await cluster.log(ref("a"), "app", previous=True) == "panic"


def ref(name: str) -> ObjectRef:
    return ObjectRef(api_version="v1", kind="Pod", name=name, namespace="shop")


async def test_a_must_gather_says_the_same_object_twice(tmp_path: Path) -> None:
    old, new = pod("a"), pod("a", app="new")
    old["metadata"]["resourceVersion"], new["metadata"]["resourceVersion"] = "9", "10"
    write(tmp_path / "namespaces/shop/core/pods.yaml", {"apiVersion": "v1", "kind": "PodList", "items": [new]})
    write(tmp_path / "namespaces/shop/pods/a/a.yaml", old)
    log = tmp_path / "namespaces/shop/pods/a/app/app/logs/current.log"
    log.parent.mkdir(parents=True)
    log.write_text("one\ntwo\n")
    write(
        tmp_path / "namespaces/shop/core/replicationcontrollers.yaml",
        {"kind": "ReplicationControllerList", "items": []},
    )
    cluster = open_snapshot(tmp_path)
    (found,) = (await cluster.list(Pod)).items
    assert found.metadata.labels == {"app": "new"}
    assert cluster.unreadable == ()
    assert await cluster.log(ref("a"), "app", lines=1) == "two"
    assert (await cluster.list(NetworkPolicy)).complete


async def test_two_files_that_contradict_each_other_are_named(tmp_path: Path) -> None:
    write(tmp_path / "1.yaml", pod("a"))
    write(tmp_path / "2.yaml", pod("a", app="other"))
    cluster = open_snapshot(tmp_path)
    (one,) = cluster.unreadable
    assert "1.yaml:1" in str(one)
    assert "2.yaml:1" in str(one)


# kubectl cluster-info dump


def dump_folder(root: Path) -> Path:
    write(root / "nodes.json", {"kind": "NodeList", "apiVersion": "v1", "items": []})
    for name, kind in (("services", "ServiceList"), ("replication-controllers", "ReplicationControllerList")):
        write(root / "shop" / f"{name}.json", {"kind": kind, "apiVersion": "v1", "items": []})
    bare = {key: value for key, value in pod("web-1").items() if key not in ("kind", "apiVersion")}
    write(root / "shop" / "pods.json", {"kind": "PodList", "apiVersion": "v1", "items": [bare]})
    log = root / "shop" / "web-1" / "logs.txt"
    log.parent.mkdir()
    log.write_text(
        "==== START logs for container app of pod shop/web-1 ====\nlistening\n"
        "==== END logs for container app of pod shop/web-1 ====\n"
    )
    return root


async def check_dump(cluster: SnapshotCluster) -> None:
    assert await names(cluster, Pod) == ["web-1"]
    for kind in (NetworkPolicy, Route):
        listing = await cluster.list(kind)
        assert not listing.complete
        assert listing.gap is not None
        assert listing.gap.reason == "incomplete"
        gap = await cluster.get(kind, "x", "shop")
        assert isinstance(gap, Gap)
        assert gap.blocking
    assert (await cluster.list(Service)).complete
    assert await cluster.get(Service, "web", "shop") is None
    assert await cluster.get(Namespace, "absent") is None
    assert not (await cluster.list(StatefulSet)).complete
    unjudged = await cluster.get(ConfigMap, "x", "shop")
    assert isinstance(unjudged, Gap)
    assert not unjudged.blocking
    assert await cluster.log(ref("web-1"), "app") == "listening"


async def test_a_cluster_info_dump_leaves_policies_out(tmp_path: Path) -> None:
    await check_dump(open_snapshot(dump_folder(tmp_path)))


async def test_a_cluster_info_dump_as_one_stream(tmp_path: Path) -> None:
    folder = dump_folder(tmp_path / "d")
    parts = [folder / "nodes.json", folder / "shop/services.json", folder / "shop/replication-controllers.json"]
    parts += [folder / "shop/pods.json", folder / "shop/web-1/logs.txt"]
    (tmp_path / "dump.json").write_text("".join(one.read_text() + "\n" for one in parts))
    cluster = open_snapshot(tmp_path / "dump.json")
    await check_dump(cluster)
    assert cluster.unreadable == ()


async def test_policies_that_occur_beside_a_dump_are_believed(tmp_path: Path) -> None:
    write(dump_folder(tmp_path) / "policies.yaml", policy())
    listing = await open_snapshot(tmp_path).list(NetworkPolicy)
    assert listing.complete


# What is left out


async def test_a_kind_of_policy_or_route_that_does_not_occur_is_taken_as_none_and_that_is_said(tmp_path: Path) -> None:
    cluster = open_snapshot(write(tmp_path / "x.yaml", SERVICE))
    for kind in (NetworkPolicy, Route):
        listing = await cluster.list(kind, "shop")
        assert listing.complete
        assert listing.gap is not None
        assert (listing.gap.reason, listing.gap.blocking) == ("assumed", False)
        assert await cluster.get(kind, "x", "shop") is None


async def test_a_kind_that_occurs_is_complete(tmp_path: Path) -> None:
    listing = await open_snapshot(write(tmp_path / "x.yaml", policy())).list(NetworkPolicy, "other")
    assert listing.items == ()
    assert listing.gap is None


@pytest.mark.parametrize("kind", [ConfigMap, PersistentVolumeClaim, Node, Secret])
async def test_what_manifests_merely_refer_to_is_not_judged(tmp_path: Path, kind: type[Object]) -> None:
    gap = await open_snapshot(write(tmp_path / "x.yaml", SERVICE)).get(kind, "x", "shop")
    assert isinstance(gap, Gap)
    assert (gap.reason, gap.blocking) == ("incomplete", False)


async def test_an_empty_list_of_a_kind_says_that_there_is_none(tmp_path: Path) -> None:
    none = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicyList", "items": []}
    listing = await open_snapshot(write(tmp_path / "x.yaml", SERVICE, none)).list(NetworkPolicy)
    assert listing.gap is None


async def test_the_endpoints_of_a_service_without_selector_are_not_judged(tmp_path: Path) -> None:
    by_hand = SERVICE | {"metadata": {"name": "db", "namespace": "shop"}, "spec": {"ports": [{"port": 5432}]}}
    slice_ = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "x", "namespace": "shop", "labels": {"kubernetes.io/service-name": "other"}},
    }
    for documents in ([*shop(), by_hand], [*shop(), by_hand, slice_]):
        cluster = open_snapshot(write(tmp_path / "x.yaml", *documents))
        listing = await cluster.list(EndpointSlice, "shop", labels="kubernetes.io/service-name=db")
        assert listing.gap is not None
        assert (listing.gap.reason, listing.gap.blocking) == ("incomplete", False)


async def test_events_of_the_newer_api_are_the_same_events(tmp_path: Path) -> None:
    event = {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": "e", "namespace": "shop"},
        "regarding": {"kind": "Pod", "name": "web-1", "namespace": "shop"},
        "note": "Back-off",
        "deprecatedLastTimestamp": "2026-11-20T11:30:00Z",
        "reportingController": "kubelet",
    }
    cluster = open_snapshot(write(tmp_path / "x.yaml", event))
    (found,) = (await cluster.list(Event, fields="involvedObject.name=web-1")).items
    assert (found.message, found.reporting_component) == ("Back-off", "kubelet")
    assert found.last_seen == datetime(2026, 11, 20, 11, 30, tzinfo=UTC)


async def test_secrets_in_a_file_are_never_decoded(tmp_path: Path) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "shop"},
        "data": {"a": "YQ=="},
    }
    cluster = open_snapshot(write(tmp_path / "x.yaml", SERVICE, secret))
    assert isinstance(await cluster.get(Secret, "s", "shop"), Gap)
    assert (await cluster.list(Secret)).items == ()


async def test_a_named_kind_that_is_absent_is_absent(tmp_path: Path) -> None:
    cluster = open_snapshot(write(tmp_path / "x.yaml", SERVICE))
    assert await cluster.get(Service, "wbe", "shop") is None
    assert await cluster.get(Deployment, "web", "shop") is None


async def test_a_namespace_without_an_object_has_its_name_label_only(tmp_path: Path) -> None:
    cluster = open_snapshot(write(tmp_path / "x.yaml", SERVICE))
    found = await cluster.get(Namespace, "shop")
    assert isinstance(found, Namespace)
    assert found.labels == {"kubernetes.io/metadata.name": "shop"}
    assert await names(cluster, Namespace) == ["shop"]
    assert await names(cluster, Namespace, labels="kubernetes.io/metadata.name=shop") == ["shop"]
    assert await cluster.get(Namespace, "shpo") is None


async def test_an_object_without_namespace_is_in_default(tmp_path: Path) -> None:
    bare = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}}
    route = {"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute", "metadata": {"name": "web"}}
    cluster = open_snapshot(write(tmp_path / "x.yaml", bare, route))
    for kind in (Service, Route):
        found = await cluster.get(kind, "web", "default")
        assert isinstance(found, kind)
        assert found.namespace == "default"


# What is assumed


async def test_a_pod_without_status_is_taken_as_running_without_an_address(tmp_path: Path) -> None:
    cluster = open_snapshot(write(tmp_path / "x.yaml", without_status(pod("a")), pod("b")))
    listing = await cluster.list(Pod)
    first, second = listing.items
    assert first.status.phase == "Running"
    assert first.addresses == ()
    assert first.assumed
    assert not second.assumed
    assert listing.gap is not None
    assert listing.gap.reason == "assumed"
    assert "pod/a.shop" in listing.gap.detail
    assert listing.complete


async def test_what_has_a_status_is_left_as_it_is(tmp_path: Path) -> None:
    pending = pod("a") | {"status": {"phase": "Pending"}}
    listing = await open_snapshot(write(tmp_path / "x.yaml", pending)).list(Pod)
    assert listing.gap is None
    assert listing.items[0].status.phase == "Pending"


async def test_a_workload_without_pods_stands_for_them(tmp_path: Path) -> None:
    stateful = deployment("db") | {"kind": "StatefulSet"}
    stateful["spec"]["serviceName"] = "db-headless"
    cluster = open_snapshot(write(tmp_path / "x.yaml", deployment("web"), stateful, deployment("other", replicas=0)))
    listing = await cluster.list(Pod, "shop")
    assert [one.name for one in listing.items] == ["db-0", "web-assumed"]
    assert all(one.assumed for one in listing.items)
    assert listing.items[0].spec.hostname == "db-0"
    assert listing.items[0].spec.subdomain == "db-headless"
    owner = listing.items[1].metadata.controller
    assert owner is not None
    assert (owner.kind, owner.name) == ("Deployment", "web")
    found = await cluster.get(StatefulSet, "db", "shop")
    assert isinstance(found, StatefulSet)
    assert found.status.ready_replicas == 2


async def test_a_workload_with_pods_or_with_a_status_that_knows_of_none_stands_for_nothing(tmp_path: Path) -> None:
    blocked = deployment("blocked") | {"status": {"observedGeneration": 3, "replicas": 0}}
    cluster = open_snapshot(write(tmp_path / "x.yaml", deployment("web"), pod("web-1"), blocked))
    assert await names(cluster, Pod) == ["web-1"]


async def test_a_workload_whose_pods_are_not_ready_stands_for_pods_that_are_not(tmp_path: Path) -> None:
    down = deployment("web") | {"status": {"replicas": 2, "readyReplicas": 0}}
    (found,) = (await open_snapshot(write(tmp_path / "x.yaml", down)).list(Pod)).items
    assert [(one.type, one.status) for one in found.status.conditions] == [("Ready", "False")]


def daemon(**status: int) -> Document:
    return deployment("agent") | {"kind": "DaemonSet"} | ({"status": status} if status else {})


def job(**status: int) -> Document:
    return deployment("task") | {"apiVersion": "batch/v1", "kind": "Job"} | ({"status": status} if status else {})


def cron() -> Document:
    inner = deployment("nightly")["spec"] | {"selector": None}
    return {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": "nightly", "namespace": "shop"},
        "spec": {"jobTemplate": {"spec": inner}},
    }


@pytest.mark.parametrize(
    ("workload", "stands", "ready"),
    [
        (daemon(), ["agent-assumed"], True),
        (daemon(currentNumberScheduled=3, numberReady=2), ["agent-assumed"], True),
        (daemon(currentNumberScheduled=3), ["agent-assumed"], False),
        (daemon(desiredNumberScheduled=0, observedGeneration=1), [], None),
        (job(), ["task-assumed"], True),
        (job(active=1), ["task-assumed"], True),
        (job(succeeded=1), [], None),
        (cron(), ["nightly-assumed"], True),
    ],
)
async def test_workloads_of_other_kinds_stand_for_their_pods(
    tmp_path: Path, workload: Document, stands: list[str], ready: bool | None
) -> None:
    found = (await open_snapshot(write(tmp_path / "x.yaml", workload)).list(Pod)).items
    assert [one.name for one in found] == stands
    if found:
        assert found[0].status.conditions[0].status == str(ready)
        assert found[0].metadata.labels == {"app": workload["metadata"]["name"]}


async def test_a_replica_set_of_a_deployment_does_not_stand_for_the_same_pods(tmp_path: Path) -> None:
    owned = deployment("web") | {"kind": "ReplicaSet"}
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "u", "controller": True}
    owned["metadata"] = {"name": "web-7f", "namespace": "shop", "ownerReferences": [owner]}
    assert await names(open_snapshot(write(tmp_path / "x.yaml", deployment("web"), owned)), Pod) == ["web-assumed"]


async def test_what_only_a_cluster_can_say_is_taken_as_well(tmp_path: Path) -> None:
    node = {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "n1"}}
    claim = {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": "c", "namespace": "shop"}}
    balancer = without_status(SERVICE) | {"spec": {"type": "LoadBalancer", "ports": []}}
    inner = without_status(SERVICE) | {"metadata": {"name": "inner", "namespace": "shop"}}
    cluster = open_snapshot(write(tmp_path / "x.yaml", node, claim, balancer, inner))
    (found,) = (await cluster.list(Node)).items
    assert [(one.type, one.status) for one in found.status.conditions] == [("Ready", "True")]
    bound = await cluster.get(PersistentVolumeClaim, "c", "shop")
    assert isinstance(bound, PersistentVolumeClaim)
    assert bound.status.phase == "Bound"
    assert [(one.name, one.assumed) for one in (await cluster.list(Service)).items] == [("inner", False), ("web", True)]


async def test_slices_are_derived_for_each_service_that_has_none(tmp_path: Path) -> None:
    other = SERVICE | {
        "metadata": {"name": "db", "namespace": "shop"},
        "spec": {"selector": {"app": "db"}, "ports": []},
    }
    present = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "db-x", "namespace": "shop", "labels": {"kubernetes.io/service-name": "db"}},
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["10.9.9.9"]}],
        "ports": [],
    }
    cluster = open_snapshot(write(tmp_path / "x.yaml", *shop(), other, present))
    listing = await cluster.list(EndpointSlice, "shop", labels="kubernetes.io/service-name=web")
    (derived,) = listing.items
    assert [one.target_ref.name for one in derived.endpoints or () if one.target_ref] == ["web-1", "web-2"]
    assert derived.assumed
    assert listing.gap is not None
    assert listing.gap.reason == "assumed"
    believed = await cluster.list(EndpointSlice, "shop", labels="kubernetes.io/service-name=db")
    assert [one.name for one in believed.items] == ["db-x"]
    assert believed.gap is None


async def test_slices_derived_from_pods_that_cannot_all_be_read_are_incomplete(tmp_path: Path) -> None:
    broken = pod("web-3") | {"spec": {"containers": "none"}}
    cluster = open_snapshot(write(tmp_path / "x.yaml", *shop(), broken))
    listing = await cluster.list(EndpointSlice, "shop", labels="kubernetes.io/service-name=web")
    assert not listing.complete
    assert listing.gap is not None
    assert "web-3" in listing.gap.detail


async def test_pods_of_a_workload_that_cannot_be_read_are_unknown(tmp_path: Path) -> None:
    broken = deployment("web", replicas="two")
    manifests = open_snapshot(write(tmp_path / "x.yaml", without_status(SERVICE), broken))
    assert not (await manifests.list(Pod, "shop", labels="app=web")).complete
    assert not (await manifests.list(EndpointSlice, "shop", labels="kubernetes.io/service-name=web")).complete
    running = open_snapshot(write(tmp_path / "y.yaml", *shop(), broken))
    assert (await running.list(Pod, "shop", labels="app=web")).gap is None
    assert (await running.list(EndpointSlice, "shop", labels="kubernetes.io/service-name=web")).complete


async def test_in_documents_that_are_everything_nothing_is_derived_or_assumed() -> None:
    where = Where(type="demo", scenario="x")
    now = datetime(2026, 11, 20, tzinfo=UTC)
    logs = {("shop", "web-1", "app", False): "one\ntwo"}
    documents = [*shop(), deployment("idle"), without_status(pod("bare"))]
    cluster = SnapshotCluster.from_documents(documents, where=where, now=now, logs=logs)
    assert (await cluster.list(EndpointSlice)).items == ()
    assert await names(cluster, Pod) == ["bare", "db-0", "web-1", "web-2"]
    for kind in (Pod, Node, ConfigMap, Route, Event):
        assert (await cluster.list(kind)).gap is None
    assert await cluster.get(ConfigMap, "x", "shop") is None
    assert await cluster.now() == now
    assert await cluster.log(ref("web-1"), "app", lines=1) == "two"
    assert cluster.where is where


def test_documents_that_are_no_objects_are_refused() -> None:
    with pytest.raises(ClusterError, match="not a Kubernetes object"):
        SnapshotCluster.from_documents([{"a": 1}], where=Where(type="demo"))


# Time


async def test_now_is_the_latest_that_happened_and_not_what_lies_ahead(tmp_path: Path) -> None:
    event = {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": "e", "namespace": "shop", "creationTimestamp": "2026-11-20T09:00:00Z"},
        "lastTimestamp": "2026-11-20T11:30:00Z",
    }
    certificate = {
        "apiVersion": "cert-manager.io/v1",
        "kind": "Certificate",
        "metadata": {"name": "c", "namespace": "shop", "deletionTimestamp": "2030-01-01T00:00:00Z"},
        "status": {"notAfter": "2031-01-01T00:00:00Z", "conditions": "odd"},
    }
    cluster = open_snapshot(write(tmp_path / "x.yaml", *shop(), event, certificate))
    assert await cluster.now() == datetime(2026, 11, 20, 11, 30, tzinfo=UTC)


async def test_times_of_odd_types_and_without_a_zone_are_passed_over(tmp_path: Path) -> None:
    odd = [
        pod("a") | {"status": {"startTime": 7, "conditions": [{"lastTransitionTime": "2026-11-21T00:00:00Z"}]}},
        pod("b") | {"status": {"startTime": "2026-11-25T00:00:00"}},
        pod("c") | {"status": {"startTime": "tomorrow"}},
        pod("d") | {"status": {"containerStatuses": [{"state": {"running": {"startedAt": "2026-11-22T00:00:00Z"}}}]}},
    ]
    cluster = open_snapshot(write(tmp_path / "x.yaml", *odd))
    assert await cluster.now() == datetime(2026, 11, 22, tzinfo=UTC)


async def test_manifests_without_times_do_not_take_the_readers_clock(tmp_path: Path) -> None:
    path = write(tmp_path / "x.yaml", SERVICE)
    assert await open_snapshot(path).now() == datetime(1970, 1, 1, tzinfo=UTC)


# What cannot be read


async def test_a_broken_document_costs_itself_and_is_named_with_its_line(tmp_path: Path) -> None:
    text = "\n---\n".join([yaml.safe_dump(SERVICE), "kind: Pod\n  name: x", yaml.safe_dump(policy())])
    (tmp_path / "x.yaml").write_text(text)
    line = text[: text.index("  name: x")].count("\n") + 1
    cluster = open_snapshot(tmp_path)
    assert await names(cluster, Service) == ["web"]
    (unreadable,) = cluster.unreadable
    assert unreadable.where == f"x.yaml:{line}"
    assert not (await cluster.list(Pod)).complete
    assert isinstance(await cluster.get(Pod, "x", "shop"), Gap)
    assert (await cluster.list(Service)).complete
    assert (await cluster.list(NetworkPolicy)).complete


@pytest.mark.parametrize("cut", [0, 40, 200, 900])
async def test_a_list_cut_short_is_never_a_short_list(tmp_path: Path, cut: int) -> None:
    write(tmp_path / "service.yaml", SERVICE)
    whole = json.dumps({"kind": "PodList", "apiVersion": "v1", "items": [pod("a"), pod("b"), pod("c")]})
    (tmp_path / "pods.json").write_text(whole[:cut])
    cluster = open_snapshot(tmp_path)
    assert not (await cluster.list(Pod)).complete
    assert "pods.json" in str(cluster.unreadable[0])
    assert not (await cluster.list(EndpointSlice, "shop", labels="kubernetes.io/service-name=web")).complete


async def test_an_object_whose_fields_do_not_fit_is_named_with_its_field_and_line(tmp_path: Path) -> None:
    cluster = open_snapshot(write(tmp_path / "x.yaml", *shop(), pod("bad") | {"spec": {"containers": [{"ports": 3}]}}))
    listing = await cluster.list(Pod, "shop")
    assert [one.name for one in listing.items] == ["db-0", "web-1", "web-2"]
    assert listing.gap is not None
    assert "pod/bad.shop" in listing.gap.detail
    assert "$.spec.containers[0].ports" in listing.gap.detail
    assert "x.yaml:" in listing.gap.detail
    assert isinstance(await cluster.get(Pod, "bad", "shop"), Gap)
    assert (await cluster.list(Pod, "other")).complete


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("just text", "not a Kubernetes object"),
        ("{", "did not find"),
        ("[1, 2]", "not a Kubernetes object"),
        ("a: {{ .Values.x }}", "x.yaml:1"),
        ("# only a comment\n", "no Kubernetes object"),
        ('{"kind": 5}', "not a Kubernetes object"),
    ],
)
def test_nothing_readable_is_an_error_that_says_what_and_where(tmp_path: Path, content: str, said: str) -> None:
    (tmp_path / "x.yaml").write_text(content)
    with pytest.raises(ClusterError, match=str(tmp_path)) as caught:
        open_snapshot(tmp_path)
    assert said in caught.value.message
    assert caught.value.hint


def test_a_path_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="No such file"):
        open_snapshot(tmp_path / "absent")


async def test_a_selector_that_the_api_refuses_is_a_gap(tmp_path: Path) -> None:
    cluster = open_snapshot(write(tmp_path / "x.yaml", *shop()))
    for narrow in ({"labels": "a=b=c"}, {"fields": "spec.unknown=1"}):
        listing = await cluster.list(Pod, **narrow)
        assert not listing.complete
