"""Packets on a real cluster, from a container by its own tools: a dead replica, a name that nobody answers.

Needs a cluster: NETDOC_E2E_KUBECONFIG, or the lab's. The namespace is the test's own and goes away with it.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.calling import causes, netdoc, report
from tests.e2e.dns.test_predict import KUBECONFIG, PATIENCE, kubectl, without

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

IMAGE = "docker.io/library/python:3-slim"
# web-1 listens with a backlog of nothing and fills it itself: the kernel drops every further SYN without a word.
SERVER = """
import os, signal, socket
signal.signal(signal.SIGTERM, lambda *_: exit(0))
bad = os.environ["HOSTNAME"].endswith("-1")
server = socket.create_server(("", 8080), backlog=0 if bad else 128)
held = []
for _ in range(4 if bad else 0):
    one = socket.socket()
    one.setblocking(False)
    one.connect_ex(("127.0.0.1", 8080))
    held.append(one)
open("/tmp/listening", "w").close()
while bad:
    signal.pause()
while True:
    server.accept()[0].close()
"""
BRISK = {"periodSeconds": 1, "timeoutSeconds": 10}
SLEEP = "import signal; signal.signal(signal.SIGTERM, lambda *_: exit(0)); signal.pause()"


def pod_spec(program: str, **rest: Any) -> dict[str, Any]:
    box = {"name": "main", "image": IMAGE, "command": ["python3", "-c", program], "imagePullPolicy": "IfNotPresent"}
    return {"containers": [box], "terminationGracePeriodSeconds": 1, **rest}


def objects(namespace: str) -> dict[str, Any]:
    labels = {"app": "web"}
    serving = pod_spec(SERVER)
    serving["containers"][0]["readinessProbe"] = {"exec": {"command": ["test", "-e", "/tmp/listening"]}, **BRISK}
    template = {"metadata": {"labels": labels}, "spec": serving}
    web = {"serviceName": "web", "replicas": 3, "podManagementPolicy": "Parallel",
           "selector": {"matchLabels": labels}, "template": template}  # fmt: skip
    front = {"selector": labels, "ports": [{"port": 80, "targetPort": 8080}]}
    own = {"nameservers": ["10.43.0.10"], "searches": ["svc.cluster.local"]}
    items = [
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}},
        {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": {"name": "web"}, "spec": web},
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": front},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "client"}, "spec": pod_spec(SLEEP)},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "byhand"},
         "spec": pod_spec(SLEEP, dnsPolicy="None", dnsConfig=own)},
    ]  # fmt: skip
    for one in items[1:]:
        one["metadata"]["namespace"] = namespace  # type: ignore[index]
    return {"apiVersion": "v1", "kind": "List", "items": items}


@pytest.fixture(scope="module")
def space() -> Iterator[str]:
    if not KUBECONFIG.exists():
        without(f"there is no cluster: {KUBECONFIG} is not there (make lab, or set NETDOC_E2E_KUBECONFIG)")
    namespace = f"netdoc-dns-{uuid.uuid4().hex[:6]}"
    try:
        kubectl("apply", "-f", "-", text=json.dumps(objects(namespace)))
        patience = f"--timeout={PATIENCE:.0f}s"
        kubectl("rollout", "status", "-n", namespace, "statefulset/web", patience)
        kubectl("wait", "-n", namespace, "pod/client", "pod/byhand", "--for=condition=Ready", patience)
        yield namespace
    finally:
        kubectl("delete", "namespace", namespace, "--wait=false", "--ignore-not-found")


def diagnosed(*arguments: str) -> tuple[dict[str, Any], int]:
    where = ("--kubeconfig", str(KUBECONFIG), "--timeout", "120s")
    return report("diagnose", *arguments, *where, "--no-journal")


def test_one_replica_of_three_that_drops_packets_is_found(space: str) -> None:
    told, code = diagnosed(f"svc/web.{space}:80", "--from", f"pod/client.{space}", "--exec", "--repeat", "6")
    assert causes(told) == [("service.endpoint-dead", "Service", space, "web")], told["findings"]
    assert (told["status"], told["basis"], code) == ("fail", "measured", 1)
    assert told["impact"] == {"scope": "part", "failed": 1, "of": 3}
    evidence = {one["id"]: one for one in told["evidence"]}
    first = evidence[told["findings"][0]["evidence"][0]]
    assert (first["object"]["name"], first["attempts"], first["failures"]) == ("web-1", 6, 6)
    assert first["vantage"] == f"exec:{space}/client"


def test_without_consent_nothing_is_measured(space: str) -> None:
    told, code = diagnosed(f"svc/web.{space}:80", "--from", f"pod/client.{space}")
    assert (told["findings"], told["status"], told["basis"], code) == ([], "pass", "configuration", 0)


def test_a_name_that_a_hand_written_search_list_does_not_reach(space: str) -> None:
    short, _ = diagnosed("http://web/", "--from", f"pod/byhand.{space}", "-n", space, "--exec", "--repeat", "1")
    assert "dns.nxdomain" in {one["code"] for one in short["findings"]}


def test_a_lookup_shows_each_step_and_each_server(space: str) -> None:
    answer = netdoc("dns", "lookup", f"web.{space}", "--from", f"pod/client.{space}", "--exec", "--port-forward",
                    "--kubeconfig", str(KUBECONFIG), "-o", "json")  # fmt: skip
    views = {one["vantage"]: one for one in answer.json["views"]}
    address = views[f"exec:{space}/client"]["addresses"]
    assert views[f"pod/{space}/client"]["addresses"] == address
    servers = [one for name, one in views.items() if name.startswith("port-forward:kube-system/coredns-")]
    assert len(servers) == 2
    for one in servers:
        assert [step["rcode"] for step in one["steps"]] == ["NXDOMAIN", "NOERROR"]
        assert one["addresses"] == address
    assert answer.json["owners"][address[0]]["name"] == "web"
    assert "netdoc: in " in answer.err
