"""What cluster DNS says of an outside name by its Corefile alone: the line that decides, and its answer. Pure.

CoreDNS walks its plugins in a fixed order (plugin.cfg): `rewrite` before `hosts`, `hosts` before `forward`.
"""

from __future__ import annotations

from netdoc.api import corefile, kube
from netdoc_checks.split.seen import Ruling


def ruling(text: str, name: str) -> Ruling | None:
    """The line that decides; None where the Corefile does not parse or leaves the name to everybody's upstream."""
    block = _block(text, name)
    if block is None:
        return None
    for plugin in (*block.all("rewrite"), *block.all("hosts")):
        if target(plugin, name):
            return Ruling("rewrite", _line(text, plugin.line), plugin.line)
        listed = next((one for one in plugin.properties if _lists(plugin, one, name)), None)
        if listed is not None:
            return Ruling("hosts", _line(text, listed.line), listed.line)
    forward = corefile.forward_for(block, name)
    stub = forward is not None and (forward.zone != "." or "." not in block.zones)
    return Ruling("forward", _line(text, forward.line), forward.line) if stub and forward is not None else None


def pinned(text: str, name: str) -> tuple[str, ...]:
    """The addresses that the plugin `hosts` lists for the name; none where another plugin may decide."""
    block = _block(text, name)
    if block is None or _before(text, name) - {"hosts"}:
        return ()
    return tuple(one.name for hosts in block.all("hosts") for one in hosts.properties if _lists(hosts, one, name))


def rewritten(text: str, name: str) -> str:
    """The name that is asked in place of this one; "" where none is. Only whole names are understood."""
    block = _block(text, name)
    return next((to for one in (block.all("rewrite") if block else ()) if (to := target(one, name))), "")


def target(plugin: corefile.Plugin, name: str) -> str:
    """`rewrite [continue|stop] name [exact] FROM TO`: where this rule leads the name; "" for any other rule."""
    words = plugin.args
    if plugin.name != "rewrite":
        return ""
    if len(words) < 2 and plugin.properties:
        words = (*words, plugin.properties[0].name, *plugin.properties[0].args)
    if words[:1] in (("continue",), ("stop",)):
        words = words[1:]
    if words[:1] != ("name",):
        return ""
    rest = words[2:] if words[1:2] == ("exact",) else words[1:]
    return rest[1].rstrip(".") if len(rest) >= 2 and _same(rest[0], name) else ""


def aliased(pod: kube.Pod, name: str) -> tuple[str, ...]:
    """The addresses in the pod's hostAliases, which stand in /etc/hosts: libc looks there before it asks anybody."""
    return tuple(one.ip for one in pod.spec.host_aliases if any(_same(other, name) for other in one.hostnames))


def _block(text: str, name: str) -> corefile.ServerBlock | None:
    try:
        return corefile.block_for(corefile.parse(text), name)
    except ValueError:  # a Corefile that CoreDNS refuses, or what is no domain name
        return None


def _before(text: str, name: str) -> set[str]:
    """The plugins that may answer before anything is forwarded; no object matters to a name outside the cluster."""
    served = corefile.Server.build(corefile.parse(text), (), (), (), ()).answer(name)
    return {one.plugin for one in served.doubts}


def _lists(plugin: corefile.Plugin, one: corefile.Property, name: str) -> bool:
    return plugin.name == "hosts" and any(_same(other, name) for other in one.args)


def _same(one: str, other: str) -> bool:
    return one.rstrip(".").lower() == other.rstrip(".").lower()


def _line(text: str, number: int) -> str:
    lines = text.splitlines()
    return lines[number - 1].strip() if 0 < number <= len(lines) else ""
