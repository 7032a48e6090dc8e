"""A sheet of text: prose wrapped with hanging indents, commands folded only where the sheet ends."""

from __future__ import annotations

from textual.content import Content

from netdoc.report.page import cells, wrap
from netdoc.tui.draw.style import STYLES

LABEL = 11
"""Columns that the label of a field takes."""


class Sheet:
    """Collects lines for a width in columns. Text given to it is inert already; it is never read as markup."""

    def __init__(self, width: int) -> None:
        self.width = max(width, 24)
        self.lines: list[Content] = []

    @property
    def content(self) -> Content:
        while self.lines and not self.lines[-1].plain:
            self.lines.pop()
        return Content("\n").join(self.lines)

    def gap(self) -> None:
        if self.lines and self.lines[-1].plain:
            self.lines.append(Content(""))

    def heading(self, text: str, style: str = "strong", aside: str = "") -> None:
        self.gap()
        self.lines.append(ink((text, style), (f"  {aside}" if aside else "", "faint")))

    def prose(self, text: str, *, indent: int = 0, lead: str = "", lead_style: str = "", style: str = "") -> None:
        hang = indent + cells(lead)
        for number, line in enumerate(wrap(text, max(self.width - hang, 12)) or [""]):
            start = (" " * indent, ""), (lead, lead_style)
            self.lines.append(ink(*(start if number == 0 else ((" " * hang, ""),)), (line, style)))

    def field(self, label: str, text: str, *, style: str = "") -> None:
        self.prose(text, indent=2, lead=label.ljust(LABEL), lead_style="faint", style=style)

    def block(self, text: str, *, indent: int = 2, style: str = "", most: int = 12) -> None:
        lines = text.split("\n")
        for line in lines[:most]:
            self.prose(line, indent=indent, style=style)
        if len(lines) > most:
            self.prose(f"{len(lines) - most} more lines", indent=indent, style="faint")

    def command(self, text: str, *, indent: int = 2) -> None:
        """Folded for the eye only: what is copied is the whole line."""
        self.prose(text, indent=indent, lead="$ ", lead_style="faint", style="command")

    def line(self, *parts: tuple[str, str]) -> None:
        """A line as it stands, cut where the sheet ends."""
        self.lines.append(ink(*parts).truncate(self.width, ellipsis=True))


def ink(*parts: tuple[str, str]) -> Content:
    """Parts of text with the names of their styles."""
    return Content.assemble(*((text, STYLES.get(style, style)) for text, style in parts if text))
