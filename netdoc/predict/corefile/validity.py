"""What CoreDNS refuses beyond the grammar: unknown plugins, wrong options, zones served twice.

The plugins whose options are checked are those that decide names: `kubernetes` and `forward` (their setup.go).
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from netdoc.predict.corefile.directives import EXTERNAL, KNOWN, ONCE, REMOVED
from netdoc.predict.corefile.facts import forwards
from netdoc.predict.corefile.model import Corefile, CorefileError, Plugin, Property
from netdoc.predict.corefile.origins import split_port, split_transport, zones_of
from netdoc.predict.dns import selector

INVALID, UNKNOWN_PLUGIN = "invalid", "unknown-plugin"
Refusal = tuple[str, str, int]  # kind, CoreDNS's message, line

MAX_UPSTREAMS = 15
MAX_TTL = 3600

# How many arguments a property takes, least and most. None: any number.
Arity = tuple[int, int | None]
_KUBERNETES: dict[str, Arity] = {
    "endpoint_pod_names": (0, 0),
    "pods": (1, 1),
    "namespaces": (1, None),
    "endpoint": (1, None),
    "tls": (3, 3),
    "labels": (1, None),
    "namespace_labels": (1, None),
    "fallthrough": (0, None),
    "ttl": (1, None),
    "noendpoints": (0, 0),
    "zonal": (0, 0),
    "ignore": (0, None),
    "kubeconfig": (1, 2),
    "multicluster": (0, None),
    "startup_timeout": (1, None),
    "apiserver_qps": (1, 1),
    "apiserver_burst": (1, 1),
    "apiserver_max_inflight": (1, 1),
}
_FORWARD: dict[str, Arity] = {
    "except": (1, None),
    "max_fails": (1, None),
    "max_connect_attempts": (1, None),
    "health_check": (1, None),
    "force_tcp": (0, 0),
    "prefer_udp": (0, 0),
    "tls": (0, 3),
    "tls_servername": (1, None),
    "expire": (1, None),
    "max_age": (1, None),
    "max_idle_conns": (1, None),
    "read_timeout": (1, None),
    "doh_method": (1, None),
    "policy": (1, None),
    "max_concurrent": (1, None),
    "next": (1, None),
    "next_on_nodata": (0, 0),
    "failfast_all_unhealthy_upstreams": (0, 0),
    "failover": (1, None),
    "resolver": (1, None),
    "source_address": (1, None),
}
_POD_MODES = ("disabled", "insecure", "verified")
_POLICIES = ("random", "round_robin", "sequential")
_UPSTREAM_TRANSPORTS = ("dns", "tls", "quic", "https")


def refusals(corefile: Corefile) -> Iterator[Refusal]:
    """Every reason that CoreDNS 1.15 has; it stops at the first. Later versions may know more options."""
    for block in corefile.blocks:
        for plugin in block.plugins:
            yield from _unknown(plugin, corefile.file)
            yield from _options(plugin, block.zones, corefile.file)
        times = Counter(one.name for one in block.plugins)
        for name in sorted(ONCE):
            if times[name] > 1:
                line = block.all(name)[1].line
                yield INVALID, f"plugin/{name}: this plugin can only be used once per Server Block", line
        entries = sum(len(one.upstreams) for one in forwards(block)[:1])
        if entries > MAX_UPSTREAMS:
            yield INVALID, f"plugin/forward: more than {MAX_UPSTREAMS} TOs configured: {entries}", block.line
    yield from _served_twice(corefile)


def _unknown(plugin: Plugin, file: str) -> Iterator[Refusal]:
    if plugin.name in KNOWN:
        return
    said = f"{file}:{plugin.line} - Error during parsing: Unknown directive '{plugin.name}'"
    if plugin.name in REMOVED:
        said += f" ({REMOVED[plugin.name]})"
    yield (UNKNOWN_PLUGIN if plugin.name in EXTERNAL else INVALID), said, plugin.line


def _served_twice(corefile: Corefile) -> Iterator[Refusal]:
    """Blocks with `bind` or `view` may share a zone: whether these do is not decided."""
    seen: set[str] = set()
    for block in corefile.blocks:
        if block.first("bind") or block.first("view"):
            continue
        for origin in block.origins:
            if str(origin) in seen:
                yield INVALID, f"cannot serve {origin} - it is already defined", block.line
            seen.add(str(origin))


def _options(plugin: Plugin, zones: tuple[str, ...], file: str) -> Iterator[Refusal]:
    known = {"kubernetes": _KUBERNETES, "forward": _FORWARD}.get(plugin.name)
    if known is None:
        return
    where = f"plugin/{plugin.name}: "
    for one in plugin.properties:
        at = f"{where}{file}:{one.line} - Error during parsing: "
        if one.name not in known:
            yield INVALID, f"{at}unknown property '{one.name}'", one.line
        elif not _fits(one, known[one.name]):
            yield INVALID, f"{at}Wrong argument count or unexpected line ending after '{_last(one)}'", one.line
        elif said := _value(plugin.name, one):
            placed = one.name == "policy" or said.startswith("ttl")  # which of its errors have a line is CoreDNS's whim
            yield INVALID, (at if placed else where) + said, one.line
    if plugin.name == "forward":
        yield from _forward(plugin, where, file)
    else:
        yield from _kubernetes(plugin, zones, where, file)


def _fits(one: Property, arity: Arity) -> bool:
    least, most = arity
    return least <= len(one.args) and (most is None or len(one.args) <= most)


def _last(one: Property) -> str:
    return one.args[-1] if one.args else one.name


def _value(plugin: str, one: Property) -> str:
    """CoreDNS's message for a value that it refuses; "" for one that it takes."""
    value = one.args[0] if one.args else ""
    match plugin, one.name:
        case "kubernetes", "pods" if value not in _POD_MODES:
            return f"wrong value for pods: {value},  must be one of: disabled, verified, insecure"
        case "kubernetes", "ttl" if not re.fullmatch(r"[+-]?\d+", value, re.ASCII):
            return f'strconv.Atoi: parsing "{value}": invalid syntax'
        case "kubernetes", "ttl" if not 0 <= int(value[:9]) <= MAX_TTL:
            return f"ttl must be in range [0, {MAX_TTL}]: {value}"
        case "kubernetes", "ignore" if value not in ("", "empty_service"):
            return f"unable to parse ignore value: '{value}'"
        case "kubernetes", "labels" | "namespace_labels" if not _selects(" ".join(one.args)):
            return f"unable to parse label selector value: '{' '.join(one.args)}'"
        case "forward", "policy" if value not in _POLICIES:
            return f"unknown policy '{value}'"
    return ""


