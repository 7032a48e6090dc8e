"""netdoc check ID: a single check, its parameters as options."""

from __future__ import annotations

import typing
from typing import Any

import click
import msgspec

from netdoc.cli import options
from netdoc.cli.asking import asked
from netdoc.cli.exits import Exit, Failure
from netdoc.engine.check import Check
from netdoc.engine.playbooks.model import Step, single
from netdoc.engine.plugins import Broken, find_check, listed
from netdoc.path.kinds import nearest

_TYPES: dict[object, type] = {str: str, int: int, float: float, bool: bool}


class Checks(click.Group):
    """Each installed check is a command, built when it is called."""

    def list_commands(self, context: click.Context) -> list[str]:
        return [entry.id for entry in listed("netdoc.checks")]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        found = find_check(name)
        if found is None:
            near = nearest(name, self.list_commands(context), most=1)
            raise Failure(f'there is no check "{name}"', f'did you mean "{near[0]}"?' if near else "see netdoc checks")
        if isinstance(found, Broken):
            raise Failure(f"check {name} of {found.package} could not be loaded: {found.reason}")
        return command_for(found)

    def format_commands(self, context: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Checks"):
            formatter.write_dl([(name, "") for name in self.list_commands(context)])


@click.group(cls=Checks, subcommand_metavar="ID [TARGET] [OPTIONS]")
def check() -> None:
    """Runs a single check. `netdoc checks` lists them, `netdoc check ID --help` tells its options."""


def command_for(check: Check) -> click.Command:
    """The click command of a check: the shared options and one for each of its parameters."""

    def run(**given: Any) -> Exit:
        from netdoc.cli.session import conduct
        from netdoc.report import FORMATS

        where, limits = options.where(given), options.run(given)
        output = options.output(given, tuple(FORMATS))
        chosen = {name: value for name, value in given.items() if name in names and value is not None}
        step = Step(id=check.id, check=check.id, title=check.title, with_=chosen)
        return conduct(asked(given, where, limits, playbook=single(step)), where, limits, output)

    own = [_option(field) for field in msgspec.structs.fields(check.parameters)]
    names = {field.name for field in msgspec.structs.fields(check.parameters)}
    shared = (options.target_argument, options.from_option, options.where_options, options.run_options)
    body: Any = run
    for decorate in reversed((*shared, options.output_options)):  # as decorators do: the last is laid on first
        body = decorate(body)
    command = click.command(name=check.id, help=check.title)(body)
    command.params.extend(own)
    return command


def _option(field: msgspec.structs.FieldInfo) -> click.Option:
    """An option from a declared parameter: its type, default and doc (msgspec.Meta(description=...))."""
    kind, doc = _type_and_doc(field.type)
    flag = "--" + field.name.replace("_", "-")
    return click.Option([flag], type=_TYPES.get(kind, str), is_flag=kind is bool, default=None, help=doc)


def _type_and_doc(annotation: Any) -> tuple[Any, str]:
    if typing.get_origin(annotation) is typing.Annotated:
        kind, *extras = typing.get_args(annotation)
        docs = [extra.description for extra in extras if isinstance(extra, msgspec.Meta) and extra.description]
        return kind, docs[0] if docs else ""
    return annotation, ""
