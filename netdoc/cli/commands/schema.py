"""netdoc schema: the JSON Schema of every output."""

from __future__ import annotations

import click

from netdoc.cli.exits import Failure
from netdoc.cli.options import list_options


@click.command()
@click.argument("name", default="")
@list_options
def schema(name: str) -> None:
    """Prints the JSON Schema of output NAME; without one, the names that there are."""
    from netdoc.report.json import indented
    from netdoc.report.schema import SCHEMAS
    from netdoc.report.schema import schema as schema_of

    if not name:
        click.echo("\n".join(sorted(SCHEMAS)))
        return
    if name not in SCHEMAS:
        raise Failure(f'there is no schema "{name}"', f"there are {', '.join(sorted(SCHEMAS))}")
    click.echo(indented(schema_of(name)), nl=False)
