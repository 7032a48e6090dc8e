"""Brings the cluster up, says how it is, and takes it down."""

from __future__ import annotations

import json
import os
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

from tests.lab import certs, components, leftovers, network, processes
from tests.lab.build import Built, build
from tests.lab.components import Component
from tests.lab.parts import MANIFESTS, NODE, RUN_TOOLS, LabError, Places
from tests.lab.tools import call, require, say, wait_for

_NAMES = ("jellyfin", "sonarr", "grafana")  # below lab.example


def up(places: Places) -> None:
    """Builds what is missing and starts the lab; nothing to do where it runs. Raises LabError, nothing left half up."""
    if os.geteuid() != 0:
        raise LabError("the lab needs root: network namespaces, mounts, rules")
    if not faults(places):
        say(f"already up: {places.kubeconfig}")
        return
    require(RUN_TOOLS)
    built = build(places.cache)
    down(places)
    say("starting")
    try:
        _start(places, built)
    except BaseException:
        say(f"not up; its logs are in {_keep_logs(places)}")
        down(places)
        raise
    say(f"up: kubeconfig {places.kubeconfig}, kubectl {places.kubectl}")


def _start(places: Places, built: Built) -> None:
    device, address = network.uplink()
    if others := network.traces(places):
        raise LabError(
            "this machine has another cluster, or remains of one, on what the lab would use:\n  "
            + "\n  ".join(others[:10])
        )
    network.remember(places)
    leftovers.remember(places)
    processes.make_groups()
    components.link_programs(places, built)
    components.write_configuration(places, address, dict.fromkeys(_NAMES, address))
    certs.make(places, address)
    network.prepare(device)
    parts = components.all_of(places, device, address)
    for name in ("etcd", "kube-apiserver", "containerd", "registry", "resolver"):
        _run(places, parts[name])
    images = _in_background(lambda: _import_images(places, built))
    _await_api(places)
    for name in ("kube-controller-manager", "kube-scheduler"):
        _run(places, parts[name])
    _define(places, built)
    for name in ("kube-proxy", "felix"):
        _run(places, parts[name])
    images()
    _run(places, parts["kubelet"])
    _deploy(places, address)
    _await_workloads(places)
    _complete(places).touch()


def _run(places: Places, part: Component) -> None:
    processes.start(places, part.name, part.command, part.env)


def _complete(places: Places) -> Path:
    """There once a start came to its end."""
    return places.run / "complete"


def start_part(places: Places, name: str) -> None:
    """Starts one program of a lab that is up, after `stop_part`, and waits until it does its work again.

    Raises LabError for a name that is none.
    """
    parts = components.all_of(places, *network.uplink())
    if name not in parts:
        raise LabError(f"{name}: no part of the lab; there are {', '.join(sorted(parts))}")
    if not processes.alive(places, name):
        _run(places, parts[name])
    match name:
        case "kubelet":
            wait_for(f"node {NODE} is ready and open", lambda: _node_ready(places) and not _tainted(places), 90)
            wait_for("the kubelet knows its pods", lambda: _knows_its_pods(places), 60)
        case "kube-proxy":
            wait_for("kube-proxy has written its rules", lambda: _healthy(components.PROXY_HEALTH), 60)
        case "felix":
            wait_for("Felix is ready", lambda: _healthy(components.FELIX_HEALTH), 60)


def stop_part(places: Places, name: str) -> None:
    """Ends one program of the lab (a node whose kubelet is gone, a resolver that is down ...)."""
    if name not in processes.started(places):
        raise LabError(f"{name}: not started; there are {', '.join(processes.started(places))}")
    processes.stop(places, name)


def _in_background(work: Callable[[], None]) -> Callable[[], None]:
    """Starts the work; the returned call waits for its end and raises what it raised."""
    failed: list[BaseException] = []

    def guarded() -> None:
        try:
            work()
        except BaseException as error:
            failed.append(error)

    thread = threading.Thread(target=guarded, daemon=True)
    thread.start()

    def join() -> None:
        thread.join(300)
        if thread.is_alive():
            raise LabError("images: not imported after 300 s")
        if failed:
            raise failed[0]

    return join


def _import_images(places: Places, built: Built) -> None:
    ctr = ["ctr", "--address", str(places.containerd_socket), "--namespace", "k8s.io"]

    def answers() -> bool:
        processes.see_alive(places, "containerd")
        return places.containerd_socket.exists() and "Server:" in call([*ctr, "version"], check=False)

    wait_for("containerd answers", answers, 30)
    for image in built.images:
        call([*ctr, "images", "import", image], timeout=120)
    say("images imported")


def kubectl(places: Places, *words: str, given: str | None = None, check: bool = True, timeout: float = 60) -> str:
    """Runs the lab's kubectl as its administrator."""
    as_administrator = (f"--kubeconfig={places.kubeconfig}", f"--cache-dir={places.state}/kubectl-cache")
    return call([places.kubectl, *as_administrator, *words], given=given, check=check, timeout=timeout)


