"""What stands in a pod's /etc/resolv.conf: the kubelet's doing (pkg/kubelet/network/dns/dns.go)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import msgspec

from netdoc.model.kube import Pod
from netdoc.model.kube.pods import DNSConfig

MAX_NAMESERVERS = 3  # the kubelet's limits (pkg/apis/core/validation); glibc reads no more nameservers either
MAX_SEARCHES = 32
MAX_SEARCH_CHARACTERS = 2048
MAX_SEARCH_DOMAIN = 253

CLUSTER_FIRST, HOST, NONE = "ClusterFirst", "Default", "None"


class ResolvConf(msgspec.Struct, frozen=True):
    """resolv.conf(5). `unknown` names the fields that also hold, or are, what the node has and was not read."""

    nameservers: tuple[str, ...] = ()
    searches: tuple[str, ...] = ()
    options: tuple[str, ...] = ()
    unknown: tuple[str, ...] = ()

    def option(self, name: str) -> str | None:
        """The value of the last option of that name, "" for one without a value, None where it is not set."""
        values = [value for key, _, value in (one.partition(":") for one in self.options) if key == name]
        return values[-1] if values else None


def parse(text: str) -> ResolvConf:
    """Read a resolv.conf. The last `search` or `domain` wins; comments, unknown keywords and empty lines go."""
    nameservers: list[str] = []
    searches: tuple[str, ...] = ()
    options: list[str] = []
    for line in text.splitlines():
        fields = line.split()
        if not fields or fields[0][0] in "#;":
            continue
        match fields[0]:
            case "nameserver" if len(fields) > 1:
                nameservers.append(fields[1])
            case "search":
                searches = tuple(fields[1:])
            case "domain" if len(fields) > 1:
                searches = (fields[1],)
            case "options":
                options += fields[1:]
    return ResolvConf(tuple(nameservers), searches, tuple(options))


def policy_of(pod: Pod) -> str:
    """The policy in force: ClusterFirst on the host's network means the node's resolver, WithHostNet does not."""
    match pod.spec.dns_policy:
        case "None":
            return NONE
        case "Default":
            return HOST
        case "ClusterFirst" if pod.spec.host_network:
            return HOST
    return CLUSTER_FIRST  # what the kubelet takes for ClusterFirstWithHostNet and for values that it does not know


def resolv_conf_of(
    pod: Pod, cluster_dns: Iterable[str], cluster_domain: str, node_resolv: ResolvConf | None = None
) -> ResolvConf:
    """What the kubelet writes for a pod. `node_resolv` is the node's own file, None where it was not read.

    Without an address of cluster DNS the kubelet takes the node's resolver, and says so in an event.
    """
    servers = tuple(cluster_dns)
    policy = policy_of(pod)
    if policy == NONE:
        base = ResolvConf()
    elif policy == CLUSTER_FIRST and servers:
        base = _cluster_first(pod.namespace or "default", servers, cluster_domain.rstrip("."), node_resolv)
    else:
        base = _of_node(node_resolv)
    return _within_limits(_merged(base, pod.spec.dns_config))


def _cluster_first(namespace: str, servers: tuple[str, ...], domain: str, node_resolv: ResolvConf | None) -> ResolvConf:
    own = (f"{namespace}.svc.{domain}", f"svc.{domain}", domain) if domain else ()
    node = _of_node(node_resolv)
    unknown = () if node_resolv else ("searches",)
    return ResolvConf(servers, tuple(dict.fromkeys(own + node.searches)), ("ndots:5",), unknown)


def _of_node(node_resolv: ResolvConf | None) -> ResolvConf:
    if node_resolv is None:
        return ResolvConf(unknown=("nameservers", "searches", "options"))
    searches = tuple(one.removesuffix(".") for one in node_resolv.searches if one != ".")
    return msgspec.structs.replace(node_resolv, searches=searches)


def _merged(base: ResolvConf, config: DNSConfig | None) -> ResolvConf:
    """dnsConfig is appended; an option of the same name replaces the value."""
    if config is None:
        return base
    options: dict[str, str] = dict(_halves(one) for one in base.options)
    options |= {one.name: one.value or "" for one in config.options}
    return msgspec.structs.replace(
        base,
        nameservers=tuple(dict.fromkeys(base.nameservers + config.nameservers)),
        searches=tuple(dict.fromkeys(base.searches + config.searches)),
        options=_written(options),
    )


def _halves(option: str) -> tuple[str, str]:
    name, _, value = option.partition(":")
    return name, value


def _written(options: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(f"{name}:{value}" if value else name for name, value in options.items())


def _within_limits(conf: ResolvConf) -> ResolvConf:
    searches = [one for one in conf.searches[:MAX_SEARCHES] if len(one) <= MAX_SEARCH_DOMAIN]
    while len(" ".join(searches)) > MAX_SEARCH_CHARACTERS:
        searches.pop()
    return msgspec.structs.replace(conf, nameservers=conf.nameservers[:MAX_NAMESERVERS], searches=tuple(searches))
