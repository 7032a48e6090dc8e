"""A piece of an object's YAML, with the field that tells marked."""

from __future__ import annotations

import re
from typing import Any

import msgspec
import yaml

from netdoc.journal.redaction import redacted
from netdoc.model.kube.meta import Object
from netdoc.report import inert
from netdoc.report.yaml import document
from netdoc.tui.draw.sheet import Sheet

AROUND = 2
MOST = 7
_STEP = re.compile(r"([^.\[\]]+)|\[([^\]]*)\]")


def yaml_of(value: Object) -> str:
    """The fields of an object that netdoc reads, without secrets, as kubectl would write them."""
    plain = msgspec.to_builtins(value, str_keys=True)
    kind = type(value).KIND
    whole = {"apiVersion": kind.api_version, "kind": kind.kind, **plain}
    metadata = whole.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("managedFields", None)
    return inert.block(document(redacted(whole)), 400_000)


def draw_excerpt(sheet: Sheet, value: Object, field: str, indent: int = 2) -> bool:
    """Draws the field with what stands around it; False where the object has no such field."""
    text = yaml_of(value)
    lines = text.split("\n")
    found = lines_of(text, field)
    if found is None:
        return False
    first, last = found
    start, end = max(0, first - AROUND), min(len(lines), min(last, first + MOST) + 1 + AROUND)
    margin = min((len(line) - len(line.lstrip()) for line in lines[start:end] if line.strip()), default=0)
    for number in range(start, end):
        marked = first <= number <= last
        sheet.line(
            (" " * indent, ""),
            ("▶ " if marked else "  ", "mark"),
            (f"{number + 1:>4} ", "faint"),
            (lines[number][margin:], "strong" if marked else "faint"),
        )
    return True


def lines_of(text: str, field: str) -> tuple[int, int] | None:
    """The first and last line (from 0) of a field such as `status.containerStatuses[web].state`; None if absent."""
    node = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    place: tuple[int, int] | None = None
    for match in _STEP.finditer(field):
        step = match[1] if match[1] is not None else match[2]
        found = _below(node, step)
        if found is None:
            return None
        key, node = found
        first, last = key.start_mark.line, node.end_mark.line
        place = first, max(first, last - 1)  # a block ends where the next token begins, which is on another line
    return place


def _below(node: Any, step: str) -> tuple[Any, Any] | None:
    """(where it begins, the node) of a key, an index, or of the element with that name."""
    if isinstance(node, yaml.MappingNode):
        return next(((key, value) for key, value in node.value if key.value == step), None)
    if not isinstance(node, yaml.SequenceNode):
        return None
    if step.isdecimal():
        return (node.value[int(step)],) * 2 if int(step) < len(node.value) else None
    named = (one for one in node.value if (name := _below(one, "name")) is not None and name[1].value == step)
    return next(((one, one) for one in named), None)
