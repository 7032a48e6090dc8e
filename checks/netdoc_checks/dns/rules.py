"""What explains what: whatever keeps CoreDNS from running explains that it is down; a Corefile explains its crash."""

from __future__ import annotations

from netdoc.api import CausalRule
from netdoc_checks.endpoints.rules import NODE_TROUBLES, POD_TROUBLES, SERVICE_TROUBLES, WORKLOAD_TROUBLES

DOWN = ("dns.server-down", "dns.server-partial")
CONFIG = ("dns.server-config", "dns.forward-loop")

RULES: tuple[CausalRule, ...] = (
    *(
        CausalRule(cause, "same-object", down)
        for cause in (*POD_TROUBLES, *WORKLOAD_TROUBLES, *SERVICE_TROUBLES, *CONFIG)
        for down in DOWN
    ),
    *(CausalRule(cause, "same-hop", down) for cause in NODE_TROUBLES for down in DOWN),
    *(
        CausalRule(cause, "same-object", trouble)
        for cause in CONFIG
        for trouble in (
            *("pod.crash-looping", "pod.readiness-failing", "pod.liveness-killing", "pod.not-ready"),
            *("workload.new-revision-failing", "workload.rollout-stuck"),
        )
    ),
)
