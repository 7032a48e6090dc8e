"""YAML as Kubernetes reads it, from libyaml's events.

Not PyYAML's own loader, for three reasons: it makes dates and sexagesimal numbers of plain text that Kubernetes
keeps as strings; deep nesting overflows its C stack; and aliases that expand without end cost it nothing until
somebody walks the result. Values are what sigs.k8s.io/yaml would hand on as JSON.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import yaml

MAX_DEPTH = 200
MAX_EXPANDED = 256 << 20  # characters, with every alias written out

_WORDS: dict[str, Any] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
}
_NUMBER = re.compile(
    r"""[-+]?(?:
      (?P<hex>0x[0-9a-fA-F_]+) | (?P<bin>0b[01_]+) | (?P<oct>0o?[0-7_]+) | (?P<int>0|[1-9][0-9_]*)
    | (?P<float>(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?)
    )""",
    re.VERBOSE,
)
_BASES = {"hex": 16, "bin": 2, "oct": 8, "int": 10}
_START = re.compile(r"^---(?=\s|$)", re.MULTILINE)
_MERGE = object()
_LONGEST_INTEGER = 70  # digits: 64 bits in base 2; what is longer is a float to JSON


class BadYAML(ValueError):
    """What is wrong, and at which line (from 1) of the text."""

    def __init__(self, why: str, line: int) -> None:
        super().__init__(why)
        self.line = line


class Tree(msgspec.Struct, frozen=True):
    """One document: its value, the line at which it starts, and the lines of its `items`."""

    value: Any
    line: int
    items: tuple[int, ...] = ()


def chunks(text: str) -> Iterator[tuple[int, str]]:
    """Each document of a stream with the line at which it starts: one that is broken does not cost the others.

    A `---` at the start of a line is always a document's start (YAML 1.1, 9.1): scalars cannot hold it there.
    """
    starts = [0, *(match.start() for match in _START.finditer(text)), len(text)]
    line = 1
    for begin, end in itertools.pairwise(starts):
        chunk = text[begin:end]
        if any(part.strip() and not part.startswith(("#", "%", "---\n")) for part in chunk.splitlines()):
            yield line, chunk
        line += chunk.count("\n")


def parse(text: str, line: int = 1) -> Tree | None:
    """The one document of a chunk that starts at `line`; None where it holds only comments. Raises BadYAML."""
    builder = _Builder(line)
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            builder.take(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        why = getattr(error, "problem", None) or str(error).partition("\n")[0]
        raise BadYAML(why, line + (mark.line if mark else 0)) from None
    return builder.tree()


class _Container:
    """A mapping or sequence that is being read."""

    __slots__ = ("anchor", "before", "key", "merges", "value")

    def __init__(self, value: dict[str, Any] | list[Any], anchor: str | None, before: int) -> None:
        self.value = value
        self.anchor = anchor
        self.before = before
        self.key: Any = None
        self.merges: list[Any] = []


class _Builder:
    def __init__(self, line: int) -> None:
        self._line = line
        self._start = line
        self._stack: list[_Container] = []
        self._anchors: dict[str, tuple[Any, int]] = {}
        self._weight = 0
        self._roots: list[Any] = []
        self._items: list[int] = []

    def tree(self) -> Tree | None:
        if len(self._roots) > 1:
            raise BadYAML("more than one document without --- between them", self._line)
        return Tree(self._roots[0], self._start, tuple(self._items)) if self._roots else None

    def take(self, event: Any) -> None:
        match event:
            case yaml.ScalarEvent():
                self._weigh(len(event.value) + 1, event)
                value = _scalar(event, self._fail)
                self._remember(event.anchor, value, len(event.value) + 1)
                self._add(value, event)
            case yaml.MappingStartEvent():
                self._open({}, event)
            case yaml.SequenceStartEvent():
                self._open([], event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._close(event)
            case yaml.AliasEvent():
                self._alias(event)

    def _fail(self, why: str, event: Any) -> BadYAML:
        return BadYAML(why, self._line + event.start_mark.line)

    def _weigh(self, size: int, event: Any) -> None:
        self._weight += size
        if self._weight > MAX_EXPANDED:
            raise self._fail("its aliases expand without end", event)

    def _open(self, value: dict[str, Any] | list[Any], event: Any) -> None:
        if len(self._stack) >= MAX_DEPTH:
            raise self._fail(f"nested deeper than {MAX_DEPTH}", event)
        if not self._stack:
            self._start = self._line + event.start_mark.line
        elif len(self._stack) == 2 and self._stack[0].key == "items":
            self._items.append(self._line + event.start_mark.line)
        self._stack.append(_Container(value, event.anchor, self._weight))
        self._weigh(2, event)

    def _close(self, event: Any) -> None:
        done = self._stack.pop()
        for merged in done.merges:
            self._merge(done.value, merged, event)
        self._remember(done.anchor, done.value, self._weight - done.before)
        self._add(done.value, event)

    def _merge(self, into: Any, merged: Any, event: Any) -> None:
        for one in merged if isinstance(merged, list) else [merged]:
            if not isinstance(one, dict):
                raise self._fail("<< takes a mapping or a list of mappings", event)
            for key, value in one.items():
                into.setdefault(key, value)

    def _remember(self, anchor: str | None, value: Any, weight: int) -> None:
        if anchor:
            self._anchors[anchor] = value, weight

    def _alias(self, event: Any) -> None:
        if event.anchor not in self._anchors:
            raise self._fail(f"the alias *{event.anchor} has no anchor before it, or stands inside it", event)
        value, weight = self._anchors[event.anchor]
        self._weigh(weight, event)
        self._add(value, event)

    def _add(self, value: Any, event: Any) -> None:
        if not self._stack:
            self._roots.append(value)
            return
        top = self._stack[-1]
        if isinstance(top.value, list):
            top.value.append(value)
        elif top.key is None:
            top.key = _key(value, event, self._fail)
        else:
            if top.key is _MERGE:
                top.merges.append(value)
            else:
                top.value[top.key] = value
            top.key = None


def _key(value: Any, event: Any, fail: Any) -> Any:
    """A mapping's key as JSON has it: a string, whatever it looked like."""
    if isinstance(event, yaml.ScalarEvent):
        return _MERGE if event.value == "<<" and event.implicit[0] else event.value
    if isinstance(value, str):
        return value
    raise fail("a mapping's key must be a string", event)


def _scalar(event: Any, fail: Any) -> Any:
    if event.tag in (None, "!", "tag:yaml.org,2002:str", "tag:yaml.org,2002:binary"):
        plain = event.tag is None and event.implicit[0]
        return _plain(event.value) if plain else event.value
    if event.tag in ("tag:yaml.org,2002:int", "tag:yaml.org,2002:float", "tag:yaml.org,2002:bool"):
        return _plain(event.value)
    raise fail(f"the tag {event.tag} means nothing here", event)


def _plain(text: str) -> Any:
    """What an unquoted scalar means (YAML 1.1 as go-yaml reads it: no dates, no base 60)."""
    if text in _WORDS:
        return _WORDS[text]
    match = _NUMBER.fullmatch(text)
    if match is None:
        return text
    digits = text.replace("_", "")
    base = _BASES.get(match.lastgroup or "")
    if base and len(digits) > _LONGEST_INTEGER:
        return float(digits) if base == 10 else text
    return int(digits.replace("0o", "0"), base) if base else float(digits)
