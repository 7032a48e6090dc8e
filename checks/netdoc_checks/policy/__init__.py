"""The check `policy`: do the policies let this caller reach this pod on this port, and its name server."""

from __future__ import annotations

from netdoc.api import CausalRule, Check, Read, kube
from netdoc_checks.policy.judge import judge
from netdoc_checks.policy.observe import observe

DENIALS = (
    "policy.ingress-denied",
    "policy.egress-denied",
    "policy.port-not-allowed",
    "policy.ingress-controller-denied",
    "policy.admin-denied",
    "policy.baseline-denied",
    "policy.named-port-unresolved",
    "policy.service-port-confused",
)
# A Service that sends traffic to the wrong place meets policies there which the right place would not.
MISDIRECTED = (
    "service.target-port-mismatch",
    "service.protocol-mismatch",
    "service.headless-port-remap",
    "service.endpoints-stale",
    "target.port-not-found",
)

CHECK = Check(
    id="policy",
    title="Check network policies",
    observe=observe,
    judge=judge,
    hops=("policy", "client", "endpoint"),
    reads=(
        Read(kube.NetworkPolicy, ("list",)),
        *(Read(kind, ("list",)) for kind in (*kube.ADMIN_POLICIES, *kube.FOREIGN)),
        Read(kube.Namespace, ("get",)),
        Read(kube.Node, ("get",)),
        Read(kube.Pod),
        Read(kube.Service, ("get",)),
        Read(kube.ReplicaSet, ("get",)),
        Read(kube.Job, ("get",)),
    ),
    codes=(
        *DENIALS,
        "policy.dns-egress-denied",
        "policy.ipblock-for-pods",
        "policy.ambiguous-priority",
        "policy.unsupported-present",
        "policy.invalid",
        "policy.host-network-bypass",
        "policy.not-enforced",
    ),
    rules=(
        *(CausalRule(cause, "upstream-of", denial) for cause in MISDIRECTED for denial in DENIALS),
        # A policy that the server does not take admits nobody; who may send nothing may look up nothing.
        *(CausalRule("policy.invalid", "same-hop", denial) for denial in (*DENIALS, "policy.dns-egress-denied")),
        CausalRule("policy.egress-denied", "same-object", "policy.dns-egress-denied"),
    ),
    step="policies",
)
