"""Connections: each endpoint's tries, and who refused them."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from netdoc.model.record import Gap
from tests.agent.conftest import Ask


@contextlib.contextmanager
def listening(backlog: int = 16, host: str = "127.0.0.1") -> Iterator[int]:
    with socket.create_server((host, 0), backlog=backlog) as server:
        yield server.getsockname()[1]


def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
    return port


async def rows(ask: Ask, *ports: int, **parameters: Any) -> list[dict[str, Any]]:
    endpoints = [{"address": "127.0.0.1", "port": port} for port in ports]
    result = await ask("tcp", endpoints=endpoints, **{"timeout": 0.3, **parameters})
    assert isinstance(result, dict), result
    table: list[dict[str, Any]] = result["endpoints"]
    return table


async def test_one_closed_endpoint_among_open_ones_stands_out(ask: Ask) -> None:
    with listening() as one, listening() as two:
        table = await rows(ask, one, free(), two, repeat=5)
    assert [(row["attempts"], row["failures"]) for row in table] == [(5, 0), (5, 5), (5, 0)]
    assert {one["failure"]["kind"] for one in table[1]["tries"]} == {"refused"}


async def test_an_endpoint_that_takes_nobody_more_times_out(ask: Ask) -> None:
    """A full backlog: the kernel drops the SYN without a word."""
    with listening(backlog=0) as port, contextlib.ExitStack() as stack:
        for _ in range(4):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        table = await rows(ask, port)
    assert table[0]["tries"][0]["failure"]["kind"] == "timeout"


async def test_an_open_one_tells_both_ends(ask: Ask) -> None:
    with listening() as port:
        told = (await rows(ask, port))[0]["tries"][0]
    assert told["to"] == f"127.0.0.1:{port}"
    assert told["from"].startswith("127.0.0.1:")


@pytest.mark.parametrize(
    "endpoints",
    [
        [],
        "x",
        [7],
        [{"address": "example.com", "port": 1}],
        [{"address": "127.0.0.1"}],
        [{"address": "127.0.0.1", "port": 0}],
        [{"address": "127.0.0.1", "port": "80"}],
    ],
)
async def test_what_is_no_endpoint_is_refused(ask: Ask, endpoints: Any) -> None:
    assert isinstance(await ask("tcp", endpoints=endpoints), Gap)
