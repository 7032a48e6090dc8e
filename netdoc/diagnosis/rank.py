"""Which findings are roots, and in which order they are told. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from netdoc.diagnosis.explain import Owners, direct_causes
from netdoc.diagnosis.failure import fits
from netdoc.model.finding import SEVERITIES, CausalRule, Finding
from netdoc.model.path import Path
from netdoc.model.target import Failure


class Diagnosis(msgspec.Struct, frozen=True):
    """Findings in the order in which they are told: each root, then what it explains.

    `causes` gives for each place the places of its direct causes; `roots` are places, the most likely first.
    """

    findings: tuple[Finding, ...] = ()
    causes: Mapping[int, frozenset[int]] = {}
    roots: tuple[int, ...] = ()


def diagnose(
    findings: Sequence[Finding], path: Path, rules: Sequence[CausalRule], owners: Owners | None = None
) -> Diagnosis:
    """Ranks findings and folds consequences under their causes. The order of the findings given never matters.

    Roots are the errors that no other finding explains; where there is no error, the warnings. Severities must
    be settled (no None) when findings come here.
    """
    order = {hop.id: place for place, hop in enumerate(path.hops)}
    weighed = _weighed(findings, direct_causes(findings, path, rules, owners or {}))
    seen = path.target.error.failure if path.target.error else None
    ranked = sorted(weighed, key=lambda one: _rank(one, order, seen))
    causes = direct_causes(ranked, path, rules, owners or {})
    level = _level(ranked)
    roots = tuple(place for place, one in enumerate(ranked) if not causes[place] and one.severity == level)
    return Diagnosis(tuple(ranked), causes, roots)


def without_hygiene(diagnosis: Diagnosis, audit: frozenset[str]) -> tuple[Finding, ...]:
    """The findings less those of audit codes that explain nothing: hygiene is not why traffic fails."""
    explaining = frozenset(place for causes in diagnosis.causes.values() for place in causes)
    return tuple(one for place, one in enumerate(diagnosis.findings) if one.code not in audit or place in explaining)


def _weighed(findings: Sequence[Finding], causes: Mapping[int, frozenset[int]]) -> list[Finding]:
    """What explains an error breaks the traffic asked about: it weighs as much as what it causes."""
    weight = [SEVERITIES.index(one.severity or "info") for one in findings]
    for _ in findings:  # as many rounds as the longest chain could have links
        for consequence, explaining in causes.items():
            for cause in explaining:
                weight[cause] = min(weight[cause], weight[consequence])
    return [msgspec.structs.replace(one, severity=SEVERITIES[weight[place]]) for place, one in enumerate(findings)]


def _level(findings: Sequence[Finding]) -> str | None:
    """The severity at which roots stand: errors if there are any, else warnings."""
    present = {finding.severity for finding in findings}
    return "error" if "error" in present else "warning" if "warning" in present else None


def _rank(finding: Finding, order: Mapping[str, int], seen: Failure | None) -> tuple[object, ...]:
    """Ties: what fits the error that was seen, proven, then the order of hops, code, object (contract, "Findings")."""
    hop = min((order.get(hop, len(order)) for hop in finding.hops), default=len(order))
    severity = SEVERITIES.index(finding.severity) if finding.severity else len(SEVERITIES)
    misfit = seen is not None and fits(seen, finding.code) is False
    return (
        severity,
        misfit,
        not finding.proven,
        hop,
        finding.code,
        finding.object,
        finding.title,
        finding.detail,
    )
