"""netdoc policy: ask the policy evaluator. Each question is a file; all read the cluster by `gather`."""

from __future__ import annotations

import click

from netdoc.cli.group import Questions

COMMANDS = {
    "query": ("netdoc.cli.commands.policy.query:query", "May FROM reach TO on a port, and which rule decides?"),
    "matrix": ("netdoc.cli.commands.policy.matrix:matrix", "Who may reach whom, on which ports."),
    "batch": ("netdoc.cli.commands.policy.batch:batch", "Many questions as JSON lines."),
    "test": ("netdoc.cli.commands.policy.test:test", "Assertions in a file; exit 1 where one fails."),
    "diff": ("netdoc.cli.commands.policy.diff:diff", "What becomes allowed and denied between two snapshots."),
    "lint": ("netdoc.cli.commands.policy.lint:lint", "What is wrong or pointless in the policies themselves."),
}


@click.group(cls=Questions, asked=COMMANDS)
def policy() -> None:
    """Asks what the network policies allow: in a cluster, a snapshot or the demo. Nothing is sent to any pod."""
