"""Split DNS on a real cluster: a load balancer that pods cannot go through, an address of old, names that are right.

The outside view is the lab's own resolver's; a pod's inside view is bent by its hostAliases, and by nothing else.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

import pytest

from tests.calling import netdoc
from tests.e2e.conftest import on_lab, without
from tests.e2e.dns.scene import Said, Scene, client, nobodys, scene
from tests.e2e.kube import Kube, Object, path_of
from tests.lab.parts import OUTER_DNS

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

NAME, RIGHT = "www.lab.example", "jellyfin.lab.example"
PATIENCE = 60  # seconds until every node knows a new Service
# Connects to an address over and over, until it stands.
REACH = """
import socket, sys, threading, time
end = time.monotonic() + float(sys.argv[2])
while time.monotonic() < end:
    try:
        socket.create_connection((sys.argv[1], 80), 2).close()
        sys.exit(0)
    except OSError as error:
        print(error)
        threading.Event().wait(0.2)  # between two tries
sys.exit(1)
"""
EXEC = ("--exec", "--repeat", "2", "--timeout", "120s")


@pytest.fixture(scope="module")
def balancer(kube: Kube) -> str:
    """An address that no pod has and that leads nowhere: packets to it are lost."""
    if not on_lab():
        without("the resolver outside is the lab's")
    return str(ipaddress.ip_network(kube.items("Node")[0]["spec"]["podCIDR"])[-3])


@pytest.fixture(scope="module")
def street(kube: Kube, balancer: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    old = client("old", hostAliases=[{"ip": nobodys(kube), "hostnames": [NAME]}])
    inside = client("inside", hostAliases=[{"ip": balancer, "hostnames": [NAME]}])
    with scene(kube, "split", tmp_path_factory.mktemp("split"), [old, inside]) as made:
        service: Object = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "front"},
            "spec": {
                "type": "LoadBalancer",
                "loadBalancerClass": "example.com/none",  # whose addresses are written here, by hand
                "selector": {"app": "web"},
                "ports": [{"port": 80, "targetPort": 8080}],
            },
        }
        made.place.put(service)
        found = kube.get("Service", "front", made.namespace)
        assert found is not None
        command = ["python3", "-c", REACH, found["spec"]["clusterIP"], str(PATIENCE)]
        code, said = kube.exec(made.namespace, "inside", command, PATIENCE + 30)
        assert code == 0, said
        yield made


def through(street: Scene, address: str, mode: str) -> None:
    """`Proxy` sends pods out to the load balancer; with `VIP` the node itself takes its place (KEP-1860)."""
    status = {"loadBalancer": {"ingress": [{"ip": address, "ipMode": mode}]}}
    where: Object = {"kind": "Service", "metadata": {"name": "front", "namespace": street.namespace}}
    street.kube.request("PATCH", f"{path_of(where)}/status", {"status": status}, "merge-patch+json")


def asked(street: Scene, caller: str, name: str, *options: str) -> Said:
    where = ("--kubeconfig", street.kube.kubeconfig, "--outside", OUTER_DNS, "--no-journal", "-o", "json")
    done = netdoc("check", "dns", f"http://{name}", "--from", f"pod/{caller}.{street.namespace}", *where, *options)
    assert done.out, done.err
    return Said(done.json, done.code)


def test_a_load_balancer_that_does_not_turn_around_is_proven(street: Scene, balancer: str) -> None:
    through(street, balancer, "Proxy")
    said = asked(street, "inside", NAME, *EXEC)
    assert [one[0] for one in said.roots] == ["dns.split-horizon-mismatch"], said.report["headline"]
    assert "ipMode Proxy" in said.report["findings"][0]["detail"]
    tries = {one["data"]["address"]: one["failures"] for one in said.report["evidence"] if one["kind"] == "tcp"}
    assert sorted(tries.values()) == [0, 2]
    assert tries[balancer] == 2


def test_an_address_that_nobody_has_any_more(street: Scene) -> None:
    for options in (EXEC, ()):
        said = asked(street, "old", NAME, *options)
        assert said.roots == [("dns.stale-address", "Pod", street.namespace, "old")], said.report["headline"]


def test_a_name_that_is_right_inside_and_outside_is_silent(street: Scene) -> None:
    said = asked(street, "inside", RIGHT, *EXEC)
    assert said.report["findings"] == []
