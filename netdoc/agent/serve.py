# SPDX-License-Identifier: GPL-2.0-or-later
"""The protocol: one JSON object a line. In {"id", "kind", "parameters"}, out {"id", "result"} or {"id", "error"}.

The first line out is {"ready": {...}} with the kinds that this agent measures. Questions run beside each other
and are answered as they finish. The agent ends when its input does, and leaves nothing behind.
"""

from __future__ import annotations

import importlib
import json
import platform
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from .parameters import BadParameters, Measure

VERSION = 1
WORKERS = 32
KINDS = {
    "dns": "exchange",
    "getaddrinfo": "names",
    "libc": "lookup",
    "tcp": "connect",
}
"""The module of each measurement. Loaded when it is asked for."""


def main() -> int:
    return serve(sys.stdin, sys.stdout)


def serve(source: IO[str], sink: IO[str]) -> int:
    lock = threading.Lock()

    def write(message: dict[str, Any]) -> None:
        with lock:
            sink.write(json.dumps(message, ensure_ascii=True, sort_keys=True) + "\n")
            sink.flush()

    write({"ready": {"version": VERSION, "kinds": sorted(KINDS), "python": platform.python_version()}})
    pool = ThreadPoolExecutor(WORKERS)
    try:
        for line in source:
            if line.strip():
                pool.submit(lambda text: write(answer(text)), line)
    finally:
        pool.shutdown(wait=True)
    return 0


def answer(line: str) -> dict[str, Any]:
    """Total: whatever comes in, one object goes out."""
    try:
        question = json.loads(line)
    except ValueError as error:
        return {"id": None, "error": f"not JSON: {error}"}
    if not isinstance(question, dict):
        return {"id": None, "error": "not a JSON object"}
    id_ = question.get("id")
    kind, parameters = str(question.get("kind")), question.get("parameters")
    if kind not in KINDS:
        return {"id": id_, "error": f"there is no measurement {kind!r}"}
    try:
        return {"id": id_, "result": _measure(kind)(parameters if isinstance(parameters, dict) else {})}
    except BadParameters as wrong:
        return {"id": id_, "error": str(wrong)}
    except Exception as error:  # an agent that dies takes every other answer with it
        return {"id": id_, "error": f"{type(error).__name__}: {error}"}


def _measure(kind: str) -> Measure:
    measure: Measure = importlib.import_module(f".{KINDS[kind]}", __package__).measure
    return measure
