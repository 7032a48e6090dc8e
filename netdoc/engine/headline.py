"""The one sentence that a report begins with. Pure."""

from __future__ import annotations

from netdoc.model.finding import Finding
from netdoc.model.report import Impact, NotChecked, Status

# What stands under notChecked and never made a hop unknown.
_NO_BAR = ("assumed", "no-source", "needs-consent", "not-installed")

BLOCKING = ("forbidden", "unreachable", "timeout", "needs-privilege", "no-source", "incomplete", "not-supported")


def headline(
    status: Status,
    roots: tuple[Finding, ...],
    impact: Impact | None,
    not_checked: tuple[NotChecked, ...],
    ended_early: str = "",
    measured: bool = False,
) -> str:
    """Cause first; where there is none, what was and what was not established."""
    if roots:
        more = f" (and {len(roots) - 1} more)" if len(roots) > 1 else ""
        return f"{roots[0].title}{_extent(impact)}{more}"
    if ended_early:
        return f"{ended_early} before the path was judged"
    if status == "unknown":
        blocked = [one for one in not_checked if one.reason not in _NO_BAR]
        return f"could not tell: {blocked[0].what}" if blocked else "could not tell: nothing on the path was judged"
    if measured:
        return "no fault found: the source's own connections arrive"
    return "no fault in configuration; no packet was sent"


def _weight(one: NotChecked) -> tuple[int, bool]:
    """What was refused or lost says more than what a file leaves out, and what stands at a hop more than the rest."""
    return (BLOCKING.index(one.reason), not one.hop)


def _extent(impact: Impact | None) -> str:
    if impact is None or impact.scope != "part" or impact.of is None:
        return ""
    return f": {impact.failed} of {impact.of} endpoints"
