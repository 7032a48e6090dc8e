"""What hurts, in the engineer's words, and which playbook and checks look for it."""

from __future__ import annotations

import msgspec


class Symptom(msgspec.Struct, frozen=True, kw_only=True):
    """`needs` are the checks that would look where this usually comes from."""

    id: str
    title: str
    hint: str
    playbook: str = "connectivity"
    needs: tuple[str, ...] = ("policy", "endpoints")


SYMPTOMS = (
    Symptom(id="unreachable", title="Cannot reach it", hint="timeout, refused, no route"),
    Symptom(id="name", title="Name does not resolve", hint="no such host, NXDOMAIN", needs=("dns",)),
    Symptom(id="tls", title="TLS error", hint="x509, handshake, expired", needs=("tls",)),
    Symptom(id="404", title="404 Not Found", hint="no route takes the request", needs=("ingress",)),
    Symptom(id="502", title="502, 503 or 504", hint="the proxy gets no answer", needs=("endpoints", "ingress")),
    Symptom(id="slow", title="It is slow", hint="", playbook="performance", needs=("metrics", "bottlenecks")),
    Symptom(id="intermittent", title="It fails now and then", hint="one replica of several"),
)


def lacking(symptom: Symptom, installed: frozenset[str]) -> tuple[str, ...]:
    """The checks for it that are not installed."""
    return tuple(one for one in symptom.needs if one not in installed)


def told(symptom: Symptom, installed: frozenset[str]) -> str:
    """What this version can and cannot say about it; "" where it looks everywhere that it should."""
    missing = lacking(symptom, installed)
    if not missing:
        return ""
    extent = "only in part" if len(missing) < len(symptom.needs) else "not"
    noun, verb = ("check", "is") if len(missing) == 1 else ("checks", "are")
    return f"{extent} looked for in this version: the {noun} {' and '.join(missing)} {verb} to come"
