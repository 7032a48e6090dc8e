"""What the check has seen: plain data from which everything is judged."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from netdoc.api import Finding, Gap, Listing, ObjectRef, Subject, Unjudged, kube

HOME = "kube-system"
DOMAIN = "cluster.local"  # what kubeadm and most installers set


class Server(msgspec.Struct, frozen=True, kw_only=True):
    """Cluster DNS as its objects have it. `troubles` is what the check `endpoints` says of it, where it was asked.

    `config` is CoreDNS's ConfigMap, `logs` the last words of its containers that failed, by pod. `spoken` is what those
    that serve write, read where the ConfigMap is younger than they, or CoreDNS would refuse it.
    """

    service: kube.Service | Gap | None = None
    slices: Listing[kube.EndpointSlice] = Listing()
    pods: Listing[kube.Pod] = Listing()
    home: Listing[kube.Pod] | None = None
    config: kube.ConfigMap | Gap | None = None
    workload: ObjectRef | None = None
    logs: Mapping[str, str] = {}
    spoken: Mapping[str, str] = {}
    troubles: tuple[Finding, ...] = ()
    unjudged: tuple[Unjudged, ...] = ()

    @property
    def living(self) -> tuple[kube.Pod, ...]:
        return tuple(one for one in self.pods.items if not one.finished and not one.metadata.deletion_timestamp)

    @property
    def serving(self) -> int:
        """Endpoints that are ready, each counted once although it has an address a family."""
        ready = {
            endpoint.target_ref.name if endpoint.target_ref else endpoint.addresses
            for one in self.slices.items
            for endpoint in one.endpoints or ()
            if endpoint.ready
        }
        return len(ready)

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it is asked: the Service's addresses, then the pods'."""
        service = self.service.cluster_addresses if isinstance(self.service, kube.Service) else ()
        return service + tuple(address for pod in self.pods.items for address in pod.addresses)


class NodeLocal(msgspec.Struct, frozen=True, kw_only=True):
    """NodeLocal DNSCache: its pods on the callers' nodes, by node, and its ConfigMap."""

    pods: Mapping[str, tuple[kube.Pod, ...]] = {}
    config: kube.ConfigMap | None = None


class Client(msgspec.Struct, frozen=True):
    """One pod that stands for a caller, the hop at which it calls, and its topmost workload."""

    pod: kube.Pod
    hop: str
    owner: ObjectRef


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Everything observed. `asked` is False where no name is looked up inside the cluster on this path.

    `holders` are the Services, pods and nodes that have a nameserver's address, None where nobody has it.
    `domain` is the cluster's domain where something tells it beside the Corefile, and `told_by` what does.
    """

    subject: Subject
    asked: bool = True
    hops: tuple[str, ...] = ()
    clients: tuple[Client, ...] = ()
    server: Server = Server()
    node_local: NodeLocal | None = None
    holders: Mapping[str, ObjectRef | Gap | None] = {}
    domain: str = ""
    told_by: str = ""
