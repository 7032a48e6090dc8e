"""Completion of a target or a source: first the kind, then the namespace, then the name."""

from __future__ import annotations

from collections.abc import Sequence

from netdoc.tui.lookout import Lookout

KINDS = ("svc", "pod", "deploy", "statefulset", "daemonset", "node", "ns", "job", "cronjob", "replicaset")
SOURCES = ("deploy", "pod", "statefulset", "daemonset", "ns", "node")
WORDS = ("internet", "here")
FEW = 6
_WHOLE = frozenset({"node", "ns"})
"""Kinds that are in no namespace."""


async def completions(text: str, lookout: Lookout, *, source: bool = False) -> tuple[str, ...]:
    """What the text may go on to be, the best first. Lists at most the namespaces and one kind in one of them."""
    if not text or " " in text or "://" in text:
        return ()
    parts = text.split("/")
    kinds = SOURCES if source else KINDS
    if len(parts) == 1:
        words = [f"{kind}/" for kind in kinds] + (list(WORDS) if source else [])
        return best(text, words)
    if len(parts) == 2 and parts[0] in kinds:
        return await _after_kind(parts[0], parts[1], lookout)
    if len(parts) == 3 and parts[1] in kinds:
        return await _named(f"{parts[0]}/{parts[1]}/", parts[1], parts[0], parts[2], lookout)
    if len(parts) == 2:
        return best(parts[1], [f"{kind}/" for kind in kinds], f"{parts[0]}/")
    return ()


async def _after_kind(kind: str, typed: str, lookout: Lookout) -> tuple[str, ...]:
    """Names in the namespace that is set, then the namespaces to choose from."""
    if ":" in typed:
        return ()
    here = await _named(f"{kind}/", kind, lookout.namespace, typed, lookout)
    if kind in _WHOLE:
        return here
    spaces, _ = await lookout.names("ns", "")
    there = best(typed, list(spaces))
    return (*here[: FEW - 2], *(f"{space}/{kind}/" for space in there))[:FEW]


async def _named(lead: str, kind: str, namespace: str, typed: str, lookout: Lookout) -> tuple[str, ...]:
    if ":" in typed:
        return ()
    names, _ = await lookout.names(kind, namespace)
    return best(typed, names, lead)


def best(typed: str, words: Sequence[str], lead: str = "") -> tuple[str, ...]:
    """The words that hold the typed letters in their order; those that begin with them first, then the tightest."""
    ranked = sorted((rank, word) for word in words if (rank := _rank(typed.lower(), word.lower())) is not None)
    return tuple(f"{lead}{word}" for _, word in ranked[:FEW] if f"{lead}{word}" != f"{lead}{typed}")


def _rank(typed: str, word: str) -> tuple[int, int, int] | None:
    """How far the word is from what was typed; None where the letters are not all there."""
    place, first, gaps = 0, -1, 0
    for letter in typed:
        found = word.find(letter, place)
        if found < 0:
            return None
        first = found if first < 0 else first
        gaps += found - place if place else 0
        place = found + 1
    return (0 if word.startswith(typed) else 1, gaps + max(first, 0), len(word))
