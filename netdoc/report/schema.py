"""JSON Schema of what netdoc writes, made from the very structs that are written.

Added to what their types say: the formats of times, that absent is omitted and never null, that fields may be
added (`additionalProperties` stays open, as the contract's netdoc/v1 allows).
"""

from __future__ import annotations

from typing import Any

import msgspec

from netdoc.engine.playbooks.model import Playbook
from netdoc.model.event import Event
from netdoc.model.report import Report

DIALECT = "https://json-schema.org/draft/2020-12/schema"

SCHEMAS: dict[str, tuple[type[msgspec.Struct], str]] = {
    "report": (Report, "One run of netdoc: -o json, -o yaml"),
    "playbook": (Playbook, "A playbook, for editors"),
    "event": (Event, "One line of netdoc's -o jsonl"),
}

_TIMES = frozenset({"at", "since", "now", "startedAt", "finishedAt"})
_TIME = {"type": "string", "format": "date-time", "pattern": "Z$"}
_NULL = {"type": "null"}


def schema(name: str) -> dict[str, Any]:
    """The schema of one of SCHEMAS. Raises KeyError for another name."""
    struct, description = SCHEMAS[name]
    made = _refined(msgspec.json.schema(struct))
    return {"$schema": DIALECT, "title": f"netdoc/v1 {name}", "description": description, **made}


def _refined(node: Any) -> Any:
    if isinstance(node, list):
        return [_refined(one) for one in node]
    if not isinstance(node, dict):
        return node
    if _NULL in node.get("anyOf", ()):
        return _never_null(node)
    refined = {key: _refined(one) for key, one in node.items()}
    if "properties" in node:
        refined["properties"] |= {name: _TIME for name in node["properties"] if name in _TIMES}
    return refined


def _never_null(node: dict[str, Any]) -> dict[str, Any]:
    """A field that may be absent: what it is when it is there. A lone choice needs no anyOf."""
    choices = [_refined(one) for one in node["anyOf"] if one != _NULL]
    rest = {key: _refined(one) for key, one in node.items() if key not in ("anyOf", "default")}
    return rest | (choices[0] if len(choices) == 1 else {"anyOf": choices})
