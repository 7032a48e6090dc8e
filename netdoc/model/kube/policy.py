"""Projections of policy.networking.k8s.io: the cluster administrator's policies.

v1alpha1 has AdminNetworkPolicy and BaselineAdminNetworkPolicy, whose peers come in two shapes: up to v0.1.1
`namespaces: {namespaceSelector | sameLabels | notSameLabels}`, from v0.1.2 on `namespaces: <LabelSelector>`.
One projection reads both. v1alpha2 has ClusterNetworkPolicy, which replaces the two.

A peer of which no field is known here is kept, empty: such a rule must fail closed, not disappear.
"""

from __future__ import annotations

from typing import ClassVar

import msgspec

from netdoc.model.kube.meta import Kind, Kube, LabelSelector, Object, Requirement, TrackedMeta


class NamespacePeer(Kube, frozen=True):
    """`namespaces` of a v1alpha1 peer: a LabelSelector, or v0.1.1's choice of one."""

    match_labels: dict[str, str] = {}
    match_expressions: tuple[Requirement, ...] = ()
    namespace_selector: LabelSelector | None = None
    same_labels: tuple[str, ...] | None = None
    not_same_labels: tuple[str, ...] | None = None

    @property
    def selector(self) -> LabelSelector | None:
        """The selector of either shape; None where the subject's own namespace decides."""
        if self.same_labels is not None or self.not_same_labels is not None:
            return None
        given = LabelSelector(match_labels=self.match_labels, match_expressions=self.match_expressions)
        return self.namespace_selector or given


class NamespacedPods(Kube, frozen=True):
    """Pods by namespace and pod selector. `namespaces` is v0.1.1's word for `namespaceSelector`."""

    namespace_selector: LabelSelector | None = None
    pod_selector: LabelSelector | None = None
    namespaces: NamespacePeer | None = None


class Subject(Kube, frozen=True):
    namespaces: LabelSelector | None = None
    pods: NamespacedPods | None = None


class AdminPeer(Kube, frozen=True):
    namespaces: NamespacePeer | None = None
    pods: NamespacedPods | None = None
    nodes: LabelSelector | None = None
    networks: tuple[str, ...] | None = None
    domain_names: tuple[str, ...] | None = None


class NumberedPort(Kube, frozen=True):
    protocol: str = "TCP"
    port: int = 0


class NumberedRange(Kube, frozen=True):
    protocol: str = "TCP"
    start: int = 0
    end: int = 0


class AdminPort(Kube, frozen=True):
    """v1alpha1's port: exactly one field is set."""

    port_number: NumberedPort | None = None
    named_port: str | None = None
    port_range: NumberedRange | None = None


class PortSpan(Kube, frozen=True):
    start: int = 0
    end: int = 0


class DestinationPort(Kube, frozen=True):
    number: int | None = None
    range: PortSpan | None = None


class PortMatch(Kube, frozen=True):
    """Attributes of one protocol. Without a port, every port of the protocol."""

    destination_port: DestinationPort | None = None


class ProtocolMatch(Kube, frozen=True):
    """v1alpha2's protocol: exactly one field is set. A named port has the protocol that the pod declares."""

    tcp: PortMatch | None = None
    udp: PortMatch | None = None
    sctp: PortMatch | None = None
    destination_named_port: str | None = None


class AdminRule(Kube, frozen=True):
    """A rule of any of the three kinds; `ports` is v1alpha1's, `protocols` v1alpha2's."""

    name: str = ""
    action: str = ""
    from_: tuple[AdminPeer, ...] | None = msgspec.field(default=None, name="from")
    to: tuple[AdminPeer, ...] | None = None
    ports: tuple[AdminPort, ...] | None = None
    protocols: tuple[ProtocolMatch, ...] | None = None


class AdminPolicySpec(Kube, frozen=True):
    priority: int = 0
    tier: str = ""
    subject: Subject = Subject()
    ingress: tuple[AdminRule, ...] = ()
    egress: tuple[AdminRule, ...] = ()


class AdminPolicy(Object, frozen=True):
    """Any policy of the administrator's tiers."""

    metadata: TrackedMeta = TrackedMeta()
    spec: AdminPolicySpec = AdminPolicySpec()

    @property
    def tier(self) -> str:
        return self.spec.tier

    @property
    def priority(self) -> int:
        return self.spec.priority


class AdminNetworkPolicy(AdminPolicy, frozen=True):
    KIND: ClassVar[Kind] = Kind(
        "policy.networking.k8s.io/v1alpha1", "AdminNetworkPolicy", "adminnetworkpolicies", namespaced=False
    )

    @property
    def tier(self) -> str:
        return "Admin"


class BaselineAdminNetworkPolicy(AdminPolicy, frozen=True):
    """The cluster's one baseline; the API admits it under the name `default` alone. It has no priority."""

    KIND: ClassVar[Kind] = Kind(
        "policy.networking.k8s.io/v1alpha1",
        "BaselineAdminNetworkPolicy",
        "baselineadminnetworkpolicies",
        namespaced=False,
    )

    @property
    def tier(self) -> str:
        return "Baseline"


class ClusterNetworkPolicy(AdminPolicy, frozen=True):
    KIND: ClassVar[Kind] = Kind(
        "policy.networking.k8s.io/v1alpha2", "ClusterNetworkPolicy", "clusternetworkpolicies", namespaced=False
    )


ADMIN_POLICIES: tuple[type[AdminPolicy], ...] = (AdminNetworkPolicy, BaselineAdminNetworkPolicy, ClusterNetworkPolicy)
