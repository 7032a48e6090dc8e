"""Notes: events of the run, whole after a kill, without secrets, and gone with the run."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from netdoc.journal import notes, reader
from netdoc.journal.redaction import MARK
from tests.calling import netdoc
from tests.journal.conftest import journals


def ended(state: Path) -> Path:
    netdoc("diagnose", "--demo=crash-loop", "-o", "short")
    (path,) = journals(state)
    return path


def note(path: Path, text: str) -> None:
    notes.add(path, notes.noted(path.stem, text, len(reader.read(path).events) + 1))


def test_a_note_after_the_end_is_the_next_event_and_the_run_stays_ended(own_state: Path) -> None:
    path = ended(own_state)
    note(path, "rolled back by hand")
    note(path, "told the team")
    story = reader.read(path)
    assert [one.text for one in story.notes] == ["rolled back by hand", "told the team"]
    assert [one.seq for one in story.events] == list(range(1, len(story.events) + 1))
    assert reader.last(path) == story.end is not None
    assert netdoc("runs", "list", "-o", "json").json["runs"][0]["state"] == "finished"
    assert "told the team" in netdoc("runs", "show", "latest").out


def test_the_end_is_found_behind_any_number_of_notes(own_state: Path) -> None:
    path = ended(own_state)
    for _ in range(8):
        note(path, "x" * 3990)
    assert path.stat().st_size > 2 * reader.TAIL
    assert reader.last(path) is not None


@pytest.mark.parametrize("format_", ["table", "markdown", "html", "json", "jsonl", "yaml"])
def test_every_report_of_the_run_holds_it(format_: str, own_state: Path) -> None:
    note(ended(own_state), "rolled back by hand <b>")
    shown = netdoc("report", "latest", "-o", format_).out
    assert "rolled back by hand" in shown
    assert format_ != "html" or "<b>" not in shown
    assert "rolled back by hand" in netdoc("replay", "latest", "-o", "json").out


def test_no_secret_is_kept_in_a_note(own_state: Path) -> None:
    path = ended(own_state)
    note(path, "curl -H 'Authorization: Bearer abcdef0123456789abcdef' worked")
    assert "abcdef0123456789abcdef" not in path.read_text()
    assert MARK in reader.read(path).notes[0].text


def test_a_note_in_a_run_that_was_killed_as_it_wrote_stands_on_a_line_of_its_own(own_state: Path) -> None:
    path = ended(own_state)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    told = len(reader.read(path).events)
    note(path, "it hung here")
    story = reader.read(path)
    assert len(story.events) == told + 1
    assert story.notes[0].text == "it hung here"
    assert reader.last(path) is None
    assert "it hung here" in netdoc("report", "latest", "-o", "json").out


def test_nothing_is_made_for_a_run_that_is_not_kept(own_state: Path) -> None:
    own_state.mkdir(parents=True)
    lost = notes.noted("20261123T000000Z-abcdef", "lost", 1)
    with pytest.raises(FileNotFoundError):
        notes.add(own_state / "20261123T000000Z-abcdef.jsonl", lost)
    assert list(own_state.iterdir()) == []


@pytest.mark.parametrize("words", [("delete", "latest"), ("prune", "--older-than", "0s")])
def test_with_the_run_everything_of_it_goes(words: tuple[str, ...], own_state: Path) -> None:
    note(ended(own_state), "rolled back by hand")
    assert netdoc("runs", *words).code == 0
    assert list(own_state.iterdir()) == []


def test_an_end_that_was_kept_is_what_the_journal_says(own_state: Path) -> None:
    path = ended(own_state)
    line = json.loads(path.read_text().splitlines()[-1])
    end = reader.last(path)
    assert end is not None
    assert end.headline == line["end"]["headline"]
    assert end.at <= datetime.now(UTC)
