"""Sockets on this machine's loopback that do to a packet what its fate says: accept, refuse, or keep silent.

Silence is a listener whose queue is full: Linux drops what else comes (tcp(7), listen(2)). A refusal is a port that
is held and not listened on. Nothing is bound to any other address than 127.0.0.0/8.
"""

from __future__ import annotations

import asyncio
import contextlib
import selectors
import socket
import struct
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, cast

import msgspec

from netdoc.demo.assemble import Host
from netdoc.demo.delivery import Fate, Outcome
from netdoc.model import kube

HOME = "127.0.0.1"
FULL = 0.05  # seconds after which a connection that does not stand shows that the queue is full
MOST_FILLERS = 8
MOST_TRIES = 50  # to find a port that is free at every address and for both protocols

Answering = Callable[[kube.Pod | Host | None, bytes, bool], bytes | None]
"""The answer of a server to a query; the last argument: over TCP."""


class Server(msgspec.Struct, frozen=True):
    """One name server as its client meets it: what befalls its packets in turn, over UDP and over TCP."""

    udp: tuple[Fate, ...]
    tcp: tuple[Fate, ...]


class Doors:
    """Opens what is asked for, and closes everything."""

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._plain: dict[Outcome, int] = {}
        self._opening = asyncio.Lock()
        self._sockets: list[socket.socket] = []
        self._servers: list[asyncio.Server] = []
        self._transports: list[asyncio.DatagramTransport] = []
        self._connections: set[asyncio.Task[None]] = set()

    async def plain(self, outcome: Outcome) -> int:
        """The port at HOME where TCP connections have that end."""
        async with self._opening:
            if outcome not in self._plain:
                held = _bound(socket.SOCK_STREAM, HOME, 0)
                self._plain[outcome] = held.getsockname()[1]
                await self._behave(held, outcome, _goodbye)
            return self._plain[outcome]

    async def name_servers(self, servers: Sequence[Server]) -> int:
        """The port at which they answer, the first at 127.0.0.1, the next at 127.0.0.2 and so on."""
        async with self._opening:
            udp, tcp = _pairs([place(at) for at in range(len(servers))])
            port: int = udp[0].getsockname()[1]
            for one, datagrams, stream in zip(servers, udp, tcp, strict=True):
                await self._answer_datagrams(datagrams, one.udp)
                await self._answer_streams(stream, one.tcp)
            return port

    async def tunnel(self, server: kube.Pod | None) -> int:
        """The port at HOME of a tunnel to that server; with nobody at its end it is closed at once, as kubelets do."""

        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            if server is not None:
                await self._converse(Fate("accepted", server), reader, writer)

        held = _bound(socket.SOCK_STREAM, HOME, 0)
        port: int = held.getsockname()[1]
        await self._behave(held, "accepted", accepted)
        return port

    async def close(self) -> None:
        for transport in self._transports:
            transport.close()
        for server in self._servers:
            server.close()
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)
        for server in self._servers:
            await server.wait_closed()
        for held in self._sockets:
            held.close()

    async def _behave(self, held: socket.socket, outcome: Outcome, accepted: Conversation) -> None:
        """Takes the bound socket over."""
        if outcome == "accepted":
            self._servers.append(await asyncio.start_server(self._apart(accepted), sock=held))
            return
        self._sockets.append(held)
        if outcome == "lost":
            self._sockets += _fill(held)

    def _apart(self, accepted: Conversation) -> Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]:
        """Each connection is a task that `close` can end."""

        def begin(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.ensure_future(_closing(accepted(reader, writer), writer))
            self._connections.add(task)
            task.add_done_callback(self._connections.discard)

        return begin

    async def _answer_datagrams(self, held: socket.socket, turns: tuple[Fate, ...]) -> None:
        if all(one.outcome == "refused" for one in turns):
            held.close()  # nobody is there: the kernel says port unreachable
            return
        made, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Datagrams(turns, self._answering), sock=held
        )
        self._transports.append(made)

    async def _answer_streams(self, held: socket.socket, turns: tuple[Fate, ...]) -> None:
        """Where all end alike it is so from the start; else a connection stands before its fate is known."""
        outcomes = {one.outcome for one in turns}
        taken = _Turns(turns)

        async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await self._converse(taken.next(), reader, writer)

        await self._behave(held, outcomes.pop() if len(outcomes) == 1 else "accepted", accepted)

    async def _converse(self, fate: Fate, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if fate.outcome == "refused":
            linger = struct.pack("ii", 1, 0)  # close with a reset (socket(7), SO_LINGER)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
            return
        with contextlib.suppress(asyncio.IncompleteReadError, OSError):
            while True:
                length = struct.unpack("!H", await reader.readexactly(2))[0]
                query = await reader.readexactly(length)
                answer = self._answering(fate.by, query, True) if fate.outcome == "accepted" else None
                if answer is not None:
                    writer.write(struct.pack("!H", len(answer)) + answer)
                    await writer.drain()


Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Coroutine[Any, Any, None]]


