"""Reports made up for tests: with hostile text, with a refusal, with thousands of findings."""

from __future__ import annotations

import msgspec

from netdoc.model.kube.meta import ObjectRef
from netdoc.model.report import NotChecked, Report, ReportFinding
from tests.tui.freeze import events_of

HOSTILE = "\x1b[2J[bold red]web[/] [@click=app.quit]x[/] \u202eevil\x07 $text-error {x} \N{PILE OF POO}"


def whole(name: str) -> Report:
    report = events_of(name)[-1].report
    assert report is not None
    return report


def hostile() -> Report:
    """Every text that a cluster could choose is hostile."""
    report = whole("selector")
    bad = ObjectRef(api_version="v1", kind="Service", name=HOSTILE, namespace=HOSTILE)
    findings = tuple(msgspec.structs.replace(one, title=HOSTILE, detail=HOSTILE, object=bad) for one in report.findings)
    evidence = tuple(
        msgspec.structs.replace(one, object=bad, observed=HOSTILE, expected=HOSTILE, command=HOSTILE, field=HOSTILE)
        for one in report.evidence
    )
    hops = tuple(msgspec.structs.replace(one, object=bad, summary=HOSTILE) for one in report.path)
    told = (NotChecked(what=HOSTILE, reason="forbidden", detail=HOSTILE),)
    changes = tuple(msgspec.structs.replace(one, object=bad, detail=HOSTILE) for one in report.changes)
    return msgspec.structs.replace(
        report, headline=HOSTILE, findings=findings, evidence=evidence, path=hops, not_checked=told, changes=changes
    )


def refused() -> Report:
    """Policies may not be read: the gates are unknown, and so is the whole."""
    report = whole("healthy")
    gates = {hop.id for hop in report.path if hop.kind == "policy"}
    hops = tuple(msgspec.structs.replace(hop, status="unknown") if hop.id in gates else hop for hop in report.path)
    told = tuple(
        NotChecked(what="list networkpolicies in shop", reason="forbidden", hop=hop) for hop in sorted(gates)[:1]
    )
    headline = "could not be established: may not list networkpolicies in shop"
    return msgspec.structs.replace(report, status="unknown", path=hops, not_checked=told, headline=headline)


def many(count: int) -> Report:
    """A report with so many findings, all beside the path but the roots."""
    report = whole("rollout")
    model = report.findings[0]
    severities = ("error", "warning", "info")
    extra = tuple(_one(model, number, severities[number % 3]) for number in range(count - len(report.findings)))
    return msgspec.structs.replace(report, findings=(*report.findings, *extra))


def _one(model: ReportFinding, number: int, severity: str) -> ReportFinding:
    ref = ObjectRef(api_version="v1", kind="Service", name=f"app-{number}", namespace=f"team-{number % 40}")
    return msgspec.structs.replace(
        model,
        id=f"F{number + 100}",
        code="service.no-ready-endpoint" if number % 2 else "dns.nxdomain",
        severity=severity,
        title=f"svc/app-{number} has nobody to answer",
        object=ref,
        explained_by=(),
        evidence=(),
    )
