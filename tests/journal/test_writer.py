"""Where the journal cannot be written the run goes on; where it can, it is its owner's alone."""

from __future__ import annotations

import json
import os
import resource
import stat
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from netdoc.journal import entries, reader
from tests.calling import Answer, netdoc, netdoc_alone
from tests.journal.conftest import journals


def test_a_run_is_its_owners_alone(own_state: Path) -> None:
    netdoc("diagnose", "--demo=crash-loop", "-o", "short")
    (path,) = journals(own_state)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(own_state.stat().st_mode) == 0o700
    assert stat.S_IMODE(own_state.parent.stat().st_mode) == 0o700


def test_an_open_folder_is_closed(own_state: Path) -> None:
    own_state.mkdir(parents=True, mode=0o777)
    os.chmod(own_state, 0o777)
    netdoc("diagnose", "--demo=crash-loop", "-o", "short")
    assert stat.S_IMODE(own_state.stat().st_mode) == 0o700


def test_no_journal(own_state: Path) -> None:
    assert netdoc("diagnose", "--demo=crash-loop", "--no-journal", "-o", "json").json["status"] == "fail"
    assert not own_state.exists()


def test_where_no_folder_can_be_made_the_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/proc/version/none")
    answer = netdoc("diagnose", "--demo=crash-loop", "-o", "json")
    assert answer.code == 1
    assert answer.json["status"] == "fail"
    assert answer.err.count("this run is not kept") == 1
    assert "/proc/version" in answer.err


def test_a_full_disk_is_said_once_and_the_run_goes_on(own_state: Path) -> None:
    def small() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (9000, 9000))

    done = subprocess.run(
        [sys.executable, "-m", "netdoc", "diagnose", "--demo=crash-loop", "-o", "json"],
        capture_output=True, text=True, timeout=60, check=False, preexec_fn=small,
    )  # fmt: skip
    assert done.returncode == 1
    assert json.loads(done.stdout)["status"] == "fail"
    assert done.stderr.count("this run is not kept") == 1
    story = reader.read(journals(own_state)[0])
    assert story.end is None
    assert story.events


def test_two_runs_at_once_do_not_meet(own_state: Path) -> None:
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: netdoc_alone("diagnose", "--demo=crash-loop", "-o", "json"), range(4)))
    ids = {one.json["run"]["id"] for one in answers}
    assert len(ids) == 4
    assert {path.stem for path in journals(own_state)} == ids
    for path in journals(own_state):
        story = reader.read(path)
        assert not story.unread
        assert {event.run for event in story.events} == {story.head.run}
        assert [event.seq for event in story.events] == list(range(1, len(story.events) + 1))


def test_answers_are_pruned_to_known_fields_and_say_which(diagnosed: Callable[..., Answer], own_state: Path) -> None:
    diagnosed()
    lines = [json.loads(line) for line in journals(own_state)[0].read_text().splitlines()]
    answers = [one["answer"] for one in lines if "answer" in one]
    pods = [one["value"] for one in answers if one["record"]["ask"]["resource"] == "pods" and one["value"].get("items")]
    assert pods
    assert "spec.nodeName" in pods[0]["fields"]
    assert all("managedFields" not in item["metadata"] for one in pods for item in one["items"])


def test_an_answer_too_large_is_kept_by_digest_and_that_is_said(
    diagnosed: Callable[..., Answer], own_state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netdoc.journal.writer.LARGEST", 3000)
    before = diagnosed("-o", "json")
    story = reader.read(journals(own_state)[0])
    assert story.digests
    assert all(len(one.digest) == 64 and one.size > 3000 for one in story.digests)
    assert "by digest" in netdoc("runs", "show", "latest").out
    again = netdoc("replay", "latest", "-o", "json")
    assert again.json["status"] in ("unknown", "fail")
    assert any("too many to keep" in one.get("detail", "") for one in again.json["notChecked"])
    assert not again.json["compared"]["recovered"], before.out


def test_a_reader_says_what_it_cannot_read(own_state: Path) -> None:
    netdoc("diagnose", "--demo=crash-loop")
    (path,) = journals(own_state)
    lines = path.read_bytes().split(b"\n")
    path.write_bytes(b"\n".join([lines[0], b'{"hologram": 1}', b"\xff\xfe", *lines[1:-2], lines[-2][:20]]))
    story = reader.read(path)
    assert len(story.unread) == 3
    assert story.report is not None
    shown = netdoc("runs", "show", "latest")
    assert "cut short" in shown.out
    assert "line 2" in shown.out


def test_a_later_format_is_refused_by_its_number(own_state: Path) -> None:
    netdoc("diagnose", "--demo=crash-loop")
    (path,) = journals(own_state)
    text = path.read_text().replace('"journal":1', f'"journal":{entries.VERSION + 1}', 1)
    path.write_text(text)
    answer = netdoc("report", "latest")
    assert answer.code == 2
    assert f"format {entries.VERSION + 1}" in answer.err
    assert "unreadable" in netdoc("runs", "list").out


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"{}", b"[1]", b'{"head": 3}\n', b'{"head": {"journal": 1}}\n', b"\0" * 100]
)
def test_what_is_no_journal_is_no_crash(content: bytes, own_state: Path) -> None:
    own_state.mkdir(parents=True)
    path = own_state / "20261123T000000Z-abcdef.jsonl"
    path.write_bytes(content)
    with pytest.raises(reader.Unreadable):
        reader.read(path)
    assert netdoc("runs", "list").code == 0
    assert netdoc("runs", "show", "latest").code == 2


def test_the_head_tells_all_that_is_needed_to_ask_again(diagnosed: Callable[..., Answer], own_state: Path) -> None:
    diagnosed("--since", "3h", "--repeat", "5")
    head = reader.read(journals(own_state)[0]).head
    assert (head.since, head.repeat) == (10800.0, 5)
    assert head.playbook.name == "connectivity"
    assert [one.input for one in head.sources] == ["deploy/client.shop"]
    assert msgspec.json.decode(msgspec.json.encode(head), type=entries.Head) == head
