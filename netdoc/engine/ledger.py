"""What a run has established so far: steps, findings with their numbers, evidence, what was not told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec

from netdoc.engine.check import Check
from netdoc.model.change import Change
from netdoc.model.finding import SEVERITIES, CausalRule, Code, Evidence, Finding, Unjudged
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.path import Path
from netdoc.model.record import Ask, Record
from netdoc.model.report import CheckStatus, ReportCheck, ReportEvidence, ReportFinding
from netdoc.ports import Recorder

if TYPE_CHECKING:
    from netdoc.engine.views import Viewpoint

Key = tuple[str, ObjectRef]


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One thing to run: a check with its parameters, as a playbook or the command line names it."""

    id: str
    check: str
    title: str = ""
    why: str = ""
    parameters: dict[str, Any] = {}


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """A step that was run, and what came of it.

    `covers` are the kinds of hop that its check judges, `unsaid` the hops of which it said that it could not tell.
    """

    step: Step
    title: str
    status: CheckStatus
    started_at: datetime
    duration_ms: int
    covers: tuple[str, ...] = ()
    unsaid: frozenset[str] = frozenset()
    findings: tuple[Key, ...] = ()
    reason: str = ""

    def report(self, findings: tuple[str, ...] = ()) -> ReportCheck:
        return ReportCheck(
            id=self.step.check,
            title=self.title,
            step=self.step.id,
            status=self.status,
            reason=self.reason,
            started_at=self.started_at,
            duration_ms=self.duration_ms,
            findings=findings,
        )


class Ledger:
    """Filled while a run goes on, and read once by the report. A run that is cut short has one as well.

    `viewpoints` have ledgers of their own: what was said of each source by itself, where there are several.
    `single`: one check was asked for and not the path.
    """

    def __init__(self, codes: Mapping[str, Code], recorder: Recorder, *, single: bool = False) -> None:
        self.codes = codes
        self.single = single
        self.path: Path | None = None
        self.entries: list[Entry] = []
        self.findings: list[Finding] = []
        self.evidence: list[ReportEvidence] = []
        self.unjudged: list[Unjudged] = []
        self.changes: tuple[Change, ...] = ()
        self.rules: list[CausalRule] = []
        self.owners: dict[ObjectRef, frozenset[ObjectRef]] = {}
        self.viewpoints: tuple[Viewpoint, ...] = ()
        self.measured: list[tuple[Ask, Any]] = []
        self._recorder = recorder
        self._numbers: dict[Key, tuple[str, tuple[str, ...]]] = {}

    def measured_so(self, record: Record, answer: Any) -> None:
        """Keeps what was measured, by which sources are told apart."""
        if record.ask.verb == "measure":
            self.measured.append((record.ask, answer))

    def bring(self, check: Check) -> None:
        """Takes note of the codes and rules that a check brings."""
        own = {code.code: code for code in check.codes if isinstance(code, Code)}
        self.codes = own | dict(self.codes)
        self.rules.extend(check.rules)

    def add(self, finding: Finding) -> ReportFinding | None:
        """Keeps a finding with its severity settled and numbered.

        What two checks find of one object is one finding: the worse severity and its words, the hops and the
        evidence of both.
        """
        code = self.codes.get(finding.code)
        settled = msgspec.structs.replace(finding, severity=finding.severity or (code.severity if code else "error"))
        known = next((place for place, one in enumerate(self.findings) if key(one) == key(finding)), None)
        if known is not None:
            told = self.findings[known].evidence
            fresh = tuple(one for one in finding.evidence if one not in told)
            return self._joined(known, settled, fresh)
        cited = tuple(self._cite(one) for one in finding.evidence)
        self._numbers[key(finding)] = (f"F{len(self._numbers) + 1}", cited)
        self.findings.append(settled)
        return self.told(settled)

    def _joined(self, place: int, other: Finding, fresh: tuple[Evidence, ...]) -> ReportFinding:
        one = self.findings[place]
        worse, milder = sorted((one, other), key=lambda each: SEVERITIES.index(each.severity or "info"))
        hops = tuple(dict.fromkeys(worse.hops + milder.hops))
        since = worse.since or milder.since
        evidence = one.evidence + fresh
        self.findings[place] = msgspec.structs.replace(worse, hops=hops, since=since, evidence=evidence)
        id_, before = self._numbers[key(one)]
        self._numbers[key(one)] = (id_, before + tuple(self._cite(each) for each in fresh))
        return self.told(self.findings[place])

    def told(self, finding: Finding, explained_by: tuple[str, ...] = ()) -> ReportFinding:
        """The finding as the report and the events tell it."""
        id_, evidence = self._numbers[key(finding)]
        return ReportFinding(
            id=id_,
            code=finding.code,
            severity=finding.severity or "error",
            title=finding.title,
            detail=finding.detail,
            object=finding.object,
            hop=finding.hops[0] if finding.hops else "",
            evidence=evidence,
            explained_by=explained_by,
            proven=finding.proven,
            since=finding.since,
            fix=finding.fix,
            mitigation=finding.mitigation,
        )

    def number(self, key: Key) -> str:
        return self._numbers[key][0]

    def evidence_of(self, finding: ReportFinding) -> tuple[ReportEvidence, ...]:
        wanted = set(finding.evidence)
        return tuple(one for one in self.evidence if one.id in wanted)

    def _cite(self, evidence: Evidence) -> str:
        """Numbers a piece of evidence and says when, from where and in which record it was seen."""
        fields = msgspec.structs.asdict(evidence)
        record = self._recorder.record_of(evidence.object) if evidence.object else None
        fields["vantage"] = evidence.vantage or self._recorder.vantage
        if record is not None:
            fields["at"] = evidence.at or self._recorder.seen_at(record)
            fields["record"] = evidence.record or record.id
        self.evidence.append(ReportEvidence(id=f"E{len(self.evidence) + 1}", **fields))
        return self.evidence[-1].id


def key(finding: Finding) -> Key:
    """What tells findings apart: one for a code and an object."""
    return (finding.code, finding.object)
