"""Notes that are made when a run has ended, or has been cut short: events that are added to its journal."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from netdoc.journal.redaction import redacted
from netdoc.model.event import Event
from netdoc.report.inert import data

MOST = 4000
"""Characters of a note."""


def noted(run: str, text: str, seq: int) -> Event:
    """The note as an event, without secrets. `seq` is the number after the run's last event."""
    return redacted(Event(event="noted", at=datetime.now(UTC), run=run, seq=seq, note=text[:MOST]))


def add(path: Path, note: Event) -> None:
    """Writes it in one piece at the end of a journal that is there. Raises OSError."""
    fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CLOEXEC)
    try:
        size = os.fstat(fd).st_size
        cut = b"" if size == 0 or os.pread(fd, 1, size - 1) == b"\n" else b"\n"  # a run that was killed as it wrote
        line = cut + msgspec.json.encode(data({"event": note})) + b"\n"
        if os.write(fd, line) < len(line):
            raise OSError(28, os.strerror(28))  # ENOSPC: a disk takes a part when it takes no more
    finally:
        os.close(fd)