def _selects(text: str) -> bool:
    try:
        selector.parse(text)
    except selector.BadSelector:
        return False
    return True


def _kubernetes(plugin: Plugin, zones: tuple[str, ...], where: str, file: str) -> Iterator[Refusal]:
    served = zones_of(plugin.args, zones)
    if all(zone.endswith((".in-addr.arpa.", ".ip6.arpa.")) for zone in served):
        yield INVALID, f"{where}non-reverse zone name must be used", plugin.line
    at = f"{where}{file}:{plugin.end} - Error during parsing: "
    if plugin.has("namespaces") and plugin.has("namespace_labels"):
        yield INVALID, f"{at}namespaces and namespace_labels cannot both be set", plugin.line
    if plugin.has("zonal") and plugin.has("noendpoints"):
        yield INVALID, f"{at}zonal requires the endpoint cache; remove noendpoints", plugin.line


def _forward(plugin: Plugin, where: str, file: str) -> Iterator[Refusal]:
    if len(plugin.args) < 2:
        last = plugin.args[-1] if plugin.args else plugin.name
        said = f"{file}:{plugin.line} - Error during parsing: Wrong argument count or unexpected line ending after"
        yield INVALID, f"{where}{said} '{last}'", plugin.line
        return
    try:
        split_port(split_transport(plugin.args[0])[1])
    except CorefileError:
        yield INVALID, f"{where}unable to normalize '{plugin.args[0]}'", plugin.line
    for to in plugin.args[1:]:
        transport = split_transport(to)[0]
        if transport not in _UPSTREAM_TRANSPORTS:
            said = f"'{transport}' is not supported as a destination protocol in forward: {to}"
            yield INVALID, where + said, plugin.line
