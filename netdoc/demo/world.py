"""The objects of the embedded network as packets meet them: who has an address, who listens, which node is cut off."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import TypeVar

from netdoc.cluster.holdings import Holdings
from netdoc.demo.assemble import Host, Outside
from netdoc.model import kube
from netdoc.predict import corefile
from netdoc.predict.policy import PolicySet

K = TypeVar("K", bound=kube.Object)

CNI_AGENT, PROXY = "calico-node", "kube-proxy"  # the label k8s-app of their pods
DNS = ("kube-system", "kube-dns", "coredns")  # namespace, Service, ConfigMap
DOMAIN = "cluster.local"


class World:
    """What stands in the documents, indexed when it is first asked for."""

    def __init__(self, holdings: Holdings, outside: Outside) -> None:
        self._holdings = holdings
        self.outside = outside

    def _all(self, kind: type[K]) -> tuple[K, ...]:
        return self._holdings.held(kind).within()

    @functools.cached_property
    def pods(self) -> tuple[kube.Pod, ...]:
        return self._all(kube.Pod)

    @functools.cached_property
    def services(self) -> tuple[kube.Service, ...]:
        return self._all(kube.Service)

    @functools.cached_property
    def nodes(self) -> dict[str, kube.Node]:
        return {node.name: node for node in self._all(kube.Node)}

    @functools.cached_property
    def policies(self) -> PolicySet:
        admin = [one for kind in kube.ADMIN_POLICIES for one in self._all(kind)]
        own, spaces = self._all(kube.NetworkPolicy), self._all(kube.Namespace)
        return PolicySet.build(self.pods, spaces, own, admin, nodes=self.nodes.values())

    @functools.cached_property
    def dns(self) -> corefile.Server | None:
        """What each CoreDNS answers from; None for a Corefile that it would not start with."""
        config = self._holdings.held(kube.ConfigMap).find(DNS[2], DNS[0])
        text = config.data.get("Corefile", "") if isinstance(config, kube.ConfigMap) else ""
        slices, spaces = self._all(kube.EndpointSlice), self._all(kube.Namespace)
        servers = tuple(dict.fromkeys(one for slice_ in slices if self._is_dns(slice_) for one in _addresses(slice_)))
        try:
            return corefile.Server.build(
                corefile.parse(text), self.services, slices, self.pods, spaces, servers=servers
            )
        except corefile.CorefileError:
            return None

    @staticmethod
    def _is_dns(slice_: kube.EndpointSlice) -> bool:
        return (slice_.namespace, slice_.service) == DNS[:2]

    @property
    def dns_addresses(self) -> tuple[str, ...]:
        """Those that the kubelets write into resolv.conf, whatever became of the Service since."""
        found = next((one for one in self.services if (one.namespace, one.name) == DNS[:2]), None)
        return found.cluster_addresses if found is not None else ("10.43.0.10",)

    def pod(self, namespace: str, name: str) -> kube.Pod | None:
        return next((one for one in self.pods if (one.namespace, one.name) == (namespace, name)), None)

    def pods_at(self, address: str) -> list[kube.Pod]:
        """Those in their node's network share its address."""
        return [one for one in self.pods if address in one.addresses and not one.finished]

    def host(self, address: str) -> Host | None:
        return next((one for one in self.outside.hosts if one.address == address), None)

    def node_at(self, address: str) -> str:
        return next((name for name, node in self.nodes.items() if address in node.addresses), "")

    def slices_of(self, service: kube.Service) -> list[kube.EndpointSlice]:
        place = (service.namespace, service.name)
        return [one for one in self._all(kube.EndpointSlice) if (one.namespace, one.service) == place]

    def dead(self, node: str) -> bool:
        """A node whose kubelet says nothing any more is taken for one that is gone."""
        return node in self.nodes and not _is(self.nodes[node].status.conditions, "Ready", "True")

    def cut_off(self, node: str) -> bool:
        """Whether the pod network does not lead to the node and back: its routes or their agent are down."""
        if node not in self.nodes:
            return False
        return _is(self.nodes[node].status.conditions, "NetworkUnavailable", "True") or self._down(CNI_AGENT, node)

    def unproxied(self, node: str) -> bool:
        """Whether nothing on the node turns Service addresses into those of endpoints."""
        return self._down(PROXY, node)

    def _down(self, agent: str, node: str) -> bool:
        found = [one for one in self.pods if one.spec.node_name == node and one.metadata.labels.get("k8s-app") == agent]
        return bool(found) and not any(_is(one.status.conditions, "Ready", "True") for one in found)


def running(pod: kube.Pod) -> set[str]:
    """The names of its containers that run."""
    statuses = (*pod.status.container_statuses, *pod.status.init_container_statuses)
    return {one.name for one in statuses if one.state.running is not None}


def listens(pod: kube.Pod, port: int, protocol: str) -> bool:
    """A container that runs listens where it says that it does: in this network nothing says otherwise."""
    up = running(pod)
    return any(
        (one.container_port, one.protocol) == (port, protocol)
        for container in pod.serving_containers
        if container.name in up
        for one in container.ports
    )


def _is(conditions: Sequence[kube.Condition], type_: str, status: str) -> bool:
    return any((one.type, one.status) == (type_, status) for one in conditions)


def _addresses(slice_: kube.EndpointSlice) -> list[str]:
    return [address for endpoint in slice_.endpoints or () for address in endpoint.addresses]
