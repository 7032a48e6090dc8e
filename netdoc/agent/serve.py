# SPDX-License-Identifier: GPL-2.0-or-later
"""The protocol: one JSON object a line. In {"id", "kind", "parameters"}, out {"id", "result"} or {"id", "error"}.

The first line out is {"ready": {...}} with the kinds that this agent measures. Questions run beside each other
and are answered as they finish. The agent ends when its input does, and leaves nothing behind.
"""

from __future__ import annotations

import json
import platform
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import IO, Any

from . import connect, exchange, lookup
from .parameters import BadParameters, Measure

VERSION = 1
WORKERS = 32
KINDS: dict[str, Measure] = {
    "dns": exchange.measure,
    "libc": lookup.measure,
    "tcp": connect.measure,
}


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
    measure = KINDS.get(str(question.get("kind")))
    if measure is None:
        return {"id": id_, "error": f"there is no measurement {question.get('kind')!r}"}
    parameters = question.get("parameters")
    try:
        return {"id": id_, "result": measure(parameters if isinstance(parameters, dict) else {})}
    except BadParameters as wrong:
        return {"id": id_, "error": str(wrong)}
    except Exception as error:  # an agent that dies takes every other answer with it
        return {"id": id_, "error": f"{type(error).__name__}: {error}"}
