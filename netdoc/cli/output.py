"""Writes reports: data to stdout and files, progress to stderr."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from typing import TextIO

from netdoc.cli.exits import Exit, Failure
from netdoc.cli.options import OutputOptions
from netdoc.model.event import Event
from netdoc.model.report import Report

PIPE_WIDTH = 100


class Writer:
    """Draws one report in every format asked for; jsonl is written event by event while the run goes on."""

    def __init__(self, options: OutputOptions) -> None:
        self._options = options
        self._streams: dict[str, TextIO] = {}
        self.listeners: tuple[Callable[[Event], None], ...] = tuple(self._listening())

    def _listening(self) -> list[Callable[[Event], None]]:
        listeners: list[Callable[[Event], None]] = []
        for format_, file in self._options.outputs:
            stream = self._open(file)
            if format_ == "jsonl":
                listeners.append(lambda event, stream=stream: _event_line(event, stream))  # type: ignore[misc]
        if self._options.verbose:
            listeners.append(_tell_observed)
        if sys.stderr.isatty() and not self._options.quiet:
            from netdoc.report.progress import Progress

            listeners.append(Progress(sys.stderr))
        return listeners

    def write(self, report: Report) -> None:
        """Draws what is drawn at the end, and closes every file: a report is the last thing that is written."""
        from netdoc.report import render

        for format_, file in self._options.outputs:
            if format_ == "jsonl":
                continue
            stream = self._open(file)
            text = render(report, format_, width=width(stream), color=self._colored(stream))
            _put(stream, text, file or "stdout")
        for file, stream in self._streams.items():
            _put(stream, "", file)
            stream.close()

    def _open(self, file: str) -> TextIO:
        """stdout, or the file, opened before the run so that a path that cannot be written costs nothing."""
        if not file:
            return sys.stdout
        if file not in self._streams:
            try:
                self._streams[file] = open(file, "w", encoding="utf-8")  # noqa: SIM115  lives as long as the run
            except OSError as error:
                raise Failure(f"cannot write {file}: {error.strerror}") from error
        return self._streams[file]

    def _colored(self, stream: TextIO) -> bool:
        return colored(stream, self._options.color)

    def note(self, *texts: str) -> None:
        """What is to be said beside the report: on stderr, one line each, inert."""
        from netdoc.report.inert import line

        for text in texts if not self._options.quiet else ():
            print(f"netdoc: {line(text)}", file=sys.stderr)


def _put(stream: TextIO, text: str, name: str) -> None:
    """Writes all of it. A disk that is full is said; a reader that went away is nobody's mistake."""
    try:
        stream.write(text)
        stream.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        raise Failure(f"cannot write {name}: {error.strerror}", code=Exit.UNKNOWN) from error


def width(stream: TextIO) -> int:
    """The terminal's width, COLUMNS where set, 100 on a pipe."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    return shutil.get_terminal_size((PIPE_WIDTH, 24)).columns if stream.isatty() else PIPE_WIDTH


def colored(stream: TextIO, choice: str) -> bool:
    """NO_COLOR counts where it is not empty (no-color.org)."""
    if choice != "auto":
        return choice == "always"
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _tell_observed(event: Event) -> None:
    from netdoc.cli.reading import tell

    if event.record is not None:
        tell(event.record)


def _event_line(event: Event, stream: TextIO) -> None:
    from netdoc.report.jsonl import line

    stream.write(line(event))
    stream.flush()
