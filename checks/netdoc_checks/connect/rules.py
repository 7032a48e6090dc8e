"""What explains what was measured: whatever the other checks found at the same hops.

A name that stands for nothing does not resolve. What packets show of the policies explains a denial that does not hold.
"""

from __future__ import annotations

from netdoc.api import CausalRule
from netdoc_checks.dns.rules import CONFIG
from netdoc_checks.endpoints.rules import NODE_TROUBLES, POD_TROUBLES, SERVICE_TROUBLES, SYMPTOMS, WORKLOAD_TROUBLES
from netdoc_checks.policy import DENIALS, MISDIRECTED

LOOKUPS = ("dns.nxdomain", "dns.no-address", "dns.timeout", "dns.servfail", "dns.wrong-address")
RESOLVERS = ("dns.pod-policy", "dns.server-down", "dns.server-missing", "dns.node-local-down", *CONFIG)
CONNECTIONS = (
    "packet.dropped",
    "packet.rejected",
    "packet.unreachable",
    "packet.loss",
    "pod.port-closed",
    "service.endpoint-dead",
)
NAMELESS = ("target.not-found", "target.namespace-not-found", "service.not-found", "service.external-name-broken")
BACKENDS = (*POD_TROUBLES, *WORKLOAD_TROUBLES, *SERVICE_TROUBLES, *NODE_TROUBLES, *SYMPTOMS)
BESIDE = tuple(one for one in (*DENIALS, *MISDIRECTED) if one not in BACKENDS)

RULES: tuple[CausalRule, ...] = (
    *(CausalRule(cause, "same-hop", one) for cause in (*RESOLVERS, "policy.dns-egress-denied") for one in LOOKUPS),
    *(CausalRule(cause, "backend-of", one) for cause in NAMELESS for one in LOOKUPS),
    *(CausalRule(cause, "backend-of", one) for cause in BACKENDS for one in CONNECTIONS),
    *(CausalRule(cause, "same-hop", one) for cause in BESIDE for one in CONNECTIONS),
    *(CausalRule("packet.policy-contradicted", "same-hop", denial) for denial in DENIALS),
)
