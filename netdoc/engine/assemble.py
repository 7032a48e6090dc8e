"""From a ledger to the report: the diagnosis, the status of every hop, the headline. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

import msgspec

from netdoc import __version__
from netdoc.diagnosis import Diagnosis
from netdoc.diagnosis.changes import suspected
from netdoc.diagnosis.failure import fits
from netdoc.engine.comparisons import comparisons, measured_everywhere, measured_kinds, source_of, whole_impact
from netdoc.engine.headline import from_whom, headline
from netdoc.engine.ledger import Entry, Ledger, key
from netdoc.engine.outcome import outcome, status_of, worst
from netdoc.model.change import Change
from netdoc.model.finding import Finding
from netdoc.model.path import Path
from netdoc.model.record import Gap
from netdoc.model.report import (
    CheckCounts,
    FindingCounts,
    NotChecked,
    Report,
    ReportCheck,
    ReportFinding,
    ReportHop,
    ReportTarget,
    Run,
    Summary,
    Tool,
)
from netdoc.model.target import Target
from netdoc.ports import Recorder
from netdoc.ports.cluster import NO_TIME


def assemble(ledger: Ledger, recorder: Recorder, run: Run, ended_early: str = "") -> Report:
    """The one object that every format is drawn from."""
    path = ledger.path or Path(target=Target(input="", kind=""))
    judged = outcome(path, ledger, ledger)
    checks = tuple(_check(entry, ledger, judged.findings) for entry in ledger.entries)
    changes, diagnosis = _suspect(ledger, judged.diagnosis, path)
    roots = tuple(diagnosis.findings[place] for place in diagnosis.roots)
    compared = comparisons(ledger, {key(one) for one in diagnosis.findings})
    extent = whole_impact(compared, judged.impact)
    kinds = measured_kinds(recorder.records)
    everywhere = measured_everywhere(kinds, ledger.viewpoints)
    ids = tuple(ledger.number(key(one)) for one in roots)
    timed = run.input.now != NO_TIME
    said = headline(judged.status, roots, extent, _blocked(ledger), ended_early, everywhere, partly=bool(kinds))
    return Report(
        api_version="netdoc/v1",
        kind="Report",
        tool=Tool(name="netdoc", version=__version__),
        run=run if timed else msgspec.structs.replace(run, input=msgspec.structs.replace(run.input, now=None)),
        target=_target(path),
        from_=source_of(path.sources[0]) if path.sources else None,
        status=judged.status,
        basis="measured" if kinds else "configuration",
        headline=said + (from_whom(compared, ids[:1], judged.status) if roots or not ended_early else ""),
        impact=extent,
        root_causes=ids,
        path=judged.hops,
        checks=checks,
        findings=_told(ledger, diagnosis),
        evidence=tuple(ledger.evidence),
        changes=changes,
        comparisons=compared,
        not_checked=_not_checked(ledger, recorder, path, timed=timed) + _outside(judged.hops),
        summary=_summary(diagnosis.findings, checks, recorder, run),
    )


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


def _check(entry: Entry, ledger: Ledger, findings: tuple[Finding, ...]) -> ReportCheck:
    """The step, with the findings that the diagnosis kept."""
    kept = {key(one): one for one in findings}
    ids = tuple(ledger.number(one) for one in entry.findings if one in kept)
    told = entry.report(ids)
    if entry.status in ("unknown", "skip"):
        return told
    found = [status_of(kept[one]) for one in entry.findings if one in kept]
    return msgspec.structs.replace(told, status=worst([*found, "pass"]))


def _not_checked(ledger: Ledger, recorder: Recorder, path: Path, *, timed: bool) -> tuple[NotChecked, ...]:
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
    if not timed:
        told = "nothing in it tells: ages and what changed lately are not judged"
        said.append(NotChecked(what="when the snapshot was taken", reason="incomplete", detail=told))
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
    failed = (f"{one.title}: {one.reason}" for one in ledger.entries if one.status == "unknown" and one.reason)
    return (*(one.what for one in blocking), *failed)


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
