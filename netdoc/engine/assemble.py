"""From a ledger to the report: the diagnosis, the status of every hop, the headline. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from netdoc import __version__
from netdoc.diagnosis import Diagnosis, diagnose, without_hygiene
from netdoc.diagnosis.changes import suspected
from netdoc.diagnosis.failure import fits
from netdoc.engine.headline import headline
from netdoc.engine.impact import impact
from netdoc.engine.ledger import Entry, Ledger, key
from netdoc.model.change import Change
from netdoc.model.finding import SEVERITIES, Finding, Unjudged
from netdoc.model.path import Hop, Path, Source
from netdoc.model.record import Gap
from netdoc.model.report import (
    CheckCounts,
    CheckStatus,
    FindingCounts,
    NotChecked,
    Report,
    ReportCheck,
    ReportFinding,
    ReportHop,
    ReportSource,
    ReportTarget,
    Run,
    Status,
    Summary,
    Tool,
)
from netdoc.model.target import Target
from netdoc.ports import Recorder

_WORST: tuple[CheckStatus, ...] = ("fail", "unknown", "warn", "pass", "skip")


def assemble(ledger: Ledger, recorder: Recorder, run: Run, ended_early: str = "") -> Report:
    """The one object that every format is drawn from."""
    path = ledger.path or Path(target=Target(input="", kind=""))
    diagnosis = _diagnosis(ledger, path)
    hops = tuple(_hop(hop, ledger, diagnosis.findings) for hop in path.hops)
    checks = tuple(_check(entry, ledger, diagnosis.findings) for entry in ledger.entries)
    not_checked = _not_checked(ledger, recorder, path) + _outside(hops)
    status = _status(hops, diagnosis.findings)
    changes, diagnosis = _suspect(ledger, diagnosis, path)
    findings = _told(ledger, diagnosis)
    extent = impact(path, hops, diagnosis)
    roots = tuple(diagnosis.findings[place] for place in diagnosis.roots)
    measured = _measured(recorder)
    return Report(
        api_version="netdoc/v1",
        kind="Report",
        tool=Tool(name="netdoc", version=__version__),
        run=run,
        target=_target(path),
        from_=_source(path.sources[0]) if path.sources else None,
        status=status,
        basis="measured" if measured else "configuration",
        headline=headline(status, roots, extent, _blocked(ledger), ended_early, measured=measured),
        impact=extent,
        root_causes=tuple(ledger.number(key(one)) for one in roots),
        path=hops,
        checks=checks,
        findings=findings,
        evidence=tuple(ledger.evidence),
        changes=changes,
        comparisons=(),
        not_checked=not_checked,
        summary=_summary(diagnosis.findings, checks, recorder, run),
    )


def _measured(recorder: Recorder) -> frozenset[str]:
    """What was measured from the source itself: lookups, connections. A tunnel crosses nothing of the path."""
    made = (one for one in recorder.records if one.ask.verb == "measure" and one.gap is None)
    return frozenset(one.ask.resource for one in made if one.vantage.startswith("exec:"))


def _diagnosis(ledger: Ledger, path: Path) -> Diagnosis:
    audit = frozenset(code.code for code in ledger.codes.values() if code.audit)
    first = diagnose(ledger.findings, path, ledger.rules, ledger.owners)
    return diagnose(without_hygiene(first, audit), path, ledger.rules, ledger.owners)


def _suspect(ledger: Ledger, diagnosis: Diagnosis, path: Path) -> tuple[tuple[Change, ...], Diagnosis]:
    """Marks the change that fits the first root; a root that does not know since when takes it from there."""
    place = diagnosis.roots[0] if diagnosis.roots else None
    root = diagnosis.findings[place] if place is not None else None
    changes, at = suspected(ledger.changes, root, path)
    if root is None:
        return changes, diagnosis
    told = msgspec.structs.replace(root, since=root.since or at, detail=_with_doubt(root, path))
    findings = tuple(told if one is root else one for one in diagnosis.findings)
    return changes, msgspec.structs.replace(diagnosis, findings=findings)


def _with_doubt(root: Finding, path: Path) -> str:
    """The error that was pasted is held against the verdict: a refused connection is no dropped packet."""
    error = path.target.error
    if error is None or fits(error.failure, root.code) is not False:
        return root.detail
    doubt = f'the error pasted ("{error.failure}") is not what callers usually see of this: look further'
    return f"{root.detail}; {doubt}" if root.detail else doubt


def _told(ledger: Ledger, diagnosis: Diagnosis) -> tuple[ReportFinding, ...]:
    ids = [ledger.number(key(one)) for one in diagnosis.findings]
    return tuple(
        ledger.told(one, tuple(sorted((ids[cause] for cause in diagnosis.causes[place]), key=_numerically)))
        for place, one in enumerate(diagnosis.findings)
    )


def _numerically(id_: str) -> int:
    return int(id_[1:])


def _hop(hop: Hop, ledger: Ledger, findings: tuple[Finding, ...]) -> ReportHop:
    here = [one for one in findings if hop.id in one.hops]
    told = sorted(here, key=lambda one: SEVERITIES.index(one.severity or "info"))
    unknown = [one for one in ledger.unjudged if one.blocking and one.hop in (hop.id, "")]
    judged = [entry for entry in ledger.entries if hop.kind in entry.covers]
    status = _worst([_of(one) for one in here] + ["unknown" for _ in unknown] + _coverage(judged))
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
    """A check that ran to its end speaks for its hops; one that did not, for a reason, leaves them unknown."""
    return ["unknown" if entry.reason else "pass" for entry in judged]


def _why_unknown(unknown: list[Unjudged], status: CheckStatus) -> str:
    return unknown[0].what if unknown and status == "unknown" else ""


def _of(finding: Finding) -> CheckStatus:
    return "fail" if finding.severity == "error" else "warn" if finding.severity == "warning" else "pass"


def _worst(statuses: Iterable[CheckStatus]) -> CheckStatus:
    return min(statuses, key=_WORST.index, default="skip")


def _status(hops: tuple[ReportHop, ...], findings: tuple[Finding, ...]) -> Status:
    """The worst of the hops; where nothing but the caller was judged, nothing was established."""
    worst = _worst([hop.status for hop in hops] + [_of(one) for one in findings])
    beyond = [hop for hop in hops if hop.kind not in ("client", "policy") and hop.status != "skip"]
    return "unknown" if worst == "skip" or (worst == "pass" and not beyond) else worst


def _check(entry: Entry, ledger: Ledger, findings: tuple[Finding, ...]) -> ReportCheck:
    """The step, with the findings that the diagnosis kept."""
    kept = {key(one): one for one in findings}
    ids = tuple(ledger.number(one) for one in entry.findings if one in kept)
    told = entry.report(ids)
    if entry.status in ("unknown", "skip"):
        return told
    found = [_of(kept[one]) for one in entry.findings if one in kept]
    return msgspec.structs.replace(told, status=_worst([*found, "pass"]))


def _not_checked(ledger: Ledger, recorder: Recorder, path: Path) -> tuple[NotChecked, ...]:
    """What was not told, by checks first and then by the reads themselves; each once."""
    said = [NotChecked(what=one.what, reason=one.reason, hop=one.hop, detail=one.detail) for one in ledger.unjudged]
    gaps = [record.gap for record in recorder.records if record.gap is not None and _tells(record.gap)]
    said += [NotChecked(what=gap.what, reason=gap.reason, detail=gap.detail) for gap in gaps]
    said += [
        NotChecked(what=f"caller {source.spec.input}", reason="assumed", detail="guessed from the pasted line")
        for source in path.sources
        if source.spec.guessed
    ]
    if recorder.where.type == "snapshot":
        said += [NotChecked(what=note, reason="incomplete") for note in recorder.notes]
    if any(source.spec.kind == "Any" for source in path.sources):
        said.append(
            NotChecked(
                what="the policies, node and resolver of the caller", reason="no-source", detail="name one with --from"
            )
        )
    unique: dict[tuple[str, str], NotChecked] = {}
    for one in said:
        unique.setdefault((one.what, one.reason), one)
    return _folded(tuple(unique.values()))


def _folded(said: tuple[NotChecked, ...]) -> tuple[NotChecked, ...]:
    """Kinds that a snapshot leaves out are told in one line: a dozen kinds of policy say one thing."""
    taken = [one for one in said if one.reason == "assumed" and one.detail.endswith("taken as none")]
    if len(taken) < 2:
        return said
    kinds = ", ".join(one.what for one in taken)
    folded = NotChecked(what=kinds, reason="assumed", detail="the snapshot holds none of these: taken as none")
    return (*(one for one in said if one not in taken), folded)


def _blocked(ledger: Ledger) -> tuple[str, ...]:
    """What made a hop unknown: what stands at a hop first, then what a check as a whole could not do."""
    blocking = sorted((one for one in ledger.unjudged if one.blocking), key=lambda one: not one.hop)
    return tuple(one.what for one in blocking)


def _outside(hops: tuple[ReportHop, ...]) -> tuple[NotChecked, ...]:
    """What lies outside the cluster and no installed check judges."""
    return tuple(
        NotChecked(what=f"what answers at {hop.id.partition('/')[2]}", reason="not-installed", hop=hop.id)
        for hop in hops
        if hop.kind == "external" and hop.status == "skip"
    )


def _tells(gap: Gap) -> bool:
    """A kind that the cluster does not have has no objects: that is known, not unchecked."""
    return gap.reason != "not-installed"


def _target(path: Path) -> ReportTarget | None:
    target = path.target
    if not target.input:
        return None
    ref = path.object
    port = target.port
    return ReportTarget(
        input=target.input,
        kind=target.kind,
        namespace=ref.namespace if ref else target.namespace,
        name=ref.name if ref else target.name,
        host=target.host,
        port=_port(path),
        protocol=(port.protocol or "TCP") if port else "",
        url=target.url,
    )


def _port(path: Path) -> int | None:
    """The number asked for; for a port's name, what the resolved hop says it is."""
    asked = path.target.port
    if asked is None or asked.number is not None:
        return asked.number if asked else None
    return next((hop.port for hop in path.hops if hop.port_name == asked.name), None)


