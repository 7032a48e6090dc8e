"""Which slices a Service has: the tables of k8s.io/endpointslice, and laws over random pods."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdoc.model.kube import Endpoint, EndpointSlice, Pod, Service, ServicePort
from netdoc.model.kube.meta import ASSUMED_ANNOTATION
from netdoc.predict.endpoints import MAX_ENDPOINTS, endpoint_slices, find_port


def service(**spec: Any) -> Service:
    given = {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}], "clusterIP": "10.43.0.7"} | spec
    metadata = {"name": "web", "namespace": "shop", "uid": "u", "labels": {"team": "a"}}
    return msgspec.convert({"metadata": metadata, "spec": given}, Service)


def pod(name: str = "a", *addresses: str, ready: bool = True, phase: str = "Running", **more: Any) -> Pod:
    metadata = {"name": name, "namespace": "shop", "uid": f"u-{name}", "labels": {"app": "web"}} | more.pop(
        "metadata", {}
    )
    status = {
        "phase": phase,
        "podIPs": [{"ip": one} for one in addresses or ("10.42.0.1",)],
        "conditions": [{"type": "Ready", "status": "True" if ready else "False"}],
    }
    spec = {"nodeName": "n1", "containers": [{"name": "app"}]} | more
    return msgspec.convert({"metadata": metadata, "spec": spec, "status": status}, Pod)


def endpoints(slices: tuple[EndpointSlice, ...]) -> list[Endpoint]:
    return [one for slice_ in slices for one in slice_.endpoints or ()]


def named(slices: tuple[EndpointSlice, ...]) -> list[str]:
    return [one.target_ref.name for one in endpoints(slices) if one.target_ref]


def port(container_port: int, name: str = "http", protocol: str = "TCP") -> dict[str, Any]:
    return {"name": name, "containerPort": container_port, "protocol": protocol}


def test_a_ready_pod_is_an_endpoint() -> None:
    (slice_,) = endpoint_slices(service(), [pod()], {"n1": "zone-a"})
    assert slice_.address_type == "IPv4"
    assert [(one.port, one.name, one.protocol) for one in slice_.ports or ()] == [(8080, "", "TCP")]
    assert slice_.metadata.labels == {
        "team": "a",
        "kubernetes.io/service-name": "web",
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    }
    (one,) = slice_.endpoints or ()
    assert one.addresses == ("10.42.0.1",)
    assert (one.conditions.ready, one.conditions.serving, one.conditions.terminating) == (True, True, False)
    assert (one.node_name, one.zone) == ("n1", "zone-a")
    owner = slice_.metadata.controller
    assert owner is not None
    assert (owner.kind, owner.name, owner.uid) == ("Service", "web", "u")


DELETED = {"deletionTimestamp": "2026-11-20T10:00:00Z"}


@pytest.mark.parametrize(
    ("given", "publish", "conditions"),
    [
        (pod(), False, (True, True, False)),
        (pod(ready=False), False, (False, False, False)),
        (pod(ready=False), True, (True, False, False)),
        (pod(metadata=DELETED), False, (False, True, True)),
        (pod(metadata=DELETED), True, (True, True, True)),
        (pod(metadata=DELETED, ready=False), False, (False, False, True)),
    ],
)
def test_conditions(given: Pod, publish: bool, conditions: tuple[bool, bool, bool]) -> None:
    (one,) = endpoints(endpoint_slices(service(publishNotReadyAddresses=publish), [given]))
    assert (one.conditions.ready, one.conditions.serving, one.conditions.terminating) == conditions


@pytest.mark.parametrize(
    "other",
    [
        pod(phase="Succeeded"),
        pod(phase="Failed"),
        pod(metadata={"labels": {"app": "db"}}),
        pod(metadata={"labels": {}}),
        pod(metadata={"namespace": "other"}),
        msgspec.structs.replace(pod(), status=msgspec.structs.replace(pod().status, pod_ips=())),
    ],
    ids=["succeeded", "failed", "other labels", "no labels", "other namespace", "no address"],
)
def test_pods_that_are_no_endpoints_leave_an_empty_slice(other: Pod) -> None:
    (slice_,) = endpoint_slices(service(), [other])
    assert slice_.endpoints == ()
    assert slice_.ports == ()


@pytest.mark.parametrize("spec", [{"selector": {}}, {"type": "ExternalName", "externalName": "example.com"}])
def test_services_that_have_no_slices(spec: dict[str, Any]) -> None:
    assert endpoint_slices(service(**spec), [pod()]) == ()


@pytest.mark.parametrize(
    ("target", "ports", "found"),
    [
        (None, [], 80),
        (0, [], 80),
        (8080, [], 8080),
        ("http", [port(8000)], 8000),
        ("http", [port(8000, "https")], None),
        ("http", [port(8000, protocol="UDP")], None),
        ("http", [port(53, protocol="UDP"), port(8000)], 8000),
        ("8080", [port(8080)], None),
    ],
)
def test_target_ports(target: int | str | None, ports: list[dict[str, Any]], found: int | None) -> None:
    one = pod(containers=[{"name": "first"}, {"name": "app", "ports": ports}])
    assert find_port(one, ServicePort(port=80, target_port=target)) == found


def test_a_sidecars_port_counts_and_an_init_containers_does_not() -> None:
    wanted = ServicePort(port=80, target_port="http")
    init = {"name": "i", "ports": [port(8000)]}
    assert find_port(pod(initContainers=[init]), wanted) is None
    assert find_port(pod(initContainers=[init | {"restartPolicy": "Always"}]), wanted) == 8000


def test_pods_that_name_their_port_differently_are_in_slices_of_their_own() -> None:
    several = service(ports=[{"port": 80, "name": "web", "targetPort": "http"}, {"port": 81, "name": "admin"}])
    pods = [
        pod("a", containers=[{"name": "c", "ports": [port(8000)]}]),
        pod("b", containers=[{"name": "c", "ports": [port(9000)]}]),
        pod("c", containers=[{"name": "c"}]),
        pod("d", containers=[{"name": "c", "ports": [port(8000)]}]),
    ]
    slices = endpoint_slices(several, pods)
    assert [[(one.name, one.port) for one in slice_.ports or ()] for slice_ in slices] == [
        [("web", 8000), ("admin", 81)],
        [("web", 9000), ("admin", 81)],
        [("admin", 81)],
    ]
    assert [named((slice_,)) for slice_ in slices] == [["a", "d"], ["b"], ["c"]]
    assert len({slice_.name for slice_ in slices}) == 3


def test_a_service_of_two_families_has_slices_of_both() -> None:
    dual = service(ipFamilies=["IPv6", "IPv4"])
    slices = endpoint_slices(dual, [pod("a", "10.42.0.1", "fd00::1"), pod("b", "10.42.0.2")])
    assert [(one.address_type, named((one,))) for one in slices] == [("IPv6", ["a"]), ("IPv4", ["a", "b"])]
    assert endpoints(slices)[0].addresses == ("fd00::1",)


@pytest.mark.parametrize(
    ("spec", "families"),
    [
        ({"clusterIP": "fd00::7"}, ["IPv6"]),
        ({"clusterIP": "10.0.0.1", "clusterIPs": ["10.0.0.1", "fd00::7"]}, ["IPv4", "IPv6"]),
        ({"clusterIP": "None"}, ["IPv4"]),
        ({"clusterIP": ""}, ["IPv4"]),
    ],
)
def test_families_follow_the_services_addresses(spec: dict[str, Any], families: list[str]) -> None:
    assert [one.address_type for one in endpoint_slices(service(**spec), [])] == families


def test_a_headless_service_says_so_and_may_go_without_ports() -> None:
    headless = service(clusterIP="None", ports=[])
    stateful = pod("web-0", hostname="web-0", subdomain="web")
    (slice_,) = endpoint_slices(headless, [stateful, pod("x", hostname="x", subdomain="other")])
    assert slice_.metadata.labels["service.kubernetes.io/headless"] == ""
    assert slice_.ports == ()
    assert [one.hostname for one in slice_.endpoints or ()] == ["web-0", ""]


def test_a_pod_that_was_assumed_is_an_endpoint_without_an_address() -> None:
    bare = msgspec.structs.replace(pod().status, pod_ips=())
    assumed = msgspec.structs.replace(pod(metadata={"annotations": {ASSUMED_ANNOTATION: "status"}}), status=bare)
    slices = endpoint_slices(service(ipFamilies=["IPv4", "IPv6"]), [assumed])
    assert [(one.addresses, one.ready) for one in endpoints(slices)] == [((), True)]


def test_a_slice_holds_a_hundred_endpoints() -> None:
    pods = [pod(f"p-{number:03}", f"10.42.{number}.1") for number in range(250)]
    slices = endpoint_slices(service(), pods)
    assert [len(one.endpoints or ()) for one in slices] == [MAX_ENDPOINTS, MAX_ENDPOINTS, 50]
    assert len({one.name for one in slices}) == 3


PODS = st.lists(
    st.builds(
        lambda number, ready, phase, deleted, label: pod(
            f"p-{number}",
            f"10.42.0.{number}",
            ready=ready,
            phase=phase,
            metadata={"labels": {"app": label}} | (DELETED if deleted else {}),
        ),
        st.integers(1, 250),
        st.booleans(),
        st.sampled_from(["Pending", "Running", "Succeeded", "Failed"]),
        st.booleans(),
        st.sampled_from(["web", "db"]),
    ),
    unique_by=lambda one: one.name,
    max_size=12,
)


@given(PODS)
def test_every_selected_pod_that_lives_is_an_endpoint_exactly_once(pods: list[Pod]) -> None:
    living = {one.name for one in pods if not one.finished and one.metadata.labels == {"app": "web"}}
    found = named(endpoint_slices(service(), pods))
    assert len(found) == len(set(found))
    assert set(found) == living


@given(PODS, st.randoms())
def test_the_order_of_pods_does_not_matter(pods: list[Pod], random: Any) -> None:
    shuffled = list(pods)
    random.shuffle(shuffled)
    assert endpoint_slices(service(), shuffled) == endpoint_slices(service(), pods)


@given(PODS)
def test_what_is_ready_serves_and_stays(pods: list[Pod]) -> None:
    for one in endpoints(endpoint_slices(service(), pods)):
        if one.conditions.ready:
            assert one.conditions.serving
            assert not one.conditions.terminating
