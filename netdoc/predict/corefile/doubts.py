"""Plugins that come before `kubernetes` and may answer in its place, or change the question."""

from __future__ import annotations

from ipaddress import ip_address

import msgspec

from netdoc.predict.corefile.model import Plugin, Property, ServerBlock
from netdoc.predict.corefile.origins import zones_of
from netdoc.predict.dns import names
from netdoc.predict.dns.names import Labels


class Doubt(msgspec.Struct, frozen=True):
    """Why prediction is uncertain for a name: the plugin, where it stands, and what it may do."""

    plugin: str
    line: int
    reason: str


def doubt_of(plugin: Plugin, labels: Labels, type_: str, block: ServerBlock) -> Doubt | None:
    """Decide whether the plugin can concern the name; None where it cannot."""
    reason = _reason(plugin, labels, type_, block)
    return Doubt(plugin.name, plugin.line, reason) if reason else None


def _reason(plugin: Plugin, labels: Labels, type_: str, block: ServerBlock) -> str:
    match plugin.name:
        case "rewrite":
            return _rewrite(plugin, labels)
        case "hosts":
            return _hosts(plugin, labels, type_, block)
        case "template":
            return _template(plugin, labels, type_, block)
        case "acl":
            return "decides by the client's address" if _concerns(plugin.args, labels, block) else ""
        case "dns64" | "siit":
            return "makes addresses of the other family" if type_ in ("A", "AAAA", "PTR") else ""
        case "any":
            return "answers ANY itself" if type_ == "ANY" else ""
        case "route53" | "azure" | "clouddns":
            return "answers from a cloud's zones, which are not read"
        case "k8s_external" | "dynupdate":
            return "may answer this zone itself" if _concerns(plugin.args, labels, block) else ""
        case "view":
            return "the block is for some clients only"
    return ""


def _concerns(zones: tuple[str, ...], labels: Labels, block: ServerBlock) -> bool:
    return any(names.within(labels, names.parse(zone)) for zone in zones_of(zones, block.zones))


def _rewrite(plugin: Plugin, labels: Labels) -> str:
    """rewrite [continue|stop] FIELD ...; a rule in braces has its first line's words there."""
    words = plugin.args
    if len(words) < 2 and plugin.properties:
        inside = plugin.properties[0]
        words = (*words, inside.name, *inside.args)
    if words and words[0] in ("continue", "stop"):
        words = words[1:]
    if not words:
        return ""
    if words[0] == "name":
        return "changes the name" if _renames(words[1:], names.text_of(labels)) else ""
    return "changes the question" if words[0] in ("type", "class", "cname", "opcode") else ""


def _renames(words: tuple[str, ...], name: str) -> bool:
    """`regex` is Go's dialect: whether it matches is not decided, so it may."""
    kinds = ("exact", "prefix", "suffix", "substring", "regex")
    kind, rest = (words[0], words[1:]) if words and words[0] in kinds else ("exact", words)
    if not rest or kind == "regex":
        return bool(rest)
    wanted = rest[0].lower()
    match kind:
        case "prefix":
            return name.startswith(wanted)
        case "suffix":
            return name.endswith(wanted)
        case "substring":
            return wanted in name
    return name == wanted.rstrip(".") + "."


def _template(plugin: Plugin, labels: Labels, type_: str, block: ServerBlock) -> str:
    """template CLASS TYPE [ZONE...] { match REGEX ... }: the regular expressions are Go's, and not decided."""
    if len(plugin.args) < 2 or plugin.args[1].upper() not in (type_, "ANY"):
        return ""
    return "may answer by a template" if _concerns(plugin.args[2:], labels, block) else ""


def _hosts(plugin: Plugin, labels: Labels, type_: str, block: ServerBlock) -> str:
    listed = any(_lists(one, labels) for one in plugin.properties)
    if listed:
        return "lists this name itself" if type_ != "PTR" else "lists this address itself"
    if not _concerns(plugin.args[1:], labels, block):
        return ""
    fallthrough = [one for one in plugin.properties if one.name == "fallthrough"]
    passes = any(names.within(labels, names.parse(zone)) for one in fallthrough for zone in zones_of(one.args, (".",)))
    if not passes and type_ != "PTR":
        return "has no `fallthrough` for this name: what it does not list is SERVFAIL"
    return ""


def _lists(one: Property, labels: Labels) -> bool:
    """ADDRESS NAME..., also for the reverse name of the address."""
    try:
        address = str(ip_address(one.name))
        listed = {names.parse(name) for name in one.args}
    except ValueError:
        return False
    return labels in listed or names.reverse_of(labels) == address
