"""Whose is it? From an IP address and a port to the object that answers there."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Literal

import msgspec

from netdoc.model.kube import Node, Pod, Service, ServicePort
from netdoc.model.kube.meta import Object, ObjectRef
from netdoc.model.path import Absent
from netdoc.model.record import Gap
from netdoc.model.target import Port, Protocol
from netdoc.path.places import address_of
from netdoc.ports import Cluster
from netdoc.ports.cluster import K

_PROTOCOLS: dict[str, Protocol] = {"TCP": "TCP", "UDP": "UDP", "SCTP": "SCTP"}


class Held(msgspec.Struct, frozen=True):
    """The object that answers at an address, how packets enter it, and the port of it that is meant."""

    object: Object
    by: Literal["itself", "load-balancer", "node-port"] = "itself"
    node: Node | None = None
    port: Port | None = None


async def owner_of(cluster: Cluster, address: str, port: Port | None = None) -> Held | Absent | Gap | None:
    """Who holds the address: a Service, a pod, a node, or a Service behind the node's port.

    Absent where the address lies in a node's pod range and no pod holds it; None where it is nobody's here (an
    outside address); a Gap where a read that could have told was refused.
    """
    return None if is_loopback(address) else await _Search(cluster, address, port).run()


async def caller_at(cluster: Cluster, address: str) -> Object | Gap | None:
    """The pod or node that sends from an address; None where it is nobody's here."""
    if is_loopback(address):
        return None
    search = _Search(cluster, address, None)
    found = await search.pod() or await search.node()
    return found.object if found is not None else search.gap


async def entry_at(cluster: Cluster, node: Node, port: Port | None) -> Held | Gap:
    """The node, or what answers at its port."""
    if port is None or port.number is None or not node.addresses:
        return Held(node)
    found = await owner_of(cluster, address_of(node.addresses[0]) or node.addresses[0], port)
    return found if isinstance(found, Held | Gap) else Held(node)


def is_loopback(address: str) -> bool:
    return bool(address_of(address)) and ipaddress.ip_address(address).is_loopback


