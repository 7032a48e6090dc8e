"""Bytes to projections: nulls are absences, and what does not fit is named."""

from __future__ import annotations

import gc
import subprocess
import sys
from typing import Any

import msgspec
import pytest

from netdoc.cluster.decode import Misfit, NotAList, collected_later, decode_object, decode_page, without_nulls
from netdoc.cluster.kinds import home_group, projection_of, projections
from netdoc.model.kube import NetworkPolicy, Pod, Service
from netdoc.model.kube.meta import LabelSelector
from tests.cluster.objects import policy, shop


def raw(value: Any) -> bytes:
    return msgspec.json.encode(value)


def test_nulls_are_absent_fields() -> None:
    pod = {
        "metadata": {"name": "a", "labels": None, "creationTimestamp": None},
        "spec": None,
        "status": {"podIPs": None},
    }
    found = decode_object(Pod, raw(pod))
    assert found == msgspec.convert({"metadata": {"name": "a"}}, Pod)


def test_a_null_in_a_list_is_an_empty_object() -> None:
    """`from: [null]` is a peer without fields to the API server, and no peer at all would mean everybody."""
    given = policy() | {"spec": {"podSelector": None, "ingress": [{"from": [None], "ports": None}]}}
    found = decode_object(NetworkPolicy, raw(given))
    assert isinstance(found, NetworkPolicy)
    assert found.spec.pod_selector is None
    (rule,) = found.spec.ingress or ()
    assert rule.ports is None
    assert len(rule.from_ or ()) == 1


def test_absent_and_empty_stay_apart() -> None:
    found = decode_object(NetworkPolicy, raw(policy() | {"spec": {"podSelector": {}, "ingress": []}}))
    assert isinstance(found, NetworkPolicy)
    assert found.spec.pod_selector == LabelSelector()
    assert (found.spec.ingress, found.spec.egress) == ((), None)


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"ports": [{"port": "eighty"}]}, "$.spec.ports[0].port"),
        ({"selector": ["app"]}, "$.spec.selector"),
        ({"clusterIPs": "10.0.0.1"}, "$.spec.clusterIPs"),
        ({"selector": {"version": 1.5}, "ports": None}, "$.spec.selector[...]"),
    ],
)
def test_a_misfit_names_the_object_and_the_field(spec: Any, path: str) -> None:
    found = decode_object(Service, raw({"metadata": {"name": "web", "namespace": "shop"}, "spec": spec}))
    assert isinstance(found, Misfit)
    assert str(found).startswith("service/web.shop: ")
    assert path in found.why


@pytest.mark.parametrize(
    "data", [b"", b"{", b"\xff", b'{"metadata":' + b"[" * 100_000, b'{"metadata":{"name":"\\ud800"}}']
)
def test_what_is_no_json_is_a_misfit_too(data: bytes) -> None:
    assert isinstance(decode_object(Pod, data), Misfit)


def test_a_page_keeps_what_fits() -> None:
    items = [
        {"metadata": {"name": "a"}},
        {"metadata": {"name": "b"}, "spec": 7},
        {"metadata": {"name": "c", "labels": None}},
    ]
    page = decode_page(
        Pod, raw({"kind": "PodList", "metadata": {"continue": "t", "remainingItemCount": 9}, "items": items})
    )
    assert [one.name for one in page.items] == ["a", "c"]
    assert [one.name for one in page.misfits] == ["b"]
    assert (page.token, page.remaining) == ("t", 9)


@pytest.mark.parametrize("items", [[], None])
def test_an_empty_list_and_a_null_one_are_lists(items: Any) -> None:
    assert decode_page(Pod, raw({"kind": "PodList", "metadata": {}, "items": items})).items == ()


@pytest.mark.parametrize(
    "answer",
    [{}, {"kind": "PodList"}, {"items": []}, {"kind": "Status", "items": []}, [], "x", {"kind": "PodList", "items": 3}],
)
def test_what_is_no_list_is_never_an_empty_one(answer: Any) -> None:
    with pytest.raises(NotAList):
        decode_page(Pod, raw(answer))


def test_without_nulls() -> None:
    assert without_nulls({"a": None, "b": [None, {"c": None}], "d": 0}) == {"b": [{}, {}], "d": 0}


def test_the_collector_is_put_back_as_it_was() -> None:
    assert gc.isenabled()
    with collected_later():
        assert not gc.isenabled()
    with pytest.raises(ZeroDivisionError), collected_later():
        1 / 0  # noqa: B018
    assert gc.isenabled()


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("po", "Pod"),
        ("pods", "Pod"),
        ("Pod", "Pod"),
        ("svc", "Service"),
        ("pvcs", "PersistentVolumeClaim"),
        ("network-policy", "NetworkPolicy"),
        ("networkpolicies.networking.k8s.io", "NetworkPolicy"),
        ("endpointslices", "EndpointSlice"),
        ("cm", "ConfigMap"),
    ],
)
def test_kinds_go_by_many_names(name: str, kind: str) -> None:
    found = projection_of(name)
    assert found is not None
    assert found.KIND.kind == kind


def test_what_is_no_kind_has_no_projection() -> None:
    assert projection_of("widgets") is None
    assert len({(one.KIND.group, one.KIND.plural, one.__name__) for one in projections()}) == len(projections())


@pytest.mark.parametrize(
    ("api_version", "kind", "group"),
    [
        ("v1", "Pod", ""),
        ("apps/v1", "Deployment", "apps"),
        ("extensions/v1beta1", "Deployment", "apps"),
        ("extensions/v1beta1", "NetworkPolicy", "networking.k8s.io"),
        ("events.k8s.io/v1", "Event", ""),
        ("traefik.io/v1alpha1", "Middleware", "traefik.io"),
    ],
)
def test_kinds_that_moved_are_found_where_they_are_now(api_version: str, kind: str, group: str) -> None:
    assert home_group(api_version, kind) == group


def test_the_samples_fit() -> None:
    for one in shop():
        projection = projection_of(one["kind"])
        assert projection is not None
        assert not isinstance(decode_object(projection, raw(one)), Misfit)


AT_ONCE = """
import sys, threading
from netdoc.cluster.decode import decode_page
from netdoc.model import kube

sys.setswitchinterval(1e-6)
kinds = [kube.Pod, kube.Service, kube.Deployment, kube.EndpointSlice, kube.Node, kube.NetworkPolicy]
together = threading.Barrier(8)

def read():
    together.wait()
    for kind in kinds:
        decode_page(kind, b'{"kind": "SomeList", "items": [{"metadata": {"name": "a"}}]}')

threads = [threading.Thread(target=read) for _ in range(8)]
for one in threads:
    one.start()
for one in threads:
    one.join()
"""


def test_several_threads_may_meet_a_kind_at_the_same_time() -> None:
    """Without a lock most such processes end by a segmentation fault."""
    for _ in range(3):
        done = subprocess.run([sys.executable, "-c", AT_ONCE], capture_output=True, text=True, timeout=60)
        assert (done.returncode, done.stderr) == (0, "")
