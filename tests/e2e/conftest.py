"""The cluster that the end-to-end tests break: NETDOC_E2E_KUBECONFIG, or the lab where it is up.

Without one they skip and say so; with NETDOC_E2E_REQUIRED=1 that is a failure.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from time import monotonic

import pytest
import urllib3

from tests.e2e.fault import PREFIX, Fault, Outcome, Stage
from tests.e2e.kube import Kube, Object, Refused
from tests.lab.turns import turn

AT_ONCE = 6  # faults that are broken side by side
LAB = Path(os.environ.get("NETDOC_LAB_STATE", "/var/lib/netdoc-lab")) / "kubeconfig"

IMAGE = "docker.io/library/python:3-slim"
CALLER = "import signal; signal.signal(signal.SIGTERM, lambda *_: exit(0)); signal.pause()"


def _kubeconfig() -> str:
    return os.environ.get("NETDOC_E2E_KUBECONFIG", "") or (str(LAB) if LAB.exists() else "")


def on_lab() -> bool:
    """Whether the cluster is the lab: what touches nodes, kube-system or the whole cluster is done only there."""
    return _kubeconfig() == str(LAB)


def without(reason: str) -> None:
    """Skips, or fails where a cluster is required."""
    if os.environ.get("NETDOC_E2E_REQUIRED") == "1":
        pytest.fail(f"NETDOC_E2E_REQUIRED=1, and {reason}")
    pytest.skip(reason)


@pytest.fixture
def alone(kube: Kube) -> None:
    """For what touches nodes or kube-system: on the lab only, and while no other test uses the cluster.

    The turn itself (tests/lab/turns.py) is taken before this and any other fixture.
    """
    if not on_lab():
        without("it touches nodes or kube-system, which is done on the lab alone")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The reasons of what was skipped here, also under -q."""
    skipped = [one for one in terminalreporter.stats.get("skipped", []) if one.nodeid.startswith("tests/e2e/")]
    for reason in sorted({str(one.longrepr[2]) for one in skipped if isinstance(one.longrepr, tuple)}):
        terminalreporter.write_line(f"tests/e2e: {reason}")


@pytest.fixture(scope="session")
def kube() -> Iterator[Kube]:
    kubeconfig = _kubeconfig()
    if not kubeconfig:
        without("there is no cluster: neither NETDOC_E2E_KUBECONFIG nor the lab (make lab)")
    found = Kube(kubeconfig)
    try:
        found.items("Node")
    except (Refused, urllib3.exceptions.HTTPError) as error:
        without(f"the cluster of {kubeconfig} does not answer: {error}")
    yield found
    found.close()


@pytest.fixture(scope="session")
def caller(kube: Kube) -> Iterator[str]:
    """The namespace of the pod `caller`, from which connections are tried. At the end all namespaces are gone."""
    name = f"{PREFIX}caller-{os.getpid()}"
    spec = {
        "terminationGracePeriodSeconds": 1,
        "containers": [
            {"name": "caller", "image": IMAGE, "imagePullPolicy": "IfNotPresent", "command": ["python3", "-c", CALLER]}
        ],
    }
    kube.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    try:
        kube.wait("ServiceAccount", name, bool, monotonic() + 60, "the caller's service account")
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "caller", "namespace": name}, "spec": spec}
        kube.create(pod)
        kube.wait("Pod", name, _runs, monotonic() + 120, "the caller's pod")
        yield name
    finally:
        kube.delete({"kind": "Namespace", "metadata": {"name": name}})


def _runs(pods: list[Object]) -> bool:
    return any(pod["status"]["phase"] == "Running" for pod in pods)


class Plays:
    """Faults under way: all that are asked for in this session, a few at a time, each waited for by its own test."""

    def __init__(self, kube: Kube, caller: str, folder: Path, faults: list[Fault]) -> None:
        self.namespaces: set[str] = set()
        self._kube, self._caller, self._folder = kube, caller, folder
        self._pool = ThreadPoolExecutor(AT_ONCE)
        self._under_way: dict[str, Future[Outcome]] = {}
        for one in faults:
            self._begin(one)

    def _begin(self, fault: Fault) -> None:
        stage = Stage(fault, self._kube, self._caller, self._folder)
        self.namespaces.add(stage.namespace)
        self._under_way[fault.id] = self._pool.submit(_play, stage)

    def outcome(self, fault: Fault) -> Outcome:
        if fault.id not in self._under_way:
            self._begin(fault)
        return self._under_way[fault.id].result()

    def gone(self, namespaces: list[Object]) -> bool:
        """Whether nothing of the faults is left among these."""
        return not any(one["metadata"]["name"] in self.namespaces for one in namespaces)

    def close(self) -> None:
        self._pool.shutdown(cancel_futures=True)


def _play(stage: Stage) -> Outcome:
    with turn(alone=False):
        return stage.play()


@pytest.fixture(scope="session")
def plays(
    kube: Kube, caller: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Plays]:
    """Under xdist each worker breaks only what it is given; alone, everything that was collected is begun at once."""
    asked: dict[str, Fault] = {}
    if "PYTEST_XDIST_WORKER" not in os.environ:
        for item in request.session.items:
            fault = item.callspec.params.get("fault") if hasattr(item, "callspec") else None
            if (
                isinstance(fault, Fault)
                and "plays" in getattr(item, "fixturenames", ())
                and (not fault.lab or on_lab())
            ):
                asked[fault.id] = fault
    plays = Plays(kube, caller, tmp_path_factory.mktemp("snapshots"), list(asked.values()))
    yield plays
    plays.close()
    kube.wait("Namespace", "", plays.gone, monotonic() + 120, "all namespaces of the faults are gone")
