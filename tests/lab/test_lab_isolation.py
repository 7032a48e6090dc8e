"""Nothing that pods or the lab's programs send leaves this machine.

The address is one of nobody's (RFC 5737). A witness counts packets to it behind the lab's rules, where they would go
out: it must count none, while the lab's own counter shows that they were sent and dropped.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator

import pytest

from tests.lab import cluster, network, tools
from tests.lab.parts import API_SERVICE, DNS_SERVICE, PYTHON_IMAGE, places

pytestmark = pytest.mark.lab

_NOBODY = "198.51.100.7"
# Each worker has its own
_NAMESPACE = f"lab-isolation-{os.getpid()}"
_WITNESS = f"netdoc_lab_witness_{os.getpid()}"
_TRY = f"""
import socket
udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
try:
    udp.sendto(b"?", ("{_NOBODY}", 53))
except PermissionError:
    pass  # dropped before it left the socket's machine
try:
    socket.create_connection(("{_NOBODY}", 80), 2)
except OSError:
    raise SystemExit(0)
raise SystemExit("connected to an address of nobody")
"""


@pytest.fixture(scope="module", autouse=True)
def namespace() -> Iterator[None]:
    if why := cluster.faults(places()):
        pytest.skip(f"the lab is not up (make lab): {why[0]}")
    cluster.kubectl(places(), "create", "namespace", _NAMESPACE)
    yield
    cluster.kubectl(places(), "delete", "namespace", _NAMESPACE, "--wait=false")


@pytest.fixture
def witness() -> Iterator[None]:
    rules = f"""table inet {_WITNESS} {{
      counter gone {{ }}
      chain postrouting {{
        type filter hook postrouting priority 300; policy accept;
        ip daddr {{ {_NOBODY}, 10.42.0.0/16, 10.43.0.0/16 }} oifname "{network.uplink()[0]}" counter name gone
      }}
    }}"""
    tools.call(["nft", "-f", "-"], given=rules)
    yield
    tools.call(["nft", "delete", "table", "inet", _WITNESS])


@pytest.fixture
def alone() -> None:
    """For what counts on nobody else being counted: while no other test uses the lab (turns.py)."""


def _gone() -> int:
    told = json.loads(tools.call(["nft", "-j", "list", "counters", "table", "inet", _WITNESS]))["nftables"]
    return sum(item["counter"]["packets"] for item in told if "counter" in item)


def _run(name: str, spec: dict[str, object], program: str = _TRY) -> None:
    container = {
        "name": "try",
        "image": PYTHON_IMAGE,
        "imagePullPolicy": "IfNotPresent",
        "command": ["python3", "-c", program],
    }
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": _NAMESPACE},
        "spec": {"restartPolicy": "Never", "containers": [container], **spec},
    }
    cluster.kubectl(places(), "create", "-f", "-", given=json.dumps(pod))
    cluster.kubectl(
        places(), "-n", _NAMESPACE, "wait", f"pod/{name}", "--for=jsonpath={.status.phase}=Succeeded", "--timeout=30s"
    )


@pytest.mark.usefixtures("witness")
@pytest.mark.parametrize(
    ("name", "spec", "counter"),
    [
        ("own-network", {}, "from_pods"),
        ("host-network", {"hostNetwork": True}, "from_programs"),
    ],
)
def test_what_a_pod_sends_outside_is_dropped(name: str, spec: dict[str, object], counter: str) -> None:
    before = network.counters()[counter]
    _run(name, spec)
    assert network.counters()[counter] >= before + 2  # the UDP packet, and at least one SYN
    assert _gone() == 0


@pytest.mark.usefixtures("witness")
@pytest.mark.parametrize("address", ["10.42.0.255", "10.42.77.7", "10.43.77.7"])
def test_what_this_machine_sends_to_addresses_that_no_pod_or_service_has_stays(address: str) -> None:
    with pytest.raises(OSError, match=r"."):
        socket.create_connection((address, 80), 1)
    assert _gone() == 0


@pytest.mark.usefixtures("service_without_endpoints")
@pytest.mark.parametrize("port", [80, 81])
def test_what_kube_proxy_refuses_is_refused_and_not_lost_in_the_labs_rules(port: int) -> None:
    address = cluster.kubectl(places(), "-n", _NAMESPACE, "get", "service", "none", "-o", "jsonpath={.spec.clusterIP}")

    def refused() -> bool:
        try:
            socket.create_connection((address, port), 1)
        except ConnectionRefusedError:
            return True
        except TimeoutError:
            return False  # kube-proxy has not written its rules yet
        raise AssertionError("connected to a Service without endpoints")

    tools.wait_for(f"refusal by {address}:{port}", refused, 20)
    _run(
        f"refused-{port}",
        {},
        f"""
import socket
try:
    socket.create_connection(("{address}", {port}), 5)
except ConnectionRefusedError:
    raise SystemExit(0)
raise SystemExit(1)
""",
    )


@pytest.fixture(scope="module")
def service_without_endpoints() -> None:
    cluster.kubectl(places(), "-n", _NAMESPACE, "create", "service", "clusterip", "none", "--tcp=80:80")


def test_what_a_program_on_the_node_sends_to_a_service_arrives() -> None:
    """The API server's Service leads to the node itself, and that of DNS to pods."""
    services = f'(("{API_SERVICE}", 443), ("{DNS_SERVICE}", 53))'
    program = f"import socket\nfor place in {services}:\n    socket.create_connection(place, 5).close()\n"
    _run("services", {"hostNetwork": True}, program)


@pytest.mark.usefixtures("alone")
def test_an_unknown_image_is_refused_by_the_labs_own_registry() -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "unknown-image", "namespace": _NAMESPACE},
        "spec": {"containers": [{"name": "main", "image": "docker.io/library/nothing:1"}]},
    }
    before = network.counters()["from_programs"]
    cluster.kubectl(places(), "create", "-f", "-", given=json.dumps(pod))
    reason = "jsonpath={.status.containerStatuses[0].state.waiting.reason}"
    cluster.kubectl(
        places(), "-n", _NAMESPACE, "wait", "pod/unknown-image", f"--for={reason}=ErrImagePull", "--timeout=30s"
    )
    message = cluster.kubectl(
        places(),
        "-n",
        _NAMESPACE,
        "get",
        "pod",
        "unknown-image",
        "-o",
        "jsonpath={.status.containerStatuses[0].state.waiting.message}",
    )
    assert "not found" in message
    assert network.counters()["from_programs"] == before
