"""netdoc completion: the script that teaches a shell to complete netdoc's commands."""

from __future__ import annotations

import click

from netdoc.cli.options import list_options


@click.command()
@click.argument("shell", metavar="SHELL", type=click.Choice(["bash", "zsh", "fish"]))
@list_options
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Prints the completion script for SHELL.

    \b
    bash:  source <(netdoc completion bash)              in ~/.bashrc
    zsh:   netdoc completion zsh > "${fpath[1]}/_netdoc"
    fish:  netdoc completion fish > ~/.config/fish/completions/netdoc.fish
    kubectl netdoc completes by itself where kubectl_complete-netdoc is on the PATH; it is installed with netdoc.
    """
    from click.shell_completion import get_completion_class

    completer = get_completion_class(shell)
    assert completer is not None  # click has all three
    # The script's own text; its class would run the shell to ask for its version, which is the user's business.
    made = completer(context.find_root().command, {}, "netdoc", "_NETDOC_COMPLETE")
    click.echo(made.source_template % made.source_vars(), nl=False)
