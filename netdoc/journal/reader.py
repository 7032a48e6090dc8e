"""Reads a run back: whatever of it is there, and what of it cannot be read."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec

from netdoc.cluster.recorded import encode_answer
from netdoc.journal.entries import VERSION, Answer, End, Head
from netdoc.model.event import Event
from netdoc.model.record import Ask, Gap, Record
from netdoc.model.report import Note, Report

TAIL = 16 * 1024
"""Bytes at the end of a journal in which its last line stands."""


class Unreadable(Exception):
    """No run can be made of the file; the message says why."""


class Story(msgspec.Struct, frozen=True, kw_only=True):
    """A run as it was kept. `unread` says what of it could not be read."""

    path: Path
    head: Head
    now: datetime | None = None
    answers: dict[Ask, bytes] = {}
    past: dict[Ask, Record] = {}
    digests: tuple[Answer, ...] = ()
    events: tuple[Event, ...] = ()
    end: End | None = None
    unread: tuple[str, ...] = ()

    @property
    def report(self) -> Report | None:
        """The report with which the run ended, with what was noted since; None where it was cut short."""
        told = next((one.report for one in reversed(self.events) if one.report is not None), None)
        return msgspec.structs.replace(told, notes=self.notes) if told and self.notes else told

    @property
    def notes(self) -> tuple[Note, ...]:
        return tuple(Note(at=one.at, text=one.note) for one in self.events if one.event == "noted")

    @property
    def given_answers(self) -> dict[str, str]:
        """What was answered to the playbook's questions. A consent is given for its own run alone."""
        answered = [one.question for one in self.events if one.event == "answered" and "step" in one.question]
        return {str(one["step"]): str(one["answer"]) for one in answered}


class _Line(msgspec.Struct):
    """Any line; of a kind that this netdoc does not know, nothing."""

    now: datetime | None = None
    answer: msgspec.Raw = msgspec.Raw()
    event: msgspec.Raw = msgspec.Raw()
    end: msgspec.Raw = msgspec.Raw()


def read(path: Path) -> Story:
    """Raises Unreadable where there is no head, or one of a later format; OSError as open does."""
    lines = path.read_bytes().split(b"\n")
    head = _head(path, lines[0])
    unread: list[str] = []
    parts: dict[str, list[Any]] = {"now": [], "answer": [], "event": [], "end": []}
    if lines[-1]:
        unread.append("its last line was cut short")
    for number, text in enumerate(lines[1:-1], start=2):
        kind, value = _line(text)
        if kind in parts:
            parts[kind].append(value)
        else:
            unread.append(f"line {number}: {value}")
    return Story(
        path=path,
        head=head,
        now=next(iter(parts["now"]), None),
        answers={one.record.ask: _value(one) for one in parts["answer"]},
        past={one.record.ask: one.record for one in parts["answer"]},
        digests=tuple(one for one in parts["answer"] if one.digest),
        events=tuple(parts["event"]),
        end=next(iter(parts["end"]), None),
        unread=tuple(unread),
    )


def _head(path: Path, text: bytes) -> Head:
    try:
        version = msgspec.json.decode(text, type=dict[str, dict[str, Any]])["head"]["journal"]
    except (msgspec.MsgspecError, UnicodeDecodeError, KeyError, RecursionError) as error:
        raise Unreadable(f"{path} is no journal of netdoc: its first line is not a head") from error
    if not isinstance(version, int) or version > VERSION:
        raise Unreadable(f"{path} is in format {version}; this netdoc reads up to {VERSION}: use a newer one")
    try:
        return _HEADS.decode(text)["head"]
    except msgspec.ValidationError as error:
        raise Unreadable(f"{path}: its head cannot be read: {error}") from error


# Built once, here: msgspec must not come to know a type in two threads at the same time.
_HEADS = msgspec.json.Decoder(dict[str, Head])
"""Made while this is imported: msgspec looks into a type when it first meets it, and two threads that meet one at once
(the app reads heads, which hold playbooks, while it reads a playbook) end the process."""
_LINES = msgspec.json.Decoder(_Line)
_DECODERS: dict[str, msgspec.json.Decoder[Any]] = {
    "answer": msgspec.json.Decoder(Answer),
    "event": msgspec.json.Decoder(Event),
    "end": msgspec.json.Decoder(End),
}


def _line(text: bytes) -> tuple[str, Any]:
    """The kind of a line and what it holds; ("", why) for one that cannot be read."""
    try:
        line = _LINES.decode(text)
        if line.now is not None:
            return "now", line.now
        for kind, decoder in _DECODERS.items():
            raw = getattr(line, kind)
            if bytes(raw):
                return kind, decoder.decode(raw)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        return "", str(error)
    return "", "this netdoc knows no such line"


def _value(answer: Answer) -> bytes:
    """The encoded answer; of one that was too large to be kept, that it is not known."""
    if answer.digest:
        what = f"{answer.record.ask.verb} {answer.record.ask.resource}"
        detail = f"not recorded: {answer.size} bytes were too many to keep"
        return encode_answer(Gap(what=what, reason="incomplete", detail=detail))
    return bytes(answer.value)


def first(path: Path) -> Head:
    """The head alone. Raises Unreadable, OSError."""
    with path.open("rb") as file:
        return _head(path, file.readline().rstrip(b"\n"))


def last(path: Path) -> End | None:
    """How the run ended, from the end of its file; None where it was cut short. Raises OSError."""
    size, tail = path.stat().st_size, TAIL
    with path.open("rb") as file:
        while True:
            file.seek(max(0, size - tail))
            lines = file.read().split(b"\n")[1 if tail < size else 0 : -1]
            before = next((one for one in map(_line, reversed(lines)) if not _is_note(one)), None)
            if before is not None or tail >= size:
                return before[1] if before is not None and before[0] == "end" else None
            tail *= 2


def _is_note(line: tuple[str, Any]) -> bool:
    """Notes may come after the end."""
    return line[0] == "event" and line[1].event == "noted"


def is_running(path: Path) -> bool:
    """Whether somebody is writing it now. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


def all_heads(paths: Iterator[Path]) -> Iterator[tuple[Path, Head | str]]:
    """Each file with its head, or with why there is none."""
    for path in paths:
        try:
            yield path, first(path)
        except (Unreadable, OSError) as error:
            yield path, str(error)
