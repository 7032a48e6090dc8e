"""netdoc run PLAYBOOK: walks any playbook without a screen."""

from __future__ import annotations

from typing import Any

import click

from netdoc.cli import options
from netdoc.cli.exits import Exit


@click.command()
@click.argument("playbook", shell_complete=options.completed("playbook"))
@options.target_argument
@options.from_option
@click.option("--set", "settings", metavar="NAME=VALUE", multiple=True, help="An input, or the answer to a step.")
@options.playbooks_option
@options.where_options
@options.run_options
@options.output_options
def run(playbook: str, settings: tuple[str, ...], playbooks: str, **given: Any) -> Exit:
    """Walks PLAYBOOK, by name or file, for TARGET.

    \b
    netdoc run connectivity svc/web.shop:80 --from deploy/client.shop
    netdoc run ./mine.yaml svc/web.shop --set symptom=slow

    What a playbook asks is answered by --set STEP=ANSWER, by its default, or on stdin.
    """
    from netdoc.cli.asking import asked
    from netdoc.cli.plays import given_inputs, named, settle
    from netdoc.cli.session import conduct
    from netdoc.report import FORMATS

    chosen = named(playbook, playbooks)
    where, limits = options.where(given), options.run(given)
    output = options.output(given, tuple(FORMATS))
    inputs = settle(chosen, given_inputs(settings))
    given["playbooks"] = playbooks
    request = asked(given, where, limits, playbook=chosen, inputs=inputs)
    return conduct(request, where, limits, output)
