"""YAML text to plain data that remembers where everything stands. Built for text of anybody's making.

Anchors, tags of types and second documents are refused, and size and depth have limits, so that no text can cost
more than its own length. `on` is a key and `no` a word here, as YAML 1.2's core schema has it.
"""

from __future__ import annotations

import re
from typing import Any, Literal

import msgspec

Path = tuple[str | int, ...]

LARGEST = 256 * 1024
"""Bytes that a playbook may have: two hundred times what the longest of ours needs."""
DEEPEST = 40

_NUMBER = re.compile(r"[-+]?(\d+)(\.\d+)?([eE][-+]?\d+)?")
_WORDS: dict[str, bool | None] = {"true": True, "false": False, "null": None, "~": None, "": None}


class Problem(msgspec.Struct, frozen=True, order=True):
    """One mistake, or (a note) something to know. Line and column count from 1."""

    line: int
    column: int
    message: str
    severity: Literal["error", "note"] = "error"

    def __str__(self) -> str:
        return f"{self.line}:{self.column}: {self.severity}: {self.message}"


class Wrong(Exception):
    """The text is no such document; the problem says where."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


class Document(msgspec.Struct, frozen=True):
    """Plain data, and for each path in it the line and column of its key (or item)."""

    data: Any
    places: dict[Path, tuple[int, int]]
    problems: tuple[Problem, ...] = ()

    def problem(self, path: Path, message: str, severity: Literal["error", "note"] = "error") -> Problem:
        """A problem at a path, or where nothing stands there, at what is nearest above it."""
        while path and path not in self.places:
            path = path[:-1]
        line, column = self.places.get(path, (1, 1))
        return Problem(line, column, message, severity)


def read(text: bytes) -> Document:
    """Raises Wrong for what is not one YAML document of plain data."""
    import yaml

    if len(text) > LARGEST:
        raise Wrong(Problem(1, 1, f"{len(text)} bytes are more than a playbook may have ({LARGEST})"))
    loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    builder = _Builder()
    try:
        for event in yaml.parse(text.decode("utf-8"), Loader=loader):
            builder.take(event)
    except UnicodeDecodeError as error:
        raise Wrong(Problem(1, 1, f"this is not UTF-8 (byte {error.start})")) from error
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        raise Wrong(Problem(*where, " ".join(filter(None, (error.context, error.problem))))) from error
    except (yaml.YAMLError, RecursionError) as error:
        raise Wrong(Problem(1, 1, " ".join(str(error).split()))) from error
    return Document(builder.data, builder.places, tuple(builder.problems))


class _Open:
    """A mapping or sequence that is being filled."""

    def __init__(self, value: dict[str, Any] | list[Any], path: Path) -> None:
        self.value = value
        self.path = path
        self.key: str | None = None


class _Builder:
    """Takes PyYAML's parse events, one after the other, without recursion."""

    def __init__(self) -> None:
        self.data: Any = None
        self.places: dict[Path, tuple[int, int]] = {}
        self.problems: list[Problem] = []
        self._open: list[_Open] = []
        self._documents = 0

    def take(self, event: Any) -> None:
        name = type(event).__name__
        here = (event.start_mark.line + 1, event.start_mark.column + 1)
        if name == "DocumentStartEvent":
            self._documents += 1
            if self._documents > 1:
                raise Wrong(Problem(*here, "a playbook is one document: write another into a file of its own"))
        elif name == "AliasEvent" or getattr(event, "anchor", None):
            raise Wrong(Problem(*here, "anchors and aliases are not allowed: write it out"))
        elif name in ("MappingStartEvent", "SequenceStartEvent"):
            self._start({} if name.startswith("Mapping") else [], here, event.tag)
        elif name in ("MappingEndEvent", "SequenceEndEvent"):
            self._open.pop()
        elif name == "ScalarEvent":
            self._scalar(event, here)

    def _start(self, value: dict[str, Any] | list[Any], here: tuple[int, int], tag: str | None) -> None:
        if tag not in (None, "!", "tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"):
            raise Wrong(Problem(*here, f"the tag {tag} is not allowed: a playbook is plain data"))
        if len(self._open) >= DEEPEST:
            raise Wrong(Problem(*here, f"nested more than {DEEPEST} deep"))
        if self._open and isinstance(self._open[-1].value, dict) and self._open[-1].key is None:
            raise Wrong(Problem(*here, "a key must be a plain word"))
        self._open.append(_Open(value, self._place(value, here)))

    def _scalar(self, event: Any, here: tuple[int, int]) -> None:
        if event.tag not in (None, "!", "tag:yaml.org,2002:str"):
            raise Wrong(Problem(*here, f"the tag {event.tag} is not allowed: a playbook is plain data"))
        parent = self._open[-1] if self._open else None
        if parent is not None and isinstance(parent.value, dict) and parent.key is None:
            if event.value in parent.value:
                self.problems.append(Problem(*here, f'"{event.value}" stands here twice'))
            parent.key = event.value
            self.places[(*parent.path, event.value)] = here
            return
        plain = event.style in (None, "") and event.tag is None
        self._place(_plain(event.value) if plain else event.value, here)

    def _place(self, value: Any, here: tuple[int, int]) -> Path:
        """Puts a value where it belongs and returns its path."""
        if not self._open:
            self.data = value
            self.places[()] = here
            return ()
        parent = self._open[-1]
        if isinstance(parent.value, list):
            path: Path = (*parent.path, len(parent.value))
            parent.value.append(value)
            self.places[path] = here
            return path
        key, parent.key = parent.key or "", None
        parent.value[key] = value
        return (*parent.path, key)


def _plain(text: str) -> Any:
    """An unquoted word by YAML 1.2's core schema: true, false, null, numbers; everything else is text."""
    if text.lower() in _WORDS:
        return _WORDS[text.lower()]
    match = _NUMBER.fullmatch(text)
    if match is None or len(text) > 40:
        return text
    return float(text) if match[2] or match[3] else int(text)
