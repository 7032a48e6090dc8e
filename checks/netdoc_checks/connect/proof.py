"""Questions as evidence: what was asked of whom, what came back, and the command that asks the same. Pure."""

from __future__ import annotations

from typing import Any

from netdoc.api import Evidence
from netdoc_checks.connect.seen import Asked, Caller, Lookup, Row, Seen


def said(asked: Asked) -> str:
    """What came of a question, in words: "NOERROR 10.43.7.9", "2 of 2 without an answer: no answer came"."""
    if asked.lost and not asked.answers:
        return f"{len(asked.lost)} of {len(asked.rounds)} without an answer: {why(asked)}"
    codes = ", ".join(dict.fromkeys(str(one["rcode"]) for one in asked.answers))
    shown = ", ".join(sorted(asked.addresses)[:4]) or ("no address" if asked.rcode == "NOERROR" else "")
    cut = ", truncated" if asked.truncated else ""
    some = f", {len(asked.lost)} of {len(asked.rounds)} without an answer" if asked.lost else ""
    return f"{codes} {shown}".strip() + cut + some


def why(asked: Asked) -> str:
    """How the first question without an answer failed."""
    told = asked.lost[0]["failure"] if asked.lost else {}
    return str(told.get("detail") or told.get("kind", ""))


def asked_as(asked: Asked) -> str:
    """The question itself: `web.shop.svc.cluster.local. A to 10.43.0.10 over UDP`."""
    large = f" with EDNS {asked.edns}" if asked.edns else ""
    return f"{asked.name} {asked.type} to {asked.server} over {asked.transport.upper()}{large}"


def of(asked: Asked, expected: str, caller: Caller, seen: Seen, observed: str = "") -> Evidence:
    pod = caller.pod
    size = [f"+bufsize={asked.edns}"] if asked.edns else ["+noedns"]
    how = ["+tcp"] if asked.transport == "tcp" else ["+ignore", *size]
    words = ("exec", pod.name, "-c", pod.spec.containers[0].name, "--")
    return Evidence(
        kind="dns",
        object=pod.ref,
        vantage=caller.vantage,
        field=asked_as(asked),
        observed=observed or said(asked),
        expected=expected,
        attempts=len(asked.rounds),
        failures=len(asked.lost),
        command=seen.subject.kubectl(
            *words, "dig", f"@{asked.server}", asked.name, asked.type, *how, namespace=pod.namespace
        ),
        data={"server": asked.server, "name": asked.name, "type": asked.type, "transport": asked.transport}
        | _answer(asked),
    )


def _answer(asked: Asked) -> dict[str, Any]:
    """The first answer as it came; nothing where none did."""
    told = asked.answers[0] if asked.answers else {}
    return {key: told[key] for key in ("rcode", "flags", "answer", "ms") if key in told}


def of_lookup(lookup: Lookup, expected: str, caller: Caller, seen: Seen, observed: str) -> Evidence:
    pod = caller.pod
    words = ("exec", pod.name, "-c", pod.spec.containers[0].name, "--", "getent", "hosts", lookup.name)
    return Evidence(
        kind="dns",
        object=pod.ref,
        vantage=caller.vantage,
        observed=observed,
        expected=expected,
        attempts=len(lookup.tries),
        failures=len(lookup.failed),
        command=seen.subject.kubectl(*words, namespace=pod.namespace),
    )


def heard(row: Row) -> str:
    """The table's row in words: how often, and how it failed."""
    if not row.failed:
        return f"{len(row.tries)} of {len(row.tries)} connected"
    told = row.failed[0]["failure"]
    return f"{len(row.failed)} of {len(row.tries)} failed: {told.get('detail') or told['kind']}"


def connection(caller: Caller, row: Row, observed: str, expected: str, seen: Seen) -> Evidence:
    pod = caller.pod
    words = ("exec", pod.name, "-c", pod.spec.containers[0].name, "--", "nc", "-zvw2", row.address, str(row.port))
    return Evidence(
        kind="tcp",
        object=row.hop.object or pod.ref,
        vantage=caller.vantage,
        observed=observed,
        expected=expected,
        attempts=len(row.tries),
        failures=len(row.failed),
        command=seen.subject.kubectl(*words, namespace=pod.namespace),
        data={"address": row.address, "port": row.port},
    )
