"""Measures by the agent against loopback sockets, and tells the result in the network's own addresses.

A packet really leaves, and really is answered, refused or lost, as the objects say that it would be. Only the waiting
is shortened, and that where packets are lost on purpose: what answers may take its time on a busy machine.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import msgspec

from netdoc.demo.apart import Apart
from netdoc.demo.delivery import Caller, fates
from netdoc.demo.doors import HOME, Answering, Doors, Server, place
from netdoc.demo.world import World
from netdoc.model import kube
from netdoc.model.record import Gap
from netdoc.ports.vantage import Measurement
from netdoc.vantage.agent import LocalAgent
from netdoc.vantage.showing import Show, shown

CONNECTED = 0.2  # seconds until a connection is given up
ANSWERED = 0.4  # seconds until a name server that loses packets is given up
PATIENT = 5.0  # seconds until another one is, where nothing else is asked for
AT_ONCE = 512  # connections in one question to the agent

Result = dict[str, Any]
Place = tuple[str, int]


class Loopback:
    def __init__(self, world: World, answering: Answering, show: Show) -> None:
        self._world = world
        self._doors = Doors(answering)
        self._apart = Apart()
        self._show = show
        self._agent = LocalAgent()
        self._told: set[str] = set()
        self._opening = asyncio.Lock()
        self._fronts: dict[tuple[str, tuple[str, ...], int], tuple[int, bool]] = {}

    async def close(self) -> None:
        await self._agent.close()
        if self._apart.running:
            await self._apart.call(self._doors.close())
        await self._apart.close()

    async def connect(self, who: str, caller: Caller, parameters: Mapping[str, Any]) -> Result | Gap:
        """The agent's `tcp`. Each try is a connection of its own, so that a Service's endpoints take turns."""
        places = [(str(one["address"]), int(one["port"])) for one in parameters["endpoints"]]
        repeat = int(parameters.get("repeat", 1))
        doors = [door for one in places for door in await self._doors_of(caller, one, repeat)]
        wait = min(float(parameters.get("timeout", CONNECTED)), CONNECTED)
        await self._tell(who, "tcp", parameters, doors)
        tries: list[Result] = []
        for start in range(0, len(doors), AT_ONCE):
            some = [{"address": HOME, "port": port} for port in doors[start : start + AT_ONCE]]
            result = await self._ask(who, "tcp", {"endpoints": some, "timeout": wait})
            if isinstance(result, Gap):
                return result
            tries += [one["tries"][0] for one in result["endpoints"]]
        rows = [tries[at * repeat : (at + 1) * repeat] for at in range(len(places))]
        return {"endpoints": [_row(caller, one, row) for one, row in zip(places, rows, strict=True)]}

    async def _doors_of(self, caller: Caller, at: Place, repeat: int) -> list[int]:
        turns = [one.outcome for one in fates(self._world, caller, *at)]
        ports = {one: await self._apart.call(self._doors.plain(one)) for one in set(turns)}
        return [ports[turns[number % len(turns)]] for number in range(repeat)]

    async def resolve(
        self, who: str, kind: str, caller: Caller, servers: tuple[str, ...], port: int, parameters: Mapping[str, Any]
    ) -> Result | Gap:
        """The agent's `dns` and `libc`, the name servers being sockets that stand for them."""
        door, loses = await self._front(caller, servers, port)
        names = {place(at): server for at, server in enumerate(servers)}
        where = {"server": place(0)} if kind == "dns" else {"nameservers": list(names)}
        wait = _patience(parameters, loses)
        asked = {"server": servers[0]} if kind == "dns" else {"nameservers": servers}
        await self._tell(who, kind, {**parameters, **asked}, [door])
        result = await self._ask(who, kind, {**parameters, **where, "port": door, "timeout": wait})
        if isinstance(result, Gap):
            return result
        told: Result = translated(result, names)
        return {**told, "port": port} if kind == "dns" else told

    async def _front(self, caller: Caller, servers: tuple[str, ...], port: int) -> tuple[int, bool]:
        """The port at which the servers are met, and whether one of them loses packets."""
        key = (caller.address, servers, port)
        async with self._opening:
            _ = self._world.dns  # read before anybody waits for an answer
            if key not in self._fronts:
                met = [
                    Server(*(fates(self._world, caller, one, port, protocol) for protocol in ("UDP", "TCP")))
                    for one in servers
                ]
                loses = any(fate.outcome == "lost" for one in met for fate in (*one.udp, *one.tcp))
                self._fronts[key] = await self._apart.call(self._doors.name_servers(met)), loses
            return self._fronts[key]

    async def tunnel(self, who: str, server: kube.Pod | None, parameters: Mapping[str, Any]) -> Result | Gap:
        """The agent's `dns` over TCP, to a server through its own localhost."""
        door = await self._apart.call(self._doors.tunnel(server))
        await self._tell(who, "dns", parameters, [door])
        given = {
            **parameters,
            "server": HOME,
            "port": door,
            "transport": "tcp",
            "timeout": _patience(parameters, False),
        }
        return await self._ask(who, "dns", given)

    async def _tell(self, who: str, kind: str, parameters: Mapping[str, Any], doors: list[int]) -> None:
        question = msgspec.json.encode(parameters, order="sorted").decode()
        where = ", ".join(f"{HOME}:{port}" for port in dict.fromkeys(doors))
        said = f"{who} in the demo: {kind} {question}, measured by netdoc/agent on this machine against {where}"
        if said not in self._told:
            await shown(self._show, said)
            self._told.add(said)

    async def _ask(self, who: str, kind: str, parameters: Mapping[str, Any]) -> Result | Gap:
        return await self._agent.measure(Measurement(kind=kind, parameters=dict(parameters)), f"{kind} from {who}")


def _patience(parameters: Mapping[str, Any], loses: bool) -> float:
    return min(float(parameters.get("timeout", PATIENT)), ANSWERED if loses else PATIENT)


def _row(caller: Caller, at: Place, tries: list[Result]) -> Result:
    told = [{**translated(one, {HOME: at[0]}), **_ends(caller, at, one)} for one in tries]
    failures = sum(1 for one in tries if not one["ok"])
    return {"address": at[0], "port": at[1], "attempts": len(tries), "failures": failures, "tries": told}


def _ends(caller: Caller, at: Place, told: Result) -> Result:
    if not told["ok"]:
        return {}
    return {"from": _text(caller.address, int(told["from"].rpartition(":")[2])), "to": _text(*at)}


def _text(address: str, port: int) -> str:
    return f"[{address}]:{port}" if ":" in address else f"{address}:{port}"


def translated(value: Any, names: Mapping[str, str]) -> Any:
    """The same with each loopback address told as the one that it stands for."""
    match value:
        case str():
            for ours, theirs in names.items():
                value = value.replace(ours, theirs)
            return value
        case dict():
            return {key: translated(one, names) for key, one in value.items()}
        case list():
            return [translated(one, names) for one in value]
    return value
