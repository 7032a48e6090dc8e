"""Whose is it? From an IP address to the object that holds it."""

from __future__ import annotations

import ipaddress

from netdoc.model.kube import Node, Pod, Service
from netdoc.model.kube.meta import Object, ObjectRef
from netdoc.model.path import Absent
from netdoc.model.record import Gap
from netdoc.ports import Cluster, Listing


async def owner_of(cluster: Cluster, address: str) -> Object | Absent | Gap | None:
    """The Service, pod or node that holds the address.

    Absent where the address lies in a node's pod range and no pod holds it; None where it is nobody's here (an
    outside address); a Gap where a read that could have told was refused.
    """
    services = await cluster.list(Service, fields=f"spec.clusterIP={address}")
    if services.items:
        return services.items[0]
    pods = await cluster.list(Pod, fields=f"status.podIP={address}")
    if (living := _holder(pods.items, address)) is not None:
        return living
    nodes = await cluster.list(Node)
    for node in nodes.items:
        if address in node.addresses:
            return node
    exposed = await cluster.list(Service)
    for service in exposed.items:
        if address in (*service.cluster_addresses, *service.external_addresses):
            return service
    return _nobody(address, nodes.items, (services, pods, nodes, exposed))


def _holder(pods: tuple[Pod, ...], address: str) -> Pod | None:
    """The pod that holds the address now. Host-network pods share their node's, and finished ones gave it back."""
    living = (pod for pod in pods if not pod.finished and not pod.spec.host_network)
    return next((pod for pod in living if address in pod.addresses), None)


def _nobody(
    address: str,
    nodes: tuple[Node, ...],
    asked: tuple[Listing[Service], Listing[Pod], Listing[Node], Listing[Service]],
) -> Absent | Gap | None:
    for listing in asked:
        if listing.gap is not None and listing.gap.blocking:
            return listing.gap
    for node in nodes:
        if any(_within(address, cidr) for cidr in node.spec.pod_cidrs or (node.spec.pod_cidr,)):
            detail = f"{address} is in the pod range of node {node.name}, and no pod has it"
            return Absent(what="target", object=ObjectRef(api_version="v1", kind="Pod", name=address), detail=detail)
    return None


def _within(address: str, cidr: str) -> bool:
    try:
        return ipaddress.ip_address(address) in ipaddress.ip_network(cidr, strict=False)
    except ValueError:
        return False
