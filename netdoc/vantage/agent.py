"""The agent on this machine: a process of its own that is asked in JSON lines (see netdoc/agent/serve.py)."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Any

import msgspec

from netdoc.model.record import Gap
from netdoc.ports.vantage import Measurement

PROGRAM = Path(__file__).resolve().parent.parent / "agent"
LONGEST_LINE = 1 << 24
PATIENCE = 120.0  # seconds that one measurement may take, its repetitions included


class LocalAgent:
    """Started at the first question, ended by `close`. Questions run beside each other."""

    OPTIONS: tuple[str, ...] = ("-I",)

    def __init__(self) -> None:
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._starting = asyncio.Lock()
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._next = 0

    async def measure(self, measurement: Measurement, what: str = "") -> dict[str, Any] | Gap:
        """The agent's result. A question that it refuses, and its own death, are gaps."""
        what = what or f"measure {measurement.kind} from here"
        try:
            answer = await asyncio.wait_for(self._ask(measurement), PATIENCE)
        except TimeoutError:
            return Gap(what=what, reason="timeout", detail=f"the measurement did not end within {PATIENCE:g} s")
        except (OSError, ConnectionError) as error:
            return Gap(what=what, reason="not-supported", detail=f"the agent does not run: {error}")
        if "error" in answer:
            return Gap(what=what, reason="not-supported", detail=str(answer["error"]))
        result: dict[str, Any] = answer.get("result", {})
        return result

    async def close(self) -> None:
        """End the process; it ends by itself when its input does."""
        if self._process is None:
            return
        if self._reader is not None:
            self._reader.cancel()
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._fail("the agent was ended")

    async def _ask(self, measurement: Measurement) -> dict[str, Any]:
        async with self._starting:
            if self._process is None:
                await self._start()
        assert self._process is not None
        assert self._process.stdin is not None
        self._next += 1
        id_ = self._next
        future: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting[id_] = future
        try:
            question = {"id": id_, "kind": measurement.kind, "parameters": measurement.parameters}
            self._process.stdin.write(msgspec.json.encode(question) + b"\n")
            await self._process.stdin.drain()
            return await future
        finally:
            self._waiting.pop(id_, None)
            if future.done() and not future.cancelled():
                future.exception()  # one that ended while the question was being written is nobody's news

    async def _start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self.OPTIONS,
            str(PROGRAM / "__main__.py"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=LONGEST_LINE,
        )
        self._reader = asyncio.ensure_future(self._read(self._process))

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        with contextlib.suppress(ValueError):  # a line beyond the limit: the agent writes none
            while line := await process.stdout.readline():
                self._settle(line)
        self._fail("the agent ended")

    def _settle(self, line: bytes) -> None:
        try:
            answer = msgspec.json.decode(line, type=dict[str, Any])
        except msgspec.DecodeError:
            return
        future = self._waiting.get(answer.get("id", 0) or 0)
        if future is not None and not future.done():
            future.set_result(answer)

    def _fail(self, why: str) -> None:
        for future in self._waiting.values():
            if not future.done():
                future.set_exception(ConnectionError(why))
