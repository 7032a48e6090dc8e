"""Split DNS with packets: BIND holds two views of a name, and the check tells the right ones from the wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
import pytest_asyncio

from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Gap
from netdoc.ports import Measurement, NoVantages, Vantage
from netdoc.vantage.agent import LocalAgent
from netdoc_checks.split import CODES
from tests.checks.split.asking import asked
from tests.servers import configs
from tests.servers.conftest import SERVICE
from tests.servers.daemons import Server

MISMATCH, STALE, _ = CODES


class Asker:
    """The agent, at one server where the question names none. No address that is answered is ever connected to."""

    def __init__(self, name: str, agent: LocalAgent, server: str, port: int) -> None:
        self.name, self._agent, self._place = name, agent, {"server": server, "port": port}

    async def measure(self, measurement: Measurement) -> dict[str, Any] | Gap:
        if measurement.kind != "dns":
            return Gap(what=measurement.kind, reason="not-supported", detail="names are asked alone", blocking=False)
        asked = msgspec.structs.replace(measurement, parameters={**self._place, **measurement.parameters})
        return await self._agent.measure(asked)


class TwoViews(NoVantages):
    def __init__(self, agent: LocalAgent, port: int) -> None:
        self._agent, self._port = agent, port

    def here(self) -> Vantage:
        return Asker("here", self._agent, configs.OUTSIDE, self._port)

    def through(self, pod: ObjectRef, port: int) -> Vantage:
        return Asker(f"port-forward:{pod.namespace}/{pod.name}:{port}", self._agent, configs.INSIDE, self._port)


@pytest_asyncio.fixture
async def vantages(views: Server) -> AsyncIterator[TwoViews]:
    agent = LocalAgent()
    yield TwoViews(agent, views.port)
    await agent.close()


async def told(vantages: TwoViews, views: Server, name: str, source: str) -> Any:
    outside = f"{configs.OUTSIDE}:{views.port}"
    target = f"https://{name}.{configs.ZONE}"
    return await asked(vantages, target=target, source=source, consents=("port-forward",), outside=outside)


@pytest.mark.parametrize(
    ("name", "source", "expected"),
    [
        ("right", "deploy/client.shop", []),
        ("alias", "deploy/client.shop", []),
        ("right", "internet", []),
        ("both", "deploy/client.shop", []),  # nobody's of this cluster
        ("office", "deploy/client.shop", []),
        ("office", "internet", [(MISMATCH, "error", True)]),
        ("hidden", "deploy/client.shop", [(MISMATCH, "error", True)]),
        ("hidden", "internet", []),
        ("private", "internet", [(MISMATCH, "error", True)]),
        ("gone", "deploy/client.shop", [(STALE, "error", True)]),
        ("old", "deploy/client.shop", [(STALE, "warning", False)]),
        ("nobody", "deploy/client.shop", []),
    ],
)
async def test_right_and_wrong_views(
    vantages: TwoViews, views: Server, name: str, source: str, expected: list[tuple[str, str, bool]]
) -> None:
    assert (await told(vantages, views, name, source)).brief == expected


async def test_an_alias_that_a_server_does_not_follow_is_no_view(vantages: TwoViews, views: Server) -> None:
    found = await told(vantages, views, "elsewhere", "internet")
    assert found.findings == ()
    assert ["does not follow" in one.detail for one in found.unjudged] == [True]


async def test_the_evidence_holds_both_answers(vantages: TwoViews, views: Server) -> None:
    found = await told(vantages, views, "gone", "deploy/client.shop")
    inside, outside = (one for one in found.findings[0].evidence if one.kind == "dns")
    assert inside.vantage.startswith("port-forward:kube-system/coredns-")
    assert (inside.data["addresses"], outside.data["addresses"]) == (["10.43.24.141"], ["203.0.113.10"])
    assert 0 < inside.data["ttl"] <= 300
    assert outside.command == f"dig @{configs.OUTSIDE} -p {views.port} gone.{configs.ZONE}"
    assert SERVICE not in found.findings[0].title
