"""netdoc dns: what resolvers say, and what cluster DNS should say. Each question is a file."""

from __future__ import annotations

import importlib

import click

from netdoc.cli.exits import Failure

COMMANDS = {
    "lookup": ("netdoc.cli.commands.dns.lookup:lookup", "What each resolver says, step by step."),
    "predict": ("netdoc.cli.commands.dns.predict:predict", "What cluster DNS answers, by the objects."),
}


class Questions(click.Group):
    """The questions, imported when they are asked."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            raise Failure(f'netdoc dns has no question "{name}"', f"there are {', '.join(COMMANDS)}")
        module, _, attribute = COMMANDS[name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Questions"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Questions)
def dns() -> None:
    """Asks what a name means: of each resolver (lookup), or of the cluster's objects, without a packet (predict)."""
