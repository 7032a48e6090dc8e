"""The filter of the findings: words that must be there, words that must not, and fields."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from netdoc.model.finding import SEVERITIES
from netdoc.model.report import Report, ReportFinding


def chosen(findings: Iterable[ReportFinding], text: str) -> tuple[ReportFinding, ...]:
    """Those that fit every word. `!word` excludes; `error`, `code:x`, `ns:x` and `severity:x` look at one field."""
    words = [word for word in text.lower().split() if word.strip("!")]
    return tuple(one for one in findings if all(_fits(one, word) for word in words))


ORDERS: dict[str, Callable[[ReportFinding], Any]] = {
    "severity": lambda one: SEVERITIES.index(one.severity),
    "code": lambda one: one.code,
    "namespace": lambda one: (one.object.namespace, one.object.kind, one.object.name),
    "object": lambda one: (one.object.kind, one.object.name, one.object.namespace),
}
"""By which column findings can be sorted, beside their rank."""


def ordered(findings: Iterable[ReportFinding], column: str, backwards: bool = False) -> tuple[ReportFinding, ...]:
    """By a column of ORDERS, else as they come; what is equal there stays in its order, forwards and backwards."""
    if column not in ORDERS:
        return tuple(findings)
    return tuple(sorted(findings, key=ORDERS[column], reverse=backwards))


def ranked(report: Report) -> tuple[ReportFinding, ...]:
    """The roots first, then by severity, else in the report's order."""
    roots = {id_: place for place, id_ in enumerate(report.root_causes)}
    last = len(roots)
    order = {severity: place for place, severity in enumerate(SEVERITIES)}
    return tuple(sorted(report.findings, key=lambda one: (roots.get(one.id, last), order[one.severity])))


def _fits(finding: ReportFinding, word: str) -> bool:
    if word.startswith("!"):
        return not _fits(finding, word[1:])
    field, colon, value = word.partition(":")
    if colon and field == "code":
        return value in finding.code.lower()
    if colon and field in ("ns", "namespace"):
        return finding.object.namespace.lower().startswith(value)
    if (colon and field == "severity") or word in SEVERITIES:
        return finding.severity.startswith(value or word)
    where = f"{finding.code} {finding.title} {finding.object} {finding.detail}"
    return word in where.lower()
