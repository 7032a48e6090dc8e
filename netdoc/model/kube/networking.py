"""Projections of networking.k8s.io: NetworkPolicies.

Absent and empty differ here (a missing `from` admits everybody, `policyTypes` missing is defaulted), so what
may be absent is None and never an empty tuple.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from netdoc.model.kube.meta import IntOrString, Kind, Kube, LabelSelector, Object, TrackedMeta


class IPBlock(Kube, frozen=True):
    cidr: str = ""
    except_: tuple[str, ...] | None = msgspec.field(default=None, name="except")


class PolicyPeer(Kube, frozen=True):
    pod_selector: LabelSelector | None = None
    namespace_selector: LabelSelector | None = None
    ip_block: IPBlock | None = None


class PolicyPort(Kube, frozen=True):
    protocol: str | None = None
    port: IntOrString | None = None
    end_port: int | None = None


class IngressRule(Kube, frozen=True):
    ports: tuple[PolicyPort, ...] | None = None
    from_: tuple[PolicyPeer, ...] | None = msgspec.field(default=None, name="from")


class EgressRule(Kube, frozen=True):
    ports: tuple[PolicyPort, ...] | None = None
    to: tuple[PolicyPeer, ...] | None = None


class NetworkPolicySpec(Kube, frozen=True):
    pod_selector: LabelSelector | None = None
    policy_types: tuple[str, ...] | None = None
    ingress: tuple[IngressRule, ...] | None = None
    egress: tuple[EgressRule, ...] | None = None


class NetworkPolicy(Object, frozen=True):
    KIND: ClassVar[Kind] = Kind("networking.k8s.io/v1", "NetworkPolicy", "networkpolicies")

    metadata: TrackedMeta = TrackedMeta()
    spec: NetworkPolicySpec = NetworkPolicySpec()