class _Search:
    """Asks narrow questions first, and the list of all Services last. Never the list of all pods."""

    def __init__(self, cluster: Cluster, address: str, port: Port | None) -> None:
        self._cluster = cluster
        self._address = address
        self._port = port
        self.gap: Gap | None = None

    async def run(self) -> Held | Absent | Gap | None:
        for look in (self._cluster_address, self.pod, self.node, self._balancer, self._other_service, self._other_pod):
            found = await look()
            if found is not None:
                return self.gap if self.gap and self._port and isinstance(found.object, Node) else found
        return self.gap or await self._in_pod_range()

    async def _list(self, kind: type[K], fields: str = "") -> tuple[K, ...]:
        listing = await self._cluster.list(kind, fields=fields)
        if listing.gap is not None and listing.gap.blocking and self.gap is None:
            self.gap = listing.gap
        return listing.items

    def _is_mine(self, addresses: Iterable[str]) -> bool:
        return any(self._address == (address_of(one) or one) for one in addresses)

    async def _cluster_address(self) -> Held | None:
        services = await self._list(Service, f"spec.clusterIP={self._address}")
        return Held(services[0]) if services else None

    async def pod(self) -> Held | None:
        """The pod that holds it now. Host-network pods share their node's; finished ones gave theirs back."""
        return self._holder(await self._list(Pod, f"status.podIP={self._address}"))

    def _holder(self, pods: tuple[Pod, ...]) -> Held | None:
        living = (pod for pod in pods if not pod.finished and not pod.spec.host_network)
        return next((Held(pod) for pod in living if self._is_mine(pod.addresses)), None)

    async def node(self) -> Held | None:
        """The node; with a port, what answers there: a Service's node port, or a pod on the node's network."""
        node = next((one for one in await self._list(Node) if self._is_mine(one.addresses)), None)
        if node is None or self._port is None or self._port.number is None:
            return None if node is None else Held(node)
        return await self._at_node(node)

    async def _at_node(self, node: Node) -> Held:
        """A load balancer that answers on the nodes' own addresses (as k3s's does) comes before node ports."""
        behind = await self._balancer(strict=True) or await self._behind_node_port(node)
        return behind or await self._other_service(strict=True) or await self._on_host(node) or Held(node)

    async def _behind_node_port(self, node: Node) -> Held | None:
        for kind in ("NodePort", "LoadBalancer"):
            for service in await self._list(Service, f"spec.type={kind}"):
                if (meant := self._with_node_port(service)) is not None:
                    port = Port(number=meant.port, protocol=_PROTOCOLS.get(meant.protocol))
                    return Held(service, "node-port", node, port)
        return None

    def _with_node_port(self, service: Service) -> ServicePort | None:
        return next((one for one in service.spec.ports if self._asks(one.node_port, one.protocol)), None)

    def _asks(self, number: int, protocol: str) -> bool:
        asked = self._port
        return asked is not None and asked.number == number and asked.protocol in (None, protocol)

    async def _on_host(self, node: Node) -> Held | None:
        for pod in await self._list(Pod, f"spec.nodeName={node.name}"):
            ports = [one for container in pod.serving_containers for one in container.ports]
            numbers = [(one.host_port or (one.container_port if pod.spec.host_network else 0), one) for one in ports]
            if not pod.finished and any(number and self._asks(number, one.protocol) for number, one in numbers):
                meant = next(one for number, one in numbers if number and self._asks(number, one.protocol))
                return Held(
                    pod, node=node, port=Port(number=meant.container_port, protocol=_PROTOCOLS.get(meant.protocol))
                )
        return None

    async def _balancer(self, *, strict: bool = False) -> Held | None:
        """Several Services may share an address on different ports; `strict` takes none without the port."""
        services = await self._list(Service, "spec.type=LoadBalancer")
        mine = [one for one in services if self._is_mine(one.external_addresses)]
        exact = [one for one in mine if self._offers(one)]
        chosen = exact or ([] if strict else mine)
        return Held(chosen[0], "load-balancer") if chosen else await self._second_address(services)

    async def _second_address(self, services: tuple[Service, ...]) -> Held | None:
        """The selector of the API sees only a Service's first cluster address."""
        return next((Held(one) for one in services if self._is_mine(one.cluster_addresses)), None)

    async def _other_service(self, *, strict: bool = False) -> Held | None:
        """By external address, or by the second cluster address of a dual-stack Service."""
        services = await self._list(Service, "spec.type!=LoadBalancer")
        mine = [one for one in services if self._is_mine((*one.cluster_addresses, *one.external_addresses))]
        exact = [one for one in mine if self._offers(one)]
        chosen = exact or ([] if strict else mine)
        return Held(chosen[0]) if chosen else None

    def _offers(self, service: Service) -> bool:
        return any(self._asks(port.port, port.protocol) for port in service.spec.ports)

    async def _other_pod(self) -> Held | None:
        """By the second address of a dual-stack pod, on the node in whose range it lies."""
        node = await self._ranging()
        return self._holder(await self._list(Pod, f"spec.nodeName={node.name}")) if node else None

    async def _in_pod_range(self) -> Absent | None:
        node = await self._ranging()
        if node is None:
            return None
        detail = f"{self._address} is in the pod range of node {node.name}, and no pod has it"
        return Absent(what="target", object=ObjectRef(api_version="v1", kind="Pod", name=self._address), detail=detail)

    async def _ranging(self) -> Node | None:
        nodes = await self._list(Node)
        return next((one for one in nodes if any(_within(self._address, cidr) for cidr in _ranges(one))), None)


def _ranges(node: Node) -> tuple[str, ...]:
    return node.spec.pod_cidrs or (node.spec.pod_cidr,)


def _within(address: str, cidr: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False
