"""The report: the one object from which every format is drawn. Its shape is the public contract (netdoc/v1).

Absent is omitted, never null: what may be absent is None (or empty) with a default and left out; what a reader
can rely on has no default and is always written.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from netdoc.model.change import Change
from netdoc.model.finding import Evidence, EvidenceKind, Fix, Mitigation, Reason, Severity
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.path import HopKind

Status = Literal["pass", "warn", "fail", "unknown"]
CheckStatus = Literal["pass", "warn", "fail", "unknown", "skip"]


class Part(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Base of the report's parts."""


class Tool(Part, frozen=True):
    name: str
    version: str


class RunInput(Part, frozen=True):
    type: Literal["live", "snapshot", "demo"]
    context: str = ""
    server: str = ""
    path: str = ""
    scenario: str = ""
    now: datetime | None = None


class Run(Part, frozen=True):
    id: str
    started_at: datetime
    finished_at: datetime
    command: tuple[str, ...]
    input: RunInput
    playbook: str = ""
    outcome: str = ""


class ReportTarget(Part, frozen=True):
    input: str
    kind: str
    namespace: str = ""
    name: str = ""
    host: str = ""
    port: int | None = None
    protocol: str = ""
    url: str = ""


class ReportSource(Part, frozen=True):
    """Who calls. Where a comparison tells the pods of one source apart: a workload or pod of it, named by `part`.

    `input` is as typed, `node` that of a lone pod.
    """

    input: str
    kind: str
    namespace: str = ""
    name: str = ""
    part: str = ""
    node: str = ""

    @property
    def called(self) -> str:
        """In a sentence: as typed, or what stands apart in it."""
        return self.part or self.input or self.kind.lower()


class Impact(Part, frozen=True):
    scope: Literal["all", "part", "slow"]
    failed: int | None = None
    of: int | None = None


class ReportHop(Part, frozen=True):
    id: str
    kind: HopKind
    status: CheckStatus
    next: tuple[str, ...]
    object: ObjectRef | None = None
    between: tuple[str, ...] = ()
    summary: str = ""


class ReportCheck(Part, frozen=True):
    id: str
    title: str
    status: CheckStatus
    findings: tuple[str, ...]
    step: str = ""
    reason: str = ""
    started_at: datetime | None = None
    duration_ms: int | None = None


class ReportFinding(Part, frozen=True):
    id: str
    code: str
    severity: Severity
    title: str
    object: ObjectRef
    evidence: tuple[str, ...]
    proven: bool
    hop: str = ""
    detail: str = ""
    explained_by: tuple[str, ...] = ()
    since: datetime | None = None
    fix: Fix | None = None
    mitigation: Mitigation | None = None


class ReportEvidence(Evidence, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    id: str
    # Always written: what comes from a factory is no default that could be left out.
    kind: EvidenceKind = msgspec.field(default_factory=lambda: "object")


class FirstDifference(Part, frozen=True):
    hop: str
    summary: str


class Comparison(Part, frozen=True):
    """One source by itself: its findings, how much of its traffic suffers, where it first differs from the best."""

    from_: ReportSource = msgspec.field(name="from")
    status: Status
    first_difference: FirstDifference | None = None
    impact: Impact | None = None
    findings: tuple[str, ...] = ()


class NotChecked(Part, frozen=True):
    what: str
    reason: Reason
    hop: str = ""
    detail: str = ""


class FindingCounts(Part, frozen=True):
    error: int
    warning: int
    info: int


class CheckCounts(Part, frozen=True):
    pass_: int = msgspec.field(name="pass")
    warn: int
    fail: int
    unknown: int
    skip: int


class Summary(Part, frozen=True):
    findings: FindingCounts
    checks: CheckCounts
    api_requests: int
    api_bytes: int
    duration_ms: int


class ComparedFinding(Part, frozen=True):
    """A finding of either run; `last_seen` is when the earlier run saw it broken."""

    code: str
    title: str
    object: ObjectRef
    last_seen: datetime | None = None


class Compared(Part, frozen=True):
    """What became of an earlier run's findings. `unknown` are those of which this run could not tell."""

    run: str
    version: str
    still: tuple[ComparedFinding, ...]
    recovered: tuple[ComparedFinding, ...]
    new: tuple[ComparedFinding, ...]
    unknown: tuple[ComparedFinding, ...]
    finished_at: datetime | None = None


class Note(Part, frozen=True):
    """What the engineer saw or did, in their own words."""

    at: datetime
    text: str


class Report(Part, frozen=True):
    api_version: Literal["netdoc/v1"]
    kind: Literal["Report"]
    tool: Tool
    run: Run
    status: Status
    basis: Literal["configuration", "measured"]
    headline: str
    root_causes: tuple[str, ...]
    path: tuple[ReportHop, ...]
    checks: tuple[ReportCheck, ...]
    findings: tuple[ReportFinding, ...]
    evidence: tuple[ReportEvidence, ...]
    changes: tuple[Change, ...]
    comparisons: tuple[Comparison, ...]
    not_checked: tuple[NotChecked, ...]
    summary: Summary
    target: ReportTarget | None = None
    from_: ReportSource | None = msgspec.field(name="from", default=None)
    impact: Impact | None = None
    compared: Compared | None = None
    notes: tuple[Note, ...] = ()

    def finding(self, id: str) -> ReportFinding:
        return next(one for one in self.findings if one.id == id)


def encode(value: Any) -> bytes:
    """JSON with sorted keys, UTC times, absent omitted."""
    return msgspec.json.encode(value, order="sorted")
