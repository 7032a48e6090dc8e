"""Finds plugins through entry points: ours like anyone's. Listing imports nothing but the mappings.

What a stranger's package does while it is imported (raise, block, exit) costs itself alone.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:  # to list plugins costs no more than their names: `netdoc --help` does it
    from netdoc.engine.check import Check
    from netdoc.model.finding import Code

OURS = "netdoc"


class Broken(msgspec.Struct, frozen=True):
    """A plugin that could not be loaded, and why. It costs itself alone."""

    id: str
    package: str
    reason: str


class Listed(msgspec.Struct, frozen=True):
    """A plugin by name, not imported yet. `package` is the distribution that brings it."""

    id: str
    package: str
    path: str

    @property
    def ours(self) -> bool:
        return self.package == OURS


@cache
def listed(group: str) -> tuple[Listed | Broken, ...]:
    """All plugins of a group (`netdoc.checks`), ordered by id; ours win over a stranger's of the same id."""
    found: dict[str, Listed | Broken] = {}
    points = [(_package(point), point) for point in entry_points(group=group)]
    for package, point in sorted(points, key=lambda one: (one[0] != OURS, one[0], one[1].name)):
        for entry in _mapping(point, package):
            found.setdefault(entry.id, entry)
    return tuple(found[id_] for id_ in sorted(found))


def _package(point: EntryPoint) -> str:
    """The distribution's name: an entry point's own name is anybody's to choose."""
    return point.dist.name if point.dist is not None else point.name


def _mapping(point: EntryPoint, package: str) -> tuple[Listed | Broken, ...]:
    try:
        mapping = point.load() if package == OURS else apart(point.load)
        if not isinstance(mapping, Mapping):
            raise TypeError(f"{point.value} is no mapping from id to 'module:attribute'")
        return tuple(Listed(str(id_), package, str(path)) for id_, path in dict(mapping).items())
    except Exception as error:
        return (Broken(package, package, _told(error)),)


def apart(work: Any) -> Any:
    """What a stranger's code does happens in a thread of its own, under a deadline."""
    from netdoc.engine import isolation

    return isolation.apart(work)


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def load(entry: Listed) -> Any:
    """The object that a plugin's `module:attribute` names. Raises what the import raises, or Blocked."""
    module, _, attribute = entry.path.partition(":")

    def work() -> Any:
        return getattr(importlib.import_module(module), attribute)

    return work() if entry.ours else apart(work)


def load_check(entry: Listed) -> Check | Broken:
    """Imports one check; a failure is data, never an exception."""
    from netdoc.engine.isolation import declared

    try:
        return declared(load(entry))
    except Exception as error:
        return Broken(entry.id, entry.package, f"{entry.path}: {_told(error)}")


def find(group: str, id_: str) -> Listed | Broken | None:
    return next((entry for entry in listed(group) if entry.id == id_), None)


def find_check(id_: str) -> Check | Broken | None:
    """The check of that id; None where none is installed."""
    entry = find("netdoc.checks", id_)
    return load_check(entry) if isinstance(entry, Listed) else entry


def is_ours(id_: str) -> bool:
    """Whether a check comes with netdoc: it is trusted to leave nothing running and to block nothing."""
    entry = find("netdoc.checks", id_)
    return isinstance(entry, Listed) and entry.ours


def broken_packages(group: str = "netdoc.checks") -> tuple[Broken, ...]:
    """The packages whose plugins cannot even be listed: what they would have checked, nobody knows."""
    return tuple(entry for entry in listed(group) if isinstance(entry, Broken))


def all_checks() -> tuple[Check | Broken, ...]:
    return tuple(load_check(entry) if isinstance(entry, Listed) else entry for entry in listed("netdoc.checks"))


def all_codes(checks: tuple[Check, ...]) -> dict[str, Code]:
    """netdoc's codes and those that the checks bring; a stranger's code never overrides one of netdoc's."""
    from netdoc.model.codes import known_codes
    from netdoc.model.finding import Code

    own = {code.code: code for check in checks for code in check.codes if isinstance(code, Code)}
    return own | known_codes()
