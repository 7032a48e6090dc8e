"""netdoc snapshot: the state of a cluster in a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from netdoc.cli import options
from netdoc.cli.exits import Exit, Failure


class Snapshots(click.Group):
    """The commands, and the one that is still to come."""

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if arguments[0] == "diff":
            raise Failure("`netdoc snapshot diff` is not in this version", "netdoc policy diff A B compares policies")
        return super().resolve_command(context, arguments)


@click.group(cls=Snapshots)
def snapshot() -> None:
    """Saves or shows the state of a cluster in a file."""


@snapshot.command()
@click.argument("file")
@click.option("--force", is_flag=True, help="Overwrite FILE where it exists.")
@options.where_options
@options.question_options
def save(file: str, force: bool, **given: Any) -> Exit:
    """Saves what netdoc reads of the cluster to FILE (.tar.gz, .json, .yaml or a folder).

    Secrets, environment values and what netdoc does not know are left out.
    """
    from netdoc.cli.reading import ask
    from netdoc.cluster import Unreachable
    from netdoc.cluster.capture import save as write

    _see_that_there_is_room(Path(file), force)
    where, how = options.where(given, many=True), options.question(given)
    try:
        summary = ask(
            where,
            how,
            "snapshot",
            lambda cluster: write(cluster, file, namespace=where.namespace),
            lost=f"{file} is not written",
        )
    except Unreachable as error:
        raise Failure(error.message, error.hint, Exit.UNKNOWN) from error
    except OSError as error:
        raise Failure(f"cannot write {file}: {error.strerror}") from error
    if not how.quiet or not summary.complete:
        click.echo(summary.text(), err=True)
    return Exit.OK if summary.complete else Exit.UNKNOWN


def _see_that_there_is_room(file: Path, force: bool) -> None:
    """Before anything is read. A folder takes files beside those that it has, so it must be empty whatever is said."""
    try:
        if file.is_dir():
            if any(file.iterdir()):
                raise Failure(f"{file} is not an empty folder", "name another")
        elif file.exists() and not force:
            raise Failure(f"{file} is there already", "name another, or say --force")
        elif not file.parent.is_dir():
            raise Failure(f"cannot write {file}: No such file or directory", f"make the folder {file.parent}")
    except OSError as error:
        raise Failure(f"cannot write {file}: {error.strerror}") from error


@snapshot.command()
@click.argument("path")
@options.list_options
def show(path: str) -> None:
    """Shows what is in the snapshot at PATH: when it was taken, what it holds, what could not be read."""
    from netdoc.cluster import ClusterError
    from netdoc.cluster.capture import summary

    try:
        click.echo(summary(path).text())
    except ClusterError as error:
        raise Failure(error.message, error.hint) from error
