"""The digest of an input that is not kept because it is whole by itself: a snapshot, the demo."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path


def of_path(path: Path) -> str:
    """SHA-256 of a file, or of a folder's files with their names in order. Raises OSError."""
    if path.is_file():
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    digest = hashlib.sha256()
    for one in sorted(each for each in path.rglob("*") if each.is_file()):
        digest.update(f"{one.relative_to(path)}\0".encode())
        digest.update(hashlib.sha256(one.read_bytes()).digest())
    return digest.hexdigest()


def of_input(snapshot: str, scenario: str, of_scenario: Callable[[str], str]) -> str:
    """Of the one that is named; "" for a live cluster, and for an input that cannot be read."""
    try:
        if snapshot:
            return of_path(Path(snapshot))
        return of_scenario(scenario) if scenario else ""
    except OSError:
        return ""
