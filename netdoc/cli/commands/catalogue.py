"""netdoc checks, codes, explain: what is installed and what it says. Nothing here touches a cluster."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from netdoc.cli.exits import Failure
from netdoc.engine.check import Check
from netdoc.engine.plugins import Broken, all_checks, all_codes
from netdoc.path.kinds import nearest

_FORMATS = ("table", "json", "yaml")


def _output_option(function: Any) -> Any:
    return click.option(
        "-o", "--output", "format_", type=click.Choice(_FORMATS), default="table", help="How to print it."
    )(function)


@click.command()
@_output_option
def checks(format_: str) -> None:
    """Lists the checks that are installed."""
    rows = [_check_row(one) for one in all_checks()]
    _print({"checks": rows}, format_, lambda: _table((row["id"], row["title"]) for row in rows))


@click.command()
@click.argument("area", default="")
@_output_option
def codes(area: str, format_: str) -> None:
    """Lists the finding codes, of one AREA or all."""
    known = all_codes(tuple(one for one in all_checks() if isinstance(one, Check)))
    rows = [_code_row(one) for one in known.values() if not area or one.code.startswith(f"{area}.")]
    if not rows:
        near = nearest(area, {code.split(".")[0] for code in known}, most=1)
        raise Failure(f'there is no area "{area}"', f'did you mean "{near[0]}"?' if near else "")
    _print({"codes": rows}, format_, lambda: _table((r["code"], r["severity"], r["title"]) for r in rows))


@click.command()
@click.argument("what")
@_output_option
def explain(what: str, format_: str) -> None:
    """Tells all about a finding CODE or a CHECK, offline."""
    installed = tuple(one for one in all_checks() if isinstance(one, Check))
    known = all_codes(installed)
    for check in installed:
        if check.id == what:
            row = _check_row(check) | {"codes": [getattr(one, "code", one) for one in check.codes]}
            return _print({"check": row}, format_, lambda: _told(row))
    if what not in known:
        near = nearest(what, [*known, *(one.id for one in installed)], most=1)
        raise Failure(f'there is no code or check "{what}"', f'did you mean "{near[0]}"?' if near else "")
    told = _code_row(known[what]) | _explanation(what)
    _print({"code": told}, format_, lambda: _told(told))


def _explanation(code: str) -> dict[str, Any]:
    from netdoc.model.explanations import explanation

    found = explanation(code)
    return msgspec.to_builtins(found) if found is not None else {}


def _check_row(check: Check | Broken) -> dict[str, Any]:
    if isinstance(check, Broken):
        return {"id": check.id, "title": f"could not be loaded: {check.reason}", "broken": True}
    return {"id": check.id, "title": check.title}


def _code_row(code: Any) -> dict[str, Any]:
    row: dict[str, Any] = msgspec.to_builtins(code)
    return row


def _print(data: dict[str, Any], format_: str, draw: Any) -> None:
    if format_ == "table":
        click.echo(draw())
    elif format_ == "json":
        click.echo(msgspec.json.encode({"apiVersion": "netdoc/v1"} | data, order="sorted"))
    else:
        click.echo(msgspec.yaml.encode({"apiVersion": "netdoc/v1"} | data, order="sorted"), nl=False)


def _table(rows: Any) -> str:
    """Columns as wide as their longest cell, the last one ragged."""
    cells = [tuple(str(cell) for cell in row) for row in rows]
    widths = [max(len(row[at]) for row in cells) for at in range(len(cells[0]))] if cells else []
    return "\n".join("  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells)


def _told(row: dict[str, Any]) -> str:
    """A code or check as a person reads it: each part under its name."""
    return "\n".join(f"{name}: {_value(value)}" for name, value in row.items() if value not in ("", [], None))


def _value(value: Any) -> str:
    if isinstance(value, list):
        return "".join(f"\n  {_value(one)}" for one in value)
    if isinstance(value, dict):
        return "; ".join(f"{_value(one)}" for one in value.values())
    return str(value)
