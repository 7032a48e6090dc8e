"""Which Services and pods stand behind a name (CoreDNS plugin/kubernetes/kubernetes.go and reverse.go)."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from netdoc.model.kube import Service
from netdoc.predict.dns import names
from netdoc.predict.dns.names import Labels
from netdoc.predict.dns.objects import NO_PORT, Address, Key, Objects, Port, Unknown
from netdoc.predict.dns.options import Options
from netdoc.predict.dns.question import NoSuchName, Question, read


class Target(msgspec.Struct, frozen=True):
    """What a name stands for: an address or another name, the name it has itself, and a port (-1: none)."""

    host: str
    owner: str = ""
    port: int = 0

    @property
    def address(self) -> str:
        """The address in canonical form; "" where the host is a name."""
        return names.canonical(self.host)


class Lookup(msgspec.Struct, frozen=True):
    """Lookups in one cluster's objects under one set of options."""

    options: Options
    objects: Objects

    def forward(self, labels: Labels, zone: Labels) -> tuple[Target, ...]:
        """What the name stands for. An empty answer is a name without records; NoSuchName one that is not there.

        Raises Unknown where it depends on what was not read.
        """
        question = read(labels[: len(labels) - len(zone)], self.options.zonal)
        if not question.branch or not question.namespace:
            return ()
        if names.within(labels, names.IPV4_TREE) or names.within(labels, names.IPV6_TREE):
            raise NoSuchName
        if question.branch == "pod":
            return self._pods(question, zone)
        return tuple(self._services(question, zone))

    def reverse(self, address: str) -> tuple[str, ...]:
        """The names of an address: of the Service whose cluster address it is, else of every endpoint that has it."""
        service = self.objects.cluster_addresses.get(address)
        if service is not None and self._reversed(service.namespace):
            return (self._owner(_primary(self.options), "svc", service.namespace, service.name),)
        found = [
            self._endpoint_name(endpoint, _primary(self.options))
            for endpoint in self.objects.endpoint_addresses.get(address, ())
            if self._reversed(endpoint.service[0])
        ]
        if not found:
            self._must_have_read_all()
            raise NoSuchName
        return tuple(dict.fromkeys(found))

    def servers(self, zone: Labels) -> tuple[Target, ...]:
        """The addresses in the zone's NS records: of the Services in front of CoreDNS (plugin/kubernetes/ns.go)."""
        hosts = self.options.servers or tuple(address.host for address in self.objects.addresses(_KUBE_DNS))
        in_front = {one.service for host in hosts for one in self.objects.endpoint_addresses.get(host, ())}
        found: dict[Target, None] = {}
        for key in sorted(in_front):
            service = self.objects.service(key)
            found |= dict.fromkeys(self._server_targets(service, zone) if service else ())
        if not found:
            raise Unknown("which pods are CoreDNS's is not known, and this name stands for their Service")
        return tuple(found)

    def _server_targets(self, service: Service, zone: Labels) -> Iterator[Target]:
        if service.headless:
            for address in self.objects.addresses((service.namespace, service.name)):
                yield Target(address.host, self._endpoint_name(address, zone))
        for host in service.cluster_addresses:
            yield Target(host, self._owner(zone, "svc", service.namespace, service.name))

    def _pods(self, question: Question, zone: Labels) -> tuple[Target, ...]:
        """A name is its own address, with dashes. What stands left of it is passed over."""
        if self.options.pods == "disabled":
            raise NoSuchName
        dashed = question.object
        if not dashed:
            self._must_be_shown(question.namespace)
            return ()
        four = dashed.count("-") == 3 and "--" not in dashed
        host = dashed.replace("-", "." if four else ":")
        target = Target(host, self._owner(zone, "pod", question.namespace, dashed))
        if self.options.pods == "insecure":
            if not target.address:
                raise NoSuchName
            self._must_be_shown(question.namespace)
            return (target,)
        pods = self.objects.pod_namespaces(host).count(question.namespace)
        if not pods and self.objects.scope is not None and question.namespace not in self.objects.scope:
            raise Unknown(f"pods of {question.namespace} were not read")
        if not pods:
            raise NoSuchName
        self._must_be_shown(question.namespace)
        return (target,) * pods  # each counts where weights are shared

    def _services(self, question: Question, zone: Labels) -> list[Target]:
        if not question.object:
            self._must_be_shown(question.namespace)
            return []
        key = (question.namespace, question.object)
        service = self.objects.service(key) if self._configured(question.namespace) else None
        if service is None or self._ignored(service, key):
            raise NoSuchName
        self._must_be_shown(question.namespace)
        if question.zone and not service.headless:
            raise NoSuchName
        if service.spec.type == "ExternalName":
            return self._external(service, question, zone)
        if service.headless or question.endpoint:
            return self._endpoints(key, question, zone)
        return self._cluster_addresses(service, question, zone)

    def _external(self, service: Service, question: Question, zone: Labels) -> list[Target]:
        """A name, and nothing below it. An address in externalName is not served at all."""
        below = question.endpoint or question.port or question.protocol
        target = Target(service.spec.external_name, self._owner(zone, "svc", service.namespace, service.name))
        if below or target.address:
            raise NoSuchName
        return [target]

    def _endpoints(self, key: Key, question: Question, zone: Labels) -> list[Target]:
        everywhere = self.objects.addresses(key)
        local = [one for one in everywhere if not question.zone or one.zone == question.zone]
        found = list(self._endpoint_targets(local, question, zone))
        if not found and question.prefer:
            found = list(self._endpoint_targets(everywhere, question, zone))
        if not found and not question.zone:
            raise NoSuchName
        return found

    def _endpoint_targets(
        self, addresses: list[Address] | tuple[Address, ...], question: Question, zone: Labels
    ) -> Iterator[Target]:
        for address in addresses:
            if question.endpoint and question.endpoint != address.label.lower():
                continue
            for port in address.ports:
                if _asked(question, port):
                    yield Target(address.host, self._endpoint_name(address, zone), port.number)

    def _cluster_addresses(self, service: Service, question: Question, zone: Labels) -> list[Target]:
        declared = tuple(Port(port.port, port.name, port.protocol) for port in service.spec.ports) or (Port(NO_PORT),)
        ports = [port for port in declared if _asked(question, port)]
        if not ports:
            raise NoSuchName
        if not service.cluster_addresses:
            raise Unknown(f"service {service.name} in {service.namespace} has no cluster address yet")
        owner = self._owner(zone, "svc", service.namespace, service.name)
        return [Target(host, owner, port.number) for port in ports for host in service.cluster_addresses]

    def _ignored(self, service: Service, key: Key) -> bool:
        """With `ignore empty_service` a Service without a ready endpoint does not exist."""
        if not self.options.ignore_empty_service or service.headless or service.spec.type == "ExternalName":
            return False
        return not self.objects.addresses(key)

    def _must_be_shown(self, namespace: str) -> None:
        if not self._configured(namespace) or not self.objects.has_namespace(namespace):
            raise NoSuchName

    def _configured(self, namespace: str) -> bool:
        return not self.options.namespaces or namespace in self.options.namespaces

    def _reversed(self, namespace: str) -> bool:
        """Reverse lookups ask about the namespace only where the option `namespaces` is set."""
        return not self.options.namespaces or (self._configured(namespace) and self.objects.has_namespace(namespace))

    def _must_have_read_all(self) -> None:
        if self.objects.services is None or self.objects.endpoints is None or self.objects.scope is not None:
            raise Unknown("not all Services and EndpointSlices could be read: the address may be one of theirs")

    def _endpoint_name(self, address: Address, zone: Labels) -> str:
        namespace, service = address.service
        return ".".join((address.label, self._owner(zone, "svc", namespace, service)))

    @staticmethod
    def _owner(zone: Labels, *path: str) -> str:
        branch, namespace, name = path
        return names.text_of((name, namespace, branch, *zone))


_KUBE_DNS: Key = ("kube-system", "kube-dns")  # kubeadm, k3s, EKS, AKS, GKE all call it so


def _primary(options: Options) -> Labels:
    """The first zone that is not below a reverse tree: reverse answers are names in it.

    in-addr.arpa itself passes: where it is written first, addresses have names like web.shop.svc.in-addr.arpa.
    """
    zones = [names.parse(zone) for zone in options.zones]
    trees = (names.IPV4_TREE, names.IPV6_TREE)
    return next((zone for zone in zones if not any(names.within(zone[1:], tree) for tree in trees)), ())


def _asked(question: Question, port: Port) -> bool:
    return question.port in ("", port.name.lower()) and question.protocol in ("", port.protocol.lower())
