"""netdoc snapshot: the state of a cluster in a file."""

from __future__ import annotations

from typing import Any

import click

from netdoc.cli import options
from netdoc.cli.exits import Exit, Failure


@click.group()
def snapshot() -> None:
    """Saves or shows the state of a cluster in a file."""


@snapshot.command()
@click.argument("file")
@options.where_options
@options.question_options
def save(file: str, **given: Any) -> Exit:
    """Saves what netdoc reads of the cluster to FILE (.tar.gz, .json, .yaml or a folder).

    Secrets, environment values and what netdoc does not know are left out.
    """
    from netdoc.cli.reading import ask
    from netdoc.cluster.capture import save as write

    where, how = options.where(given, many=True), options.question(given)
    try:
        summary = ask(
            where,
            how,
            "snapshot",
            lambda cluster: write(cluster, file, namespace=where.namespace),
            lost=f"{file} is not written",
        )
    except OSError as error:
        raise Failure(f"cannot write {file}: {error.strerror}") from error
    if not how.quiet or not summary.complete:
        click.echo(summary.text(), err=True)
    return Exit.OK if summary.complete else Exit.UNKNOWN


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
