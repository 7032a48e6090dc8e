"""One connection that is denied at one end, and the most specific code that fits it. Pure."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from netdoc.api import ObjectRef, policy
from netdoc_checks.policy.seen import Called, Caller, Seen

# Labels by which the charts and manifests of ingress controllers name their pods.
CONTROLLERS = frozenset(
    {"traefik", "ingress-nginx", "nginx-ingress", "rke2-ingress-nginx", "haproxy-ingress", "kubernetes-ingress"}
    | {"contour", "envoy", "kong", "istio-ingressgateway", "emissary-ingress", "apisix"}
)
ROLES = ("app.kubernetes.io/name", "app", "k8s-app")
DNS_PORTS = frozenset({53, 5353})


class Denial(msgspec.Struct, frozen=True):
    """`partly`: the same two are let through by another family or way, so that what is used decides."""

    caller: Caller
    called: Called
    direction: policy.DirectionVerdict
    source: policy.End
    destination: policy.End
    family: int = 0
    partly: bool = False

    def isolated(self, seen: Seen) -> ObjectRef | None:
        """The workload that the deciding policies select: the caller's for egress, the called's for ingress."""
        pod = self.caller.pod if self.direction.direction == "egress" else self.called.pod
        return seen.owner(pod) if pod is not None else None


def code_of(denial: Denial, seen: Seen) -> str:
    """The most specific code: the tier, DNS, the port, the ingress controller, else the direction."""
    side = denial.direction
    if side.decision is not None and side.decision.tier in ("Admin", "Baseline"):
        return f"policy.{side.decision.tier.lower()}-denied"
    if side.direction == "egress" and _is_dns(denial, seen):
        return "policy.dns-egress-denied"
    terms = {miss.term for miss in near_misses(side, denial.called.port, seen)}
    if terms & {"port", "named-port"} and _confused(denial, seen):
        return "policy.service-port-confused"
    if "port" in terms:
        return "policy.port-not-allowed"
    if "named-port" in terms:
        return "policy.named-port-unresolved"
    return "policy.ingress-controller-denied" if is_controller(denial.caller) else f"policy.{side.direction}-denied"


def near_misses(side: policy.DirectionVerdict, port: int, seen: Seen) -> list[policy.Miss]:
    """Rules that admit the peer and fail at their ports.

    A rule for DNS alone that names no peer admits everybody: it says nothing of this connection.
    """
    return [
        miss
        for miss in side.walk
        if miss.term in ("port", "named-port") and (port in DNS_PORTS or not _for_dns_alone(miss, side, seen))
    ]


def _for_dns_alone(miss: policy.Miss, side: policy.DirectionVerdict, seen: Seen) -> bool:
    for one in seen.policies.policies:
        for rule in one.rules(side.direction) or () if one.ref == miss.policy else ():
            if miss.path.startswith(rule.path):
                numbers = {number for port in rule.ports or () for number in (port.first, port.last)}
                named = any(port.name for port in rule.ports or ())
                return not named and numbers <= DNS_PORTS
    return False


def _is_dns(denial: Denial, seen: Seen) -> bool:
    """A lookup; also where cluster DNS is itself the target."""
    if denial.called.purpose != "target":
        return True
    pod = denial.called.pod
    serves_names = pod is not None and pod.metadata.labels.get("k8s-app") == "kube-dns"
    return serves_names and (denial.called.service_port == 53 or denial.called.port in DNS_PORTS)


def _confused(denial: Denial, seen: Seen) -> bool:
    """A rule would admit it on the Service's port, which is not the pods' own."""
    port = denial.called.service_port
    if port is None or port == denial.called.port:
        return False
    other = policy.evaluate(seen.policies, denial.source, denial.destination, port, denial.called.protocol)
    side = other.egress if denial.direction.direction == "egress" else other.ingress
    return side is not None and side.allowed is True


def is_controller(caller: Caller) -> bool:
    if caller.pod is None:
        return False
    labels = caller.pod.metadata.labels
    return bool({labels.get(role) for role in ROLES} & CONTROLLERS)


def gates(direction: str, hop: str, seen: Seen) -> Iterable[str]:
    """The gates of the path that stand at this hop: before what is called, after who calls."""
    for one in seen.subject.path.of_kind("policy"):
        if one.id.startswith(f"policy/{direction}/") and hop in one.between:
            yield one.id
