"""netdoc dns: what resolvers say, and what cluster DNS should say. Each question is a file."""

from __future__ import annotations

import click

from netdoc.cli.group import Questions

COMMANDS = {
    "lookup": ("netdoc.cli.commands.dns.lookup:lookup", "What each resolver says, step by step."),
    "predict": ("netdoc.cli.commands.dns.predict:predict", "What cluster DNS answers, by the objects."),
}


@click.group(cls=Questions, asked=COMMANDS)
def dns() -> None:
    """Asks what a name means: of each resolver (lookup), or of the cluster's objects, without a packet (predict)."""
