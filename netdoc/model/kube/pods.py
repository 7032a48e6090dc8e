"""Projections of pods: what they run, what they were told, how they are."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import msgspec

from netdoc.model.kube.meta import Condition, IntOrString, Kind, Kube, LocalReference, Object

# The only environment values that are read: they decide where a request goes. Others may be secrets.
PROXY_VARIABLES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"})


class ContainerPort(Kube, frozen=True):
    container_port: int = 0
    name: str = ""
    protocol: str = "TCP"
    host_port: int = 0


class HTTPGet(Kube, frozen=True):
    port: IntOrString = 0
    path: str = "/"
    scheme: str = "HTTP"
    host: str = ""


class TCPSocket(Kube, frozen=True):
    port: IntOrString = 0
    host: str = ""


class GRPC(Kube, frozen=True):
    port: int = 0
    service: str = ""


class Exec(Kube, frozen=True):
    command: tuple[str, ...] = ()


class Probe(Kube, frozen=True):
    http_get: HTTPGet | None = None
    tcp_socket: TCPSocket | None = None
    grpc: GRPC | None = None
    exec: Exec | None = None
    initial_delay_seconds: int = 0
    timeout_seconds: int = 1
    period_seconds: int = 10
    success_threshold: int = 1
    failure_threshold: int = 3


class KeyReference(Kube, frozen=True):
    """A key of a ConfigMap or Secret, by reference; the value is never read."""

    name: str = ""
    key: str = ""
    optional: bool = False


class ValueFrom(Kube, frozen=True):
    config_map_key_ref: KeyReference | None = None
    secret_key_ref: KeyReference | None = None


class EnvVar(Kube, frozen=True):
    """An environment variable's name. Its value is dropped here unless it names a proxy."""

    name: str = ""
    value: str = ""
    value_from: ValueFrom | None = None

    def __post_init__(self) -> None:
        if self.value and self.name.upper() not in PROXY_VARIABLES:
            msgspec.structs.force_setattr(self, "value", "")


class EnvFrom(Kube, frozen=True):
    config_map_ref: LocalReference | None = None
    secret_ref: LocalReference | None = None


class Resources(Kube, frozen=True):
    requests: dict[str, str | int | float] = {}
    limits: dict[str, str | int | float] = {}


class Lifecycle(Kube, frozen=True):
    pre_stop: dict[str, Any] | None = None


class Container(Kube, frozen=True):
    name: str = ""
    image: str = ""
    ports: tuple[ContainerPort, ...] = ()
    command: tuple[str, ...] = ()
    args: tuple[str, ...] = ()
    env: tuple[EnvVar, ...] = ()
    env_from: tuple[EnvFrom, ...] = ()
    resources: Resources = Resources()
    readiness_probe: Probe | None = None
    liveness_probe: Probe | None = None
    startup_probe: Probe | None = None
    restart_policy: str = ""
    lifecycle: Lifecycle | None = None


class ConfigMapVolume(Kube, frozen=True):
    name: str = ""
    optional: bool = False


class SecretVolume(Kube, frozen=True):
    secret_name: str = ""
    optional: bool = False


class ClaimVolume(Kube, frozen=True):
    claim_name: str = ""


class ProjectedSource(Kube, frozen=True):
    config_map: ConfigMapVolume | None = None
    secret: LocalReference | None = None


class ProjectedVolume(Kube, frozen=True):
    sources: tuple[ProjectedSource, ...] = ()


class Volume(Kube, frozen=True):
    name: str = ""
    config_map: ConfigMapVolume | None = None
    secret: SecretVolume | None = None
    persistent_volume_claim: ClaimVolume | None = None
    projected: ProjectedVolume | None = None


class ReadinessGate(Kube, frozen=True):
    condition_type: str = ""


class DNSOption(Kube, frozen=True):
    name: str = ""
    value: str | None = None