def place(at: int) -> str:
    """Where the name server of that number stands."""
    return f"127.0.0.{at + 1}"


class _Turns:
    """Endpoints one after the other; one client port stays with its endpoint, as connection tracking has it."""

    def __init__(self, turns: tuple[Fate, ...]) -> None:
        self._turns = turns
        self._next = 0
        self._kept: dict[object, Fate] = {}

    def next(self) -> Fate:
        self._next += 1
        return self._turns[(self._next - 1) % len(self._turns)]

    def of(self, client: object) -> Fate:
        if client not in self._kept:
            self._kept[client] = self.next()
        return self._kept[client]


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, turns: tuple[Fate, ...], answering: Answering) -> None:
        self._turns = _Turns(turns)
        self._answering = answering
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        fate = self._turns.of(addr)
        answer = self._answering(fate.by, data, False) if fate.outcome == "accepted" else None
        if answer is not None and self._transport is not None:
            self._transport.sendto(answer, addr)


async def _goodbye(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A connection stands: nothing is said over it."""
    await reader.read()


async def _closing(conversation: Coroutine[Any, Any, None], writer: asyncio.StreamWriter) -> None:
    try:
        await conversation
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


def _bound(kind: int, address: str, port: int) -> socket.socket:
    made = socket.socket(socket.AF_INET, kind)
    try:
        made.bind((address, port))
    except OSError:
        made.close()
        raise
    return made


def _pairs(addresses: list[str]) -> tuple[list[socket.socket], list[socket.socket]]:
    """Sockets of one free port at every address, for UDP and for TCP."""
    error: OSError | None = None
    for _ in range(MOST_TRIES):
        with contextlib.ExitStack() as stack:
            try:
                first = stack.enter_context(_bound(socket.SOCK_DGRAM, addresses[0], 0))
                port = first.getsockname()[1]
                others = [stack.enter_context(_bound(socket.SOCK_DGRAM, one, port)) for one in addresses[1:]]
                streams = [stack.enter_context(_bound(socket.SOCK_STREAM, one, port)) for one in addresses]
            except OSError as wrong:
                error = wrong
                continue
            stack.pop_all()
            return [first, *others], streams
    raise error or OSError("no port is free")


def _fill(held: socket.socket) -> list[socket.socket]:
    """Connections that take up the listener's queue: whoever comes after them hears nothing."""
    held.listen(0)
    fillers: list[socket.socket] = []
    with selectors.DefaultSelector() as selector:
        for _ in range(MOST_FILLERS):
            one = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
            one.setblocking(False)
            fillers.append(one)
            one.connect_ex(held.getsockname())
            selector.register(one, selectors.EVENT_WRITE)
            stands = bool(selector.select(FULL))
            selector.unregister(one)
            if not stands:
                break
    return fillers
