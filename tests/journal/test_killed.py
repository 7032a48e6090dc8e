"""kill -9 at any moment: what was shown is kept, and the run can be read, reported, resumed."""

from __future__ import annotations

import fcntl
import json
import os
import random
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from netdoc.journal import reader
from tests.calling import netdoc
from tests.cluster.conftest import write_kubeconfig
from tests.fakes.apiserver import ApiServer
from tests.journal.conftest import ASKED, documents, journals

MOMENTS = 50
F_SETPIPE_SZ = 1031
"""A pipe of one page makes the run wait for its reader: what it has shown is what was read."""


def killed_after(count: int, state: Path, *arguments: str) -> bytes:
    """Everything that a run showed which was killed when so many bytes had been read of it."""
    read, write = os.pipe()
    fcntl.fcntl(write, F_SETPIPE_SZ, 4096)
    env = os.environ | {"XDG_STATE_HOME": str(state)}
    command = [sys.executable, "-m", "netdoc", *arguments, "-o", "jsonl"]
    process = subprocess.Popen(command, stdout=write, stderr=subprocess.DEVNULL, env=env)
    os.close(write)
    shown = b""
    with os.fdopen(read, "rb", buffering=0) as pipe:
        while len(shown) < count and (part := pipe.read(min(512, count - len(shown)))):
            shown += part
        process.send_signal(signal.SIGKILL)
        while part := pipe.read(65536):
            shown += part
    process.wait(30)
    return shown


def told(lines: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.split(b"\n")[:-1]]


@pytest.fixture
def whole(tmp_path: Path) -> int:
    """How many bytes a run shows that nobody kills."""
    return len(killed_after(1 << 30, tmp_path / "whole", "diagnose", "--demo=crash-loop"))


@pytest.mark.timeout(400)
def test_fifty_moments(tmp_path: Path, whole: int) -> None:
    moments = random.Random(6).sample(range(1, whole), MOMENTS)

    def one(number: int) -> int:
        state = tmp_path / str(number)
        shown = told(killed_after(moments[number], state, "diagnose", "--demo=crash-loop"))
        (path,) = journals(state / "netdoc" / "runs")
        kept = [json.loads(line)["event"] for line in path.read_bytes().split(b"\n")[:-1] if b'{"event"' in line[:9]]
        lost = [event for event in shown if event not in kept]
        assert not lost, f"killed after {moments[number]} bytes: {len(lost)} of {len(shown)} events lost"
        story = reader.read(path)
        assert story.head.target is not None
        return len(shown)

    with ThreadPoolExecutor(3) as pool:
        counts = list(pool.map(one, range(MOMENTS)))
    assert len(set(counts)) > 5, "the moments were not spread over the run"


def test_answers_are_kept_before_they_are_told_of(tmp_path: Path) -> None:
    with ApiServer(documents("crash-loop")) as server:
        config = str(write_kubeconfig(tmp_path / "config", server.url))
        shown = told(killed_after(6000, tmp_path / "state", "diagnose", *ASKED, "--kubeconfig", config))
    (path,) = journals(tmp_path / "state" / "netdoc" / "runs")
    observed = {one["record"]["id"] for one in shown if one["event"] == "observed"}
    assert observed
    assert observed <= {record.id for record in reader.read(path).past.values()}


def test_a_run_cut_short_is_reported_and_resumed(tmp_path: Path, own_state: Path, broken: ApiServer) -> None:
    config = str(write_kubeconfig(tmp_path / "config", broken.url))
    killed_after(9000, own_state.parent.parent, "diagnose", *ASKED, "--kubeconfig", config)
    (path,) = journals(own_state)
    assert netdoc("runs", "list", "-o", "json").json["runs"][0]["state"] == "cut short"
    recorded = len(reader.read(path).answers)
    told_of = netdoc("report", "latest", "-o", "json")
    assert told_of.json["status"] in ("fail", "unknown")
    broken.requests.clear()
    resumed = netdoc("runs", "resume", path.stem, "-o", "json")
    assert resumed.code == 1, resumed.err
    assert {one["code"] for one in resumed.json["findings"]} >= {"pod.crash-looping"}
    listed = [one for one in broken.requests if one.verb in ("get", "list") and one.place.get("resource")]
    assert recorded > 3
    seen = [record.ask for record in reader.read(path).past.values() if record.gap is None]
    asked_before = {(one.verb, one.resource, one.name) for one in seen}
    again = {(one.verb, one.place["resource"], one.place["name"] or "") for one in listed} & asked_before
    assert not {one for one in again if one[0] == "get"}, "what was recorded was asked for again"
    assert netdoc("runs", "list", "-o", "json").json["runs"][0]["resumes"] == path.stem
