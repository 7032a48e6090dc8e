"""Projections: what an absent field means to the API server, and what is never kept."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from netdoc.model import kube
from netdoc.model.kube.meta import ASSUMED_ANNOTATION


def read(kind: type[Any], **manifest: Any) -> Any:
    """Decoded from bytes, as everything is."""
    return msgspec.json.decode(msgspec.json.encode(manifest), type=kind)


KINDS = [one for name in kube.__all__ if isinstance(one := getattr(kube, name), type) and hasattr(one, "KIND")]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_an_empty_object_has_the_servers_defaults(kind: type[Any]) -> None:
    empty = read(kind)
    assert (empty.name, empty.namespace) == ("", "")
    assert msgspec.json.decode(msgspec.json.encode(empty), type=kind) == empty
    assert msgspec.to_builtins(empty) == {}, "a default is written again"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_fields_that_are_not_known_are_passed_over(kind: type[Any]) -> None:
    assert read(kind, metadata={"name": "x", "new": 1}, spec={"new": {}}, status={"new": []}).name == "x"


def test_environment_values_are_dropped_unless_they_name_a_proxy() -> None:
    env = [{"name": "PASSWORD", "value": "hunter2"}, {"name": "https_proxy", "value": "http://p:1"}]
    pod = read(kube.Pod, spec={"containers": [{"env": env}]})
    assert [one.value for one in pod.spec.containers[0].env] == ["", "http://p:1"]
    assert b"hunter2" not in msgspec.json.encode(pod)


@pytest.mark.parametrize(
    ("status", "addresses"),
    [
        ({}, ()),
        ({"podIP": "10.0.0.1"}, ("10.0.0.1",)),
        ({"podIP": "10.0.0.1", "podIPs": [{"ip": "10.0.0.1"}, {"ip": "fd00::1"}]}, ("10.0.0.1", "fd00::1")),
        ({"podIP": "10.0.0.1", "podIPs": [{}]}, ("10.0.0.1",)),
    ],
)
def test_addresses_of_a_pod(status: dict[str, Any], addresses: tuple[str, ...]) -> None:
    assert read(kube.Pod, status=status).addresses == addresses


@pytest.mark.parametrize(
    ("phase", "finished"), [("Succeeded", True), ("Failed", True), ("Running", False), ("Pending", False), ("", False)]
)
def test_finished(phase: str, finished: bool) -> None:
    assert read(kube.Pod, status={"phase": phase}).finished is finished


def test_native_sidecars_serve_and_init_containers_do_not() -> None:
    inits = [{"name": "migrate"}, {"name": "proxy", "restartPolicy": "Always"}]
    pod = read(kube.Pod, spec={"containers": [{"name": "web"}], "initContainers": inits})
    assert [one.name for one in pod.serving_containers] == ["web", "proxy"]


@pytest.mark.parametrize(
    ("spec", "headless", "addresses"),
    [
        ({"clusterIP": "10.43.0.1"}, False, ("10.43.0.1",)),
        ({"clusterIP": "10.43.0.1", "clusterIPs": ["10.43.0.1", "fd00::1"]}, False, ("10.43.0.1", "fd00::1")),
        ({"clusterIP": "None", "clusterIPs": ["None"]}, True, ()),
        ({}, False, ()),
    ],
)
def test_addresses_of_a_service(spec: dict[str, Any], headless: bool, addresses: tuple[str, ...]) -> None:
    service = read(kube.Service, spec=spec)
    assert (service.headless, service.cluster_addresses) == (headless, addresses)


def test_outside_addresses_of_a_service() -> None:
    status = {"loadBalancer": {"ingress": [{"ip": "203.0.113.1"}, {"hostname": "lb.example.com"}]}}
    service = read(kube.Service, spec={"externalIPs": ["192.168.0.9"]}, status=status)
    assert service.external_addresses == ("192.168.0.9", "203.0.113.1", "lb.example.com")


@pytest.mark.parametrize("port", [8080, "http", "8080"])
def test_a_target_port_is_a_number_or_a_name(port: int | str) -> None:
    service = read(kube.Service, spec={"ports": [{"port": 80, "targetPort": port}]})
    assert service.spec.ports[0].target_port == port
    assert service.spec.ports[0].protocol == "TCP"


@pytest.mark.parametrize(
    ("conditions", "ready"), [({}, True), ({"ready": None}, True), ({"ready": True}, True), ({"ready": False}, False)]
)
def test_an_endpoint_is_ready_unless_it_says_no(conditions: dict[str, Any], ready: bool) -> None:
    """discovery/v1: consumers take an absent condition for true."""
    assert (
        read(kube.EndpointSlice, endpoints=[{"addresses": ["10.0.0.1"], "conditions": conditions}]).endpoints[0].ready
        is ready
    )


@pytest.mark.parametrize("absent", [{}, {"endpoints": None, "ports": None}])
def test_a_slice_without_endpoints(absent: dict[str, Any]) -> None:
    assert not read(kube.EndpointSlice, **absent).endpoints


@pytest.mark.parametrize(
    ("event", "last", "times"),
    [
        ({"lastTimestamp": "2026-01-02T00:00:00Z", "count": 4}, "2026-01-02", 4),
        ({"eventTime": "2026-01-03T00:00:00.000001Z"}, "2026-01-03", 1),
        (
            {"eventTime": "2026-01-03T00:00:00Z", "series": {"count": 9, "lastObservedTime": "2026-01-04T00:00:00Z"}},
            "2026-01-04",
            9,
        ),
        ({"metadata": {"creationTimestamp": "2026-01-05T00:00:00Z"}}, "2026-01-05", 1),
    ],
)
def test_when_an_event_was_last_seen(event: dict[str, Any], last: str, times: int) -> None:
    """Three forms of the same object: core/v1, events.k8s.io without and with a series."""
    made = read(kube.Event, **event)
    assert made.last_seen is not None
    assert made.last_seen.date().isoformat() == last
    assert made.times == times


def test_the_controller_among_the_owners() -> None:
    owners = [{"kind": "Tool", "name": "a"}, {"kind": "ReplicaSet", "name": "b", "controller": True}]
    owner = read(kube.Pod, metadata={"ownerReferences": owners}).metadata.controller
    assert owner is not None
    assert owner.name == "b"
    assert read(kube.Pod, metadata={"ownerReferences": owners[:1]}).metadata.controller is None


def test_a_namespace_has_its_name_label() -> None:
    assert read(kube.Namespace, metadata={"name": "shop"}).labels == {"kubernetes.io/metadata.name": "shop"}


@pytest.mark.parametrize(("text", "number"), [("3", 3), ("", 0), ("x", 0), ("-1", 0)])
def test_the_revision_of_a_replica_set(text: str, number: int) -> None:
    annotations = {"deployment.kubernetes.io/revision": text}
    assert read(kube.ReplicaSet, metadata={"annotations": annotations}).revision == number


def test_what_was_taken_for_granted_is_marked() -> None:
    assert read(kube.Pod, metadata={"annotations": {ASSUMED_ANNOTATION: "status"}}).assumed
    assert not read(kube.Pod).assumed


def test_an_object_by_name() -> None:
    ref = read(kube.Pod, metadata={"name": "web", "namespace": "shop"}).ref
    assert str(ref) == "pod/web.shop"
    assert str(read(kube.Node, metadata={"name": "a"}).ref) == "node/a"
