"""A fault as data, and how it is played: break it, see it broken, ask netdoc live, save a snapshot, ask again, undo."""

from __future__ import annotations

import ipaddress
import json
import os
import string
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager, nullcontext
from copy import deepcopy
from pathlib import Path
from time import monotonic
from typing import Any, Literal

import msgspec
import yaml

from netdoc.demo.assemble import merge
from tests.e2e.capture import keep
from tests.e2e.kube import PLACES, Kube, Object
from tests.e2e.match import matches

HERE = Path(__file__).parent
PREFIX = "netdoc-e2e-"
PATIENCE = 120.0  # seconds for one thing to show itself; a fault may need longer (`patience`)

# How a TCP connection ends, as the caller meets it; `fails` is any of them but `works`.
Call = Literal["works", "refused", "unanswered", "nameless", "fails"]

CALL = """
import socket, sys, threading, time
host, port, wanted, seconds = sys.argv[1], int(sys.argv[2]), sys.argv[3], float(sys.argv[4])
def call():
    try:
        socket.create_connection((host, port), timeout=1.5).close()
    except socket.gaierror:
        return "nameless"
    except ConnectionRefusedError:
        return "refused"
    except OSError:
        return "unanswered"
    return "works"
end = time.monotonic() + seconds
while True:
    got = call()
    met = got == wanted or (wanted == "fails" and got != "works")
    if met or time.monotonic() > end:
        print(got)
        sys.exit(0 if met else 1)
    threading.Event().wait(0.2)  # between two tries
"""


class Seen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What must be there: an object of the kind (in the fault's namespace, or of the cluster) that has all of `has`.

    `count` objects at least; 0: none such. `namespace` where it is another one.
    """

    kind: str
    has: Any = {}
    count: int = 1
    namespace: str = ""


class Named(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The first root cause: its code, and the object that it is about."""

    code: str
    kind: str
    name: str = "web"


class Fault(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"as_": "as", "from_": "from"}):
    """One way to break base.yaml.

    `given` and `then` are merge patches by `kind/name` (null removes the object), applied before anything runs and
    after it was seen to work; `add` and `then_add` are more objects. `as` makes the Deployment another workload.
    In all strings: $NS, $NODE, $CALLER (the caller's namespace), $POD (the address of the application's pod once it
    works), $DEAD (an address in the pods' range that no pod has).
    `runs`: it must run before, although neither `then` nor its kin breaks it. `works`: and be reached by the caller.
    `by` is the pod of the fault's own namespace that calls, where it is not the caller that all faults share.
    `cause` absent: nothing is to be found. `severity` is that of the finding; `impact` the report's.
    """

    id: str
    story: str
    as_: Literal["Deployment", "StatefulSet", "DaemonSet", "Job", "Pod"] = "Deployment"
    given: dict[str, Any] = {}
    add: tuple[Object, ...] = ()
    then: dict[str, Any] = {}
    then_add: tuple[Object, ...] = ()
    then_delete: tuple[str, ...] = ()  # as Kind/name
    runs: bool = False
    works: bool = True
    seen: tuple[Seen, ...] = ()
    call: Call | None = None
    by: str = ""
    at: str = "web.$NS:80"
    target: str = "svc/web.$NS"
    from_: tuple[str, ...] = ("pod/caller.$CALLER",)
    cause: Named | None = None
    severity: Literal["error", "warning"] = "error"
    impact: Object | None = None
    title: str = ""
    lab: bool = False
    patience: float = PATIENCE

    @property
    def later(self) -> bool:
        return self.runs or bool(self.then or self.then_add or self.then_delete)


class Verdict(msgspec.Struct, frozen=True):
    """What the program answered."""

    command: list[str]
    exit: int
    report: Object
    stderr: str

    @property
    def roots(self) -> list[Object]:
        findings = {one["id"]: one for one in self.report.get("findings", [])}
        return [findings[one] for one in self.report.get("rootCauses", [])]

    def told(self) -> str:
        """All that a person needs to see why this is not the verdict that was expected."""
        findings = [
            (one["code"], one["severity"], f"{one['object'].get('kind')}/{one['object'].get('name')}", one["title"])
            for one in self.report.get("findings", [])
        ]
        parts = [f"exit {self.exit}", " ".join(self.command), *map(str, findings)]
        parts += [f"not checked: {one}" for one in self.report.get("notChecked", [])]
        return "\n".join([*parts, str(self.report.get("headline")), self.stderr])


