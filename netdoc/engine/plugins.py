"""Finds checks through entry points: ours like anyone's. Listing imports nothing but the mappings."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import msgspec

from netdoc.engine.check import Check
from netdoc.model.codes import known_codes
from netdoc.model.finding import Code


class Broken(msgspec.Struct, frozen=True):
    """A plugin that could not be loaded, and why. It costs itself alone."""

    id: str
    package: str
    reason: str


class Listed(msgspec.Struct, frozen=True):
    """A plugin by name, not imported yet."""

    id: str
    package: str
    path: str


@cache
def listed(group: str) -> tuple[Listed | Broken, ...]:
    """All plugins of a group (`netdoc.checks`), ordered by id; ours win over a stranger's of the same id."""
    found: dict[str, Listed | Broken] = {}
    for point in sorted(entry_points(group=group), key=lambda one: (one.name != "netdoc", one.name)):
        for entry in _mapping(point):
            found.setdefault(entry.id, entry)
    return tuple(found[id_] for id_ in sorted(found))


def _mapping(point: EntryPoint) -> tuple[Listed | Broken, ...]:
    try:
        mapping = point.load()
        if not isinstance(mapping, Mapping):
            raise TypeError(f"{point.value} is no mapping from id to 'module:attribute'")
        return tuple(Listed(str(id_), point.name, str(path)) for id_, path in mapping.items())
    except Exception as error:
        return (Broken(point.name, point.name, f"{type(error).__name__}: {error}"),)


def load_attribute(path: str) -> Any:
    """The object that `module:attribute` names. Raises what the import raises."""
    module, _, attribute = path.partition(":")
    return getattr(importlib.import_module(module), attribute)


def load_check(entry: Listed) -> Check | Broken:
    """Imports one check; a failure is data, never an exception."""
    try:
        check = load_attribute(entry.path)
        if not isinstance(check, Check):
            raise TypeError(f"{entry.path} is {type(check).__name__}, not a netdoc.api.Check")
    except Exception as error:
        return Broken(entry.id, entry.package, f"{type(error).__name__}: {error}")
    return check


def find_check(id_: str) -> Check | Broken | None:
    """The check of that id; None where none is installed."""
    for entry in listed("netdoc.checks"):
        if entry.id == id_:
            return load_check(entry) if isinstance(entry, Listed) else entry
    return None


def all_checks() -> tuple[Check | Broken, ...]:
    return tuple(load_check(entry) if isinstance(entry, Listed) else entry for entry in listed("netdoc.checks"))


def all_codes(checks: tuple[Check, ...]) -> dict[str, Code]:
    """netdoc's codes and those that the checks bring; a stranger's code never overrides one of netdoc's."""
    own = {code.code: code for check in checks for code in check.codes if isinstance(code, Code)}
    return own | known_codes()
