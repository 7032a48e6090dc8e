"""A page of text for a terminal: columns counted as terminals count them, prose wrapped, commands never.

Own code rather than rich: it costs 40 ms to import, and wraps what must be copied whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from unicodedata import category, east_asian_width

if TYPE_CHECKING:
    from netdoc.model.report import CheckStatus

GLYPHS: dict[CheckStatus, str] = {"pass": "✓", "fail": "✗", "warn": "!", "unknown": "?", "skip": "·"}
STYLES = {
    "fail": "1;31",
    "warn": "1;33",
    "pass": "32",
    "unknown": "1;35",
    "skip": "2",
    "strong": "1",
    "faint": "2",
    "command": "36",
}
"""SGR parameters (ECMA-48 8.3.117): the terminal's own palette, so that light and dark backgrounds both work."""

LABEL = 10
"""Columns that the label of a field takes."""


class Page:
    """Collects lines. `width` is in columns; text given to it is inert already."""

    def __init__(self, width: int, color: bool) -> None:
        self.width = width
        self.color = color
        self._lines: list[str] = []

    def __str__(self) -> str:
        return "\n".join(self._lines).strip("\n") + "\n"

    def gap(self) -> None:
        if self._lines and self._lines[-1]:
            self._lines.append("")

    def heading(self, text: str, style: str = "strong") -> None:
        self.gap()
        self.prose(text, style=style)

    def prose(self, text: str, *, indent: int = 0, lead: str = "", lead_style: str = "", style: str = "") -> None:
        """Wrapped text behind a lead; following lines hang below its first word."""
        hang = indent + cells(lead)
        lines = wrap(text, self.width - hang)
        for number, line in enumerate(lines or [""]):
            start = " " * indent + self.ink(lead, lead_style) if number == 0 else " " * hang
            self._lines.append((start + self.ink(line, style)).rstrip())

    def field(self, label: str, text: str, *, label_style: str = "faint", style: str = "") -> None:
        self.prose(text, indent=2, lead=label.ljust(LABEL), lead_style=label_style, style=style)

    def row(self, lead: str, lead_style: str, name: str, text: str, style: str) -> None:
        """A coloured lead, a name in its column, and prose that hangs behind both."""
        hang = 2 + cells(lead) + cells(name) + 2
        for number, line in enumerate(wrap(text, max(self.width - hang, 20)) or [""]):
            start = f"  {self.ink(lead, lead_style)}{name}  " if number == 0 else " " * hang
            self._lines.append((start + self.ink(line, style)).rstrip())

    def command(self, text: str, *, indent: int = 2 + LABEL) -> None:
        """A line of its own, never wrapped: it is there to be copied."""
        self._lines.append(" " * indent + self.ink(text, "command"))

    def ink(self, text: str, style: str) -> str:
        if not (self.color and style and text.strip()):
            return text
        return f"\x1b[{STYLES[style]}m{text}\x1b[0m"


def cells(text: str) -> int:
    """Columns that a terminal gives to inert text (Unicode TR11; marks take none)."""
    if text.isascii():
        return len(text)
    return sum(_cells(char) for char in text)


def wrap(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns, broken between words, and inside only those longer than a line."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if cells(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        *full, line = _pieces(word, width)
        lines.extend(full)
    return [*lines, line] if line else lines


def _pieces(word: str, width: int) -> list[str]:
    pieces, piece, used = [], "", 0
    for char in word:
        if used + _cells(char) > width and piece:
            pieces.append(piece)
            piece, used = "", 0
        piece += char
        used += _cells(char)
    return [*pieces, piece]


def _cells(char: str) -> int:
    if category(char) in ("Mn", "Me"):
        return 0
    return 2 if east_asian_width(char) in ("W", "F") else 1
