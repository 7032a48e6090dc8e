"""SARIF 2.1.0 (OASIS) for code scanning: findings as results, the objects of the cluster as logical locations.

What could not be checked is a notification of the invocation, so that an empty list of results is never taken for
a clean bill. Only a run over a snapshot has a file to point at.
"""

from __future__ import annotations

from typing import Any

from netdoc.model.codes import known_codes
from netdoc.model.report import Report, ReportFinding
from netdoc.report import inert, phrases
from netdoc.report.json import indented

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"error": "error", "warning": "warning", "info": "note"}


def draw(report: Report, width: int, color: bool) -> str:
    return indented({"$schema": SCHEMA, "version": "2.1.0", "runs": [_run(inert.page(report))]})


def _run(report: Report) -> dict[str, Any]:
    codes = sorted({one.code for one in report.findings})
    return {
        "tool": {"driver": _driver(report, codes)},
        "automationDetails": {"id": f"netdoc/{report.run.playbook or 'check'}/{report.run.id}"},
        "invocations": [_invocation(report)],
        "results": [_result(report, one, codes.index(one.code)) for one in report.findings],
        "properties": _properties(report),
    }


def _properties(report: Report) -> dict[str, Any]:
    told: dict[str, Any] = {"status": report.status, "basis": report.basis, "headline": phrases.verdict(report)}
    sources = [phrases.source(one, report) for one in report.comparisons]
    return told | {"sources": sources} if sources else told


def _driver(report: Report, codes: list[str]) -> dict[str, Any]:
    return {"name": report.tool.name, "version": report.tool.version, "rules": [_rule(code) for code in codes]}


def _rule(code: str) -> dict[str, Any]:
    """A code of a third party's check is not in our file: it has its id alone."""
    known = known_codes().get(code)
    if known is None:
        return {"id": code}
    return {
        "id": code,
        "shortDescription": {"text": known.title},
        "defaultConfiguration": {"level": LEVELS[known.severity]},
    }


def _invocation(report: Report) -> dict[str, Any]:
    return {
        "executionSuccessful": report.status != "unknown",
        "commandLine": phrases.command(report),
        "startTimeUtc": f"{report.run.started_at:%Y-%m-%dT%H:%M:%SZ}",
        "endTimeUtc": f"{report.run.finished_at:%Y-%m-%dT%H:%M:%SZ}",
        "toolExecutionNotifications": [
            {"level": "warning", "message": {"text": f"NOT CHECKED: {phrases.not_checked(one)}"}}
            for one in report.not_checked
        ],
    }


def _result(report: Report, finding: ReportFinding, rule: int) -> dict[str, Any]:
    return {
        "ruleId": finding.code,
        "ruleIndex": rule,
        "level": LEVELS[finding.severity],
        "message": {"text": _message(finding)},
        "locations": [_location(report, finding)],
        "partialFingerprints": {"netdoc/v1": f"{finding.code} {finding.object.api_version} {finding.object}"},
        "properties": {
            "rootCause": finding.id in report.root_causes,
            "explainedBy": list(finding.explained_by),
            "proven": finding.proven,
            **_sources(report, finding),
        },
    }


def _sources(report: Report, finding: ReportFinding) -> dict[str, Any]:
    """Who suffers from it, where there are several sources."""
    hit = [one.from_.called for one in report.comparisons if finding.id in one.findings]
    return {"sources": hit} if hit else {}


def _message(finding: ReportFinding) -> str:
    fix = f"Fix: {finding.fix.summary}" if finding.fix else ""
    return "\n".join(part for part in (finding.title, finding.detail, fix) if part)


def _location(report: Report, finding: ReportFinding) -> dict[str, Any]:
    ref = finding.object
    logical = {"name": ref.name, "kind": "resource", "fullyQualifiedName": f"{ref.namespace}/{ref.kind}/{ref.name}"}
    where = report.run.input
    if where.type != "snapshot" or not where.path:
        return {"logicalLocations": [logical]}
    return {"logicalLocations": [logical], "physicalLocation": {"artifactLocation": {"uri": _uri(where.path)}}}


def _uri(path: str) -> str:
    from urllib.parse import quote  # only where there is a path; it is not free to import

    return quote(path)
