"""Projections of discovery.k8s.io: who answers for a Service."""

from __future__ import annotations

from typing import ClassVar

from netdoc.model.kube.core import InvolvedObject
from netdoc.model.kube.meta import Kind, Kube, Object, TrackedMeta

SERVICE_NAME_LABEL = "kubernetes.io/service-name"
MANAGED_BY_LABEL = "endpointslice.kubernetes.io/managed-by"
SLICE_CONTROLLER = "endpointslice-controller.k8s.io"


class EndpointConditions(Kube, frozen=True):
    """Absent `ready` and `serving` mean true, absent `terminating` false (discovery/v1 types)."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class Zone(Kube, frozen=True):
    name: str = ""


class Hints(Kube, frozen=True):
    for_zones: tuple[Zone, ...] = ()
    for_nodes: tuple[Zone, ...] = ()


class Endpoint(Kube, frozen=True):
    addresses: tuple[str, ...] = ()
    conditions: EndpointConditions = EndpointConditions()
    hostname: str = ""
    target_ref: InvolvedObject | None = None
    node_name: str = ""
    zone: str = ""
    hints: Hints | None = None

    @property
    def ready(self) -> bool:
        return self.conditions.ready is not False


class EndpointPort(Kube, frozen=True):
    """`port` absent means all ports; `name` matches the Service port's name."""

    port: int | None = None
    name: str = ""
    protocol: str = "TCP"
    app_protocol: str = ""


class EndpointSlice(Object, frozen=True):
    KIND: ClassVar[Kind] = Kind("discovery.k8s.io/v1", "EndpointSlice", "endpointslices")

    metadata: TrackedMeta = TrackedMeta()
    address_type: str = "IPv4"
    endpoints: tuple[Endpoint, ...] | None = ()
    ports: tuple[EndpointPort, ...] | None = ()

    @property
    def service(self) -> str:
        return self.metadata.labels.get(SERVICE_NAME_LABEL, "")
