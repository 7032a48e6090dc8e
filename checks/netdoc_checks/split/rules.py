"""A view that is wrong explains how the caller's lookup and connection end."""

from __future__ import annotations

from netdoc.api import CausalRule
from netdoc_checks.split.seen import CODES

MISMATCH, STALE, WRONG = CODES
LOOKUPS = ("dns.nxdomain", "dns.no-address")
CONNECTIONS = ("packet.dropped", "packet.rejected", "packet.refused", "packet.unreachable", "external.unreachable")

RULES: tuple[CausalRule, ...] = (
    *(CausalRule(MISMATCH, "same-hop", one) for one in LOOKUPS),
    *(CausalRule(cause, "same-hop", one) for cause in CODES for one in CONNECTIONS),
    CausalRule(STALE, "same-hop", "policy.egress-denied"),  # of an address that was not meant
)