def _await_api(places: Places) -> None:
    def ready() -> bool:
        for name in ("etcd", "kube-apiserver"):
            processes.see_alive(places, name)
        return kubectl(places, "get", "--raw", "/readyz", check=False).strip() == "ok"

    wait_for("the API server is ready", ready, 90, every=0.25)
    say("control plane answers")


def _define(places: Places, built: Built) -> None:
    """The definitions of Calico's and Traefik's kinds, then what Calico needs before the first pod."""
    for crds in (built.calico_crds, built.traefik_crds):
        kubectl(places, "create", "-f", str(crds))
    kubectl(places, "wait", "--for=condition=Established", "crd", "--all", "--timeout=30s")
    kubectl(places, "create", "-f", str(MANIFESTS / "calico.yaml"))


def _deploy(places: Places, address: str) -> None:
    files = sorted(file for file in MANIFESTS.glob("*.yaml") if file.name != "calico.yaml")
    kubectl(places, "create", *(word for file in files for word in ("-f", str(file))))
    kubectl(
        places,
        "-n",
        "media",
        "create",
        "secret",
        "tls",
        "lab-example-tls",
        f"--cert={places.certs}/shop.crt",
        f"--key={places.certs}/shop.key",
    )
    status = json.dumps({"status": {"loadBalancer": {"ingress": [{"ip": address}]}}})
    kubectl(
        places, "-n", "traefik", "patch", "service", "traefik", "--subresource=status", "--type=merge", "-p", status
    )


def _await_workloads(places: Places) -> None:
    wait_for(f"node {NODE} is ready", lambda: _node_ready(places), 90, every=0.25)
    say("node ready")
    wait_for("Felix is ready", lambda: _healthy(components.FELIX_HEALTH), 60)
    kubectl(places, "wait", "--for=condition=Available", "deployments", "--all", "-A", "--timeout=120s", timeout=130)
    kubectl(places, "-n", "databases", "rollout", "status", "statefulset/postgres", "--timeout=60s", timeout=70)


def _node_ready(places: Places) -> bool:
    for name, runs in processes.started(places).items():
        if not runs:
            processes.see_alive(places, name)
    path = 'jsonpath={.status.conditions[?(@.type=="Ready")].status}'
    return kubectl(places, "get", "node", NODE, "-o", path, check=False) == "True"


def _tainted(places: Places) -> bool:
    """Whether the controllers still keep pods off the node: they let it go only after it is ready."""
    return bool(kubectl(places, "get", "node", NODE, "-o", "jsonpath={.spec.taints}", check=False))


def _knows_its_pods(places: Places) -> bool:
    """Whether the kubelet has heard of every pod that it is to run: of others it says that they do not exist."""
    here = json.loads(kubectl(places, "get", "pods", "-A", f"--field-selector=spec.nodeName={NODE}", "-o", "json"))
    told = kubectl(places, "get", "--raw", f"/api/v1/nodes/{NODE}/proxy/pods", check=False)
    known = json.loads(told)["items"] if told else []
    return {one["metadata"]["uid"] for one in here["items"]} <= {one["metadata"]["uid"] for one in known or ()}


def _healthy(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=2) as answer:
            return 200 <= int(answer.status) < 300
    except OSError:
        return False


def faults(places: Places) -> list[str]:
    """Why the lab is not up: empty when it is."""
    if not places.kubeconfig.exists():
        return [f"not up (no {places.kubeconfig})"]
    found = [
        f"{name} does not run (log: {places.logs}/{name}.log)"
        for name, runs in processes.started(places).items()
        if not runs
    ]
    if not _complete(places).exists():
        found.append("its start did not come to its end")
    if not found and not _node_ready(places):
        found.append(f"the API server does not answer, or node {NODE} is not ready")
    return found


def status(places: Places) -> list[str]:
    """Prints the state; returns what is wrong with it."""
    wrong = faults(places)
    for name, runs in processes.started(places).items():
        print(f"{name:24} {'runs' if runs else 'ENDED'}")
    print(f"{'state':24} {'up' if not wrong else '; '.join(wrong)}")
    print(f"{'kubeconfig':24} {places.kubeconfig}\n{'kubectl':24} {places.kubectl}\n{'logs':24} {places.logs}")
    return wrong


def _keep_logs(places: Places) -> str:
    """Logs of a start that failed, where down does not remove them."""
    kept = places.cache / "failed-logs"
    call(["rm", "-rf", kept])
    call(["cp", "-r", places.logs, kept], check=False)
    return str(kept)


def down(places: Places) -> None:
    """Ends everything and takes every change back, also after a crash; touches nothing where no lab was started.

    Raises LabError where something is left: then the record of how the machine was is kept, for another down.
    """
    if os.geteuid() != 0:
        raise LabError("the lab needs root")
    if not places.state.exists() and not processes.members():
        return
    say("stopping")
    processes.kill_all()
    leftovers.unmount(places)
    network.restore(places)
    leftovers.remove_files(places)
    if left := network.traces(places):
        raise LabError("left behind:\n  " + "\n  ".join(left))
    leftovers.remove_state(places)
    say("down: nothing left")
