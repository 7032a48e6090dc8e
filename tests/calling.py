"""Calls netdoc as a user would: in this process, which is quick, or in one of its own."""

from __future__ import annotations

import contextlib
import io
import json
import subprocess
import sys
from typing import Any

import msgspec

from netdoc.cli.entry import run


class Answer(msgspec.Struct, frozen=True):
    """What a command said and how it ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        data: dict[str, Any] = json.loads(self.out)
        return data


def netdoc(*arguments: str) -> Answer:
    """The command in this process, its stdout and stderr being pipes."""
    out, err = _stream(), _stream()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = run(["netdoc", *arguments])
    return Answer(code, _text(out), _text(err))


def _stream() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    raw = stream.detach()
    raw.seek(0)
    text: str = raw.read().decode()
    return text


def netdoc_alone(*arguments: str, env: dict[str, str] | None = None) -> Answer:
    """The command in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "netdoc", *arguments], capture_output=True, text=True, env=env, timeout=60, check=False
    )
    return Answer(done.returncode, done.stdout, done.stderr)


def report(*arguments: str) -> tuple[dict[str, Any], int]:
    """The JSON report of a command, and its exit code."""
    answer = netdoc(*arguments, "-o", "json")
    assert answer.out, answer.err
    return answer.json, answer.code


def causes(report: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    """(code, kind, namespace, name) of the root causes, the most likely first."""
    by_id = {one["id"]: one for one in report["findings"]}
    found = [by_id[id_] for id_ in report["rootCauses"]]
    return [
        (one["code"], one["object"]["kind"], one["object"].get("namespace", ""), one["object"]["name"]) for one in found
    ]
