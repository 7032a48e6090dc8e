"""netdoc runs: the journal's runs, listed, shown, resumed and thrown away."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import click

from netdoc.cli import options
from netdoc.cli.commands.catalogue import output_option, printed, table
from netdoc.cli.durations import Duration
from netdoc.cli.exits import Exit, Failure
from netdoc.cli.history import path_of, story_of, summary, where_of


@click.group()
def runs() -> None:
    """Lists, shows, resumes and deletes recorded runs."""


@runs.command(name="list")
@output_option
def list_(format_: str) -> None:
    """Lists the runs that are kept, the latest first."""
    rows = _rows()
    printed({"runs": rows}, format_, lambda: table(_cells(row) for row in rows) or "no run is kept yet")


@runs.command()
@options.run_argument
@output_option
def show(run: str, format_: str) -> None:
    """Shows what was asked in RUN, what came of it, and what of it is kept."""
    story = story_of(run)
    row = summary(story.path, story.head) | _contents(story)
    printed({"run": row}, format_, lambda: _told(row))


@runs.command()
@options.run_argument
@options.run_options
@options.output_options
def resume(run: str, **given: Any) -> Exit:
    """Goes on with RUN where it was cut short: what it saw is not asked again, and its answers stand."""
    from netdoc.cli.session import Conduct, perform
    from netdoc.cli.sources import open_cluster
    from netdoc.journal.again import Continued, request_of
    from netdoc.ports import Cluster
    from netdoc.report import FORMATS

    story = story_of(run)
    if story.end is not None and story.end.ending == "finished":
        raise Failure(f"run {story.head.run} came to its end", f"netdoc recheck {story.head.run} does it again")
    _not_running(story.path)
    where = where_of(story)

    async def open_(id_: str) -> Cluster:
        cluster = await open_cluster(where, id_)
        return cluster if where.snapshot or where.demo else Continued(story, cluster)

    limits, output = options.run(given), options.output(given, tuple(FORMATS))
    return perform(
        Conduct(
            request=request_of(story, limits.timeout),
            where=where,
            run=limits,
            output=output,
            open=open_,
            resumes=story.head.run,
        )
    )


@runs.command()
@click.argument("names", nargs=-1, required=True, metavar="RUN...", shell_complete=options.completed("run"))
def delete(names: tuple[str, ...]) -> None:
    """Deletes runs from the disk."""
    paths = [path_of(name) for name in names]
    for path in paths:
        _not_running(path)
    for path in paths:
        _unlink(path)
        click.echo(f"deleted {path.stem}", err=True)


@runs.command()
@click.option("--older-than", type=Duration(), default="30d", show_default=True, help="Delete what is older.")
@click.option("--keep", type=click.IntRange(0), default=0, help="Spare so many of the latest, however old.")
@click.option("--dry-run", is_flag=True, help="Say what would be deleted.")
def prune(older_than: timedelta, keep: int, dry_run: bool) -> None:
    """Deletes old runs, never one that is under way."""
    from netdoc.journal import place, reader

    before = datetime.now(UTC) - older_than
    old = [id_ for id_ in place.runs()[keep:] if datetime.strptime(id_[:16], "%Y%m%dT%H%M%S%z") < before]
    if not old:
        click.echo("netdoc: nothing to delete; --older-than says from which age on (default 30d)", err=True)
    for id_ in old:
        path = place.file_of(id_)
        if reader.is_running(path):
            continue
        if not dry_run:
            _unlink(path)
        click.echo(f"{'would delete' if dry_run else 'deleted'} {id_}", err=True)


def _rows() -> list[dict[str, Any]]:
    from netdoc.journal import place, reader

    rows: list[dict[str, Any]] = []
    for path, head in reader.all_heads(place.file_of(id_) for id_ in place.runs()):
        if isinstance(head, str):
            rows.append({"id": path.stem, "state": "unreadable", "headline": head, "target": ""})
        else:
            rows.append(summary(path, head))
    return rows


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    told = row.get("status", row["state"])
    state = told if row["state"] in ("finished", told) else f"{told} ({row['state']})"
    return row["id"], state, row["target"], row.get("headline", "")


def _contents(story: Any) -> dict[str, Any]:
    """What of the run is kept, and what is not."""
    row: dict[str, Any] = {
        "netdoc": story.head.netdoc,
        "command": list(story.head.command),
        "steps": _steps(story),
        "answers": len(story.answers),
        "file": str(story.path),
    }
    if story.head.where.type in ("snapshot", "demo"):
        row["notKept"] = [f"what was read of the {story.head.where.type}: by digest {story.head.digest[:16]} only"]
    else:
        row["notKept"] = [
            f"{one.record.ask.verb} {one.record.ask.resource}: {one.size} bytes, by digest {one.digest[:16]} only"
            for one in story.digests
        ]
    if story.notes:
        row["notes"] = [{"at": f"{one.at:%Y-%m-%dT%H:%M:%SZ}", "text": one.text} for one in story.notes]
    return row | ({"unread": list(story.unread)} if story.unread else {})


def _steps(story: Any) -> list[dict[str, Any]]:
    ended = [one.check for one in story.events if one.event == "step.finished" and one.check]
    return [{"id": one.step, "title": one.title, "status": one.status} for one in ended]


def _told(row: dict[str, Any]) -> str:
    from netdoc.report.inert import line
    from netdoc.report.phrases import utc

    said = [(name, row.get(name)) for name in ("id", "state", "status", "headline", "target")]
    said += [("started", utc(row["startedAt"])), ("netdoc", row["netdoc"])]
    lines = [f"{name:10} {line(str(value))}" for name, value in said if value]
    lines += [f"{'step':10} {one['status']:8} {line(one['title'])}" for one in row["steps"]]
    lines += [f"{'note':10} {one['at']} {line(one['text'])}" for one in row.get("notes", ())]
    lines.append(f"{'kept':10} {row['answers']} answers, {row['bytes']} bytes, in {line(row['file'])}")
    lines += [f"{'not kept':10} {line(one)}" for one in row["notKept"]]
    unread = row.get("unread", ())
    lines += [f"{'unread':10} {line(one)}" for one in unread[:5]]
    lines += [f"{'unread':10} {len(unread) - 5} lines more"] if len(unread) > 5 else []
    return "\n".join(lines)


def _not_running(path: Path) -> None:
    from netdoc.journal import reader

    if reader.is_running(path):
        raise Failure(f"run {path.stem} is under way", "interrupt it first")


def _unlink(path: Path) -> None:
    try:
        path.unlink()
    except OSError as error:
        raise Failure(f"cannot delete {path}: {error.strerror}") from error
