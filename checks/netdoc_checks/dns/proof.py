"""Evidence that quotes one field of one object, with the command that shows it. Pure."""

from __future__ import annotations

from netdoc.api import Evidence, ObjectRef
from netdoc_checks.dns.seen import Seen


def field_of(ref: ObjectRef, seen: Seen, field: str, observed: str, expected: str) -> Evidence:
    """What a field says against what it should; `kubectl get KIND NAME -o yaml` shows the same."""
    return Evidence(
        object=ref,
        field=field,
        observed=observed,
        expected=expected,
        command=seen.subject.kubectl("get", ref.kind.lower(), ref.name, "-o", "yaml", namespace=ref.namespace),
    )


def edit(ref: ObjectRef, seen: Seen) -> str:
    """The command with which a person would mend the object."""
    return seen.subject.kubectl("edit", ref.kind.lower(), ref.name, namespace=ref.namespace)
