"""Prints the lines of an answer: inert, and with their first words in colour where that is wanted."""

from __future__ import annotations

import sys
from collections.abc import Iterable

import click

from netdoc.report.inert import LINE, line
from netdoc.report.page import STYLES

LEADS = {
    "ALLOWED": "pass", "DENIED": "fail", "NOT KNOWN": "unknown", "NOT ASKED": "unknown",
    "✓ PASS": "pass", "✓ OK  ": "pass", "✗ FAIL": "fail", "· NOTE": "faint",
    "✗": "fail", "!": "warn", "·": "faint",
    "+ allowed": "pass", "- denied ": "fail", "? unknown": "unknown",
}  # fmt: skip
"""How a line may begin, and the style of what it says; the longer beginning stands first."""


def show(lines: Iterable[str], color: str, *, limit: int = LINE) -> None:
    """`color` as --color has it. Colour changes looks, never content."""
    from netdoc.cli.output import colored

    inked = colored(sys.stdout, color)
    for text in lines:
        plain = line(text, limit)
        click.echo(_inked(plain) if inked else plain, color=inked)


def _inked(text: str) -> str:
    body = text.lstrip(" ")
    lead = next((one for one in LEADS if body.startswith(one)), "")
    space = text[: len(text) - len(body)]
    return f"{space}\x1b[{STYLES[LEADS[lead]]}m{lead}\x1b[0m{body[len(lead) :]}" if lead else text
