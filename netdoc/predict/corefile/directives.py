"""The plugins that CoreDNS knows, in the order in which a query passes them (CoreDNS plugin.cfg, 1.15)."""

from __future__ import annotations

ORDER: tuple[str, ...] = (
    *("root", "metadata", "geoip", "cancel", "proxyproto", "quic", "grpc_server", "https", "https3", "timeouts"),
    *("multisocket", "reload", "nsid", "bufsize", "bind", "debug", "trace", "ready", "health", "pprof", "shed"),
    *("prometheus", "errors", "log", "dnstap", "local", "dns64", "siit", "any", "chaos", "loadbalance", "tsig"),
    *("rewrite", "autopath", "acl", "cache", "header", "dnssec", "tls", "minimal", "template", "transfer"),
    *("dynupdate", "hosts", "route53", "azure", "clouddns", "k8s_external", "kubernetes", "file", "auto"),
    *("secondary", "etcd", "loop", "forward", "grpc", "erratic", "whoami", "on", "sign", "view", "nomad"),
)

KNOWN = frozenset(ORDER)

# Listed at coredns.io/explugins, or in builds of vendors (OpenShift): no part of the ordinary build
EXTERNAL = frozenset(
    (
        *("ads", "alias", "alternate", "amazondns", "blocklist", "demo", "dnsredir", "docker", "dump", "fanout"),
        *("finalize", "gathersrv", "git", "gslb", "idetcd", "ipecho", "ipin", "k8s_crd", "k8s_event"),
        *("k8s_gateway", "kubenodes", "kubernetai", "mdns", "meship", "meshname", "multicluster", "mysql"),
        *("netbox", "ocp_dnsnameresolver", "pdsql", "policy", "records", "recursor", "redis", "redisc", "rrl"),
        *("split", "tailscale", "unbound", "warnlist", "wgsd"),
    )
)

# Once part of CoreDNS, refused since (release notes of 1.5.0 and 1.7.0)
REMOVED = {
    "proxy": "removed in CoreDNS 1.5.0: use forward",
    "federation": "removed in CoreDNS 1.7.0",
    "reverse": "removed in CoreDNS 1.5.0: use template",
    "startup": "removed in CoreDNS 1.5.0: use on",
    "shutdown": "removed in CoreDNS 1.5.0: use on",
}

# Plugins that CoreDNS refuses twice in one server block (plugin.ErrOnce)
ONCE = frozenset(
    (
        *("cache", "dnssec", "dynupdate", "errors", "grpc", "hosts", "kubernetes", "loop", "nsid", "pprof"),
        *("prometheus", "ready", "shed", "tsig", "view"),
    )
)

# Plugins that answer names themselves, so that something comes after a `fallthrough`
ANSWERING = frozenset(
    (
        *("auto", "azure", "clouddns", "dynupdate", "erratic", "etcd", "file", "forward", "grpc", "hosts"),
        *("k8s_external", "kubernetes", "nomad", "route53", "secondary", "template", "whoami"),
    )
)


def may_answer(name: str) -> bool:
    """Whether a plugin answers names itself; one of another build may."""
    return name in ANSWERING or name in EXTERNAL


def position(name: str) -> int:
    """Where a query passes the plugin; unknown ones last. The order in the Corefile does not matter."""
    return ORDER.index(name) if name in KNOWN else len(ORDER)
