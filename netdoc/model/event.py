"""Events: what the engine says while it works. Tables, jsonl, the journal and the app are drawn from them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from netdoc.model.record import Record
from netdoc.model.report import Report, ReportCheck, ReportEvidence, ReportFinding

Name = Literal[
    "run.started", "step.started", "observed", "found", "asked", "answered", "noted", "step.finished", "run.finished"
]


class Event(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One event; `seq` counts from 1 within a run. What is noted may come after the run has finished."""

    event: Name
    at: datetime
    run: str
    seq: int
    check: ReportCheck | None = None
    finding: ReportFinding | None = None
    evidence: tuple[ReportEvidence, ...] = ()
    record: Record | None = None
    question: dict[str, Any] = {}
    note: str = ""
    report: Report | None = None
