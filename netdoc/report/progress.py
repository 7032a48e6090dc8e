"""Progress on stderr: one line, drawn again with each event, gone at the end.

Only where a person watches (a terminal, not -q): a log gets no spinner. Nothing turns by itself either; the line
moves when something happened, and a screen reader is not kept busy.
"""

from __future__ import annotations

from collections.abc import Callable
from shutil import get_terminal_size
from typing import TextIO

from netdoc.model.event import Event
from netdoc.report import inert
from netdoc.report.page import cells

_CLEAR = "\r\x1b[K"
"""Back to the first column, erase to the end (ECMA-48 EL)."""


class Progress:
    """Takes a run's events; draws what the run is at. Safe to feed when it is off."""

    def __init__(self, stream: TextIO, *, quiet: bool = False, columns: Callable[[], int] | None = None) -> None:
        self._stream = stream
        self._on = not quiet and stream.isatty()
        self._columns = columns or (lambda: get_terminal_size().columns)
        self._doing: dict[str, str] = {}
        self._reads = 0
        self._found = 0
        self._drawn = False

    def __call__(self, event: Event) -> None:
        if not self._on:
            return
        self._take(event)
        if event.event == "run.finished":
            self.close()
        else:
            self._draw()

    def close(self) -> None:
        """Leave the line as it was found. May be called twice."""
        if self._drawn:
            self._write(_CLEAR)
            self._drawn = False

    def _take(self, event: Event) -> None:
        if event.check and event.event == "step.started":
            self._doing[event.check.id] = event.check.title
        elif event.check and event.event == "step.finished":
            self._doing.pop(event.check.id, None)
        elif event.event == "observed":
            self._reads += 1
        elif event.event == "found":
            self._found += 1

    def _draw(self) -> None:
        doing = ", ".join(self._doing.values()) or "Reading the path"
        found = f", {self._found} found" if self._found else ""
        text = inert.line(f"{doing} ({self._reads} reads{found})")
        self._write(_CLEAR + _fit(text, self._columns() - 1))
        self._drawn = True

    def _write(self, text: str) -> None:
        self._stream.write(text)
        self._stream.flush()


def _fit(text: str, columns: int) -> str:
    """Cut, never wrapped: a second line could not be taken back."""
    if cells(text) <= columns:
        return text
    while text and cells(text) > columns - 1:
        text = text[:-1]
    return f"{text}…"
