"""What a ledger amounts to on one path: the diagnosis, the status of every hop, of the whole, and who suffers. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from netdoc.diagnosis import Diagnosis, diagnose, without_hygiene
from netdoc.engine.impact import impact
from netdoc.engine.ledger import Entry, Ledger
from netdoc.model.finding import SEVERITIES, Finding, Unjudged
from netdoc.model.path import Hop, Path
from netdoc.model.report import CheckStatus, Impact, ReportHop, Status

_WORST: tuple[CheckStatus, ...] = ("fail", "unknown", "warn", "pass", "skip")


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """A path as it was judged, for all sources together or for one of them."""

    path: Path
    diagnosis: Diagnosis
    hops: tuple[ReportHop, ...]
    status: Status
    impact: Impact | None
    unknown: tuple[Unjudged, ...] = ()

    @property
    def findings(self) -> tuple[Finding, ...]:
        return self.diagnosis.findings


def outcome(path: Path, said: Ledger, run: Ledger) -> Outcome:
    """What `said` holds of the path; which checks ran, with which codes and rules, is the whole run's."""
    diagnosis = _diagnosis(said.findings, path, run)
    everywhere = [] if said is run else [one for one in run.unjudged if not one.hop]
    unjudged = [one for one in (*said.unjudged, *everywhere) if one.blocking]
    hops = tuple(_hop(hop, diagnosis.findings, unjudged, run.entries) for hop in path.hops)
    return Outcome(
        path=path,
        diagnosis=diagnosis,
        hops=hops,
        status=_overall(hops, diagnosis.findings, run.single),
        impact=impact(path, hops, diagnosis),
        unknown=tuple(unjudged),
    )


def _diagnosis(findings: Sequence[Finding], path: Path, run: Ledger) -> Diagnosis:
    audit = frozenset(code.code for code in run.codes.values() if code.audit)
    first = diagnose(findings, path, run.rules, run.owners)
    return diagnose(without_hygiene(first, audit), path, run.rules, run.owners)


def _hop(hop: Hop, findings: Sequence[Finding], unjudged: Sequence[Unjudged], entries: Sequence[Entry]) -> ReportHop:
    here = [one for one in findings if hop.id in one.hops]
    told = sorted(here, key=lambda one: SEVERITIES.index(one.severity or "info"))
    unknown = [one for one in unjudged if one.hop in (hop.id, "")]
    judged = [entry for entry in entries if hop.kind in entry.covers and hop.id not in entry.unsaid]
    status = worst([status_of(one) for one in here] + ["unknown" for _ in unknown] + _coverage(judged))
    return ReportHop(
        id=hop.id,
        kind=hop.kind,
        object=hop.object,
        next=hop.next,
        between=hop.between,
        status=status,
        summary=_summary_of(hop, told[0]) if told else _why_unknown(unknown, status),
    )


def _summary_of(hop: Hop, finding: Finding) -> str:
    """A finding is told in full where it stands; the other hops that suffer from it name it."""
    return finding.title if finding.hops[0] == hop.id else finding.code


def _coverage(judged: list[Entry]) -> list[CheckStatus]:
    """A check that ran to its end speaks for its hops; one that did not, for a reason, leaves them unknown.

    One that was skipped says nothing of them.
    """
    return ["unknown" if entry.reason else "pass" for entry in judged if entry.status != "skip"]


def _why_unknown(unknown: list[Unjudged], status: CheckStatus) -> str:
    return unknown[0].what if unknown and status == "unknown" else ""


def status_of(finding: Finding) -> CheckStatus:
    return "fail" if finding.severity == "error" else "warn" if finding.severity == "warning" else "pass"


def worst(statuses: Iterable[CheckStatus]) -> CheckStatus:
    return min(statuses, key=_WORST.index, default="skip")


def _overall(hops: tuple[ReportHop, ...], findings: Iterable[Finding], single: bool) -> Status:
    """The worst of the hops; where nothing but the caller was judged, nothing was established of the path.

    One check that is asked for by itself speaks for what it looks at, and that may be the caller alone.
    """
    said = worst([hop.status for hop in hops] + [status_of(one) for one in findings])
    beyond = [hop for hop in hops if hop.kind not in ("client", "policy") and hop.status != "skip"]
    return "unknown" if said == "skip" or (said == "pass" and not (beyond or single)) else said
