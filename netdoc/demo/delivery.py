"""What becomes of a packet in the embedded network: by its policies, its proxies, its nodes and who listens. Pure.

Services as kube-proxy's nftables mode has them (k8s.io/kubernetes/pkg/proxy/nftables): a Service without endpoints and
a port that it lacks are rejected; traffic that is to stay on a node without an endpoint is dropped.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Literal

import msgspec

from netdoc.demo.assemble import Host
from netdoc.demo.world import World, listens
from netdoc.model import kube

Outcome = Literal["accepted", "refused", "lost"]


class Fate(msgspec.Struct, frozen=True):
    """`by` is who accepted it."""

    outcome: Outcome
    by: kube.Pod | Host | None = None


REFUSED, LOST = Fate("refused"), Fate("lost")


class Caller(msgspec.Struct, frozen=True):
    """Who sends: a pod, or somebody outside by an address."""

    address: str
    pod: kube.Pod | None = None

    @property
    def node(self) -> str:
        return self.pod.spec.node_name if self.pod is not None else ""


def caller_of(pod: kube.Pod) -> Caller:
    return Caller(pod.addresses[0] if pod.addresses else "", pod)


def fates(world: World, caller: Caller, address: str, port: int, protocol: str = "TCP") -> tuple[Fate, ...]:
    """What befalls connections one after the other: one fate, or those of a Service's endpoints in turn."""
    if ipaddress.ip_address(address).is_loopback:
        at_home = caller.pod is not None and listens(caller.pod, port, protocol)
        return (Fate("accepted", caller.pod) if at_home else REFUSED,)
    inside = [one for one in world.services if address in one.cluster_addresses]
    claimed = inside or [one for one in world.services if address in one.external_addresses]
    if claimed:
        return _by_service(world, caller, claimed, address, (port, protocol), bool(inside))
    node = world.node_at(address)
    for service in world.services if node else ():
        for one in service.spec.ports:
            if one.node_port and (one.node_port, one.protocol) == (port, protocol):
                keep = node if service.spec.external_traffic_policy == "Local" else ""
                return _turns(world, caller, _backends(world, service, one, address), keep, protocol)
    return (delivered(world, caller, address, port, protocol),)


def _by_service(
    world: World, caller: Caller, claimed: list[kube.Service], address: str, place: tuple[int, str], inside: bool
) -> tuple[Fate, ...]:
    if caller.node and world.unproxied(caller.node):
        return (LOST,)
    for service in claimed:
        for one in service.spec.ports:
            if (one.port, one.protocol) == place:
                keep = caller.node if inside and service.spec.internal_traffic_policy == "Local" else ""
                return _turns(world, caller, _backends(world, service, one, address), keep, one.protocol)
    return (REFUSED if inside else LOST,)


Backend = tuple[str, int, str]  # address, port, node


def _backends(world: World, service: kube.Service, port: kube.ServicePort, address: str) -> list[Backend]:
    """Those that are ready, else those that end and still serve (KEP-1669)."""
    family = "IPv6" if ":" in address else "IPv4"
    found = [
        (endpoint, number)
        for slice_ in world.slices_of(service)
        if slice_.address_type == family
        for number in _numbers(slice_, port)
        for endpoint in slice_.endpoints or ()
    ]
    ready = [one for one in found if one[0].ready]
    ending = [one for one in found if one[0].conditions.terminating and one[0].conditions.serving]
    return [(endpoint.addresses[0], number, endpoint.node_name) for endpoint, number in ready or ending]


def _numbers(slice_: kube.EndpointSlice, port: kube.ServicePort) -> Iterable[int]:
    named = (one for one in slice_.ports or () if (one.name, one.protocol) == (port.name, port.protocol))
    return [one.port for one in named if one.port is not None]


def _turns(world: World, caller: Caller, backends: list[Backend], keep: str, protocol: str) -> tuple[Fate, ...]:
    """`keep` names the node that the traffic must stay on."""
    if not backends:
        return (REFUSED,)
    chosen = [one for one in backends if keep in ("", one[2])]
    return tuple(delivered(world, caller, address, port, protocol) for address, port, _ in chosen) or (LOST,)


def delivered(world: World, caller: Caller, address: str, port: int, protocol: str) -> Fate:
    """To an address that is somebody's own, or nobody's."""
    if _denied(world, caller, address, port, protocol):
        return LOST
    pods = world.pods_at(address)
    node = pods[0].spec.node_name if pods else world.node_at(address)
    if node:
        host = bool(world.node_at(address))
        return LOST if _severed(world, caller, node, host) else _at(pods, port, protocol)
    outside = world.host(address)
    if outside is None:
        return LOST
    open_ = port == 53 if protocol == "UDP" and outside.resolves else protocol == "TCP" and port in outside.ports
    return Fate("accepted", outside) if open_ else REFUSED


def _at(pods: list[kube.Pod], port: int, protocol: str) -> Fate:
    server = next((pod for pod in pods if listens(pod, port, protocol)), None)
    return Fate("accepted", server) if server is not None else REFUSED


def _severed(world: World, caller: Caller, node: str, host: bool) -> bool:
    """Whether no packet comes to the node, or from node to node. `host`: to the node itself, beside the pod network."""
    if world.dead(node):
        return True
    if host or caller.pod is None or caller.pod.spec.host_network or caller.node == node:
        return False
    return world.cut_off(node) or world.cut_off(caller.node)


def _denied(world: World, caller: Caller, address: str, port: int, protocol: str) -> bool:
    """A verdict that is not known (a policy set of this network has none) denies nothing."""
    policies = world.policies
    source = policies.pod(caller.pod.namespace, caller.pod.name) if caller.pod else policies.address(caller.address)
    destination = policies.address(address)
    family = 6 if ":" in address else 4
    return policies.allowed(source, destination, port, protocol, family) is False
