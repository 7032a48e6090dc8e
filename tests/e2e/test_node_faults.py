"""Faults of a node and of the control plane: one at a time, on the lab alone, by ending its programs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import Any

import pytest

from tests.e2e.fault import PATIENCE, Fault, Named, Outage, Seen, Stage
from tests.e2e.kube import Kube, Object
from tests.e2e.match import matches
from tests.e2e.test_faults import expect

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600), pytest.mark.usefixtures("alone")]

READY = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
Play = Callable[[Fault, Outage], None]
ROOT = Path(__file__).parents[2]


def lab(command: str, part: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.lab", command, part], cwd=ROOT, capture_output=True, text=True, timeout=200
    )
    assert done.returncode == 0, done.stderr


@contextmanager
def ended(*parts: str) -> Iterator[None]:
    """Without these programs of the lab."""
    try:
        for part in parts:
            lab("stop", part)
        yield
    finally:
        for part in parts:
            lab("start", part)


@pytest.fixture
def play(kube: Kube, caller: str, tmp_path: Path) -> Play:
    def played(fault: Fault, outage: Outage) -> None:
        outcome = Stage(fault, kube, caller, tmp_path).play(outage)
        expect(fault, outcome.live, outcome.words)
        expect(fault, outcome.saved, outcome.words)

    return played


def agent(name: str) -> dict[str, Any]:
    """A node agent as kubeadm and Calico install it, that does what the ended program does: nothing."""
    container = {
        "name": name,
        "image": "docker.io/library/python:3-slim",
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-c", "raise SystemExit('cannot read the configuration')"],
        "readinessProbe": {"exec": {"command": ["false"]}},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "DaemonSet",
        "metadata": {"name": name, "namespace": "kube-system", "labels": {"k8s-app": name}},
        "spec": {
            "selector": {"matchLabels": {"k8s-app": name}},
            "template": {
                "metadata": {"labels": {"k8s-app": name}},
                "spec": {"hostNetwork": True, "terminationGracePeriodSeconds": 0, "containers": [container]},
            },
        },
    }


def ready_pods(kube: Kube) -> set[str]:
    return {one["metadata"]["uid"] for one in kube.items("Pod") if matches(READY, one)}


def is_back(before: set[str], pods: list[Object]) -> bool:
    """Whether what was ready, and is still there, is ready again: the next test may stand on it."""
    return all(
        matches(READY, one) or "deletionTimestamp" in one["metadata"]
        for one in pods
        if one["metadata"]["uid"] in before
    )


@contextmanager
def agent_down(stage: Stage, part: str, name: str) -> Iterator[None]:
    document, mine = agent(name), {"metadata": {"labels": {"k8s-app": name}}}
    with ended(part):
        stage.kube.apply(document)
        try:
            stage.wait(
                Seen("Pod", mine | {"status": {"containerStatuses": [{"restartCount": ">=1"}]}}, 1, "kube-system")
            )
            yield
        finally:
            stage.kube.delete(document)
            stage.wait(Seen("Pod", mine, 0, "kube-system"))


def test_a_cordoned_node_takes_no_pod(play: Play) -> None:
    """The only node was cordoned for maintenance, and a new pod finds no place."""

    @contextmanager
    def cordoned(stage: Stage) -> Iterator[None]:
        node = {"kind": "Node", "metadata": {"name": stage.words["NODE"]}}
        stage.kube.patch(node, {"spec": {"unschedulable": True}})
        try:
            stage.kube.delete({"kind": "Pod", "metadata": {"name": "web-0", "namespace": stage.namespace}})
            yield
        finally:
            stage.kube.patch(node, {"spec": {"unschedulable": None}})
            stage.wait(Seen("Node", {"spec": {"taints": None}}))  # the controllers take the mark off, in their time

    fault = Fault(
        id="cordoned", story="The only node is cordoned.", as_="StatefulSet", runs=True,
        seen=(Seen("Pod", {"status": {"conditions": [{"type": "PodScheduled", "status": "False"}]}}),),
        call="refused", cause=Named("pod.unschedulable", "StatefulSet"), title="unschedulable",
    )  # fmt: skip
    play(fault, cordoned)


def test_a_node_whose_kubelet_is_gone(play: Play) -> None:
    """The kubelet has ended: after its grace the node is not ready, and neither are its pods, though they run on."""

    @contextmanager
    def without_kubelet(stage: Stage) -> Iterator[None]:
        before = ready_pods(stage.kube)
        try:
            with ended("kubelet"):
                yield
        finally:
            stage.kube.wait(
                "Pod", "", lambda pods: is_back(before, pods), monotonic() + PATIENCE, "all pods ready again"
            )

    fault = Fault(
        id="kubelet-gone", story="The kubelet has ended.", runs=True,
        seen=(
            Seen("Node", {"status": {"conditions": [{"type": "Ready", "status": "Unknown"}]}}),
            Seen("EndpointSlice", {"endpoints": [{"conditions": {"ready": False}}]}),
        ),
        cause=Named("node.not-ready", "Node", "$NODE"),
    )  # fmt: skip
    play(fault, without_kubelet)


def test_a_node_whose_kube_proxy_is_down(play: Play) -> None:
    """kube-proxy crashes; a Service that is made meanwhile has no rules on the node, and calls of it lead nowhere."""

    @contextmanager
    def without_proxy(stage: Stage) -> Iterator[None]:
        with agent_down(stage, "kube-proxy", "kube-proxy"):
            stage.put({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "late"},
                       "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}]}})  # fmt: skip
            yield

    fault = Fault(
        id="proxy-down", story="kube-proxy crashes.", runs=True, works=False, call="unanswered", at="late.$NS:80",
        target="svc/late.$NS", cause=Named("node.proxy-down", "Node", "$NODE"),
    )  # fmt: skip
    play(fault, without_proxy)


def test_a_node_whose_cni_agent_is_down(play: Play) -> None:
    """Calico's Felix crashes; a pod that is made meanwhile gets no route."""

    @contextmanager
    def without_felix(stage: Stage) -> Iterator[None]:
        with agent_down(stage, "felix", "calico-node"):
            stage.kube.delete({"kind": "Pod", "metadata": {"name": "web-0", "namespace": stage.namespace}})
            stage.wait(Seen("Event", {"reason": "Unhealthy"}))
            yield

    fault = Fault(
        id="cni-down", story="Felix crashes.", as_="StatefulSet", runs=True, call="fails",
        seen=(Seen("Pod", {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "False"}]}}),),
        cause=Named("node.cni-down", "Node", "$NODE"),
    )  # fmt: skip
    play(fault, without_felix)


def test_endpoints_that_nobody_writes(play: Play) -> None:
    """The controller manager has ended, and the Service's EndpointSlice was deleted: nobody makes it again."""

    @contextmanager
    def without_controllers(stage: Stage) -> Iterator[None]:
        with ended("kube-controller-manager"):
            for one in stage.kube.items("EndpointSlice", stage.namespace):
                stage.kube.delete({**one, "kind": "EndpointSlice"})
            yield

    fault = Fault(
        id="endpoints-missing", story="Nobody writes EndpointSlices.", runs=True, call="refused",
        seen=(
            Seen("EndpointSlice", {}, count=0),
            Seen("Pod", {"status": {"conditions": [{"type": "Ready", "lastTransitionTime": "past 16"}]}}),
        ),
        cause=Named("service.endpoints-missing", "Service"),
    )  # fmt: skip
    play(fault, without_controllers)
