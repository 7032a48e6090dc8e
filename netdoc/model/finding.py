"""Evidence and findings: what a check says, with its proof."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from netdoc.model.explanations import Explanation
from netdoc.model.kube.meta import ObjectRef

Severity = Literal["error", "warning", "info"]
EvidenceKind = Literal["object", "dns", "tcp", "tls", "http", "icmp", "metric", "event", "log", "capture", "policy"]
Reason = Literal[
    "forbidden",
    "timeout",
    "unreachable",
    "not-installed",
    "not-supported",
    "needs-consent",
    "needs-privilege",
    "incomplete",
    "assumed",
    "no-source",
]
ManagedBy = Literal["helm", "argocd", "flux"]

SEVERITIES: tuple[Severity, ...] = ("error", "warning", "info")


class Evidence(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """One thing that was seen: which object or measurement, what it said, what was expected of it.

    `command` shows the same to a person. When, from where and in which record it was seen is filled in by the
    engine, which knows the record; a measurement brings its own.
    """

    kind: EvidenceKind = "object"
    object: ObjectRef | None = None
    field: str = ""
    observed: str = ""
    expected: str = ""
    at: datetime | None = None
    vantage: str = ""
    attempts: int | None = None
    failures: int | None = None
    command: str = ""
    data: dict[str, Any] = {}
    record: str = ""


class Fix(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What repairs it. `managed_by` says who will revert a live patch."""

    summary: str
    commands: tuple[str, ...] = ()
    patch: dict[str, Any] = {}
    managed_by: ManagedBy | None = None


class Mitigation(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What helps now and repairs nothing."""

    summary: str
    commands: tuple[str, ...] = ()


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What a check concludes. `severity` None takes the code's default.

    `hops` are the hops that suffer from it, the first being the one it stands at; a finding about something
    that no hop shows yet still stands at the hop where its effect begins. `proven` is False for a mere hint.
    """

    code: str
    title: str
    object: ObjectRef
    hops: tuple[str, ...]
    severity: Severity | None = None
    detail: str = ""
    evidence: tuple[Evidence, ...] = ()
    proven: bool = True
    since: datetime | None = None
    fix: Fix | None = None
    mitigation: Mitigation | None = None


class Unjudged(msgspec.Struct, frozen=True, kw_only=True):
    """What a check could not tell, and why.

    `blocking` makes the hop unknown (a refusal, a timeout); otherwise it only stands under notChecked (a consent
    that was not given, an assumption about a snapshot).
    """

    what: str
    reason: Reason
    detail: str = ""
    hop: str = ""
    blocking: bool = False


Judgement = Finding | Unjudged


class Code(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """A finding code: AREA.SLUG, its default severity, and what it says. `audit` marks hygiene.

    netdoc's own codes are explained in the files that ship with it; a code of another package brings its explanation.
    """

    code: str
    severity: Severity
    title: str
    audit: bool = False
    explanation: Explanation | None = None


Relation = Literal["same-object", "same-hop", "backend-of", "owned-by", "on-node", "upstream-of", "gate-of"]


class CausalRule(msgspec.Struct, frozen=True):
    """`cause` explains `consequence` where their hops or objects stand in `relation` to each other.

    Read aloud: the cause is RELATION the consequence ("pod.crash-looping is backend-of service.no-ready-endpoint").
    """

    cause: str
    relation: Relation
    consequence: str
