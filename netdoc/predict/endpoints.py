"""Which EndpointSlices a Service has, as the Kubernetes endpointslice controller writes them.

Source of the rules: k8s.io/endpointslice (reconciler.go, utils.go) and k8s.io/kubernetes/pkg/controller/util/endpoint.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Mapping

from netdoc.model.kube import (
    Endpoint,
    EndpointConditions,
    EndpointPort,
    EndpointSlice,
    InvolvedObject,
    OwnerReference,
    Pod,
    Service,
    ServicePort,
    TrackedMeta,
    condition,
)
from netdoc.model.kube.discovery import MANAGED_BY_LABEL, SERVICE_NAME_LABEL, SLICE_CONTROLLER
from netdoc.predict.selectors import service_selects

HEADLESS_LABEL = "service.kubernetes.io/headless"
MAX_ENDPOINTS = 100  # per slice: the controller's --max-endpoints-per-slice

Ports = tuple[EndpointPort, ...]


def endpoint_slices(
    service: Service, pods: Iterable[Pod], zones: Mapping[str, str] | None = None
) -> tuple[EndpointSlice, ...]:
    """The slices of a Service over these pods: one per address family and distinct set of resolved ports.

    Pods of other namespaces and other labels are left out here. A family without endpoints has one empty slice, as
    the controller's placeholder. ExternalName and selector-less Services have none. `zones` is the zone by node.
    An assumed pod (see Object.assumed) counts with the addresses that it has, even none: a real one would have one.
    """
    if service.spec.type == "ExternalName" or not service.spec.selector:
        return ()
    chosen = [pod for pod in sorted(pods, key=lambda one: one.name) if belongs(service, pod)]
    return tuple(one for family in families(service) for one in _of_family(service, chosen, family, zones or {}))


def belongs(service: Service, pod: Pod) -> bool:
    """Whether the pod may be an endpoint, ready or not (ShouldPodBeInEndpoints with terminating pods)."""
    return (
        pod.namespace == service.namespace
        and service_selects(service.spec.selector, pod.metadata.labels)
        and not pod.finished
        and (bool(pod.addresses) or pod.assumed)
    )


def families(service: Service) -> tuple[str, ...]:
    """The address types of a Service's slices: its ipFamilies, else those of its addresses, else IPv4."""
    if service.spec.ip_families:
        return tuple(service.spec.ip_families)
    given = dict.fromkeys(family_of(address) for address in service.cluster_addresses)
    return tuple(given) or ("IPv4",)


def family_of(address: str) -> str:
    try:
        return f"IPv{ipaddress.ip_address(address).version}"
    except ValueError:
        return "IPv4"


def is_ready(pod: Pod) -> bool:
    """The pod's Ready condition (podutil.IsPodReady)."""
    found = condition(pod.status.conditions, "Ready")
    return found is not None and found.status == "True"


def find_port(pod: Pod, port: ServicePort) -> int | None:
    """The number that a Service port leads to at this pod; None where no container names it (FindPort).

    A name is looked for among the ports of the same protocol, in containers and native sidecars. A targetPort that
    is absent is the port itself.
    """
    target = port.target_port
    if target in (None, 0, ""):
        return port.port
    if isinstance(target, int):
        return target
    return next(
        (
            one.container_port
            for container in pod.serving_containers
            for one in container.ports
            if one.name == target and one.protocol == port.protocol
        ),
        None,
    )


def resolved_ports(service: Service, pod: Pod) -> Ports:
    """The Service's ports as this pod serves them; those that it does not name are left out (getEndpointPorts)."""
    numbers = ((port, find_port(pod, port)) for port in service.spec.ports)
    return tuple(
        EndpointPort(port=number, name=port.name, protocol=port.protocol, app_protocol=port.app_protocol)
        for port, number in numbers
        if number is not None
    )


def endpoint_of(service: Service, pod: Pod, family: str, zone: str = "") -> Endpoint:
    """The pod as an endpoint of the Service (podToEndpoint)."""
    serving = is_ready(pod)
    terminating = pod.metadata.deletion_timestamp is not None
    ready = service.spec.publish_not_ready_addresses or (serving and not terminating)
    named = pod.spec.hostname and pod.spec.subdomain == service.name
    return Endpoint(
        addresses=tuple(one for one in pod.addresses if family_of(one) == family),
        conditions=EndpointConditions(ready=ready, serving=serving, terminating=terminating),
        hostname=pod.spec.hostname if named else "",
        target_ref=InvolvedObject(kind="Pod", namespace=pod.namespace, name=pod.name, uid=pod.metadata.uid),
        node_name=pod.spec.node_name,
        zone=zone,
    )


def _of_family(service: Service, pods: list[Pod], family: str, zones: Mapping[str, str]) -> tuple[EndpointSlice, ...]:
    groups: dict[Ports, list[Endpoint]] = {}
    for pod in pods:
        endpoint = endpoint_of(service, pod, family, zones.get(pod.spec.node_name, ""))
        if endpoint.addresses or (not pod.addresses and family == families(service)[0]):
            groups.setdefault(resolved_ports(service, pod), []).append(endpoint)
    if not groups:
        return (_slice(service, family, (), (), 0),)
    return tuple(
        _slice(service, family, ports, tuple(endpoints[start : start + MAX_ENDPOINTS]), start)
        for ports, endpoints in groups.items()
        for start in range(0, len(endpoints), MAX_ENDPOINTS)
    )


def _slice(service: Service, family: str, ports: Ports, endpoints: tuple[Endpoint, ...], start: int) -> EndpointSlice:
    labels = service.metadata.labels | {SERVICE_NAME_LABEL: service.name, MANAGED_BY_LABEL: SLICE_CONTROLLER}
    if service.headless:
        labels[HEADLESS_LABEL] = ""
    owner = OwnerReference(
        api_version="v1", kind="Service", name=service.name, uid=service.metadata.uid, controller=True
    )
    # The controller draws the ending at random; here it follows from the content, so that names repeat.
    ending = hashlib.sha256(repr((family, ports, start)).encode()).hexdigest()[:5]
    metadata = TrackedMeta(
        name=f"{service.name}-{ending}", namespace=service.namespace, labels=labels, owner_references=(owner,)
    )
    return EndpointSlice(metadata=metadata, address_type=family, endpoints=endpoints, ports=ports)
