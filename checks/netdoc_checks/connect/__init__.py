"""The check `connect`: does the source itself look the name up and get a connection, to the Service and each endpoint.

It measures in the source's own containers, with the consent `exec`, and compares packets with what the policies say.
"""

from __future__ import annotations

from netdoc.api import Check, Read, kube
from netdoc_checks.connect.judge import judge
from netdoc_checks.connect.observe import observe
from netdoc_checks.connect.rules import RULES
from netdoc_checks.policy import CHECK as POLICY

CHECK = Check(
    id="connect",
    title="Try it from the source",
    observe=observe,
    judge=judge,
    hops=("client", "service", "endpoint", "pod", "external"),
    reads=(*POLICY.reads, Read(kube.ConfigMap, ("get",)), Read(kube.EndpointSlice, ("list",))),
    consents=("exec",),
    codes=(
        "dns.nxdomain",
        "dns.no-address",
        "dns.timeout",
        "dns.servfail",
        "dns.refused",
        "dns.wrong-address",
        "dns.five-second-stalls",
        "dns.server-config",
        "dns.server-missing",
        "dns.server-partial",
        "dns.server-down",
        "dns.upstream-down",
        "dns.tcp-blocked",
        "dns.truncated",
        "dns.slow",
        "dns.predicted-differs",
        "dns.search-hijack",
        "external.unreachable",
        "packet.dropped",
        "packet.hairpin",
        "packet.refused",
        "packet.rejected",
        "packet.unreachable",
        "packet.loss",
        "packet.policy-contradicted",
        "pod.port-closed",
        "policy.egress-denied",
        "service.endpoint-dead",
        "service.vip-unreachable",
    ),
    rules=RULES,
    step="connect",
)
