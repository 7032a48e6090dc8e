"""A tunnel to a port on localhost inside a pod. The agent measures through a listener on this machine's loopback.

It skips Service, network and policy: it proves that the process answers inside its own pod, and makes no hop pass.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from typing import Any

from netdoc.cluster.streams import Streams, Tunnel
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Gap
from netdoc.ports.vantage import Measurement
from netdoc.vantage.agent import LocalAgent
from netdoc.vantage.showing import Show, shown

CHUNK = 1 << 16
CLOSING = 2.0  # seconds for both ends to say goodbye


class Through:
    def __init__(self, streams: Streams, pod: ObjectRef, port: int, agent: LocalAgent, show: Show) -> None:
        self.name = f"port-forward:{pod.namespace}/{pod.name}:{port}"
        self._streams = streams
        self._pod = pod
        self._port = port
        self._agent = agent
        self._show = show

    async def measure(self, measurement: Measurement) -> dict[str, Any] | Gap:
        """DNS over TCP alone: a tunnel carries no UDP, and accepts a connection whether or not anybody listens."""
        what = f"{measurement.kind} through {self.name}"
        if measurement.kind != "dns":
            detail = "through a tunnel DNS over TCP is measured alone"
            return Gap(what=what, reason="not-supported", detail=detail, blocking=False)
        await shown(self._show, f"a tunnel to {self._pod.namespace}/{self._pod.name}, port {self._port}")
        refused: list[Gap] = []
        pumps: set[asyncio.Task[None]] = set()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                inner = await self._streams.tunnel(self._pod, self._port)
                if isinstance(inner, Gap):
                    refused.append(inner)
                else:
                    await _pump(reader, writer, inner)
            finally:
                writer.close()
                with contextlib.suppress(OSError, ConnectionError):
                    await writer.wait_closed()

        def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(accept(reader, writer))
            pumps.add(task)
            task.add_done_callback(pumps.discard)

        server = await asyncio.start_server(accepted, "127.0.0.1", 0)
        try:
            place = {"server": "127.0.0.1", "port": server.sockets[0].getsockname()[1], "transport": "tcp"}
            inner = Measurement(kind="dns", parameters={**measurement.parameters, **place})
            result = await self._agent.measure(inner, what)
        finally:
            server.close()
            await _ended(pumps)
        if refused:
            return refused[0]
        return result if isinstance(result, Gap) else {**result, "server": self.name, "port": self._port}


async def _ended(pumps: set[asyncio.Task[None]]) -> None:
    """Wait for the connections to say goodbye, and end those that do not."""
    if pumps:
        await asyncio.wait(pumps, timeout=CLOSING)
    for task in list(pumps):
        task.cancel()
    await asyncio.gather(*pumps, return_exceptions=True)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tunnel: Tunnel) -> None:
    """Both ways until either side ends."""
    loop = asyncio.get_running_loop()
    raw = tunnel.socket
    raw.setblocking(False)

    async def inwards() -> None:
        while data := await reader.read(CHUNK):
            await loop.sock_sendall(raw, data)

    async def outwards() -> None:
        while data := await loop.sock_recv(raw, CHUNK):
            writer.write(data)
            await writer.drain()

    ways = [asyncio.ensure_future(inwards()), asyncio.ensure_future(outwards())]
    try:
        await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for way in ways:
            way.cancel()
        await asyncio.gather(*ways, return_exceptions=True)
        await _close(tunnel)


async def _close(tunnel: Tunnel) -> None:
    """Without a reset: what was not read is read first, or the other half of the pair fails in its thread."""
    loop = asyncio.get_running_loop()
    with contextlib.suppress(OSError, TimeoutError):
        tunnel.socket.shutdown(socket.SHUT_WR)
        async with asyncio.timeout(CLOSING):
            while await loop.sock_recv(tunnel.socket, CHUNK):
                pass
    tunnel.end()
