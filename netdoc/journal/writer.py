"""Writes a run down as it happens. Each line is handed to the kernel whole before anybody is shown it."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable
from datetime import datetime
from typing import Any

import msgspec

from netdoc.cluster.recorded import encode_answer
from netdoc.journal import place
from netdoc.journal.entries import LARGEST, Answer, End, Head
from netdoc.journal.redaction import redacted, redacted_answer
from netdoc.model.event import Event
from netdoc.model.record import Record
from netdoc.report.inert import data

Complain = Callable[[str], None]


class Journal:
    """One run's file. A disk that is full or read-only is said once, and the run goes on without."""

    def __init__(self, head: Head, complain: Complain) -> None:
        self._complain = complain
        self._fd: int | None = None
        self._now: datetime | None = None
        self._answers = head.where.type not in ("snapshot", "demo")
        try:
            place.prepare()
            path = place.file_of(head.run)
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
            self._fd = os.open(path, flags, 0o600)
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)  # held while the run lives: see reader.is_running
        except OSError as error:
            self._give_up(error)
        self._write({"head": redacted(head)})

    def observed(self, record: Record, answer: Any) -> None:
        """Keeps an answer. A snapshot's and the demo's objects are kept by the digest of the whole, in the head."""
        if self._fd is None or not (self._answers or record.ask.verb == "measure"):
            return
        value = redacted_answer(encode_answer(answer))
        if len(value) > LARGEST:
            kept = Answer(record=redacted(record), digest=hashlib.sha256(value).hexdigest(), size=len(value))
        else:
            kept = Answer(record=redacted(record), value=msgspec.Raw(value))
        self._write({"answer": kept})

    def now(self, now: datetime) -> None:
        if self._now is None:
            self._now = now
            self._write({"now": now})

    def __call__(self, event: Event) -> None:
        """Keeps an event, which is redacted already: it goes to every listener as one."""
        self._write({"event": event})

    def end(self, end: End) -> None:
        self._write({"end": redacted(end)})
        self.close()

    def close(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def _write(self, line: dict[str, Any]) -> None:
        if self._fd is None:
            return
        text = msgspec.json.encode(data(line)) + b"\n"
        try:
            written = os.write(self._fd, text)
            if written < len(text):
                raise OSError(28, os.strerror(28))  # ENOSPC: a disk takes a part when it takes no more
        except OSError as error:
            self._give_up(error)

    def _give_up(self, error: OSError) -> None:
        where = error.filename or place.folder()
        self._complain(f"this run is not kept: {error.strerror} ({where}); it goes on without a journal")
        self.close()
