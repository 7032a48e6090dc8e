"""The one sentence that a report begins with. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from netdoc.model.finding import Finding
from netdoc.model.report import Comparison, Impact, Status

NAMED = 3
"""Sources that a sentence names."""


def headline(
    status: Status,
    roots: tuple[Finding, ...],
    impact: Impact | None,
    blocked: tuple[str, ...],
    ended_early: str = "",
    measured: frozenset[str] = frozenset(),
    *,
    partly: bool = False,
) -> str:
    """Cause first; where there is none, what was and what was not established.

    `blocked` is what made a hop unknown, in the order in which it was met. `measured` are the kinds measured from
    every source; `partly`: something was measured from one.
    """
    if roots:
        more = f" (and {len(roots) - 1} more)" if len(roots) > 1 else ""
        return f"{roots[0].title}{_extent(roots[0], impact)}{more}"
    if ended_early:
        return f"{ended_early} before the path was judged"
    if status == "unknown":
        return f"could not tell: {blocked[0] if blocked else 'nothing on the path was judged'}"
    if "tcp" in measured:
        return "no fault found: the source's own connections arrive"
    if measured:
        return "no fault found: the source's own lookup is answered; no connection was tried"
    if partly:
        return "no fault found: what was measured from a part of the sources arrives"
    return "no fault in configuration; no packet was sent"


def from_whom(told: Sequence[Comparison], root: Sequence[str], status: Status) -> str:
    """Behind the sentence, where sources fare differently: whose trouble this is, and whose it is not."""
    suffering = [one for one in told if (set(root) & set(one.findings) if root else one.status == status)]
    if status == "pass" or not suffering or len(suffering) == len(told):
        return ""
    spared = [one for one in told if one.status == "pass"]
    beside = f"; {named(spared)} {'is' if len(spared) == 1 else 'are'} not affected" if spared else ""
    return f", from {named(suffering)}{beside}"


def named(told: Sequence[Comparison]) -> str:
    """`deploy/a.shop, deploy/b.shop and 3 more`."""
    names = [one.from_.called for one in told]
    if len(names) > NAMED:
        return f"{', '.join(names[:NAMED])} and {len(names) - NAMED} more"
    return " and ".join(part for part in (", ".join(names[:-1]), names[-1]) if part)


def _extent(root: Finding, impact: Impact | None) -> str:
    """How many of how many, where the cause does not say it by itself."""
    if impact is None or impact.scope != "part" or impact.of is None or f"{impact.failed} of {impact.of}" in root.title:
        return ""
    return f": {impact.failed} of {impact.of} endpoints"
