"""Shows the smallest change: as a diff, and as the command that makes it."""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Iterable
from typing import Any

import msgspec

from netdoc.predict.policy import Edit, Proposal


def proposal_document(proposal: Proposal) -> dict[str, Any]:
    document: dict[str, Any] = {"want": "allowed" if proposal.want else "denied"}
    if proposal.reason:
        document["reason"] = proposal.reason
    document["edits"] = [
        {k: v for k, v in msgspec.to_builtins(edit).items() if v is not None} for edit in proposal.edits
    ]
    document["also"] = [msgspec.to_builtins(one) for one in proposal.also]
    return document


def proposal_lines(proposal: Proposal, context: str) -> Iterable[str]:
    if not proposal.edits:
        yield f"  no change proposed: {proposal.reason}"
        return
    yield f"  the smallest change that would {'allow' if proposal.want else 'deny'} it:"
    for edit in proposal.edits:
        yield f"    {edit.summary}"
        yield from (f"    {line}" for line in _diff(edit))
        yield f"    {command(edit, context)}"
    for one in proposal.also[:5]:
        yield f"    it also changes {one.source} -> {one.destination}"


def _diff(edit: Edit) -> Iterable[str]:
    before = msgspec.yaml.encode(edit.before).decode().splitlines() if edit.before else []
    after = msgspec.yaml.encode(edit.after).decode().splitlines()
    return [
        line for line in difflib.unified_diff(before, after, lineterm="", n=2) if not line.startswith(("---", "+++"))
    ]


def command(edit: Edit, context: str) -> str:
    """The kubectl command that makes the edit, pinned to context and namespace."""
    ref = edit.ref
    pinned = [
        "kubectl",
        *(["--context", context] if context else []),
        *(["-n", ref.namespace] if ref.namespace else []),
    ]
    if edit.action == "patch":
        patch = msgspec.json.encode(edit.patch).decode()
        return shlex.join([*pinned, "patch", ref.kind.lower(), ref.name, "--type=merge", "-p", patch])
    document = msgspec.json.encode(edit.after).decode()
    return f"echo {shlex.quote(document)} | {shlex.join([*pinned, 'create', '-f', '-'])}"