class Outcome(msgspec.Struct, frozen=True):
    """What came of a fault: netdoc's verdict on the cluster, and on the snapshot of that moment."""

    live: Verdict
    saved: Verdict
    words: dict[str, str]


def load() -> list[Fault]:
    """All faults, in the order of the files. A name that is used twice is an error."""
    faults: list[Fault] = []
    for file in sorted((HERE / "faults").glob("*.yaml")):
        faults += msgspec.convert(yaml.safe_load(file.read_text()), list[Fault])
    assert len({one.id for one in faults}) == len(faults), "two faults of one name"
    return faults


def netdoc(*arguments: str, check: Iterable[int] = ()) -> subprocess.CompletedProcess[str]:
    """The real program, with nothing of whoever runs the tests."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if key in ("PATH", "HOME", "LANG", "PYTHONPATH", "COVERAGE_PROCESS_START")
    }
    done = subprocess.run(
        [sys.executable, "-P", "-m", "netdoc", *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        env=kept,
        check=False,
    )
    assert not check or done.returncode in check, f"{arguments}: exit {done.returncode}\n{done.stderr}"
    return done


def diagnose(target: str, sources: Iterable[str], *where: str) -> Verdict:
    """`netdoc diagnose` as a script calls it."""
    command = ["diagnose", target]
    for source in sources:
        command += ["--from", source]
    done = netdoc(*command, *where, "-o", "json")
    try:
        report = json.loads(done.stdout)
    except ValueError:
        report = {}
    return Verdict([*command, *where], done.returncode, report, done.stderr)


Outage = Callable[["Stage"], AbstractContextManager[None]]


def nothing(stage: Stage) -> AbstractContextManager[None]:
    return nullcontext()


class Stage:
    """A fault in its namespace, from the first object to the last."""

    def __init__(self, fault: Fault, kube: Kube, caller: str, folder: Path) -> None:
        self.fault, self.kube, self.caller, self.folder = fault, kube, caller, folder
        self.namespace = f"{PREFIX}{fault.id[:30]}-{uuid.uuid4().hex[:5]}"
        node = kube.items("Node")[0]
        self.words = {"NS": self.namespace, "CALLER": caller, "NODE": node["metadata"]["name"], "DEAD": _dead(node)}
        assert fault.seen or fault.call, f"{fault.id}: nothing shows that it is broken"
        self.documents: dict[str, Object] = {}

    def play(self, outage: Outage = nothing) -> Outcome:
        """All of it. `outage` is what code breaks: it begins once the application works, and ends when netdoc has said.

        Undone in any case.
        """
        try:
            self._prepare()
            with outage(self):
                for one in self.fault.seen:
                    self.wait(one)
                if self.fault.call:
                    self._call(self.fault.call)
                if folder := os.environ.get("NETDOC_E2E_CAPTURE"):
                    keep(self.kube, self.namespace, self.fault.id, Path(folder))
                return self._ask()
        finally:
            self._undo()

    def _ask(self) -> Outcome:
        live = self._diagnose("--kubeconfig", self.kube.kubeconfig)
        file = str(self.folder / f"{self.fault.id}.tar.gz")
        netdoc("snapshot", "save", file, "-A", "--kubeconfig", self.kube.kubeconfig, check=(0,))
        return Outcome(live, self._diagnose("--snapshot", file), self.words)

    def _diagnose(self, *where: str) -> Verdict:
        return diagnose(self._filled(self.fault.target), [self._filled(one) for one in self.fault.from_], *where)

    def _filled(self, value: Any) -> Any:
        return json.loads(string.Template(json.dumps(value)).safe_substitute(self.words))

    def _prepare(self) -> None:
        fault = self.fault
        self.kube.create(_document("v1", "Namespace", self.namespace))
        self.wait(Seen("ServiceAccount", {"metadata": {"name": "default"}}))
        for document in fault.add:
            self.put(document)
        base = {_key(one): one for one in _base(fault.as_)}
        for key, patch in fault.given.items():
            base[key] = merge(base[key], patch)
        for document in base.values():
            if document is not None:
                self.put(document)
        if fault.later:
            self._before()
            self._after()

    def _before(self) -> None:
        """The application works: its pods are ready and, unless the fault says otherwise, the caller reaches it."""
        ready = {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}
        self.wait(Seen("Pod", {"metadata": {"labels": {"app": "web"}}, **ready}))
        if self.fault.by:
            self.wait(Seen("Pod", {"metadata": {"name": self.fault.by}, **ready}))
        if self.fault.works:
            self._call("works")
        pods = self.kube.items("Pod", self.namespace, labelSelector="app=web")
        self.words["POD"] = pods[0]["status"]["podIP"]

    def _after(self) -> None:
        for key, patch in self.fault.then.items():
            self.put(merge(self.documents[key], patch))
        for document in self.fault.then_add:
            self.put(document)
        for key in self.fault.then_delete:
            kind, _, name = key.partition("/")
            self.kube.delete({"kind": kind, "metadata": {"name": name, "namespace": self.namespace}})

    def put(self, document: Object) -> None:
        document = self._filled(document)
        if PLACES[document["kind"]][2]:
            document["metadata"].setdefault("namespace", self.namespace)
        self.documents[_key(document)] = document
        self.kube.apply(document)

    def wait(self, seen: Seen) -> None:
        pattern = self._filled(seen.has)
        namespace = self._filled(seen.namespace) or (self.namespace if PLACES[seen.kind][2] else "")

        def holds(items: list[Object]) -> bool:
            found = sum(matches(pattern, item) for item in items)
            return found >= seen.count if seen.count else not found

        deadline = monotonic() + self.fault.patience
        self.kube.wait(seen.kind, namespace, holds, deadline, f"{self.fault.id}: {seen.kind} with {pattern}")

    def _call(self, wanted: Call) -> None:
        host, _, port = self._filled(self.fault.at).partition(":")
        command = ["python3", "-c", CALL, host, port, wanted, str(self.fault.patience)]
        namespace, pod = (self.namespace, self.fault.by) if self.fault.by else (self.caller, "caller")
        code, got = self.kube.exec(namespace, pod, command, self.fault.patience + 20)
        assert code == 0, f"{self.fault.id}: a call of {host}:{port} should end as {wanted}, and ends as {got}"

    def _undo(self) -> None:
        for document in self.documents.values():
            if not PLACES[document["kind"]][2]:
                self.kube.delete(document)
        self.kube.delete(_document("v1", "Namespace", self.namespace))  # from here on nothing new is made in it
        for pod in self.kube.items("Pod", self.namespace):
            if pod["metadata"].get("finalizers"):
                self.kube.patch({**pod, "kind": "Pod"}, {"metadata": {"finalizers": None}})


def _document(version: str, kind: str, name: str) -> Object:
    return {"apiVersion": version, "kind": kind, "metadata": {"name": name}}


def _key(document: Object) -> str:
    return f"{document['kind'].lower()}/{document['metadata']['name']}"


def _base(kind: str) -> list[Object]:
    """base.yaml with its Deployment turned into another workload of the same pods."""
    deployment, service = yaml.safe_load((HERE / "base.yaml").read_text())
    template = deepcopy(deployment["spec"]["template"])
    match kind:
        case "StatefulSet":
            deployment["spec"] |= {"serviceName": "web", "podManagementPolicy": "Parallel"}
        case "DaemonSet":
            del deployment["spec"]["replicas"]
        case "Pod":
            deployment = {
                "apiVersion": "v1",
                "metadata": {"name": "web", **template["metadata"]},
                "spec": template["spec"],
            }
        case "Job":
            template["spec"]["restartPolicy"] = "Never"
            deployment |= {"apiVersion": "batch/v1", "spec": {"template": template}}
    return [{**deployment, "kind": kind}, service]


def _dead(node: Object) -> str:
    """The last address but one of the node's pod range: handed out last, so nobody's in a small cluster."""
    cidr = node["spec"].get("podCIDR")
    return str(ipaddress.ip_network(cidr)[-2]) if cidr else ""
