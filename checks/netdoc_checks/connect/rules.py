"""What explains what was measured: whatever the other checks found at the same hops.

A name that stands for nothing does not resolve. What packets show of the policies explains a denial that does not hold.
"""

from __future__ import annotations

from netdoc.api import CausalRule
from netdoc_checks.dns.rules import CONFIG
from netdoc_checks.endpoints.rules import NODE_TROUBLES, POD_TROUBLES, SERVICE_TROUBLES, SYMPTOMS, WORKLOAD_TROUBLES
from netdoc_checks.policy import DENIALS, MISDIRECTED

UNANSWERED = ("dns.timeout", "dns.servfail", "dns.refused")
MISLED = ("dns.nxdomain", "dns.no-address", "dns.wrong-address")
LOOKUPS = (*UNANSWERED, *MISLED)
LAGS = ("dns.slow", "dns.five-second-stalls")
RESOLVERS = ("dns.pod-policy", "dns.server-down", "dns.server-missing", "dns.node-local-down", *CONFIG)
"""What the objects say of the caller's resolver and the server."""
MEASURED: dict[str, tuple[str, ...]] = {
    "dns.server-partial": ("dns.timeout", "dns.servfail", *LAGS),
    "dns.upstream-down": (*UNANSWERED, "dns.no-address", *LAGS),
    "dns.tcp-blocked": LOOKUPS,
    "dns.predicted-differs": MISLED,
    "dns.search-hijack": MISLED,
    "dns.five-second-stalls": ("dns.timeout",),
    "service.vip-unreachable": ("dns.timeout", *LAGS),
}
"""What packets show of the server, and what lookups become by it."""
SHUT = (
    "policy.dns-egress-denied",
    "policy.ingress-denied",
    "policy.port-not-allowed",
    "policy.named-port-unresolved",
    "policy.admin-denied",
    "policy.baseline-denied",
)
"""Denials that stand at a caller's own hop: of its lookups, on either side."""
CONNECTIONS = (
    "packet.dropped",
    "packet.rejected",
    "packet.unreachable",
    "packet.loss",
    "pod.port-closed",
    "service.endpoint-dead",
)
OUTSIDE = ("external.unreachable", "packet.refused")
NAMELESS = ("target.not-found", "target.namespace-not-found", "service.not-found", "service.external-name-broken")
BACKENDS = (*POD_TROUBLES, *WORKLOAD_TROUBLES, *SERVICE_TROUBLES, *NODE_TROUBLES, *SYMPTOMS)
NODES = (*NODE_TROUBLES, "node.proxy-down")
LOCAL = ("service.internal-local-no-endpoint", "service.external-local-no-endpoint")
BESIDE = tuple(one for one in (*DENIALS, *MISDIRECTED) if one not in BACKENDS)

RULES: tuple[CausalRule, ...] = (
    *(CausalRule(cause, "same-hop", one) for cause in RESOLVERS for one in (*LOOKUPS, *LAGS)),
    *(CausalRule(cause, "same-hop", one) for cause in CONFIG for one in ("dns.upstream-down", "dns.predicted-differs")),
    CausalRule("dns.node-local-down", "same-hop", "service.vip-unreachable"),  # it takes the Service's address over
    *(
        CausalRule(cause, "same-hop", one)
        for cause in SHUT
        for one in ("dns.timeout", "dns.servfail", "dns.tcp-blocked", *LAGS)
    ),
    *(CausalRule(cause, "same-hop", one) for cause, found in MEASURED.items() for one in found),
    *(CausalRule(cause, "backend-of", one) for cause in NAMELESS for one in LOOKUPS),
    # Cluster DNS' own troubles stand at the caller's hop, and so do those of the caller's node.
    *(
        CausalRule(cause, "same-hop", one)
        for cause in dict.fromkeys((*BACKENDS, *NODES))
        for one in (*UNANSWERED, "dns.tcp-blocked", *LAGS)
    ),
    *(CausalRule(cause, "backend-of", one) for cause in NODE_TROUBLES for one in ("dns.server-partial", *LAGS)),
    *(CausalRule(cause, "upstream-of", one) for cause in NODES for one in (*CONNECTIONS, "service.vip-unreachable")),
    *(CausalRule(cause, "backend-of", one) for cause in LOCAL for one in (*CONNECTIONS, "service.vip-unreachable")),
    # A headless Service without endpoints has no address, and in CoreDNS no name.
    *(CausalRule(cause, "backend-of", one) for cause in BACKENDS for one in ("dns.nxdomain", "dns.no-address")),
    *(CausalRule(cause, "backend-of", one) for cause in BACKENDS for one in CONNECTIONS),
    *(CausalRule(cause, "same-hop", one) for cause in BESIDE for one in (*CONNECTIONS, *OUTSIDE)),
    *(CausalRule("packet.policy-contradicted", "same-hop", denial) for denial in DENIALS),
)
