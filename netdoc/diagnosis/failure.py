"""Which causes fit the error that was seen: what a caller sees of each fault, as the network makes it. Pure.

Sources: kube-proxy rejects traffic to a Service without endpoints (an ICMP port unreachable, which callers see as
refused) and drops what a Local traffic policy or a source range forbids; most CNIs drop what a policy denies;
CoreDNS answers NXDOMAIN for a headless Service without ready endpoints.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from netdoc.model.target import Failure

# For each group of causes what callers usually see, and what some dataplanes, proxies or moments make of it.
_ROWS: tuple[tuple[str, str, str], ...] = (
    # What was typed.
    ("target.not-found target.namespace-not-found service.not-found", "nxdomain dns", "timeout refused http no-route"),
    ("target.port-not-found service.port-not-exposed", "refused timeout", "http no-route tls"),
    # Policies: dropped by most CNIs; some reject, and a proxy before the pod turns the silence into a 5xx.
    (
        "policy.ingress-denied policy.port-not-allowed policy.admin-denied policy.baseline-denied "
        "policy.named-port-unresolved policy.service-port-confused policy.ipblock-for-pods policy.invalid "
        "policy.ambiguous-priority",
        "timeout",
        "http dns",
    ),
    ("policy.egress-denied", "timeout", "http dns"),
    ("policy.dns-egress-denied", "dns timeout", ""),
    ("policy.ingress-controller-denied", "timeout http", ""),
    ("policy.unsupported-present policy.not-enforced", "", "timeout refused http dns reset"),
    # Names.
    ("dns.nxdomain dns.record-missing dns.record-not-owned dns.record-filtered dns.externaldns-down "
     "dns.delegation-broken", "nxdomain dns", ""),
    (
        "dns.servfail dns.refused dns.forward-loop dns.upstream-down dns.dnssec-bogus dns.cname-loop",
        "dns",
        "nxdomain timeout",
    ),
    ("dns.server-down dns.server-missing dns.node-local-down dns.timeout dns.tcp-blocked dns.server-partial",
     "dns timeout", "nxdomain"),
    (
        "dns.server-config dns.pod-policy dns.no-address dns.upstream-split dns.predicted-differs",
        "dns nxdomain",
        "timeout",
    ),
    ("dns.five-second-stalls dns.slow dns.truncated", "dns timeout", ""),
    ("dns.wrong-address dns.stale-address dns.split-horizon-mismatch dns.search-hijack",
     "timeout refused tls", "nxdomain dns http no-route reset"),
    # Services without anyone behind them.
    (
        "service.no-ready-endpoint service.selector-no-match service.endpoints-missing "
        "service.target-port-name-missing service.protocol-mismatch workload.scaled-to-zero "
        "workload.creation-refused",
        "refused http",
        "timeout no-route nxdomain dns",
    ),
    # Packets that reach a pod on a port on which nobody listens.
    ("service.target-port-mismatch service.headless-port-remap pod.port-closed pod.listens-on-loopback packet.refused",
     "refused http", "reset tls timeout"),
    # Packets to nobody, or dropped on the way.
    ("service.endpoints-stale service.endpoint-dead service.vip-unreachable service.ip-conflict",
     "timeout no-route http", "refused reset tls dns"),
    ("service.internal-local-no-endpoint service.external-local-no-endpoint loadbalancer.source-ranges "
     "loadbalancer.not-announced loadbalancer.unreachable loadbalancer.address-conflict firewall.blocked "
     "firewall.node-port-blocked", "timeout", "no-route http dns refused"),
    ("loadbalancer.pending loadbalancer.pool-exhausted", "timeout nxdomain dns", "no-route refused"),
    ("loadbalancer.health-check", "timeout refused http", "reset"),
    ("service.family-mismatch", "no-route timeout refused", "nxdomain dns http"),
    ("service.external-name-broken", "nxdomain dns", "timeout refused tls http"),
    ("service.app-protocol-mismatch", "http tls reset", ""),
    (
        "service.traffic-distribution service.session-affinity service.some-endpoints-unready",
        "timeout http refused",
        "reset dns",
    ),
    # Pods that do not serve: out of rotation, or gone while they are asked.
    (
        "pod.not-ready pod.readiness-failing pod.readiness-misconfigured pod.image-pull pod.unschedulable "
        "pod.init-blocked pod.config-missing pod.network-not-ready pod.evicted pod.sidecar-not-ready "
        "workload.rollout-stuck workload.new-revision-failing",
        "refused http",
        "timeout no-route reset nxdomain dns",
    ),
    (
        "pod.crash-looping pod.oom-killed pod.liveness-killing pod.restarting",
        "refused http reset",
        "timeout no-route nxdomain dns",
    ),
    ("pod.terminating workload.drain-race", "reset refused http", "timeout no-route"),
    ("pod.proxy-environment", "http timeout refused", "dns nxdomain tls reset no-route"),
    # Nodes and what runs on them.
    ("node.not-ready node.cni-down node.network-unavailable node.proxy-down node.failures-concentrated "
     "node.cohort-differs",
     "timeout no-route", "refused http dns reset"),
    ("node.mtu-mismatch packet.mtu-black-hole", "timeout", "tls reset http"),
    ("node.address-overlap node.duplicate-address", "timeout no-route", "refused reset http dns tls"),
    ("node.address-pool-exhausted", "refused http", "timeout no-route nxdomain dns"),
    ("node.pressure", "", "timeout refused http reset"),
    ("node.clock-skew", "tls", ""),
    (
        "packet.dropped packet.loss packet.node-pair packet.one-way packet.hairpin cluster.conntrack-stale",
        "timeout",
        "http dns reset",
    ),
    ("packet.rejected", "refused no-route reset", "http"),
    ("packet.unreachable", "no-route timeout", "http dns"),
    ("packet.accepted-then-closed", "reset http tls", ""),
    ("packet.latency", "timeout", "http dns"),
    # Routes: a proxy answers.
    (
        "ingress.no-route ingress.backend-refused ingress.backend-timeout ingress.backend-error "
        "ingress.keepalive-mismatch ingress.unexpected-status",
        "http",
        "",
    ),
    ("ingress.status-unpublished", "nxdomain dns timeout", "refused"),
    (
        "gateway.class-not-accepted gateway.not-programmed gateway.listener-invalid",
        "refused timeout http",
        "tls nxdomain dns",
    ),
    ("gateway.route-not-accepted gateway.reference-not-granted gateway.backend-not-found", "http", "tls"),
    # Certificates.
    (
        "tls.not-reloaded tls.terminated-elsewhere tls.expired tls.not-yet-valid tls.name-mismatch tls.untrusted "
        "tls.self-signed tls.default-certificate tls.chain-incomplete tls.staging-issuer tls.handshake-failed "
        "tls.protocol-mismatch tls.alpn-mismatch tls.client-certificate-required tls.not-tls tls.served-differs "
        "tls.secret-missing tls.secret-invalid tls.key-mismatch tls.shadowed tls.revoked tls.weak tls.chain-order "
        "certificate.not-ready certificate.names-missing certificate.renewal-overdue certificate.secret-shared "
        "mesh.trust-anchor-expired mesh.trust-mismatch",
        "tls",
        "reset http",
    ),
    ("mesh.sidecar-missing mesh.mode-conflict", "reset tls http", ""),
    # Too much for what is there.
    ("performance.cpu-throttled performance.cpu-saturated performance.latency performance.bandwidth "
     "performance.packet-drops performance.retransmits performance.softirq performance.error-rate "
     "performance.unbalanced performance.autoscaler-at-max", "timeout http", "reset dns"),
    ("performance.connection-pool-exhausted", "timeout refused http", "reset"),
    ("performance.conntrack-full performance.port-exhaustion", "timeout", "refused no-route dns http"),
    ("performance.listen-overflow", "timeout", "refused reset http"),
    ("performance.dns-load", "dns timeout", ""),
    # Outside.
    ("external.unreachable", "timeout refused no-route http", "dns nxdomain reset tls"),
    ("external.source-refused", "timeout refused reset http", "tls"),
    ("cluster.apiserver-unreachable", "timeout refused no-route", "tls http reset dns"),
)  # fmt: skip

_SEES: Mapping[str, Mapping[str, bool | None]] = {
    code: dict.fromkeys(usual.split(), True) | dict.fromkeys(sometimes.split())
    for codes, usual, sometimes in _ROWS
    for code in codes.split()
}


def fits(failure: Failure, code: str) -> bool | None:
    """Whether callers who suffer from this cause see this kind of failure.

    True where they usually do, False where they do not, None where it depends or nothing is known of the code.
    """
    if failure == "other" or code not in _SEES:
        return None
    return _SEES[code].get(failure, False)


def judged_codes() -> Iterator[str]:
    """The codes of which it is known what callers see, each as often as it is written down."""
    return (code for codes, _, _ in _ROWS for code in codes.split())
