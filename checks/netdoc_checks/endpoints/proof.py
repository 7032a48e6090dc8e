"""Evidence that quotes one field of one object, with the command that shows it. Pure."""

from __future__ import annotations

from netdoc.api import Evidence, Object
from netdoc_checks.endpoints.seen import Seen


def field_of(object_: Object, seen: Seen, field: str, observed: str, expected: str) -> Evidence:
    """What a field says against what it should; `kubectl get KIND NAME -o yaml` shows the same."""
    ref = object_.ref
    return Evidence(
        object=ref,
        field=field,
        observed=observed,
        expected=expected,
        command=seen.subject.kubectl("get", ref.kind.lower(), ref.name, "-o", "yaml", namespace=ref.namespace),
    )


def edit(object_: Object, seen: Seen) -> str:
    """The command with which a person would mend the object."""
    ref = object_.ref
    return seen.subject.kubectl("edit", ref.kind.lower(), ref.name, namespace=ref.namespace)
