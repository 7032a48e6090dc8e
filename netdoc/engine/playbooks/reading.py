"""From a document to a playbook: every value that does not fit is named where it stands, not the first alone."""

from __future__ import annotations

import re
import typing
from typing import Any

import msgspec

from netdoc.engine.playbooks.document import Document, Path, Problem, Wrong, read
from netdoc.engine.playbooks.model import Part, Playbook
from netdoc.path.kinds import nearest

_AT = re.compile(r"^(?P<what>.*?)(?: - at `\$(?P<at>.*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.([\w-]+)|\[(\d+)\]|\[\.\.\.\]")


class Read(msgspec.Struct, frozen=True):
    """What came of a text: the document, what is wrong with its shape, and the playbook, as far as there is one."""

    document: Document
    playbook: Playbook | None
    problems: tuple[Problem, ...] = ()


def parse(text: bytes) -> Read:
    """The playbook as it is written, or as much of it as fits, and every value that does not.

    Raises Wrong where there is no document to speak of.
    """
    document = read(text)
    if not isinstance(document.data, dict):
        raise Wrong(Problem(1, 1, "a playbook is a mapping that begins with apiVersion: netdoc/v1"))
    misfits = _shape(document, Playbook, document.data, ())
    problems = tuple(sorted({*document.problems, *(problem for _, problem in misfits)}))
    try:
        playbook = msgspec.convert(_without(document.data, {path for path, _ in misfits}, ()), Playbook)
    except msgspec.ValidationError:
        return Read(document, None, problems)
    return Read(document, playbook, problems)


def _without(value: Any, left_out: set[Path], at: Path) -> Any:
    """The data less what does not fit, so that the rest can be looked at as well. Lists keep their places."""
    if isinstance(value, dict):
        return {key: _without(one, left_out, (*at, key)) for key, one in value.items() if (*at, key) not in left_out}
    if isinstance(value, list):
        return [_without(one, left_out, (*at, index)) for index, one in enumerate(value)]
    return value


Misfit = tuple[Path, Problem]


def _shape(document: Document, struct: type[Part], data: dict[str, Any], at: Path) -> list[Misfit]:
    """What does not fit, field by field, down into every part."""
    fields = {field.encode_name: field for field in msgspec.structs.fields(struct)}
    problems = [((*at, key), _unknown(document, key, fields, at)) for key in data if key not in fields]
    for name, field in fields.items():
        if name not in data:
            if field.required:
                problems.append(((*at, name), document.problem(at, f"{name} is missing")))
            continue
        problems += _value(document, field.type, data[name], (*at, name))
    return problems


def _value(document: Document, kind: Any, value: Any, at: Path) -> list[Misfit]:
    part = _part_of(kind)
    if part is not None and isinstance(value, dict):
        return _shape(document, part, value, at)
    if isinstance(value, list) and (inner := _item_of(kind)) is not None:
        return [one for index, item in enumerate(value) for one in _value(document, inner, item, (*at, index))]
    try:
        msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        match = _AT.match(str(error))
        what, inside = (match["what"], match["at"] or "") if match else (str(error), "")
        name = next((str(part) for part in reversed(at) if isinstance(part, str)), "")
        return [(at, document.problem((*at, *_path(inside)), f"{name}: {_plainly(what)}"))]
    return []


def _part_of(kind: Any) -> type[Part] | None:
    """The part that a mapping stands for under this type, also where a plain word would do."""
    for one in (kind, *typing.get_args(kind)):
        if isinstance(one, type) and issubclass(one, Part):
            return one
    return None


def _item_of(kind: Any) -> Any:
    """The type of a sequence's items, for `tuple[X, ...]` alone or with None."""
    for one in (kind, *typing.get_args(kind)):
        if typing.get_origin(one) is tuple:
            return typing.get_args(one)[0]
    return None


def _path(text: str) -> Path:
    return tuple(int(match[2]) if match[2] else match[1] or "" for match in _STEP.finditer(text))


def _unknown(document: Document, key: str, fields: dict[str, Any], at: Path) -> Problem:
    near = nearest(key, fields, most=1)
    told = f'; did you mean "{near[0]}"?' if near else f"; there are {', '.join(fields)}"
    return document.problem((*at, key), f'"{key}" is not known here{told}')


def _plainly(message: str) -> str:
    """msgspec's words in the author's: an array is a list, an object a mapping."""
    for theirs, ours in (("`array`", "a list"), ("`object`", "a mapping"), ("`str`", "text"), ("`null`", "nothing")):
        message = message.replace(theirs, ours)
    return message[:1].lower() + message[1:]
