"""Evidence that quotes one field of one object, with the command that shows it, and the command that opens it. Pure."""

from __future__ import annotations

from netdoc.api import Evidence, ObjectRef, Subject


def field_of(ref: ObjectRef, subject: Subject, field: str, observed: str, expected: str) -> Evidence:
    """What a field says against what it should; `kubectl get KIND NAME -o yaml` shows the same."""
    return Evidence(
        kind="policy" if ref.kind.endswith("NetworkPolicy") else "object",
        object=ref,
        field=field,
        observed=observed,
        expected=expected,
        command=subject.kubectl("get", ref.kind.lower(), ref.name, "-o", "yaml", namespace=ref.namespace),
    )


def edit(ref: ObjectRef, subject: Subject) -> str:
    """The command with which a person would mend the object."""
    return subject.kubectl("edit", ref.kind.lower(), ref.name, namespace=ref.namespace)
