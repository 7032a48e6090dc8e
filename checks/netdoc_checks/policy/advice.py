"""The smallest changes that would allow what is denied, as commands. Pure; nothing is applied."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Sequence

import msgspec

from netdoc.api import Fix, ObjectRef, policy
from netdoc_checks.policy.denial import Denial
from netdoc_checks.policy.seen import Seen

MOST = 8  # connections that one fix opens: each is searched by trying


def fix_for(group: Sequence[Denial], seen: Seen) -> Fix | None:
    """Each change is searched on the set that the ones before have made; None where no edit helps."""
    working, edits, also = seen.policies, dict[ObjectRef, policy.Edit](), 0
    for one in [one for one in group if _named(one)][:MOST]:
        source, destination = _again(working, one.source), _again(working, one.destination)
        proposal = policy.smallest_change(working, source, destination, one.called.port, one.called.protocol)
        also += len(proposal.also)
        for edit in proposal.edits:
            edits[edit.ref] = _joined(edits.get(edit.ref), edit)
        working = policy.applied(working, proposal.edits) if proposal.edits else working
    if not edits:
        return None
    first = next(iter(edits.values()))
    return Fix(
        summary="; ".join(one.summary for one in edits.values()) + _also(also),
        commands=tuple(_command(one, seen) for one in edits.values()),
        patch=first.patch or first.after,
    )


def _named(denial: Denial) -> bool:
    """Whether both ends are somebody: no rule can be written for an address that is not known."""
    return all(one.pod is not None or one.address for one in (denial.caller, denial.called))


def _again(policies: policy.PolicySet, end: policy.End) -> policy.End:
    """The same end in a set that was built anew."""
    if end.pod is not None:
        return policies.pod(end.pod.namespace, end.pod.name)
    return policies.address(end.id) if not end.id.startswith("node/") else policies.node(end.node)


def _joined(first: policy.Edit | None, second: policy.Edit) -> policy.Edit:
    """Two edits of one object, the second made on what the first left: one edit of the object as it was."""
    if first is None:
        return second
    if first.action == "create":
        return msgspec.structs.replace(first, after=second.after)
    spec = {**(first.patch or {}).get("spec", {}), **(second.patch or {}).get("spec", {})}
    return msgspec.structs.replace(first, after=second.after, patch={"spec": spec})


def _also(number: int) -> str:
    return f" (it also changes {number} other connections)" if number else ""


def _command(edit: policy.Edit, seen: Seen) -> str:
    kubectl, ref = seen.subject.kubectl, edit.ref
    if edit.action == "patch":
        patch = msgspec.json.encode(edit.patch).decode()
        return kubectl("patch", ref.kind.lower(), ref.name, "--type=merge", "-p", patch, namespace=ref.namespace)
    document = msgspec.json.encode(edit.after).decode()
    return f"echo {shlex.quote(document)} | {kubectl('create', '-f', '-', namespace=ref.namespace)}"


def distinct(group: Iterable[Denial]) -> list[Denial]:
    """One denial for each connection that policies can tell apart: replicas share theirs."""
    kept: dict[object, Denial] = {}
    for one in group:
        called = one.called
        kept.setdefault((one.source.profile, one.destination.profile, called.port, called.protocol), one)
    return list(kept.values())
