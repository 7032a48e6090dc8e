"""The runs that are kept: what a list shows of each, and one read back."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import msgspec

from netdoc.journal import place
from netdoc.journal.entries import End, Head
from netdoc.journal.reader import Story, Unreadable, all_heads, is_running, last, read
from netdoc.model.report import Report, Status
from netdoc.tui.start import Place

MOST = 30
"""Runs that a list looks at."""


class Kept(msgspec.Struct, frozen=True):
    """A run in a list. `state` is how it ended: a status, `running`, or `cut short`."""

    run: str
    target: str
    started_at: datetime
    state: Status | str
    headline: str
    where: str


def recent() -> tuple[Kept, ...]:
    """The latest first; a file that is none is passed over. Reads files: call it beside the screen."""
    paths = (place.file_of(run) for run in place.runs()[:MOST])
    return tuple(_kept(path, head) for path, head in all_heads(paths) if isinstance(head, Head))


def story_of(run: str) -> Story:
    """Raises Unreadable, NoRun (a LookupError), OSError."""
    return read(place.find(run))


def kept_report(run: str) -> Report | None:
    try:
        return story_of(run).report
    except (Unreadable, LookupError, OSError):
        return None


def place_of(story: Story) -> Place:
    """Where the run was made, so that it can be made again."""
    try:
        return msgspec.convert(story.head.options, Place)
    except msgspec.ValidationError:
        where = story.head.where
        return Place(context=where.context, demo=where.scenario, snapshot=where.path, namespace=where.namespace)


def _kept(path: Path, head: Head) -> Kept:
    end = _end(path)
    where = head.where
    return Kept(
        run=head.run,
        target=head.target.input if head.target else "",
        started_at=head.started_at,
        state=end.status if end else "running" if _running(path) else "cut short",
        headline=end.headline if end else "",
        where=where.scenario or where.path or where.context,
    )


def _end(path: Path) -> End | None:
    try:
        return last(path)
    except OSError:
        return None


def _running(path: Path) -> bool:
    try:
        return is_running(path)
    except OSError:
        return False
