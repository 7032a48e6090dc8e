"""netdoc diagnose: the connectivity playbook for one target, without a screen."""

from __future__ import annotations

from typing import Any

import click

from netdoc.cli import options
from netdoc.cli.exits import Exit


@click.command()
@options.target_argument
@options.from_option
@options.where_options
@options.run_options
@options.output_options
def diagnose(**given: Any) -> Exit:
    """Why can't SOURCE reach TARGET?

    \b
    netdoc diagnose svc/web.shop:80 --from deploy/client.shop
    netdoc diagnose pod/web-0.shop:8080
    netdoc diagnose http://web.shop/ --snapshot must-gather.tar.gz -o markdown=report.md

    TARGET is a URL, host[:port], IP[:port], svc/NAME[:PORT], pod/.., deploy/.., statefulset/.., daemonset/..,
    node/.., ns/.., each with .NAMESPACE or as NAMESPACE/KIND/NAME. SOURCE is pod/.., deploy/.., ns/.., node/..,
    an IP, internet or here.
    """
    from netdoc.cli.asking import asked
    from netdoc.cli.plays import named
    from netdoc.cli.session import conduct
    from netdoc.report import FORMATS

    where, run = options.where(given), options.run(given)
    output = options.output(given, tuple(FORMATS))
    return conduct(asked(given, where, run, playbook=named("connectivity")), where, run, output)
