"""Policy kinds of network plugins' own. They are read to know whom they select, never evaluated."""

from __future__ import annotations

from typing import Any, ClassVar

from netdoc.model.kube.meta import Kind, Object


class ForeignPolicyObject(Object, frozen=True):
    """A policy of a plugin's own kind: its spec as it is written. Cilium allows several specs in one object."""

    spec: dict[str, Any] | None = None
    specs: tuple[dict[str, Any], ...] | None = None


class CalicoNetworkPolicy(ForeignPolicyObject, frozen=True):
    KIND: ClassVar[Kind] = Kind("crd.projectcalico.org/v1", "NetworkPolicy", "networkpolicies")


class CalicoGlobalNetworkPolicy(ForeignPolicyObject, frozen=True):
    KIND: ClassVar[Kind] = Kind(
        "crd.projectcalico.org/v1", "GlobalNetworkPolicy", "globalnetworkpolicies", namespaced=False
    )


class CiliumNetworkPolicy(ForeignPolicyObject, frozen=True):
    KIND: ClassVar[Kind] = Kind("cilium.io/v2", "CiliumNetworkPolicy", "ciliumnetworkpolicies")


class CiliumClusterwideNetworkPolicy(ForeignPolicyObject, frozen=True):
    KIND: ClassVar[Kind] = Kind(
        "cilium.io/v2", "CiliumClusterwideNetworkPolicy", "ciliumclusterwidenetworkpolicies", namespaced=False
    )


class AntreaNetworkPolicy(ForeignPolicyObject, frozen=True):
    KIND: ClassVar[Kind] = Kind("crd.antrea.io/v1beta1", "NetworkPolicy", "networkpolicies")


class AntreaClusterNetworkPolicy(ForeignPolicyObject, frozen=True):
    KIND: ClassVar[Kind] = Kind(
        "crd.antrea.io/v1beta1", "ClusterNetworkPolicy", "clusternetworkpolicies", namespaced=False
    )


class EgressFirewall(ForeignPolicyObject, frozen=True):
    KIND: ClassVar[Kind] = Kind("k8s.ovn.org/v1", "EgressFirewall", "egressfirewalls")


FOREIGN: tuple[type[ForeignPolicyObject], ...] = (
    CalicoNetworkPolicy,
    CalicoGlobalNetworkPolicy,
    CiliumNetworkPolicy,
    CiliumClusterwideNetworkPolicy,
    AntreaNetworkPolicy,
    AntreaClusterNetworkPolicy,
    EgressFirewall,
)
