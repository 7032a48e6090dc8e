"""The digest of an input that is not kept: a snapshot's file or folder."""

from __future__ import annotations

import hashlib
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
