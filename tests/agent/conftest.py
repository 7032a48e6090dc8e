"""The agent as a process of its own: nothing imports it, the tests neither."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest
import pytest_asyncio

from netdoc.model.record import Gap
from netdoc.ports import Measurement
from netdoc.vantage.agent import LocalAgent

Ask = Callable[..., Awaitable[Any]]


class Bare(LocalAgent):
    """Without anything installed, as in a container: the standard library alone."""

    OPTIONS = ("-I", "-S")


@pytest_asyncio.fixture(params=[LocalAgent, Bare], ids=["dnspython", "bare"])
async def agent(request: pytest.FixtureRequest) -> AsyncIterator[LocalAgent]:
    running: LocalAgent = request.param()
    yield running
    await running.close()


@pytest_asyncio.fixture
async def ask(agent: LocalAgent) -> Ask:
    async def asking(kind: str, **parameters: Any) -> dict[str, Any] | Gap:
        return await agent.measure(Measurement(kind=kind, parameters=parameters))

    return asking
