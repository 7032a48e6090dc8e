"""The lines of a journal. The first says which version of this format the rest is in.

{"head": ...}    what was asked, of what, by which netdoc: enough to ask it again
{"now": ...}     the cluster's own time
{"answer": ...}  what a port saw, pruned to the fields that netdoc knows, with the set of those fields
{"event": ...}   what the engine said: the same lines as -o jsonl
{"end": ...}     how it ended; a journal without it was cut short
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

import msgspec

from netdoc.engine.playbooks.model import Playbook
from netdoc.model.record import Record
from netdoc.model.report import Status
from netdoc.model.target import SourceSpec, Target
from netdoc.ports import Consent, Where

VERSION = 1
"""Raised when a reader of the version before would misread what is written."""

LARGEST = 4 * 1024 * 1024
"""Bytes of an answer that is kept whole. Of a larger one the digest is kept, and that is said."""


class Line(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Base of what stands in lines: what a later netdoc adds is passed over."""


class Head(Line, frozen=True):
    """`options` are the command line's, so that the run can be done again; `digest` is the input's (SHA-256)."""

    journal: int
    run: str
    netdoc: str
    started_at: datetime
    command: tuple[str, ...]
    where: Where
    playbook: Playbook
    target: Target | None = None
    sources: tuple[SourceSpec, ...] = ()
    inputs: dict[str, Any] = {}
    options: dict[str, Any] = {}
    since: float = 7200.0
    repeat: int = 3
    consents: tuple[Consent, ...] = ()
    digest: str = ""
    resumes: str = ""
    rechecks: str = ""


class Answer(Line, frozen=True):
    """One answer: its record, and the encoded answer, or the digest and size of one that was too large."""

    record: Record
    value: msgspec.Raw = msgspec.Raw()
    digest: str = ""
    size: int = 0


class End(Line, frozen=True):
    """What a list of runs shows of one."""

    ending: Literal["finished", "timeout", "interrupted"]
    at: datetime
    status: Status
    headline: str
    exit: int