def _source(source: Source) -> ReportSource:
    ref = source.object
    return ReportSource(
        input=source.spec.input,
        kind=source.spec.kind,
        namespace=ref.namespace if ref else "",
        name=ref.name if ref else source.spec.name,
    )


def _summary(findings: tuple[Finding, ...], checks: tuple[ReportCheck, ...], recorder: Recorder, run: Run) -> Summary:
    severity = _count(one.severity for one in findings)
    status = _count(one.status for one in checks)
    traffic = recorder.traffic
    return Summary(
        findings=FindingCounts(
            error=severity.get("error", 0), warning=severity.get("warning", 0), info=severity.get("info", 0)
        ),
        checks=CheckCounts(
            pass_=status.get("pass", 0),
            warn=status.get("warn", 0),
            fail=status.get("fail", 0),
            unknown=status.get("unknown", 0),
            skip=status.get("skip", 0),
        ),
        api_requests=traffic.requests,
        api_bytes=traffic.bytes,
        duration_ms=_milliseconds(run.started_at, run.finished_at),
    )


def _count(values: Iterable[str | None]) -> Mapping[str | None, int]:
    counts: dict[str | None, int] = {}
    for value in values:
        counts[value] = counts.get(value, 0) + 1
    return counts


def _milliseconds(start: datetime, end: datetime) -> int:
    return round((end - start).total_seconds() * 1000)
