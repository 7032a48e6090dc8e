"""The check `dns`: does the caller's resolver lead to cluster DNS, is cluster DNS well, do a name's two views agree.

Nothing is said of a target that is asked for by its address. What keeps the DNS pods from serving is looked for by
the check `endpoints`, asked about the DNS Service.
"""

from __future__ import annotations

from netdoc.api import Check, Read, kube
from netdoc_checks import split
from netdoc_checks.dns.both import judge, observe
from netdoc_checks.dns.rules import RULES
from netdoc_checks.endpoints import CHECK as ENDPOINTS

CHECK = Check(
    id="dns",
    title="Verify DNS resolution",
    observe=observe,
    judge=judge,
    hops=("client",),
    parameters=split.Parameters,
    reads=(Read(kube.ConfigMap, ("get",)), *ENDPOINTS.reads),
    codes=(
        "dns.pod-policy",
        "dns.server-down",
        "dns.server-missing",
        "dns.server-partial",
        "dns.server-config",
        "dns.forward-loop",
        "dns.upstream-split",
        "dns.node-local-down",
        "dns.tcp-blocked",
        "dns.search-hijack",
        *split.CODES,
        *ENDPOINTS.codes,
    ),
    rules=(*RULES, *split.RULES),
    step="dns",
)