class DNSConfig(Kube, frozen=True):
    nameservers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[DNSOption, ...] = ()


class HostAlias(Kube, frozen=True):
    ip: str = ""
    hostnames: tuple[str, ...] = ()


class Toleration(Kube, frozen=True):
    key: str = ""
    operator: str = "Equal"
    value: str = ""
    effect: str = ""


class SchedulingGate(Kube, frozen=True):
    name: str = ""


class PodSpec(Kube, frozen=True):
    containers: tuple[Container, ...] = ()
    init_containers: tuple[Container, ...] = ()
    node_name: str = ""
    node_selector: dict[str, str] = {}
    tolerations: tuple[Toleration, ...] = ()
    affinity: dict[str, Any] = {}
    scheduling_gates: tuple[SchedulingGate, ...] = ()
    host_network: bool = False
    hostname: str = ""
    subdomain: str = ""
    dns_policy: str = "ClusterFirst"
    dns_config: DNSConfig | None = None
    host_aliases: tuple[HostAlias, ...] = ()
    service_account_name: str = ""
    readiness_gates: tuple[ReadinessGate, ...] = ()
    restart_policy: str = "Always"
    termination_grace_period_seconds: int = 30
    image_pull_secrets: tuple[LocalReference, ...] = ()
    volumes: tuple[Volume, ...] = ()


class Waiting(Kube, frozen=True):
    reason: str = ""
    message: str = ""


class Running(Kube, frozen=True):
    started_at: datetime | None = None


class Terminated(Kube, frozen=True):
    exit_code: int = 0
    signal: int = 0
    reason: str = ""
    message: str = ""
    started_at: datetime | None = None
    finished_at: datetime | None = None


class ContainerState(Kube, frozen=True):
    waiting: Waiting | None = None
    running: Running | None = None
    terminated: Terminated | None = None


class ContainerStatus(Kube, frozen=True):
    name: str = ""
    ready: bool = False
    started: bool | None = None
    restart_count: int = 0
    image: str = ""
    state: ContainerState = ContainerState()
    last_state: ContainerState = ContainerState()


class PodIP(Kube, frozen=True):
    ip: str = ""


class PodStatus(Kube, frozen=True):
    phase: str = ""
    reason: str = ""
    message: str = ""
    conditions: tuple[Condition, ...] = ()
    pod_ip: str = msgspec.field(default="", name="podIP")
    pod_ips: tuple[PodIP, ...] = msgspec.field(default=(), name="podIPs")
    host_ip: str = msgspec.field(default="", name="hostIP")
    host_ips: tuple[PodIP, ...] = msgspec.field(default=(), name="hostIPs")
    container_statuses: tuple[ContainerStatus, ...] = ()
    init_container_statuses: tuple[ContainerStatus, ...] = ()
    start_time: datetime | None = None


class Pod(Object, frozen=True):
    KIND: ClassVar[Kind] = Kind("v1", "Pod", "pods")

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()

    @property
    def addresses(self) -> tuple[str, ...]:
        """Every address, the primary first; podIP alone on servers before dual stack."""
        several = tuple(entry.ip for entry in self.status.pod_ips if entry.ip)
        return several or ((self.status.pod_ip,) if self.status.pod_ip else ())

    @property
    def node_addresses(self) -> tuple[str, ...]:
        several = tuple(entry.ip for entry in self.status.host_ips if entry.ip)
        return several or ((self.status.host_ip,) if self.status.host_ip else ())

    @property
    def finished(self) -> bool:
        """Succeeded or Failed: its address may belong to another pod by now."""
        return self.status.phase in ("Succeeded", "Failed")

    @property
    def serving_containers(self) -> tuple[Container, ...]:
        """Containers that listen while the pod runs: the ordinary ones and native sidecars (KEP-753)."""
        sidecars = tuple(one for one in self.spec.init_containers if one.restart_policy == "Always")
        return self.spec.containers + sidecars
