"""Reads TARGET and SOURCE as typed. Nothing is looked up here: what a name means is for the resolver."""

from __future__ import annotations

import re

from netdoc.model.target import SourceSpec, Target
from netdoc.path.kinds import BY_ALIAS, SOURCE_KINDS, Named, nearest
from netdoc.path.places import TargetError, address_of, parse_host, parse_port, parse_url, shown
from netdoc.path.typed import cleaned, is_pasted, unwrapped

_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")  # DNS subdomain, RFC 1123
_NAMESPACE = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")  # DNS label
_GROUPS = ("apps", "batch", "networking.k8s.io", "gateway.networking.k8s.io", "traefik.io", "traefik.containo.us",
           "cert-manager.io")  # fmt: skip
_SOURCES = "use pod/.., deploy/.., ns/.., node/.., an IP, internet or here"


def parse_target(text: str) -> Target:
    """A TARGET of the contract. Raises TargetError."""
    whole = unwrapped(text.strip())
    typed = cleaned(whole) if is_pasted(whole) else whole
    if not typed:
        raise TargetError("TARGET is empty", "name what can't be reached, for example svc/web.shop:80")
    if is_pasted(typed):
        from netdoc.path.pasted import parse_pasted  # its patterns take longer to compile than a target to be read

        return parse_pasted(typed)
    if "://" in typed:
        return parse_url(typed)
    if "/" in typed and (reference := _reference(typed)) is not None:
        return reference
    return parse_host(typed)


def parse_source(text: str) -> SourceSpec:
    """A SOURCE of the contract. Raises TargetError."""
    typed = text.strip()
    if typed.lower() in ("internet", "here"):
        return SourceSpec(input=typed, kind=typed.capitalize())
    if address := address_of(typed.removeprefix("[").removesuffix("]")):
        return SourceSpec(input=typed, kind="IP", name=address)
    if "/" not in typed:
        raise TargetError(f'--from "{shown(typed)}" is not a source', _SOURCES)
    named, namespace, name, port = _split_reference(typed, "--from")
    if named.kind not in SOURCE_KINDS:
        raise TargetError(f"--from {shown(typed)}: a {named.kind} sends no packets", _SOURCES)
    if port:
        raise TargetError(f"--from {shown(typed)}: a source has no port", f"leave out :{shown(port)}")
    return SourceSpec(input=typed, kind=named.kind, name=name, namespace=namespace, exact=bool(namespace))


def _reference(typed: str) -> Target | None:
    """KIND/NAME[:PORT] or NAMESPACE/KIND/NAME[:PORT]; None for `host:port/udp`, which only looks like one."""
    head = typed.partition("/")[0]
    if ":" in head or address_of(head):
        return None
    named, namespace, name, port = _split_reference(typed, "TARGET")
    return Target(
        input=typed,
        kind=named.kind,
        name=name,
        namespace=namespace,
        exact=bool(namespace),
        port=parse_port(port, typed) if port else None,
    )


def _split_reference(typed: str, what: str) -> tuple[Named, str, str, str]:
    """(kind, namespace, name, port text) of a KIND/NAME or NAMESPACE/KIND/NAME."""
    body, colon, port = typed.partition(":")
    parts = body.split("/")
    if len(parts) not in (2, 3) or not all(parts) or (colon and not port):
        raise TargetError(
            f'{what} "{shown(typed)}" is not KIND/NAME or NAMESPACE/KIND/NAME', "for example svc/web.shop:80"
        )
    namespace = parts[0] if len(parts) == 3 else ""
    named, name = _kind(parts[-2].lower(), typed, what), parts[-1]
    if namespace and (not _NAMESPACE.fullmatch(namespace) or not named.namespaced):
        raise TargetError(_no_namespace(namespace, named, typed, what), f"for example {named.aliases[0]}/NAME")
    if not _NAME.fullmatch(name):
        raise TargetError(
            f'{what} "{shown(typed)}": "{shown(name)}" cannot be the name of an object', "names are lower case"
        )
    return named, namespace, name, port


def _no_namespace(namespace: str, named: Named, typed: str, what: str) -> str:
    if not named.namespaced:
        return f'{what} "{shown(typed)}": a {named.kind} is in no namespace'
    return f'{what} "{shown(typed)}": "{shown(namespace)}" cannot be the name of a namespace'


def _kind(alias: str, typed: str, what: str) -> Named:
    """A kind by kubectl's names for it, also as `kubectl get -o name` writes it: `deployment.apps`."""
    short, _, group = alias.partition(".")
    named = BY_ALIAS.get(short)
    if named is not None and (not group or group in _GROUPS):
        return named
    near = nearest(alias, BY_ALIAS)
    mend = f'did you mean "{near[0]}"?' if near else f"for a URL write http://{shown(typed)}" if "." in alias else ""
    raise TargetError(f'{what} "{shown(typed)}": there is no kind "{shown(alias)}"', mend)
