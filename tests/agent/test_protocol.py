"""The agent's protocol: JSON lines, one answer for each, whatever comes in; it ends when its input does."""

from __future__ import annotations

import asyncio
import gc
import json
import subprocess
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdoc.model.record import Gap
from netdoc.ports import Measurement
from netdoc.vantage.agent import PROGRAM, LocalAgent
from tests.agent.conftest import Ask
from tests.agent.servers import answering

COMMAND = [sys.executable, "-I", str(PROGRAM / "__main__.py")]


def told(text: str) -> list[dict[str, Any]]:
    done = subprocess.run(COMMAND, input=text, capture_output=True, text=True, timeout=60, check=True)
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_it_says_what_it_measures_and_ends_with_its_input() -> None:
    lines = told("")
    assert lines[0]["ready"]["kinds"] == ["dns", "getaddrinfo", "libc", "tcp"]
    assert len(lines) == 1


@pytest.mark.parametrize("line", ["x", "[]", "{}", '{"id": 1}', '{"id": 1, "kind": "nothing"}', '{"kind": null}',
                                  '{"id": 1, "kind": "dns", "parameters": 3}', '"\\ud800"', "1e999"])  # fmt: skip
def test_a_line_that_is_no_question_is_answered_with_an_error(line: str) -> None:
    ready, answer = told(line + "\n")
    assert "ready" in ready
    assert answer["error"]


@settings(max_examples=5, deadline=None)
@given(st.lists(st.text(st.characters(blacklist_characters="\n\r", codec="utf-8")), max_size=30))
def test_any_lines_are_answered(lines: list[str]) -> None:
    wanted = sum(1 for one in "\n".join(lines).split("\n") if one.strip())
    answers = told("\n".join(lines) + "\n")[1:]
    assert len(answers) >= min(wanted, 1)
    assert all("error" in one for one in answers)


async def test_questions_run_beside_each_other(ask: Ask) -> None:
    many = await asyncio.gather(*(ask("getaddrinfo", name="localhost") for _ in range(20)))
    assert all(one["failures"] == 0 for one in many)


async def test_an_agent_that_dies_is_a_gap_for_who_waits() -> None:
    agent, loop, arrived = LocalAgent(), asyncio.get_running_loop(), asyncio.Event()

    def told_of(query: object, octets: bytes) -> list[bytes]:
        loop.call_soon_threadsafe(arrived.set)
        return []

    with answering(told_of) as port:
        given = {"server": "127.0.0.1", "port": port, "name": "a.example.", "timeout": 30.0}
        waiting = asyncio.ensure_future(agent.measure(Measurement(kind="dns", parameters=given)))
        await asyncio.wait_for(arrived.wait(), 30)
        await agent.close()
        result = await waiting
    assert isinstance(result, Gap)


async def test_an_agent_that_dies_while_it_is_asked_leaves_no_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    agent, complaints = LocalAgent(), list[dict[str, Any]]()
    name = Measurement(kind="getaddrinfo", parameters={"name": "localhost"})
    assert isinstance(await agent.measure(name), dict)

    async def drain(writer: asyncio.StreamWriter) -> None:
        agent._fail("the agent ended")
        raise ConnectionResetError("Connection lost")

    monkeypatch.setattr(asyncio.StreamWriter, "drain", drain)
    asyncio.get_running_loop().set_exception_handler(lambda loop, context: complaints.append(context))
    assert isinstance(await agent.measure(name), Gap)
    await agent.close()
    gc.collect()
    assert complaints == []
