"""A namespace of a test's own with small applications in it, gone at the end whatever happened."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path
from time import monotonic

import yaml

from tests.e2e.fault import PREFIX
from tests.e2e.kube import Kube, Object

PATIENCE = 120.0  # seconds for one thing to show itself


class Room:
    """One namespace: what is put there and waited for there."""

    def __init__(self, kube: Kube, namespace: str) -> None:
        self.kube, self.namespace = kube, namespace

    def put(self, *documents: Object) -> None:
        for document in documents:
            document["metadata"]["namespace"] = self.namespace
            self.kube.apply(document)

    def change(self, kind: str, name: str, change: Object) -> None:
        self.kube.patch({"kind": kind, "metadata": {"name": name, "namespace": self.namespace}}, change)

    def wait(self, kind: str, holds: Callable[[list[Object]], bool], what: str) -> None:
        self.kube.wait(kind, self.namespace, holds, monotonic() + PATIENCE, what)

    def wait_ready(self, name: str) -> None:
        self.wait("Pod", lambda pods: any(_ready(one) for one in pods if _is(one, name)), f"a pod of {name} is ready")

    def wait_waiting(self, name: str, *reasons: str, restarts: int = 0) -> None:
        def holds(pods: list[Object]) -> bool:
            return any(_waits(one, reasons, restarts) for one in pods if _is(one, name))

        self.wait("Pod", holds, f"a pod of {name} waits: {reasons}")


@contextmanager
def room(kube: Kube, name: str) -> Iterator[Room]:
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"{PREFIX}{name}-{uuid.uuid4().hex[:5]}"}}
    kube.create(made)
    try:
        found = Room(kube, made["metadata"]["name"])  # type: ignore[index]
        found.wait("ServiceAccount", bool, "the default service account")
        yield found
    finally:
        kube.delete(made)


def application(name: str = "web", kind: str = "Deployment") -> tuple[Object, Object]:
    """A workload of one pod, and its Service, of this name: base.yaml's."""
    deployment, service = deepcopy(yaml.safe_load((Path(__file__).parent / "base.yaml").read_text()))
    spec = deployment["spec"]
    deployment["kind"] = kind
    for metadata in (deployment["metadata"], service["metadata"]):
        metadata["name"] = name
    for labels in (
        spec["selector"]["matchLabels"],
        spec["template"]["metadata"]["labels"],
        service["spec"]["selector"],
    ):
        labels["app"] = name
    if kind == "StatefulSet":
        spec |= {"serviceName": name, "podManagementPolicy": "Parallel"}
    return deployment, service


def container_of(workload: Object) -> Object:
    container: Object = workload["spec"]["template"]["spec"]["containers"][0]
    return container


def _is(pod: Object, name: str) -> bool:
    return bool(pod["metadata"].get("labels", {}).get("app") == name)


def _ready(pod: Object) -> bool:
    conditions = pod["status"].get("conditions", [])
    return any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _waits(pod: Object, reasons: tuple[str, ...], restarts: int) -> bool:
    return any(
        one["state"].get("waiting", {}).get("reason") in reasons and one["restartCount"] >= restarts
        for one in pod["status"].get("containerStatuses", [])
    )
