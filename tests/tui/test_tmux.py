"""The real program in a real terminal (tmux), from start to report."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

LIMIT = 100.0
"""Seconds for the whole way: a busy machine takes its time to import."""


class Terminal:
    """A tmux server of its own, with one window."""

    def __init__(self, home: Path) -> None:
        self._socket = str(home / "tmux")
        self.home = home
        self._end = time.monotonic() + LIMIT

    def tmux(self, *words: str) -> str:
        command = ["tmux", "-S", self._socket, "-f", os.devnull, *words]
        return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False).stdout

    def start(self, *words: str) -> None:
        surroundings = {
            "HOME": str(self.home),
            "XDG_STATE_HOME": str(self.home / "state"),
            "XDG_CONFIG_HOME": str(self.home / "config"),
            "PATH": os.environ["PATH"],
            "LANG": "C.UTF-8",
        }
        command = ["env", "-i", *(f"{name}={value}" for name, value in surroundings.items()), "TERM=screen-256color"]
        command += [sys.executable, "-m", "netdoc", *words]
        self.tmux("new-session", "-d", "-x", "100", "-y", "30", "-c", str(self.home), *command)

    def screen(self) -> str:
        return self.tmux("capture-pane", "-p")

    def keys(self, *keys: str) -> None:
        for key in keys:
            self.tmux("send-keys", key)

    def wait_for(self, text: str) -> str:
        while text not in (shown := self.screen()):
            assert time.monotonic() < self._end, f"{text!r} did not come:\n{shown}"
        return shown

    @property
    def runs(self) -> bool:
        return bool(self.tmux("list-sessions"))


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Terminal]:
    if shutil.which("tmux") is None:
        pytest.skip("tmux is not installed")
    there = Terminal(tmp_path)
    yield there
    there.tmux("kill-server")


def test_from_start_to_report(terminal: Terminal) -> None:
    terminal.start("--demo=selector-typo")
    terminal.wait_for("What hurts?")
    terminal.wait_for("answers")
    terminal.keys("svc/web.shop:80")
    terminal.wait_for("understood: Service web.shop, port 80")
    terminal.keys("Enter", "deploy/client.shop", "Enter")
    shown = terminal.wait_for("ROOT CAUSE")
    assert "✗ FAIL" in shown
    assert "svc web:80" in shown
    terminal.keys("e")
    terminal.wait_for("Write the report")
    terminal.keys("Enter")
    terminal.wait_for("written")
    (report,) = terminal.home.glob("netdoc-*.md")
    assert "service.selector-no-match" in report.read_text()
    terminal.keys("C-q")
    while terminal.runs:
        assert time.monotonic() < terminal._end, terminal.screen()
    (journal,) = (terminal.home / "state" / "netdoc" / "runs").glob("*.jsonl")
    assert '"end"' in journal.read_text().splitlines()[-1]


def test_a_target_is_asked_at_once(terminal: Terminal) -> None:
    terminal.start("svc/web.shop:80", "--from", "deploy/client.shop", "--demo=selector-typo")
    assert "demo selector-typo" in terminal.wait_for("ROOT CAUSE")
    terminal.keys("C-q")
    while terminal.runs:
        assert time.monotonic() < terminal._end, terminal.screen()
