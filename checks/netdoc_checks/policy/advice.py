"""The smallest change that would allow it, as commands. Pure; nothing is applied."""

from __future__ import annotations

import shlex

import msgspec

from netdoc.api import Fix, policy
from netdoc_checks.policy.seen import Seen


def fix_for(source: policy.End, destination: policy.End, port: int, protocol: str, seen: Seen) -> Fix | None:
    """Verified by evaluating again with the edit made; None where no edit helps."""
    proposal = policy.smallest_change(seen.policies, source, destination, port, protocol)
    if not proposal.edits:
        return None
    also = f" (it also changes {len(proposal.also)} other connections)" if proposal.also else ""
    first = proposal.edits[0]
    return Fix(
        summary="; ".join(one.summary for one in proposal.edits) + also,
        commands=tuple(_command(one, seen) for one in proposal.edits),
        patch=first.patch or first.after,
    )


def _command(edit: policy.Edit, seen: Seen) -> str:
    kubectl, ref = seen.subject.kubectl, edit.ref
    if edit.action == "patch":
        patch = msgspec.json.encode(edit.patch).decode()
        return kubectl("patch", ref.kind.lower(), ref.name, "--type=merge", "-p", patch, namespace=ref.namespace)
    document = msgspec.json.encode(edit.after).decode()
    return f"echo {shlex.quote(document)} | {kubectl('create', '-f', '-', namespace=ref.namespace)}"
