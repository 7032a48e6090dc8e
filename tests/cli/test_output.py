"""Where reports go: stdout is data, files are written, messages go to stderr, colour to terminals alone."""

from __future__ import annotations

import json
import os
import pty
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from netdoc.report import FORMATS
from tests.calling import netdoc
from tests.report.hostile import uncolored

BROKEN = ("diagnose", "--demo=crash-loop")
LIMIT = 60


def plain(text: str) -> str:
    """Without what differs from run to run: its id, its times, how long it took, and what it was called with."""
    text = re.sub(r"\d{8}T\d{6}Z-[0-9a-f]{6}", "RUN", text)
    text = re.sub(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d[.\d]*Z?", "TIME", text)
    text = re.sub(r"\b\d+ ms\b|\d+\.\d+ s\b", "SPAN", text)
    text = re.sub(r"(\"?duration_?ms\"?['\"]?: ?)\d+", r"\1N", text, flags=re.I)
    text = re.sub(r"time=\"[\d.]+\"", "SPAN", text)
    return text


def written(format_: str, path: Path) -> str:
    answer = netdoc(*BROKEN, "-q", "-o", f"{format_}={path}")
    assert answer.code == 1
    assert answer.out == ""
    return path.read_text()


@pytest.mark.parametrize("format_", [one for one in FORMATS if one not in ("json", "yaml", "jsonl", "sarif")])
def test_a_file_holds_what_the_pipe_shows(format_: str, tmp_path: Path) -> None:
    shown = netdoc(*BROKEN, "-o", format_)
    assert (shown.code, shown.err) == (1, "")
    path = tmp_path / "report"
    assert _same(plain(written(format_, path)), plain(shown.out), str(path), format_)


def _same(one: str, other: str, path: str, format_: str) -> bool:
    """The command line is part of a report, and differs by the option itself."""
    one = one.replace(f"{format_}={path}", format_).replace("-q ", "")
    return one == other.replace("-q ", "")


@pytest.mark.parametrize("format_", ["json", "yaml", "sarif"])
def test_data_in_a_file_is_the_data_on_the_pipe(format_: str, tmp_path: Path) -> None:
    def read(text: str) -> Any:
        return yaml.safe_load(text) if format_ == "yaml" else json.loads(text)

    shown, kept = read(netdoc(*BROKEN, "-o", format_).out), read(written(format_, tmp_path / "report"))
    assert shown.keys() == kept.keys()
    for key in ("findings", "path", "rootCauses", "status", "headline", "runs"):
        if key != "runs":
            assert shown.get(key) == kept.get(key)


def test_several_formats_at_once(tmp_path: Path) -> None:
    files = {one: tmp_path / one for one in ("json", "yaml", "markdown", "html", "jsonl", "junit", "sarif", "short")}
    outputs = [word for one, path in files.items() for word in ("-o", f"{one}={path}")]
    answer = netdoc(*BROKEN, "-o", "table", *outputs)
    assert answer.code == 1
    assert "crash-looping" in answer.out
    assert all("crash-looping" in path.read_text() for path in files.values())


def test_jsonl_ends_with_the_report() -> None:
    lines = [json.loads(one) for one in netdoc(*BROKEN, "-o", "jsonl").out.splitlines()]
    assert [one["seq"] for one in lines] == list(range(1, len(lines) + 1))
    assert (lines[0]["event"], lines[-1]["event"]) == ("run.started", "run.finished")
    assert lines[-1]["report"]["status"] == "fail"
    assert {"step.started", "found", "observed", "step.finished"} <= {one["event"] for one in lines}
    found = {one["finding"]["id"] for one in lines if one["event"] == "found"}
    assert {one["id"] for one in lines[-1]["report"]["findings"]} <= found
    assert len({one["run"] for one in lines}) == 1


def test_nothing_but_data_on_stdout_and_nothing_on_stderr() -> None:
    answer = netdoc(*BROKEN, "-o", "json")
    assert answer.err == ""
    assert answer.json["kind"] == "Report"


# Colour and width


def on_a_terminal(*arguments: str, **env: str) -> str:
    """What a terminal of its own would show, 100 columns wide unless COLUMNS says otherwise."""
    ours, theirs = pty.openpty()
    surroundings = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "COLUMNS", "TERM")}
    process = subprocess.Popen(
        [sys.executable, "-m", "netdoc", *arguments],
        stdout=theirs,
        stderr=subprocess.DEVNULL,
        stdin=subprocess.DEVNULL,
        env=surroundings | {"TERM": "xterm-256color", "COLUMNS": "100"} | env,
    )
    os.close(theirs)
    shown = b""
    while chunk := _read(ours):
        shown += chunk
    os.close(ours)
    process.wait(LIMIT)
    return shown.decode().replace("\r\n", "\n")


def _read(terminal: int) -> bytes:
    try:
        return os.read(terminal, 65536)
    except OSError:  # EIO: the other end is closed (pty(7))
        return b""


def test_a_terminal_shows_the_same_with_colour() -> None:
    shown = on_a_terminal(*BROKEN)
    assert "\x1b[" in shown
    assert plain(uncolored(shown)) == plain(netdoc(*BROKEN).out)


@pytest.mark.parametrize(
    ("arguments", "env"), [((), {"NO_COLOR": "1"}), (("--color", "never"), {}), ((), {"TERM": "dumb"})]
)
def test_no_colour_where_it_is_not_wanted(arguments: tuple[str, ...], env: dict[str, str]) -> None:
    assert "\x1b" not in on_a_terminal(*BROKEN, *arguments, **env)


def test_an_empty_no_color_means_nothing() -> None:
    assert "\x1b[" in on_a_terminal(*BROKEN, NO_COLOR="")


def test_a_pipe_has_no_colour_unless_it_is_asked_for() -> None:
    assert "\x1b" not in netdoc(*BROKEN).out
    assert "\x1b[" in netdoc(*BROKEN, "--color", "always").out


@pytest.mark.parametrize("columns", ["72", "80", "140"])
def test_columns(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    lines = [one for one in netdoc(*BROKEN).out.splitlines() if "kubectl" not in one]
    assert max(map(len, lines)) <= int(columns)


@pytest.mark.parametrize("columns", ["", "wide", "0", "-5"])
def test_columns_that_say_nothing(monkeypatch: pytest.MonkeyPatch, columns: str) -> None:
    expected = plain(netdoc(*BROKEN).out)
    monkeypatch.setenv("COLUMNS", columns)
    assert plain(netdoc(*BROKEN).out) == expected
