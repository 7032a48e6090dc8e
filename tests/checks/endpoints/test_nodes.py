"""Nodes: their conditions and network agents, weighed by what stands on them."""

from __future__ import annotations

import pytest

from netdoc.api import kube
from tests.checks.endpoints.build import (
    Manifest,
    agent,
    behind,
    condition,
    diagnose,
    event,
    findings,
    judge,
    node,
    pod,
    replica_set,
    roots,
    service,
    status,
    typed,
    waiting,
    workload,
)

NOT_READY = condition("Ready", "Unknown", "NodeStatusUnknown", "Kubelet stopped posting node status.")
NO_NETWORK = condition("NetworkUnavailable", True, "NoRouteCreated", "no route")


def elsewhere() -> Manifest:
    return pod("web-2", node="node-b", ip="10.42.0.8")


@pytest.mark.parametrize(
    ("told", "code"),
    [
        (NOT_READY, "node.not-ready"),
        (condition("Ready", False, "KubeletNotReady", "container runtime is down"), "node.not-ready"),
        (NO_NETWORK, "node.network-unavailable"),
    ],
)
async def test_conditions(told: Manifest, code: str) -> None:
    found = await findings(node("node-a", told), *behind(service(), pod(ready=False)))
    assert found[code].severity == "error"
    assert found[code].hops == ("node/node-a",)
    report = await diagnose(node("node-a", told), *behind(service(), pod(ready=False)))
    assert roots(report) == [(code, "Node/node-a")]


@pytest.mark.parametrize("type_", ["MemoryPressure", "DiskPressure", "PIDPressure"])
async def test_pressure_is_a_warning(type_: str) -> None:
    found = await findings(node("node-a", condition(type_, True, "Kubelet")), *behind(service(), pod()))
    assert found["node.pressure"].severity in ("warning", None)
    assert type_ in found["node.pressure"].title


@pytest.mark.parametrize(
    "told",
    [
        condition("Ready", True, "KubeletReady"),
        condition("NetworkUnavailable", False, "RouteCreated"),
        condition("MemoryPressure", False),
        condition("MemoryPressure", "Unknown"),
    ],
)
async def test_a_sound_node_is_silent(told: Manifest) -> None:
    assert not await judge(node("node-a", told), *behind(service(), pod()))


async def test_a_dead_node_whose_endpoint_left_the_rotation_costs_a_part() -> None:
    told = await diagnose(node("node-a", NOT_READY), *behind(service(), pod(ready=False), elsewhere()))
    assert roots(told)[0] == ("node.not-ready", "Node/node-a")
    assert told.status == "warn"


async def test_a_dead_node_whose_endpoint_is_still_in_rotation_loses_requests() -> None:
    told = await diagnose(node("node-a", NOT_READY), *behind(service(), pod(), elsewhere()))
    assert told.status == "fail"


async def test_a_dead_node_beside_the_path_is_silent() -> None:
    assert not await judge(node("node-c", NOT_READY), *behind(service(), pod(), elsewhere()))


async def test_the_callers_node_counts() -> None:
    client = pod("client", labels={"app": "client"}, node="node-c", ip="10.42.0.99")
    told = await diagnose(node("node-c", NOT_READY), *behind(service(), pod()), client, source="pod/client.shop")
    assert roots(told) == [("node.not-ready", "Node/node-c")]
    assert told.status == "fail"


# Agents


@pytest.mark.parametrize(
    ("role", "code"),
    [("kube-proxy", "node.proxy-down"), ("calico-node", "node.cni-down"), ("cilium", "node.cni-down")],
)
async def test_an_agent_that_is_not_ready(role: str, code: str) -> None:
    found = await findings(agent(role, ready=False), *behind(service(), pod()))
    assert found[code].object.name == "node-a"


async def test_agents_that_run_or_cannot_be_seen_are_silent() -> None:
    """k3s has its proxy and policy controller inside: not there to be seen is not missing."""
    assert not await judge(agent("kube-proxy"), agent("calico-node"), *behind(service(), pod()))
    assert not await judge(*behind(service(), pod()))


async def test_an_old_agent_beside_a_new_one_that_runs() -> None:
    old = agent("calico-node", ready=False)
    old["metadata"] |= {"name": "calico-node-old", "uid": "old"}
    assert not await judge(old, agent("calico-node"), *behind(service(), pod()))


async def test_an_agent_on_another_node_is_not_this_ones() -> None:
    assert not await judge(agent("calico-node", "node-c", ready=False), *behind(service(), pod()))


async def test_a_dead_agent_explains_pods_without_a_network() -> None:
    stuck = pod(ready=False, ip="", phase="Pending", statuses=(status(state=waiting("ContainerCreating")),))
    word = event(stuck, "FailedCreatePodSandBox", 'plugin type="calico" failed (add): connection refused')
    told = await diagnose(agent("calico-node", ready=False), *behind(service(), stuck), word)
    assert roots(told) == [("node.cni-down", "Node/node-a")]
    assert "pod.network-not-ready" in {one.code for one in told.findings}


async def test_a_dead_node_explains_its_dead_agents() -> None:
    told = await diagnose(
        node("node-a", NOT_READY), agent("calico-node", ready=False), *behind(service(), pod(ready=False))
    )
    assert roots(told) == [("node.not-ready", "Node/node-a")]


# Addresses


async def test_a_node_without_pod_addresses() -> None:
    stuck = pod(ready=False, ip="", phase="Pending", statuses=(status(state=waiting("ContainerCreating")),))
    message = "failed to allocate for range 0: no IP addresses available in range set: 10.42.0.1-10.42.0.254"
    told = await diagnose(event(stuck, "FailedCreatePodSandBox", message), *behind(service(), stuck))
    assert roots(told) == [("node.address-pool-exhausted", "Node/node-a")]


# Gathered on one node


async def test_failures_of_no_cause_of_their_own_that_gather_on_one_node() -> None:
    owner = workload(replicas=4)
    made = replica_set(owner)
    failing = [pod(f"web-{at}", owner=made, ready=False, ip=f"10.42.0.{at}") for at in (1, 2)]
    serving = [pod(f"web-{at}", owner=made, node="node-b", ip=f"10.42.1.{at}") for at in (3, 4)]
    found = await findings(owner, made, *behind(service(), *failing, *serving))
    assert found["node.failures-concentrated"].object.name == "node-a"
    assert not found["node.failures-concentrated"].proven


@pytest.mark.parametrize("places", [("node-a", "node-b"), ("node-a", "node-a")])
async def test_failures_that_do_not_gather(places: tuple[str, str]) -> None:
    """On two nodes, or on the node where others serve."""
    failing = [pod(f"web-{at}", ready=False, node=place, ip=f"10.42.0.{at}") for at, place in enumerate(places)]
    serving = [pod(f"web-{at}", node=place, ip=f"10.42.1.{at}") for at, place in ((8, "node-a"), (9, "node-b"))]
    assert "node.failures-concentrated" not in await findings_of(*behind(service(), *failing, *serving))


async def findings_of(*objects: Manifest) -> set[str]:
    return {one.code for one in await judge(*objects) if hasattr(one, "code")}


def test_the_builders_node_is_one() -> None:
    assert typed(node("node-a"), kube.Node).addresses == ("192.168.0.1",)
