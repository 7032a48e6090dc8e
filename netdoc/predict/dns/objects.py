"""The objects that CoreDNS answers from, indexed as its `kubernetes` plugin indexes them."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from netdoc.model.kube import Endpoint, EndpointSlice, Namespace, Pod, Service
from netdoc.predict.dns import selector
from netdoc.predict.dns.options import Options
from netdoc.predict.selectors import matches

Key = tuple[str, str]  # namespace, name

MAX_HOSTNAME = 63  # a pod's longer name is no label and is passed over
NO_PORT = -1  # CoreDNS's stand-in where no port is declared: it has an address, and no SRV


class Unknown(Exception):
    """The answer depends on what was not read; the message says on what."""


class Port(msgspec.Struct, frozen=True):
    number: int
    name: str = ""
    protocol: str = ""


class Address(msgspec.Struct, frozen=True):
    """One ready address of a Service. `label` is its name below the Service's."""

    host: str
    label: str
    zone: str
    ports: tuple[Port, ...]
    service: Key


class Objects(msgspec.Struct, frozen=True):
    """`None` in place of a mapping: these could not be read. `scope`: the namespaces read, None for all."""

    services: dict[Key, Service] | None
    cluster_addresses: dict[str, Service]
    endpoints: dict[Key, tuple[Address, ...]] | None
    endpoint_addresses: dict[str, tuple[Address, ...]]
    pods: dict[str, tuple[str, ...]] | None  # address -> the namespace of each pod that has it
    namespaces: frozenset[str] | None
    scope: frozenset[str] | None = None

    @classmethod
    def index(
        cls,
        options: Options,
        services: Iterable[Service] | None,
        slices: Iterable[EndpointSlice] | None,
        pods: Iterable[Pod] | None,
        namespaces: Iterable[Namespace] | None,
        scope: frozenset[str] | None = None,
    ) -> Objects:
        """Raises selector.BadSelector where a selector in the options is none."""
        chosen = selector.parse(options.labels)
        shown = None if services is None else [one for one in services if matches(chosen, one.metadata.labels)]
        kept = None if slices is None else [one for one in slices if matches(chosen, one.metadata.labels)]
        alive = None if pods is None else [one for one in pods if matches(chosen, one.metadata.labels)]
        endpoints = None if kept is None else _endpoints(kept, options)
        return cls(
            services=None if shown is None else {(one.namespace, one.name): one for one in shown},
            cluster_addresses={address: one for one in shown or () for address in one.cluster_addresses},
            endpoints=endpoints,
            endpoint_addresses=_by_address(endpoints or {}),
            pods=None if alive is None else _pods(alive),
            namespaces=_namespaces(namespaces, options),
            scope=scope,
        )

    def service(self, key: Key) -> Service | None:
        if self.services is None:
            raise Unknown("Services could not be read")
        found = self.services.get(key)
        if found is None and self.scope is not None and key[0] not in self.scope:
            raise Unknown(f"Services of {key[0]} were not read")
        return found

    def addresses(self, key: Key) -> tuple[Address, ...]:
        if self.endpoints is None:
            raise Unknown("EndpointSlices could not be read")
        return self.endpoints.get(key, ())

    def has_namespace(self, name: str) -> bool:
        if self.namespaces is None:
            raise Unknown(f"Namespaces could not be read: whether {name} exists decides")
        return name in self.namespaces

    def pod_namespaces(self, address: str) -> tuple[str, ...]:
        """The namespace of every pod with the address: pods on the host's network share theirs."""
        if self.pods is None:
            raise Unknown("pods could not be read, and the option `pods verified` asks for them")
        return self.pods.get(address, ())


def endpoint_label(host: str, endpoint: Endpoint, pod_names: bool) -> str:
    """Hostname, else with `endpoint_pod_names` the pod's name, else the address with dashes."""
    if endpoint.hostname:
        return endpoint.hostname
    pod = endpoint.target_ref.name if endpoint.target_ref else ""
    if pod_names and 0 < len(pod) <= MAX_HOSTNAME:
        return pod
    if "." in host:
        return host.replace(".", "-")
    dashed = host.replace(":", "-")
    return dashed + "0" if dashed.endswith("-") else dashed  # a label may not end in a dash


def _endpoints(slices: Iterable[EndpointSlice], options: Options) -> dict[Key, tuple[Address, ...]]:
    """Ready addresses alone. publishNotReadyAddresses is no concern here: the slice then says ready (discovery/v1)."""
    found: dict[Key, list[Address]] = {}
    for one in () if options.noendpoints else slices:
        if not one.service:
            continue  # a slice of another cluster's (KEP-1645), or of nobody's
        key = (one.namespace, one.service)
        declared = one.ports or ()
        ports = tuple(Port(_number(port.port), port.name, port.protocol) for port in declared) or (Port(NO_PORT),)
        found.setdefault(key, []).extend(_addresses(one, key, ports, options))
    return {key: tuple(addresses) for key, addresses in found.items()}


def _addresses(one: EndpointSlice, key: Key, ports: tuple[Port, ...], options: Options) -> Iterable[Address]:
    for endpoint in one.endpoints or ():
        if not endpoint.ready:
            continue
        for host in endpoint.addresses:
            label = endpoint_label(host, endpoint, options.endpoint_pod_names)
            yield Address(host, label, endpoint.zone.lower(), ports, key)


def _number(port: int | None) -> int:
    return NO_PORT if port is None else port


def _by_address(endpoints: dict[Key, tuple[Address, ...]]) -> dict[str, tuple[Address, ...]]:
    found: dict[str, list[Address]] = {}
    for addresses in endpoints.values():
        for address in addresses:
            found.setdefault(address.host, []).append(address)
    return {host: tuple(addresses) for host, addresses in found.items()}


def _pods(pods: Iterable[Pod]) -> dict[str, tuple[str, ...]]:
    """Pods that are not over. CoreDNS watches with this field selector; one that terminates stays until it is gone."""
    found: dict[str, list[str]] = {}
    for pod in pods:
        if pod.status.phase in ("Succeeded", "Failed", "Unknown"):
            continue
        for address in pod.addresses:
            found.setdefault(address, []).append(pod.namespace)
    return {address: tuple(names) for address, names in found.items()}


def _namespaces(namespaces: Iterable[Namespace] | None, options: Options) -> frozenset[str] | None:
    if namespaces is None:
        return None
    chosen = selector.parse(options.namespace_labels)
    return frozenset(one.name for one in namespaces if matches(chosen, one.labels))
