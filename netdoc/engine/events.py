"""Events on their way to whoever listens: a table's progress line, jsonl, the journal, the app."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from netdoc.model.event import Event, Name

Listener = Callable[[Event], None]


class Announcer:
    """Numbers events and hands each to every listener, in order."""

    def __init__(self, run: str, listeners: tuple[Listener, ...] = ()) -> None:
        self._run = run
        self._listeners = listeners
        self._seq = 0

    def __call__(self, event: Name, **content: Any) -> None:
        self._seq += 1
        told = Event(event=event, at=datetime.now(UTC), run=self._run, seq=self._seq, **content)
        for listener in self._listeners:
            listener(told)
