"""Hostile strings, and a way to plant one in every string field of a report."""

from __future__ import annotations

import re
import types
import typing
import unicodedata
from typing import Any, Literal, TypeVar

import msgspec

from netdoc.model.report import Report
from tests.report import reports

T = TypeVar("T")

SHAPES = {
    "csi": "\x1b[2J\x1b[31mred",
    "osc-title": "\x1b]0;owned\x07",
    "osc-clipboard": "\x1b]52;c;cm0gLXJmIC8=\x1b\\",
    "osc-link": "\x1b]8;;http://evil.example\x1b\\click\x1b]8;;\x1b\\",
    "dcs": '\x1bP$q"p\x1b\\',
    "c1": "\x9b31m\x9d0;owned\x9c\x85",
    "c0": "\x00\x07\x08\x08\x0b\x0c\x0e\x7f",
    "carriage-return": "bad\rPASS",
    "newlines": "one\n\n# FAIL\r\n- item\n\ttwo\u2028three\u2029four",
    "bidi": "\u202egnp.exe\u202c \u2066x\u2069\u061c\u200f",
    "zero-width": "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg\u034fh\u3164i",
    "tags": "\U000e0001\U000e0041\U000e007f",
    "surrogate": "half \ud83d of \udc00 one",
    "zalgo": "z" + "\u0301" * 30,
    "rich": "[bold red]FAIL[/] [link=http://evil.example]x[/link]",
    "markdown": "[x](http://evil.example) ![i](http://evil.example/i) *b* _i_ `c` **b** ~~s~~ # h > q | a | b |",
    "fences": "```\n```` \n# out\n~~~",
    "autolinks": "http://evil.example www.evil.example me@evil.example @everyone #1 :tada: <http://e.example>",
    "html": "<script>alert(1)</script><img src=x onerror=alert(1)>&lt;b&gt;<!-- --><br>",
    "attribute": '" onmouseover="alert(1)" \' x=\'',
    "cdata": "]]><x/><![CDATA[&xxe;",
    "yaml": "- a: b\n  ? c\n&x *x !!python/object:os.system ---\n%YAML",
    "list": "1. one - + * 2) ---",
    "wide": "漢字 👩‍👩‍👧 ⚠️",
}

FORBIDDEN_RANGES = "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"


def plant(value: T, text: str) -> T:
    """Every free string with `text` behind it. References stay whole, since all of them change alike."""
    return _planted(value, None, text)


def _planted(value: T, hint: Any, text: str) -> T:
    made: Any = value
    if isinstance(value, str):
        made = value if _is_literal(hint) else value + text
    elif isinstance(value, msgspec.Struct):
        hints = typing.get_type_hints(type(value))
        made = type(value)(**{name: _planted(getattr(value, name), hints[name], text) for name in hints})
    elif isinstance(value, tuple):
        made = tuple(_planted(one, None, text) for one in value)
    elif isinstance(value, dict):
        made = {key + text: _planted(one, None, text) for key, one in value.items()}
    return made  # type: ignore[no-any-return]


def _is_literal(hint: Any) -> bool:
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        return any(_is_literal(one) for one in typing.get_args(hint))
    return typing.get_origin(hint) is Literal


def everything() -> Report:
    """A failing report with something in every part that a report has."""
    typo, many = reports.selector_typo(), reports.forty_endpoints()
    evidence = tuple(msgspec.structs.replace(one, data={"rtt": [{"ms": "1"}]}, attempts=3) for one in typo.evidence)
    made = msgspec.structs.replace(typo, comparisons=many.comparisons, evidence=evidence)
    return filled(msgspec.structs.replace(made, root_causes=("F2", "F1")))


def uncertain() -> Report:
    """An unknown report: its parts stand in another order."""
    return filled(reports.refused())


PLANTED_IN = (everything, uncertain)


def filled(report: Report) -> Report:
    """The report with every optional string field given: an empty one shows nothing and would prove nothing."""
    return _filled(report, None)


def _filled(value: Any, hint: Any) -> Any:
    if isinstance(value, str):
        return value or ("" if _is_literal(hint) else "x")
    if isinstance(value, msgspec.Struct):
        hints = typing.get_type_hints(type(value))
        return type(value)(**{name: _filled(getattr(value, name), hints[name]) for name in hints})
    if isinstance(value, tuple):
        return tuple(_filled(one, None) for one in value)
    return value


def active(output: str) -> list[str]:
    """The characters in an output that a terminal or a reader would act on or not see."""
    return sorted({ascii(char) for char in output if _acts(char)})


def _acts(char: str) -> bool:
    if char == "\n":
        return False
    return (
        unicodedata.category(char) in ("Cc", "Cf", "Cs", "Zl", "Zp")
        or char in FORBIDDEN_RANGES
        or "\ufe00" <= char <= "\ufe0f"
        or "\U000e0000" <= char <= "\U000e0fff"
    )


def uncolored(output: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", output)
