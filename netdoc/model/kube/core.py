"""Projections of the rest of the core API: Services, nodes, namespaces, events and what pods refer to."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

import msgspec

from netdoc.model.kube.meta import Condition, IntOrString, Kind, Kube, Object, TrackedMeta


class ServicePort(Kube, frozen=True):
    port: int = 0
    name: str = ""
    protocol: str = "TCP"
    target_port: IntOrString | None = None
    node_port: int = 0
    app_protocol: str = ""


class ClientIPConfig(Kube, frozen=True):
    timeout_seconds: int = 10800


class SessionAffinityConfig(Kube, frozen=True):
    client_ip: ClientIPConfig | None = msgspec.field(default=None, name="clientIP")


class ServiceSpec(Kube, frozen=True):
    type: str = "ClusterIP"
    selector: dict[str, str] = {}
    ports: tuple[ServicePort, ...] = ()
    cluster_ip: str = msgspec.field(default="", name="clusterIP")
    cluster_ips: tuple[str, ...] = msgspec.field(default=(), name="clusterIPs")
    external_ips: tuple[str, ...] = msgspec.field(default=(), name="externalIPs")
    external_name: str = ""
    ip_families: tuple[str, ...] = ()
    ip_family_policy: str = ""
    external_traffic_policy: str = ""
    internal_traffic_policy: str = ""
    traffic_distribution: str = ""
    publish_not_ready_addresses: bool = False
    session_affinity: str = "None"
    session_affinity_config: SessionAffinityConfig | None = None
    load_balancer_ip: str = msgspec.field(default="", name="loadBalancerIP")
    load_balancer_class: str = ""
    load_balancer_source_ranges: tuple[str, ...] = ()
    allocate_load_balancer_node_ports: bool = True
    health_check_node_port: int = 0


class LoadBalancerIngress(Kube, frozen=True):
    ip: str = ""
    hostname: str = ""
    ip_mode: str = ""


class LoadBalancerStatus(Kube, frozen=True):
    ingress: tuple[LoadBalancerIngress, ...] = ()


class ServiceStatus(Kube, frozen=True):
    load_balancer: LoadBalancerStatus = LoadBalancerStatus()
    conditions: tuple[Condition, ...] = ()


class Service(Object, frozen=True):
    KIND: ClassVar[Kind] = Kind("v1", "Service", "services")

    metadata: TrackedMeta = TrackedMeta()
    spec: ServiceSpec = ServiceSpec()
    status: ServiceStatus = ServiceStatus()

    @property
    def headless(self) -> bool:
        return self.spec.cluster_ip == "None"

    @property
    def cluster_addresses(self) -> tuple[str, ...]:
        several = self.spec.cluster_ips or ((self.spec.cluster_ip,) if self.spec.cluster_ip else ())
        return tuple(address for address in several if address != "None")

    @property
    def external_addresses(self) -> tuple[str, ...]:
        given = tuple(entry.ip or entry.hostname for entry in self.status.load_balancer.ingress)
        return self.spec.external_ips + given


class NodeAddress(Kube, frozen=True):
    type: str = ""
    address: str = ""


class Taint(Kube, frozen=True):
    key: str = ""
    value: str = ""
    effect: str = ""


class NodeSpec(Kube, frozen=True):
    pod_cidr: str = msgspec.field(default="", name="podCIDR")
    pod_cidrs: tuple[str, ...] = msgspec.field(default=(), name="podCIDRs")
    unschedulable: bool = False
    taints: tuple[Taint, ...] = ()


class NodeInfo(Kube, frozen=True):
    kubelet_version: str = ""
    kernel_version: str = ""
    os_image: str = ""
    container_runtime_version: str = ""


class NodeCondition(Condition, frozen=True):
    last_heartbeat_time: datetime | None = None


class NodeStatus(Kube, frozen=True):
    addresses: tuple[NodeAddress, ...] = ()
    conditions: tuple[NodeCondition, ...] = ()
    node_info: NodeInfo = NodeInfo()
    allocatable: dict[str, str | int | float] = {}


class Node(Object, frozen=True):
    KIND: ClassVar[Kind] = Kind("v1", "Node", "nodes", namespaced=False)

    spec: NodeSpec = NodeSpec()
    status: NodeStatus = NodeStatus()

    @property
    def addresses(self) -> tuple[str, ...]:
        return tuple(one.address for one in self.status.addresses if one.type in ("InternalIP", "ExternalIP"))


class NamespaceStatus(Kube, frozen=True):
    phase: str = ""
    conditions: tuple[Condition, ...] = ()


class Namespace(Object, frozen=True):
    KIND: ClassVar[Kind] = Kind("v1", "Namespace", "namespaces", namespaced=False)

    status: NamespaceStatus = NamespaceStatus()

    @property
    def labels(self) -> dict[str, str]:
        """With the name label that the API server always sets (KEP-2161), for files written without it."""
        return {"kubernetes.io/metadata.name": self.name} | self.metadata.labels


class EventSeries(Kube, frozen=True):
    count: int = 0
    last_observed_time: datetime | None = None


class EventSource(Kube, frozen=True):
    component: str = ""
    host: str = ""


class InvolvedObject(Kube, frozen=True):
    kind: str = ""
    namespace: str = ""
    name: str = ""
    uid: str = ""
    field_path: str = ""


class Event(Object, frozen=True):
    """A core/v1 Event; events.k8s.io writes the same object with other time fields."""

    KIND: ClassVar[Kind] = Kind("v1", "Event", "events")

    involved_object: InvolvedObject = InvolvedObject()
    type: str = "Normal"
    reason: str = ""
    message: str = ""
    count: int = 0
    first_timestamp: datetime | None = None
    last_timestamp: datetime | None = None
    event_time: datetime | None = None
    series: EventSeries | None = None
    source: EventSource = EventSource()
    reporting_component: str = ""

    @property
    def last_seen(self) -> datetime | None:
        series = self.series.last_observed_time if self.series else None
        return series or self.last_timestamp or self.event_time or self.metadata.creation_timestamp

    @property
    def first_seen(self) -> datetime | None:
        return self.first_timestamp or self.event_time or self.metadata.creation_timestamp

    @property
    def times(self) -> int:
        return max(self.count, self.series.count if self.series else 0, 1)


class ConfigMap(Object, frozen=True):
    """Existence and data. `data` is read only of ConfigMaps that are configuration of the network itself."""

    KIND: ClassVar[Kind] = Kind("v1", "ConfigMap", "configmaps")

    metadata: TrackedMeta = TrackedMeta()
    data: dict[str, str] = {}


class ConfigMapMeta(Object, frozen=True):
    """A ConfigMap's metadata alone: its keys and values may be anyone's secrets."""

    KIND: ClassVar[Kind] = Kind("v1", "ConfigMap", "configmaps")

    metadata: TrackedMeta = TrackedMeta()


class ClaimStatus(Kube, frozen=True):
    phase: str = ""


class PersistentVolumeClaim(Object, frozen=True):
    KIND: ClassVar[Kind] = Kind("v1", "PersistentVolumeClaim", "persistentvolumeclaims")

    status: ClaimStatus = ClaimStatus()


class QuotaStatus(Kube, frozen=True):
    hard: dict[str, str | int | float] = {}
    used: dict[str, str | int | float] = {}


class ResourceQuota(Object, frozen=True):
    KIND: ClassVar[Kind] = Kind("v1", "ResourceQuota", "resourcequotas")

    status: QuotaStatus = QuotaStatus()
