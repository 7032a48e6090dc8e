"""Recorded runs on the command line: finds them, opens what they asked, and compares what came of it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from netdoc.cli.exits import Exit, Failure
from netdoc.cli.options import WhereOptions
from netdoc.cli.sources import digest_of, open_cluster
from netdoc.journal import place, reader
from netdoc.journal.again import Reopened, Replayed
from netdoc.journal.compare import compare
from netdoc.journal.entries import Head
from netdoc.journal.reader import Story
from netdoc.model.report import Report
from netdoc.ports import Cluster


def path_of(name: str) -> Path:
    try:
        return place.find(name)
    except place.NoRun as error:
        raise Failure(str(error), "netdoc runs list names them") from error


def story_of(name: str) -> Story:
    """The recorded run. Raises Failure where it cannot be read."""
    try:
        return reader.read(path_of(name))
    except reader.Unreadable as error:
        raise Failure(str(error)) from error
    except OSError as error:
        raise Failure(f"cannot read {error.filename}: {error.strerror}") from error


def where_of(story: Story) -> WhereOptions:
    """Where the run looked, as its command line said."""
    try:
        return msgspec.convert(story.head.options, WhereOptions)
    except msgspec.ValidationError as error:
        raise Failure(f"{story.path}: its options cannot be read: {error}") from error


async def open_record(story: Story) -> Cluster:
    """What the run saw: from its record, or the very snapshot or demo that it looked at, with what was measured then.

    Raises Failure where that is gone, or is not the same any more.
    """
    where = where_of(story)
    if not (where.snapshot or where.demo):
        return Replayed(story)
    _see_that_it_is_the_same(story, where)
    return Reopened(story, await open_cluster(where, story.head.run))


def _see_that_it_is_the_same(story: Story, where: WhereOptions) -> None:
    what = f"snapshot {where.snapshot}" if where.snapshot else f"demo {where.demo}"
    if where.snapshot and not Path(where.snapshot).exists():
        raise Failure(f"the run was of {what}, which is gone", "a snapshot is kept by its digest only", Exit.UNKNOWN)
    if story.head.digest and digest_of(where) != story.head.digest:
        raise Failure(f"the {what} is not what it was", "netdoc recheck judges it as it is now", Exit.UNKNOWN)


def compared_with(before: Report | None) -> Any:
    """A last word on a report: what became of the earlier run's findings."""

    def finish(after: Report) -> Report:
        return after if before is None else msgspec.structs.replace(after, compared=compare(before, after))

    return finish


def summary(path: Path, head: Head) -> dict[str, Any]:
    """One run as a list shows it."""
    end = reader.last(path)
    state = end.ending if end else "running" if reader.is_running(path) else "cut short"
    row: dict[str, Any] = {
        "id": head.run,
        "startedAt": head.started_at,
        "state": state,
        "playbook": head.playbook.name,
        "target": head.target.input if head.target else "",
        "from": [one.input for one in head.sources if one.input],
        "input": {key: value for key, value in msgspec.to_builtins(head.where).items() if value},
        "bytes": path.stat().st_size,
    }
    if end is not None:
        row |= {"status": end.status, "headline": end.headline, "exit": end.exit}
    links: Mapping[str, str] = {"resumes": head.resumes, "rechecks": head.rechecks}
    return row | {key: value for key, value in links.items() if value}
