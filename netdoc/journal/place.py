"""Where runs are kept: one file each in the user's state directory, readable by nobody else."""

from __future__ import annotations

import os
import re
import secrets
from datetime import UTC, datetime
from pathlib import Path

SUFFIX = ".jsonl"
_ID = re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}")


class NoRun(LookupError):
    """No run, or several, by that name; the message says which."""


def folder() -> Path:
    """XDG_STATE_HOME/netdoc/runs (XDG Base Directory Specification), by default ~/.local/state."""
    import platformdirs

    return Path(platformdirs.user_state_dir("netdoc", appauthor=False)) / "runs"


def new_id() -> str:
    """When, and enough at random that two runs at once do not meet."""
    return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{secrets.token_hex(3)}"


def file_of(run: str) -> Path:
    return folder() / f"{run}{SUFFIX}"


def prepare() -> Path:
    """The folder, made if need be, open to its owner alone. Raises OSError."""
    place = folder()
    place.mkdir(mode=0o700, parents=True, exist_ok=True)
    for each in (place.parent, place):
        if each.stat().st_mode & 0o077:
            os.chmod(each, 0o700)
    return place


def runs() -> tuple[str, ...]:
    """The ids of all runs that are kept, the latest first."""
    try:
        names = [one.name.removesuffix(SUFFIX) for one in folder().iterdir() if one.name.endswith(SUFFIX)]
    except OSError:
        return ()
    return tuple(sorted((name for name in names if _ID.fullmatch(name)), reverse=True))


def find(name: str) -> Path:
    """The file of a run: by its id, an unambiguous beginning of it, `latest`, or a path. Raises NoRun."""
    if "/" in name or name.endswith(SUFFIX):
        if Path(name).is_file():
            return Path(name)
        raise NoRun(f"there is no file {name}")
    kept = runs()
    if name == "latest":
        if not kept:
            raise NoRun("no run is kept yet")
        return file_of(kept[0])
    matching = [one for one in kept if one.startswith(name) or one.rpartition("-")[2] == name]
    if len(matching) == 1 or name in matching:
        return file_of(name if name in matching else matching[0])
    if matching:
        raise NoRun(f'"{name}" begins {len(matching)} runs: {", ".join(matching[:3])}')
    raise NoRun(f'there is no run "{name}"')
