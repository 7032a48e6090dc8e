"""The filter of the findings: words that must be there, words that must not, and fields."""

from __future__ import annotations

from collections.abc import Iterable

from netdoc.model.finding import SEVERITIES
from netdoc.model.report import Report, ReportFinding


def chosen(findings: Iterable[ReportFinding], text: str) -> tuple[ReportFinding, ...]:
    """Those that fit every word. `!word` excludes; `error`, `code:x`, `ns:x` and `severity:x` look at one field."""
    words = [word for word in text.lower().split() if word.strip("!")]
    return tuple(one for one in findings if all(_fits(one, word) for word in words))


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
