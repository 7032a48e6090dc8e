"""What a page shows of a report and in which order: causes, what follows from them, the path in folds.

Pure, and without a word or a colour: every page (table, short, markdown, html) is drawn from it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

import msgspec

from netdoc.model.change import Change
from netdoc.model.report import CheckStatus, Comparison, NotChecked, Report, ReportEvidence, ReportFinding, ReportHop

SMALL = 8
"""A group of up to so many hops is shown whole."""
SHOWN = 5
"""Members of a larger group that are shown, the worst first."""

WORST_FIRST: tuple[CheckStatus, ...] = ("fail", "unknown", "warn", "pass", "skip")


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """A root, its proof, and the findings that it explains, nearest first, each told below one cause only."""

    finding: ReportFinding
    evidence: tuple[ReportEvidence, ...]
    consequences: tuple[ReportFinding, ...]


class Fold(msgspec.Struct, frozen=True, kw_only=True):
    """Hops that stand at the same place: those shown, and how many of which kind and status are not."""

    shown: tuple[ReportHop, ...]
    hidden: tuple[tuple[CheckStatus, int], ...] = ()


def causes(report: Report) -> tuple[Cause, ...]:
    """The roots, most likely first."""
    told = set(report.root_causes)
    evidence = {one.id: one for one in report.evidence}
    found = {one.id: one for one in report.findings}
    explained = _explained(report.findings)
    return tuple(
        Cause(
            finding=found[root],
            evidence=tuple(evidence[id] for id in found[root].evidence if id in evidence),
            consequences=tuple(_below(root, explained, told)),
        )
        for root in report.root_causes
        if root in found
    )


def beside(report: Report, told: Iterable[Cause]) -> tuple[ReportFinding, ...]:
    """The findings that are neither a cause nor told below one."""
    shown = {one.id for cause in told for one in (cause.finding, *cause.consequences)}
    return tuple(one for one in report.findings if one.id not in shown)


def suspects(report: Report) -> tuple[Change, ...]:
    """What changed just before, latest first."""
    return tuple(sorted((one for one in report.changes if one.suspect), key=lambda one: one.at, reverse=True))


def blind(report: Report) -> tuple[NotChecked, ...]:
    """What was not checked, first that which makes a hop unknown."""
    unknown = {hop.id for hop in report.path if hop.status == "unknown"}
    return tuple(sorted(report.not_checked, key=lambda one: one.hop not in unknown))


def now(report: Report) -> datetime:
    """The time that "ago" counts from: the cluster's, and only where it is not known this run's."""
    return report.run.input.now or report.run.finished_at


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """Sources that fare alike, by name; `finding` is the worst that was found of them."""

    names: tuple[str, ...]
    like: Comparison
    finding: ReportFinding | None = None


def seen(report: Report) -> tuple[Seen, ...]:
    """The sources, those that fare alike together, the worst first. One alone: all fare alike."""
    groups: dict[object, list[Comparison]] = defaultdict(list)
    for one in report.comparisons:
        groups[one.status, one.first_difference, one.findings, one.impact].append(one)
    ranked = sorted(groups.values(), key=lambda group: WORST_FIRST.index(group[0].status))
    return tuple(
        Seen(
            names=tuple(one.from_.called for one in group),
            like=group[0],
            finding=next((each for each in report.findings if each.id in group[0].findings), None),
        )
        for group in ranked
    )


def of_whom(report: Report, finding: ReportFinding) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(who suffers from a finding, who has no fault), where the sources differ in it; else nobody."""
    hit = tuple(one.from_.called for one in report.comparisons if finding.id in one.findings)
    if len(hit) in (0, len(report.comparisons)):
        return (), ()
    return hit, tuple(one.from_.called for one in report.comparisons if one.status == "pass")


def folds(report: Report) -> tuple[Fold, ...]:
    """The path in the order of travel, hops at the same place together."""
    groups: dict[tuple[float, str], list[ReportHop]] = defaultdict(list)
    depth = _depths(report.path)
    for hop in report.path:
        groups[depth[hop.id], hop.kind].append(hop)
    order = sorted(groups, key=lambda key: key[0])
    return tuple(_fold(groups[key]) for key in order)


def _explained(findings: Iterable[ReportFinding]) -> dict[str, list[ReportFinding]]:
    by_cause: dict[str, list[ReportFinding]] = defaultdict(list)
    for finding in findings:
        for cause in finding.explained_by:
            by_cause[cause].append(finding)
    return by_cause


def _below(root: str, explained: Mapping[str, list[ReportFinding]], told: set[str]) -> Iterator[ReportFinding]:
    """Breadth first, so that what follows directly stands before what follows from that."""
    queue = [root]
    while queue:
        for finding in explained.get(queue.pop(0), ()):
            if finding.id not in told:
                told.add(finding.id)
                queue.append(finding.id)
                yield finding


def _depths(path: Iterable[ReportHop]) -> dict[str, float]:
    """How many hops lie before each one, by the longest way; a policy stands on the edge after its first hop.

    A path that loops has no longest way: the count is then cut off, and the order is merely stable.
    """
    hops = tuple(path)
    depth: dict[str, float] = {hop.id: 0 for hop in hops}
    edges = [(hop.id, after) for hop in hops for after in hop.next if after in depth]
    for _ in range(min(len(hops), 50)):
        late = [(here, after) for here, after in edges if depth[after] <= depth[here]]
        for here, after in late:
            depth[after] = max(depth[after], depth[here] + 1)
        if not late:
            break
    gates = {hop.id: depth[hop.between[0]] + 0.5 for hop in hops if hop.between and hop.between[0] in depth}
    return depth | gates


def _fold(group: list[ReportHop]) -> Fold:
    """All of a small group in its own order; of a large one what is wrong, or one that stands for all."""
    if len(group) <= SMALL:
        return Fold(shown=tuple(group))
    ranked = sorted(group, key=lambda hop: WORST_FIRST.index(hop.status))
    bad = sum(hop.status in ("fail", "unknown", "warn") for hop in group)
    shown = ranked[: min(SHOWN, max(bad, 1))]
    rest = ranked[len(shown) :]
    counts = ((status, sum(hop.status == status for hop in rest)) for status in WORST_FIRST)
    return Fold(shown=tuple(shown), hidden=tuple((status, count) for status, count in counts if count))
