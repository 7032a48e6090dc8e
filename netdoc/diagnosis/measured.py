"""What was measured from a place, in the words by which two places are compared. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import msgspec

from netdoc.model.record import Ask

Try = Mapping[str, Any]

_LOOKUPS = {"not-found": "no such name", "no-address": "no address", "no-answer": "nothing in time"}
_CONNECTIONS = {
    "timeout": "no answer",
    "refused": "refused",
    "rejected": "rejected",
    "unreachable": "unreachable",
    "reset": "reset",
}
"""Kinds of failure that say something of the way; others are the measuring tool's own."""


class Measured(msgspec.Struct, frozen=True):
    """Of one place: its nameservers, what each name was answered, how each connection went."""

    nameservers: str = ""
    answers: Mapping[str, str] = {}
    connections: Mapping[str, str] = {}


def measured(answers: Iterable[tuple[Ask, Any]], vantage: str) -> Measured:
    """What was measured from `vantage`, of all that was measured in a run; what was tried twice counts together."""
    nameservers = ""
    names: dict[str, list[Try]] = {}
    places: dict[str, list[Try]] = {}
    for ask, answer in answers:
        if ask.name != vantage or not isinstance(answer, dict):
            continue
        if ask.resource == "getaddrinfo":
            name = str(msgspec.json.decode(ask.fields).get("name", ""))
            names.setdefault(name, []).extend(answer.get("tries", ()))
            nameservers = _nameservers(answer) or nameservers
        elif ask.resource == "tcp":
            for one in answer.get("endpoints", ()):
                places.setdefault(f"{one['address']}:{one['port']}", []).extend(one.get("tries", ()))
    return Measured(nameservers, _said(names, _answer), _said(places, _connection))


def _said(tries: Mapping[str, Sequence[Try]], words: Callable[[Sequence[Try]], str]) -> dict[str, str]:
    told = {key: words(each) for key, each in tries.items()}
    return {key: text for key, text in told.items() if text}


def _nameservers(answer: Mapping[str, Any]) -> str:
    found = answer.get("conf", {}).get("nameservers", [])
    return f"nameserver {', '.join(map(str, found))}" if found else ""


def _answer(tries: Sequence[Try]) -> str:
    """All addresses that were answered, sorted: resolvers turn their order round."""
    well = [one for one in tries if one["ok"]]
    addresses = sorted({str(address) for one in well for address in one.get("addresses", ())})
    if not well:
        return _LOOKUPS.get(str(tries[0]["failure"]["kind"]), "a failure") if tries else ""
    often = f" in {len(well)} of {len(tries)} tries" if len(well) < len(tries) else ""
    return f"{', '.join(addresses)}{often}"


def _connection(tries: Sequence[Try]) -> str:
    failed = [str(one["failure"]["kind"]) for one in tries if not one["ok"]]
    if not tries or any(kind not in _CONNECTIONS for kind in failed):
        return ""
    if not failed:
        return "connected"
    return _CONNECTIONS[failed[0]] if len(failed) == len(tries) else f"{len(failed)} of {len(tries)} fail"
