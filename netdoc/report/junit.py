"""JUnit XML for CI: one case a check. Failed, could not tell and did not apply stay three things.

fail is `failure`, unknown is `error`, skip is `skipped`; a warning passes and says so in `system-out`.
The form is the one that Jenkins and GitLab read (testmoapp/junitxml describes it).
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from netdoc.model.report import Report, ReportCheck
from netdoc.report import inert, phrases


def draw(report: Report, width: int, color: bool) -> str:
    return "\n".join(_lines(inert.page(report))) + "\n"


def _lines(report: Report) -> Iterator[str]:
    counts = report.summary.checks
    suite = report.run.playbook or "netdoc"
    total = counts.pass_ + counts.warn + counts.fail + counts.unknown + counts.skip
    numbers = (
        f'tests="{total}" failures="{counts.fail}" errors="{counts.unknown}" skipped="{counts.skip}" '
        f'time="{_seconds(report.summary.duration_ms)}"'
    )
    yield '<?xml version="1.0" encoding="UTF-8"?>'
    yield f'<testsuites name="netdoc" {numbers}>'
    yield f'<testsuite name={_quoted(suite)} {numbers} timestamp="{report.run.started_at:%Y-%m-%dT%H:%M:%SZ}">'
    yield from _properties(report)
    for check in report.checks:
        yield from _case(report, check, suite)
    yield "</testsuite>"
    yield "</testsuites>"


def _properties(report: Report) -> Iterator[str]:
    asked = phrases.question(report)
    facts = {"status": report.status, "headline": phrases.verdict(report), "asked": asked, "basis": report.basis}
    yield "<properties>"
    for name, value in facts.items():
        yield f"<property name={_quoted(name)} value={_quoted(value)}/>"
    for each in report.comparisons:
        yield f'<property name="source" value={_quoted(phrases.source(each, report))}/>'
    for one in report.not_checked:
        yield f'<property name="notChecked" value={_quoted(phrases.not_checked(one))}/>'
    yield "</properties>"


def _case(report: Report, check: ReportCheck, suite: str) -> Iterator[str]:
    time = _seconds(check.duration_ms or 0)
    name = f'<testcase classname={_quoted(suite)} name={_quoted(f"{check.id}: {check.title}")} time="{time}"'
    outcome = list(_outcome(report, check))
    if not outcome:
        yield f"{name}/>"
        return
    yield f"{name}>"
    yield from outcome
    yield "</testcase>"


def _outcome(report: Report, check: ReportCheck) -> Iterator[str]:
    findings = [one for one in report.findings if one.id in check.findings]
    text = "\n".join(f"{one.severity} {one.code} {one.object}: {one.title}" for one in findings)
    message = check.reason or "; ".join(one.title for one in findings) or check.title
    match check.status:
        case "fail":
            kind = _quoted(findings[0].code if findings else "fail")
            yield f"<failure message={_quoted(message)} type={kind}>{escape(text)}</failure>"
        case "unknown":
            yield f'<error message={_quoted(f"NOT CHECKED: {message}")} type="unknown">{escape(text)}</error>'
        case "skip":
            yield f"<skipped message={_quoted(message)}/>"
        case _ if text:
            yield f"<system-out>{escape(text)}</system-out>"


def _seconds(milliseconds: int) -> str:
    return f"{milliseconds / 1000:.3f}"


def _quoted(text: str) -> str:
    return quoteattr(text, {"\n": "&#10;"})
