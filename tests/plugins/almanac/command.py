"""`netdoc moon`: a command of its own."""

from __future__ import annotations

import click


@click.command()
@click.option("--explode", is_flag=True)
def moon(explode: bool) -> int:
    """Tells the phase of the moon."""
    if explode:
        raise ZeroDivisionError("no moon tonight")
    click.echo("it is up there")
    return 0
