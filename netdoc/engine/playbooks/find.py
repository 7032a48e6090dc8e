"""Finds playbooks: those of a folder first, then those that are installed. Only the one asked for is read."""

from __future__ import annotations

import importlib
from importlib import resources
from pathlib import Path

import msgspec

from netdoc.engine.playbooks.document import Problem, Wrong
from netdoc.engine.playbooks.model import Playbook
from netdoc.engine.playbooks.reading import parse
from netdoc.engine.plugins import Broken, Listed, apart, listed

SUFFIXES = (".yaml", ".yml")


class Source(msgspec.Struct, frozen=True):
    """Where a playbook stands: its id, its file or package, and how to come by its text."""

    id: str
    origin: str
    file: str = ""
    entry: Listed | Broken | None = None

    def text(self) -> bytes:
        """Raises OSError, or Unloadable, for what cannot be read."""
        if self.file:
            return Path(self.file).read_bytes()
        if isinstance(self.entry, Listed):
            return _packaged(self.entry)
        raise Unloadable(self.entry.reason if self.entry else "nothing is there")


class Unloadable(Exception):
    """A plugin's playbook that its package does not hand over."""


class Unsound(Exception):
    """A playbook that is not one: where, and what is wrong."""

    def __init__(self, source: Source, problems: tuple[Problem, ...]) -> None:
        super().__init__(f"{source.origin}:{problems[0]}")
        self.source = source
        self.problems = problems


def sources(folder: str = "") -> dict[str, Source]:
    """Every playbook by its id: the file's name without its ending, or the name that its package gives it.

    A folder is what the user named: it wins over what is installed. Raises OSError where it cannot be listed.
    """
    found = {
        entry.id: Source(entry.id, entry.path if isinstance(entry, Listed) else entry.package, entry=entry)
        for entry in listed("netdoc.playbooks")
    }
    if folder:
        files = sorted(one for one in Path(folder).iterdir() if one.suffix in SUFFIXES)
        found |= {one.stem: Source(one.stem, str(one), file=str(one)) for one in files}
    return found


def source_of(name: str, folder: str = "") -> Source | None:
    """The playbook of a name, or the file that the name is a path to."""
    if name.endswith(SUFFIXES) or "/" in name:
        return Source(Path(name).stem, name, file=name)
    return sources(folder).get(name)


def load(source: Source) -> Playbook:
    """The playbook. Raises Unsound for one that is not one, OSError or Unloadable for one that cannot be read."""
    try:
        told = parse(source.text())
    except Wrong as wrong:
        raise Unsound(source, (wrong.problem,)) from wrong
    if told.playbook is None or told.problems:
        raise Unsound(source, told.problems)
    return told.playbook


def find_playbook(name: str, folder: str = "") -> Playbook | None:
    """The playbook of that name; None where there is none, or none that can be read."""
    source = source_of(name, folder)
    try:
        return load(source) if source is not None else None
    except (Unsound, Unloadable, OSError):
        return None


def _packaged(entry: Listed) -> bytes:
    """`module:file.yaml` is a file beside the module; `module:attribute` is its text, or the path of its file."""
    module, _, attribute = entry.path.partition(":")

    def work() -> bytes:
        if attribute.endswith(SUFFIXES):
            return resources.files(module).joinpath(attribute).read_bytes()
        return _attribute(module, attribute)

    try:
        return work() if entry.ours else apart(work)
    except Exception as error:  # a stranger's package: whatever it raises costs its playbook alone
        raise Unloadable(f"{entry.path} of {entry.package}: {type(error).__name__}: {error}") from error


def _attribute(module: str, attribute: str) -> bytes:
    value = getattr(importlib.import_module(module), attribute)
    if isinstance(value, Path):
        return value.read_bytes()
    if isinstance(value, str):
        return value.encode()
    raise TypeError(f"{attribute} is {type(value).__name__}, not text or a path")
