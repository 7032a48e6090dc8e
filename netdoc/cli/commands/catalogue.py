"""netdoc checks, codes, explain: what is installed and what it says. Nothing here touches a cluster."""

from __future__ import annotations

import typing
from collections.abc import Callable, Iterable
from typing import Any

import click
import msgspec

from netdoc.cli.exits import Failure
from netdoc.cli.options import completed, list_options
from netdoc.engine.check import Check, Read
from netdoc.engine.plugins import Broken, all_checks, all_codes, listed
from netdoc.model.finding import Code
from netdoc.path.kinds import nearest

_FORMATS = ("table", "json", "yaml")


def output_option(function: Any) -> Any:
    """-o, and what every command takes."""
    form = click.option(
        "-o", "--output", "format_", type=click.Choice(_FORMATS), default="table", help="How to print it."
    )
    return form(list_options(function))


@click.command()
@output_option
def checks(format_: str) -> None:
    """Lists the checks that are installed."""
    rows = [_check_row(one) for one in all_checks()]
    printed({"checks": rows}, format_, lambda: table((row["id"], row["title"]) for row in rows))


@click.command()
@click.argument("area", default="")
@output_option
def codes(area: str, format_: str) -> None:
    """Lists the finding codes, of one AREA or all."""
    known = all_codes(_installed())
    rows = [_code_row(one) for one in known.values() if not area or one.code.startswith(f"{area}.")]
    if not rows:
        near = nearest(area, {code.split(".")[0] for code in known}, most=1)
        raise Failure(f'there is no area "{area}"', f'did you mean "{near[0]}"?' if near else "")
    printed({"codes": rows}, format_, lambda: table((r["code"], r["severity"], r["title"]) for r in rows))


@click.command()
@click.argument("what", shell_complete=completed("explained"))
@click.option("--playbooks", metavar="DIR", default="", envvar="NETDOC_PLAYBOOKS", help="A folder with playbooks.")
@output_option
def explain(what: str, playbooks: str, format_: str) -> None:
    """Tells all about a finding CODE, a CHECK or a PLAYBOOK, offline."""
    from netdoc.cli import prose

    installed = _installed()
    known = all_codes(installed)
    found = next((check for check in installed if check.id == what), None)
    if what in known:
        row = _code_row(known[what]) | _explanation(known[what]) | _reporters(what, installed)
        printed({"code": row}, format_, lambda: prose.code_text(row))
    elif found is not None:
        row = _whole_check(found, known)
        printed({"check": row}, format_, lambda: prose.check_text(row))
    else:
        _playbook(what, playbooks, format_, [*known, *(one.id for one in installed)])


def _playbook(what: str, folder: str, format_: str, others: list[str]) -> None:
    from netdoc.cli import prose
    from netdoc.cli.plays import named
    from netdoc.engine.playbooks.find import sources
    from netdoc.engine.plugins import find_check

    names = sources(folder)
    if what not in names:
        near = nearest(what, [*others, *names], most=1)
        mend = f'did you mean "{near[0]}"?' if near else "netdoc codes, checks and playbooks list them"
        raise Failure(f'there is no code, check or playbook "{what}"', mend)
    playbook = named(what, folder)
    printed({"playbook": msgspec.to_builtins(playbook)}, format_, lambda: prose.playbook_text(playbook, find_check))


def _installed() -> tuple[Check, ...]:
    return tuple(one for one in all_checks() if isinstance(one, Check))


def _explanation(code: Code) -> dict[str, Any]:
    """netdoc's own words for its codes, the author's for theirs."""
    from netdoc.model.explanations import explanation

    found = explanation(code.code) or code.explanation
    return msgspec.to_builtins(found) if found is not None else {}


def _reporters(code: str, installed: Iterable[Check]) -> dict[str, Any]:
    checks = [one.id for one in installed if code in _names(one)]
    return {"checks": checks} if checks else {}


def _names(check: Check) -> list[str]:
    return [one.code if isinstance(one, Code) else one for one in check.codes]


def _check_row(check: Check | Broken) -> dict[str, Any]:
    if isinstance(check, Broken):
        return {"id": check.id, "title": f"could not be loaded: {check.reason}", "broken": True}
    return {"id": check.id, "title": check.title}


def _whole_check(check: Check, known: dict[str, Code]) -> dict[str, Any]:
    package = next((one.package for one in listed("netdoc.checks") if one.id == check.id), "")
    return _check_row(check) | {
        "package": package,
        "doc": dict(check.doc),
        "hops": list(check.hops),
        "consents": list(check.consents),
        "parameters": [_parameter(field) for field in msgspec.structs.fields(check.parameters)],
        "reads": [_read(one) for one in check.reads],
        "codes": [{"code": name, "title": known[name].title if name in known else ""} for name in _names(check)],
        "rules": [msgspec.to_builtins(rule) for rule in check.rules],
    }


def _read(read: Read) -> dict[str, Any]:
    place = read.kind.KIND
    return {"resource": place.plural, "verbs": list(read.verbs)} | ({"group": place.group} if place.group else {})


def _parameter(field: msgspec.structs.FieldInfo) -> dict[str, Any]:
    kind: Any = field.type
    extras: list[Any] = []
    if typing.get_origin(kind) is typing.Annotated:
        kind, *extras = typing.get_args(kind)
    row: dict[str, Any] = {"name": field.name, "type": getattr(kind, "__name__", str(kind)), "required": field.required}
    if field.default is not msgspec.NODEFAULT:
        row["default"] = msgspec.to_builtins(field.default)
    docs = [one.description for one in extras if isinstance(one, msgspec.Meta) and one.description]
    return row | ({"doc": docs[0]} if docs else {})


def _code_row(code: Code) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins(code)
    row.pop("explanation", None)
    return row


def printed(data: dict[str, Any], format_: str, draw: Callable[[], str]) -> None:
    """Prints data in one of three ways: drawn for a person, or whole."""
    if format_ == "table":
        click.echo(draw())
        return
    from netdoc.report.json import indented
    from netdoc.report.yaml import document

    whole = {"apiVersion": "netdoc/v1"} | data
    click.echo(indented(whole) if format_ == "json" else document(whole), nl=False)


def table(rows: Iterable[tuple[Any, ...]]) -> str:
    """Columns as wide as their longest cell, the last one ragged."""
    from netdoc.report.inert import line

    cells = [tuple(line(str(cell)) for cell in row) for row in rows]
    widths = [max(len(row[at]) for row in cells) for at in range(len(cells[0]))] if cells else []
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells)
