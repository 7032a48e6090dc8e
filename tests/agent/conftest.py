"""The agent as a process of its own: nothing imports it, the tests neither."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest_asyncio

from netdoc.model.record import Gap
from netdoc.ports import Measurement
from netdoc.vantage.agent import LocalAgent

Ask = Callable[..., Awaitable[Any]]


@pytest_asyncio.fixture
async def agent() -> AsyncIterator[LocalAgent]:
    running = LocalAgent()
    yield running
    await running.close()


@pytest_asyncio.fixture
async def ask(agent: LocalAgent) -> Ask:
    async def asking(kind: str, **parameters: Any) -> dict[str, Any] | Gap:
        return await agent.measure(Measurement(kind=kind, parameters=parameters))

    return asking
