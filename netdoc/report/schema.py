"""JSON Schema of what netdoc writes, made from the very structs that are written.

Added to what their types say: the formats of times, that absent is omitted and never null, that fields may be
added (`additionalProperties` stays open, as the contract's netdoc/v1 allows).
"""

from __future__ import annotations

from typing import Any

import msgspec

from netdoc.model.event import Event
from netdoc.model.report import Report

DIALECT = "https://json-schema.org/draft/2020-12/schema"

SCHEMAS: dict[str, tuple[type[msgspec.Struct], str]] = {
    "report": (Report, "One run of netdoc: -o json, -o yaml"),
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
    match node:
        case {"properties": dict(properties), **rest}:
            refined = {name: _TIME if name in _TIMES else _refined(one) for name, one in properties.items()}
            return {**{key: _refined(one) for key, one in rest.items()}, "properties": refined}
        case {"anyOf": list(choices), **rest} if _NULL in choices:
            return _never_null(choices, {key: _refined(one) for key, one in rest.items() if key != "default"})
        case dict():
            return {key: _refined(one) for key, one in node.items()}
        case list():
            return [_refined(one) for one in node]
        case _:
            return node


def _never_null(choices: list[Any], rest: dict[str, Any]) -> dict[str, Any]:
    left = [_refined(one) for one in choices if one != _NULL]
    return {**rest, **left[0]} if len(left) == 1 else {**rest, "anyOf": left}
