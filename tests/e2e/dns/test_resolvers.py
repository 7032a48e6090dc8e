"""Raw DNS from a container of a real cluster: answers that do not fit, TCP that is shut, and a healthy server.

Needs a cluster: NETDOC_E2E_KUBECONFIG, or the lab's. The namespace is the test's own and goes away with it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.calling import causes
from tests.e2e.dns.test_measured import SLEEP, diagnosed, pod_spec
from tests.e2e.dns.test_predict import KUBECONFIG, PATIENCE, kubectl, without

pytestmark = [pytest.mark.lab, pytest.mark.timeout(400)]

MANY = 60  # addresses: more than fit into 512 octets


def pod(name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, "labels": {"app": name}},
            "spec": pod_spec(SLEEP)}  # fmt: skip


def objects(namespace: str) -> dict[str, Any]:
    ports = [{"name": "data", "port": 9000, "protocol": "UDP"}]
    slice_ = {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "ports": ports,
              "metadata": {"name": "many-1", "labels": {"kubernetes.io/service-name": "many"}},
              "endpoints": [{"addresses": [f"10.42.200.{at}"]} for at in range(1, MANY + 1)]}  # fmt: skip
    many = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "many"},
            "spec": {"clusterIP": "None", "ports": ports}}  # fmt: skip
    asks = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "names-over-udp"},
            "spec": {"podSelector": {"matchLabels": {"app": "narrow"}}, "policyTypes": ["Egress"],
                     "egress": [{"ports": [{"port": 53, "protocol": "UDP"}]},
                                {"to": [{"ipBlock": {"cidr": "10.42.200.0/24"}}]}]}}  # fmt: skip
    items: list[dict[str, Any]] = [many, slice_, asks, pod("client"), pod("narrow")]
    for one in items:
        one["metadata"]["namespace"] = namespace
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}
    return {"apiVersion": "v1", "kind": "List", "items": [space, *items]}


@pytest.fixture(scope="module")
def space() -> Iterator[str]:
    if not KUBECONFIG.exists():
        without(f"there is no cluster: {KUBECONFIG} is not there (make lab, or set NETDOC_E2E_KUBECONFIG)")
    namespace = f"netdoc-raw-{uuid.uuid4().hex[:6]}"
    try:
        kubectl("apply", "-f", "-", text=json.dumps(objects(namespace)))
        ready = ("--for=condition=Ready", f"--timeout={PATIENCE:.0f}s")
        kubectl("wait", "-n", namespace, "pod/client", "pod/narrow", *ready)
        yield namespace
    finally:
        kubectl("delete", "namespace", namespace, "--wait=false", "--ignore-not-found")


def test_an_answer_that_does_not_fit_is_cut_over_udp_and_whole_over_tcp(space: str) -> None:
    told, _ = diagnosed(f"svc/many.{space}:9000/udp", "--from", f"pod/client.{space}", "--exec")
    assert causes(told) == [("dns.truncated", "Pod", space, "client")], told["findings"]
    evidence = {one["id"]: one for one in told["evidence"]}
    shown = [evidence[one]["observed"] for one in told["findings"][0]["evidence"]]
    assert "truncated" in shown[0]
    assert "truncated" not in shown[1]


def test_a_policy_that_lets_udp_pass_and_not_tcp_costs_such_a_name(space: str) -> None:
    told, _ = diagnosed(f"svc/many.{space}:9000/udp", "--from", f"pod/narrow.{space}", "--exec")
    assert causes(told) == [("policy.dns-egress-denied", "Pod", space, "narrow")], told["findings"]
    found = {one["code"]: one for one in told["findings"]}
    root = found["policy.dns-egress-denied"]["id"]
    assert root in found["dns.tcp-blocked"]["explainedBy"]
    assert found["dns.timeout"]["explainedBy"]


@pytest.mark.parametrize("repeat", ["1", "3", "40"])
def test_a_healthy_server_is_left_alone(space: str, repeat: str) -> None:
    target, source = "svc/kube-dns.kube-system:53/udp", f"pod/client.{space}"
    told, _ = diagnosed(target, "--from", source, "--exec", "--port-forward", "--repeat", repeat)
    assert (told["findings"], told["basis"]) == ([], "measured")
