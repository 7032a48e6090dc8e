"""The tree of commands. Names and one-line helps stand here, so that listing them imports none of them."""

from __future__ import annotations

import importlib
from typing import Any

import click

from netdoc import __version__
from netdoc.cli.exits import Exit, Failure

# name: (where it is defined, its one line in `netdoc --help`)
COMMANDS = {
    "app": ("netdoc.cli.commands.app:app", "Open the terminal app: the same as netdoc [TARGET]."),
    "diagnose": ("netdoc.cli.commands.diagnose:diagnose", "Why can't FROM reach TARGET? The main job."),
    "run": ("netdoc.cli.commands.run:run", "Walk a playbook, without a screen."),
    "check": ("netdoc.cli.commands.check:check", "Run a single check on TARGET."),
    "checks": ("netdoc.cli.commands.catalogue:checks", "List the checks that are installed."),
    "playbooks": ("netdoc.cli.commands.playbooks:playbooks", "List, show and lint playbooks."),
    "codes": ("netdoc.cli.commands.catalogue:codes", "List the finding codes."),
    "explain": ("netdoc.cli.commands.catalogue:explain", "Tell all about a code, check or playbook."),
    "policy": (
        "netdoc.cli.commands.policy:policy",
        "Ask the policy evaluator: query, matrix, batch, test, diff, lint.",
    ),
    "dns": (
        "netdoc.cli.commands.dns:dns",
        "What resolvers say of a name, and what cluster DNS should: lookup, predict.",
    ),
    "snapshot": ("netdoc.cli.commands.snapshot:snapshot", "Save or show the state of a cluster in a file."),
    "runs": ("netdoc.cli.commands.runs:runs", "Recorded runs: list, show, resume, delete, prune."),
    "report": ("netdoc.cli.commands.again:report", "Draw the report of a recorded run."),
    "replay": ("netdoc.cli.commands.again:replay", "Judge a recorded run again, without a network."),
    "recheck": ("netdoc.cli.commands.again:recheck", "Do a recorded run again: recovered, still, new."),
    "demo": ("netdoc.cli.commands.demo:demo", "Try netdoc on the embedded network, broken on purpose."),
    "doctor": ("netdoc.cli.commands.doctor:doctor", "Versions, privileges, reach: what would not work and why."),
    "rbac": ("netdoc.cli.commands.rbac:rbac", "Print the least ClusterRole that the checks need."),
    "new": ("netdoc.cli.commands.new:new", "Write the skeleton of a check of your own."),
    "completion": ("netdoc.cli.commands.completion:completion", "Print the completion script of a shell."),
    "schema": ("netdoc.cli.commands.schema:schema", "Print the JSON Schema of an output."),
}
LATER = {
    "ingress": "the route matcher",
    "tls": "the certificate tools",
    "probe": "packet-level tests",
    "clean": "packet-level tests",
    "capture": "capture analysis",
}


TYPED = "netdoc.typed"
"""Where a context keeps the words of the command line (click.Context.meta)."""


class Lazy(click.Group):
    """A group whose commands are imported when they are called."""

    def parse_args(self, context: click.Context, args: list[str]) -> list[str]:
        """A TARGET, the app's options or nothing at all open the app."""
        context.meta[TYPED] = list(args)
        opens = _opens_app(args) and not context.resilient_parsing  # shell completion asks for names
        return super().parse_args(context, ["app", *args] if opens else args)

    def list_commands(self, context: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in COMMANDS:
            return _strangers(name)
        module, _, attribute = COMMANDS[name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def resolve_command(
        self, context: click.Context, arguments: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name = arguments[0]
        if name in LATER:
            raise Failure(f"`netdoc {name}` is not in this version: a later one brings {LATER[name]}")
        if name not in COMMANDS and _strangers(name) is None:
            raise Failure(*_unknown(name))
        return super().resolve_command(context, arguments)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])
        from netdoc.engine.plugins import listed

        others = [(one.id, f"from {one.package}") for one in listed("netdoc.commands") if one.id not in COMMANDS]
        if others:
            with formatter.section("Commands of other packages"):
                formatter.write_dl(others)


def _strangers(name: str) -> click.Command | None:
    """A command of another package (entry point `netdoc.commands`); None where there is none of that name.

    Raises Failure for one that cannot be loaded. What it raises itself is told with its package's name.
    """
    from netdoc.engine.plugins import Broken, find, load

    entry = find("netdoc.commands", name)
    if entry is None:
        return None
    if isinstance(entry, Broken):
        raise Failure(f"command {name} of {entry.package} could not be loaded: {entry.reason}")
    try:
        command = load(entry)
        if not isinstance(command, click.Command):
            raise TypeError(f"{entry.path} is {type(command).__name__}, not a click.Command")
    except Exception as error:
        told = f"command {name} of {entry.package} could not be loaded: {type(error).__name__}: {error}"
        raise Failure(told) from error
    return Guarded(command, entry.package)


class Questions(click.Group):
    """A command's questions, each a file that is imported when it is asked. `asked` is as COMMANDS above."""

    def __init__(self, *arguments: Any, asked: dict[str, tuple[str, str]], **settings: Any) -> None:
        super().__init__(*arguments, **settings)
        self._asked = asked

    def list_commands(self, context: click.Context) -> list[str]:
        return list(self._asked)

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        if name not in self._asked:
            return None
        module, _, attribute = self._asked[name][0].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Questions"):
            formatter.write_dl([(name, text) for name, (_, text) in self._asked.items()])


class Guarded(click.Command):
    """A stranger's command: what it raises ends in one line that names its package."""

    def __init__(self, command: click.Command, package: str) -> None:
        super().__init__(command.name, help=command.help, short_help=command.short_help, add_help_option=False)
        self._command = command
        self._package = package
        self.allow_extra_args = self.ignore_unknown_options = True

    def make_context(
        self, info_name: str | None, args: list[str], parent: click.Context | None = None, **extra: Any
    ) -> click.Context:
        context = self._command.make_context(info_name, args, parent, **extra)
        context.command = self  # click invokes the context's command: this one, so that a failure has a name
        return context

    def invoke(self, context: click.Context) -> Any:
        try:
            return self._command.invoke(context)
        except (click.ClickException, click.exceptions.Exit, click.Abort, Failure, BrokenPipeError):
            raise
        except Exception as error:
            told = f"command {self.name} of {self._package} failed: {type(error).__name__}: {error}"
            raise Failure(told, code=Exit.UNKNOWN) from error


def _opens_app(args: list[str]) -> bool:
    if not args:
        return True
    first = args[0]
    if first.startswith("-"):
        return first not in ("-h", "--help", "--version")
    return first not in COMMANDS and first not in LATER and any(mark in first for mark in "/:. ")


def _unknown(name: str) -> tuple[str, str]:
    import difflib

    near = difflib.get_close_matches(name, [*COMMANDS, *LATER], n=1)
    return f'there is no command "{name}"', f'did you mean "{near[0]}"?' if near else "see netdoc --help"


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, message="%(prog)s %(version)s")
def root() -> None:
    """Says why A cannot reach B in Kubernetes, proves it, and shows the fix.

    \b
    netdoc diagnose svc/web.shop:80 --from deploy/client.shop
    netdoc demo
    """
