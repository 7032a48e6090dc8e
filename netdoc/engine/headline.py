"""The one sentence that a report begins with. Pure."""

from __future__ import annotations

from netdoc.model.finding import Finding
from netdoc.model.report import Impact, Status


def headline(
    status: Status,
    roots: tuple[Finding, ...],
    impact: Impact | None,
    blocked: tuple[str, ...],
    ended_early: str = "",
    measured: frozenset[str] = frozenset(),
) -> str:
    """Cause first; where there is none, what was and what was not established.

    `blocked` is what made a hop unknown, in the order in which it was met.
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
    return "no fault in configuration; no packet was sent"


def _extent(root: Finding, impact: Impact | None) -> str:
    """How many of how many, where the cause does not say it by itself."""
    if impact is None or impact.scope != "part" or f"{impact.failed} of {impact.of}" in root.title:
        return ""
    return f": {impact.failed} of {impact.of} endpoints"
