"""The files of a snapshot: one file, a folder, or a tar archive, read without trusting any of it.

Nothing is extracted and no link is followed, so nothing outside is read or written. What a file or archive may
cost is bounded: an archive is read as a stream and stopped where it grows beyond what text compresses to.
"""

from __future__ import annotations

import gzip
import os
import stat
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

import msgspec

from netdoc.cluster.errors import ClusterError

MAX_FILE = 512 << 20
MAX_TOTAL = 1 << 30
MAX_MEMBERS = 200_000
# Kubernetes objects compress 10 to 40 times; a bomb a thousand times.
MAX_RATIO = 200
RATIO_COUNTS_FROM = 64 << 20

LOG_TAIL = 64 << 10

_OBJECTS = (".yaml", ".yml", ".json")
_LOGS = (".log", "logs.txt")
_READ_ARCHIVES = (".tar", ".tgz", ".gz")
_ARCHIVES = (*_READ_ARCHIVES, ".zip", ".bz2", ".xz")


class File(msgspec.Struct, frozen=True):
    """A file of the snapshot, its name relative to the snapshot's root."""

    name: str
    data: bytes


class Unreadable(msgspec.Struct, frozen=True, kw_only=True):
    """What could not be read: where (file, and line where there is one), why, and which kinds may be in it.

    `kinds` None means that it may hold anything.
    """

    where: str
    why: str
    kinds: frozenset[str] | None = frozenset()

    def __str__(self) -> str:
        return f"{self.where}: {self.why}"


def read_files(path: Path) -> Iterator[File | Unreadable]:
    """The files below `path` that may hold objects or logs, in a stable order. Raises ClusterError."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise ClusterError(f"cannot read the snapshot {path}: {error.strerror}", "check --snapshot") from None
    if stat.S_ISDIR(mode):
        return _folder(path)
    if not stat.S_ISREG(mode):
        raise ClusterError(f"the snapshot {path} is neither a file nor a folder", "check --snapshot")
    return _archive(path) if _is_archive(path) else _single(path)


def _is_archive(path: Path) -> bool:
    """gzip by its magic number, tar by `ustar` at 257 (POSIX.1, pax)."""
    try:
        with path.open("rb") as file:
            head = file.read(512)
    except OSError as error:
        raise ClusterError(f"cannot read the snapshot {path}: {error.strerror}", "check its permissions") from None
    return head[:2] == b"\x1f\x8b" or head[257:262] == b"ustar"


def _single(path: Path) -> Iterator[File | Unreadable]:
    one = _read(path, path.name, MAX_FILE)
    broken = isinstance(one, File) and path.name.endswith(_ARCHIVES) and not _is_text(one.data)
    yield Unreadable(where=path.name, why=_no_archive(path.name), kinds=None) if broken else one


def _is_text(data: bytes) -> bool:
    """Whether it begins as a text does that may hold objects: a redirect may have been given any name."""
    return b"\0" not in data[:4096] and any(mark in data for mark in (b":", b"{"))


def _no_archive(name: str) -> str:
    if name.endswith(_READ_ARCHIVES):
        return "is broken: it does not begin as a tar archive does"
    return "is an archive of a kind that is not read: unpack it, and give the folder"


def _folder(root: Path) -> Iterator[File | Unreadable]:
    left = MAX_TOTAL
    refused: list[OSError] = []
    for folder, folders, names in os.walk(root, onerror=refused.append):
        folders.sort()
        linked = [one for one in folders if (Path(folder) / one).is_symlink()]
        for name in sorted(names + linked):
            one = _entry(root, Path(folder) / name, left)
            if one is not None:
                left -= len(one.data) if isinstance(one, File) else 0
                yield one
    for error in refused:
        yield Unreadable(where=str(error.filename), why=f"cannot be opened ({error.strerror})", kinds=None)


def _entry(root: Path, path: Path, left: int) -> File | Unreadable | None:
    name = path.relative_to(root).as_posix()
    if path.is_symlink():
        return Unreadable(where=name, why="is a link, and links are not followed") if _wanted(name) else None
    if name.endswith(_ARCHIVES):
        return Unreadable(where=name, why="is an archive inside the folder: give it to --snapshot itself")
    if not _wanted(name) or not path.is_file():
        return None
    return _read(path, name, min(left, MAX_FILE))


def _wanted(name: str) -> bool:
    return name.endswith(_OBJECTS) or name.endswith(_LOGS)


def _read(path: Path, name: str, most: int) -> File | Unreadable:
    try:
        size = path.stat().st_size
        if name.endswith(_LOGS):
            return File(name, _tail(path, size))
        if size > most:
            return Unreadable(where=name, why=f"is larger than {most >> 20} MiB", kinds=None)
        return File(name, path.read_bytes())
    except OSError as error:
        return Unreadable(where=name, why=f"cannot be opened ({error.strerror})", kinds=None)


def _tail(path: Path, size: int) -> bytes:
    with path.open("rb") as file:
        file.seek(max(0, size - LOG_TAIL))
        return file.read(LOG_TAIL)


class _TooMuch(Exception):
    """The archive expands beyond what objects compress to."""


class _Metered:
    """A stream that stops where it has given more than an honest archive of this size could."""

    def __init__(self, stream: IO[bytes], compressed: int) -> None:
        self._stream = stream
        self._left = min(4 * MAX_TOTAL, max(RATIO_COUNTS_FROM, compressed * MAX_RATIO))

    def read(self, size: int = -1) -> bytes:
        data = self._stream.read(size)
        self._left -= len(data)
        if self._left < 0:
            raise _TooMuch
        return data


def _archive(path: Path) -> Iterator[File | Unreadable]:
    with path.open("rb") as raw:
        zipped = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        stream: IO[bytes] = cast(IO[bytes], gzip.GzipFile(fileobj=raw)) if zipped else raw
        metered = _Metered(stream, path.stat().st_size)
        try:
            with tarfile.open(fileobj=cast(IO[bytes], metered), mode="r|") as tar:
                yield from _members(tar)
        except _TooMuch:
            yield Unreadable(where=path.name, why="expands without end: stopped; the rest was not read", kinds=None)
        except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
            yield Unreadable(where=path.name, why=f"is broken, not a whole tar archive ({error})", kinds=None)


def _members(tar: tarfile.TarFile) -> Iterator[File | Unreadable]:
    left = MAX_TOTAL
    for count, member in enumerate(tar, start=1):
        if count > MAX_MEMBERS:
            yield Unreadable(where=str(tar.name or "archive"), why=f"holds more than {MAX_MEMBERS} files", kinds=None)
            return
        tar.members.clear()  # type: ignore[attr-defined]  # tarfile keeps every header it has seen
        if (one := _member(tar, member, min(left, MAX_FILE))) is not None:
            left -= len(one.data) if isinstance(one, File) else 0
            yield one


def _member(tar: tarfile.TarFile, member: tarfile.TarInfo, most: int) -> File | Unreadable | None:
    name = member.name.removeprefix("./")
    if not _wanted(name):
        return None
    if not member.isreg():
        return Unreadable(where=name, why="is a link or device, and none is followed") if not member.isdir() else None
    if member.size > most:
        return Unreadable(where=name, why=f"is larger than {most >> 20} MiB", kinds=None)
    stream = tar.extractfile(member)
    data = stream.read() if stream is not None else b""
    if len(data) < member.size:
        return Unreadable(where=name, why="is cut short", kinds=None)
    return File(name, data[-LOG_TAIL:] if name.endswith(_LOGS) else data)
