"""netdoc policy: ask the policy evaluator. Each question is a file; all read the cluster by `gather`."""

from __future__ import annotations

import importlib

import click

from netdoc.cli.exits import Failure

COMMANDS = {
    "query": ("netdoc.cli.commands.policy.query:query", "May FROM reach TO on a port, and which rule decides?"),
    "matrix": ("netdoc.cli.commands.policy.matrix:matrix", "Who may reach whom, on which ports."),
    "batch": ("netdoc.cli.commands.policy.batch:batch", "Many questions as JSON lines."),
    "test": ("netdoc.cli.commands.policy.test:test", "Assertions in a file; exit 1 where one fails."),
    "diff": ("netdoc.cli.commands.policy.diff:diff", "What becomes allowed and denied between two snapshots."),
    "lint": ("netdoc.cli.commands.policy.lint:lint", "What is wrong or pointless in the policies themselves."),
}


class Questions(click.Group):
    """The questions, imported when they are asked."""

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            raise Failure(f'netdoc policy has no question "{name}"', f"there are {', '.join(COMMANDS)}")
        module, _, attribute = COMMANDS[name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Questions"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Questions)
def policy() -> None:
    """Asks what the network policies allow: in a cluster, a snapshot or the demo. Nothing is sent to any pod."""
