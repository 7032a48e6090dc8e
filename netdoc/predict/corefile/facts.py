"""What a Corefile means for a name: the block that takes it, the plugins on its way, where it goes."""

from __future__ import annotations

from ipaddress import ip_address
from typing import cast

import msgspec

from netdoc.predict.corefile.directives import position
from netdoc.predict.corefile.doubts import Doubt, doubt_of
from netdoc.predict.corefile.model import Corefile, Plugin, ServerBlock
from netdoc.predict.corefile.origins import PORTS, split_transport, zones_of
from netdoc.predict.dns import names
from netdoc.predict.dns.names import Labels
from netdoc.predict.dns.options import Options, PodMode

RESOLV_CONF = "/etc/resolv.conf"


class Upstream(msgspec.Struct, frozen=True):
    """Where `forward` sends queries: an address, or a file of the kind of resolv.conf in CoreDNS's own container.

    `server_name` is what TLS certificates are checked against, as far as the address itself says it.
    """

    address: str = ""
    port: str = "53"
    transport: str = "dns"
    file: str = ""
    server_name: str = ""


class Forward(msgspec.Struct, frozen=True):
    """One use of `forward`. Queries for `zone`, but not for `excluded`, go to one of the upstreams."""

    zone: str
    upstreams: tuple[Upstream, ...]
    excluded: tuple[str, ...]
    policy: str
    force_tcp: bool
    tls_servername: str
    max_concurrent: int
    line: int

    def takes(self, labels: Labels) -> bool:
        zone = names.parse(self.zone)
        if not names.within(labels, zone):
            return False
        return labels == zone or not any(names.within(labels, names.parse(one)) for one in self.excluded)


def dns_port(corefile: Corefile) -> str:
    """The port of plain DNS: 53, else (OpenShift has 5353) the first that a block listens on."""
    ports = [one.port for block in corefile.blocks for one in block.origins if one.transport == "dns"]
    return "53" if "53" in ports or not ports else ports[0]


def serving(corefile: Corefile, port: str = "", transport: str = "dns") -> tuple[ServerBlock, ...]:
    """The blocks behind one port, that of plain DNS unless another is given."""
    wanted = port or (dns_port(corefile) if transport == "dns" else PORTS[transport])
    return tuple(
        block
        for block in corefile.blocks
        if any(one.port == wanted and one.transport == transport for one in block.origins)
    )


def block_for(corefile: Corefile, name: str, port: str = "", transport: str = "dns") -> ServerBlock | None:
    """The block that takes a name: the longest zone wins. None: CoreDNS refuses (REFUSED).

    Raises names.NotAName.
    """
    labels = names.parse(name)
    wanted = port or dns_port(corefile)
    best: ServerBlock | None = None
    length = -1
    for block in serving(corefile, wanted, transport):
        for one in block.origins:
            zone = names.parse(one.zone)
            if one.port == wanted and one.transport == transport and names.within(labels, zone) and len(zone) > length:
                best, length = block, len(zone)
    return best


def kubernetes_zones(block: ServerBlock) -> tuple[str, ...]:
    """The zones of the block's `kubernetes` plugin; empty where it has none."""
    plugin = block.first("kubernetes")
    return zones_of(plugin.args, block.zones) if plugin else ()


def kubernetes_options(block: ServerBlock, servers: tuple[str, ...] = ()) -> Options | None:
    """The block's `kubernetes` plugin as options of prediction; None where it has none.

    `servers` are the addresses of the CoreDNS pods. A value that CoreDNS would refuse counts as its default here.
    """
    plugin = block.first("kubernetes")
    if plugin is None:
        return None
    modes = [one for one in plugin.values("pods") if one in ("disabled", "insecure", "verified")]
    fallthrough = [one for one in plugin.properties if one.name == "fallthrough"]
    return Options(
        zones=kubernetes_zones(block),
        pods=cast(PodMode, modes[-1]) if modes else "disabled",
        endpoint_pod_names=plugin.has("endpoint_pod_names"),
        noendpoints=plugin.has("noendpoints"),
        ignore_empty_service="empty_service" in plugin.values("ignore"),
        zonal=plugin.has("zonal"),
        namespaces=frozenset(plugin.values("namespaces")),
        labels=_last_line(plugin, "labels"),
        namespace_labels=_last_line(plugin, "namespace_labels"),
        fallthrough=zones_of(fallthrough[-1].args, (".",)) if fallthrough else (),
        multicluster=zones_of(plugin.values("multicluster")),
        servers=servers,
    )


def forwards(block: ServerBlock) -> tuple[Forward, ...]:
    """The block's `forward` plugins in the order in which they are tried. Ones without arguments are left out."""
    return tuple(_forward(one) for one in block.all("forward") if len(one.args) > 1 and zones_of(one.args[:1]))


def forward_for(block: ServerBlock, name: str) -> Forward | None:
    """The `forward` that takes a name in this block: the first that matches. Raises names.NotAName."""
    labels = names.parse(name)
    return next((one for one in forwards(block) if one.takes(labels)), None)


def stub_zones(corefile: Corefile) -> tuple[tuple[str, Forward], ...]:
    """Zones with upstreams of their own, by a block or by a `forward` for less than the root."""
    return tuple(
        (forward.zone if forward.zone != "." else zone, forward)
        for block in corefile.blocks
        for forward in forwards(block)
        for zone in block.zones
        if zone != "." or forward.zone != "."
    )


def upstream_of(text: str) -> Upstream:
    """An upstream as `forward` takes it: [scheme://]address[%tls-name][:port], or a file."""
    transport, rest = split_transport(text)
    address, port, server_name = _address_parts(rest)
    try:
        ip_address(address)
    except ValueError:
        return Upstream(file=rest, port="", transport=transport)
    return Upstream(address, port or PORTS[transport], transport, server_name=server_name)


def doubts(block: ServerBlock, name: str, type_: str = "A") -> tuple[Doubt, ...]:
    """What stands before `kubernetes` in this block and concerns the name. Raises names.NotAName."""
    labels = names.parse(name)
    first = position("kubernetes")  # a view decides before any plugin, wherever it stands
    before = [one for one in block.plugins if position(one.name) < first or one.name == "view"]
    found = (doubt_of(one, labels, type_.upper(), block) for one in sorted(before, key=lambda one: position(one.name)))
    return tuple(one for one in found if one is not None)


def _forward(plugin: Plugin) -> Forward:
    concurrent = plugin.values("max_concurrent")
    return Forward(
        zone=zones_of(plugin.args[:1])[0],
        upstreams=tuple(upstream_of(one) for one in plugin.args[1:]),
        excluded=zones_of(plugin.values("except")),
        policy=(plugin.values("policy") or ("random",))[-1],
        force_tcp=plugin.has("force_tcp"),
        tls_servername=(plugin.values("tls_servername") or ("",))[-1],
        max_concurrent=int(concurrent[-1]) if concurrent and concurrent[-1].isdecimal() else 0,
        line=plugin.line,
    )


def _address_parts(text: str) -> tuple[str, str, str]:
    """Address, port, and what stands behind the last per cent sign."""
    host, port = text, ""
    if text.startswith("[") and "]" in text:
        host, _, port = text[1:].partition("]")
        port = port.removeprefix(":")
    elif text.count(":") == 1 or ("%" in text and ":" in text.rpartition("%")[2]):
        host, _, port = text.rpartition(":")
    host, _, server_name = host.partition("%")
    return host, port, server_name


def _last_line(plugin: Plugin, name: str) -> str:
    lines = [one for one in plugin.properties if one.name == name]
    return " ".join(lines[-1].args) if lines else ""
