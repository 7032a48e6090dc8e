# SPDX-License-Identifier: GPL-2.0-or-later
"""One DNS question to one server, over UDP or TCP: the answer, or the kind of failure and who is to blame.

Packets that do not answer the question (another id, another question, garbage) do not end the wait, as no stub
resolver lets them; where nothing better comes, they are the failure.
"""

from __future__ import annotations

import selectors
import socket
import struct
import time
from typing import Any

from .connect import elapsed, wait
from .failures import failure, listen_for_errors, queued_error
from .parameters import BadParameters, Parameters, address, flag, number, one_of, text, whole
from .resolvconf import read_conf
from .wire import NotAnAnswer, question, read

BUFFER = 65535


class Failed(Exception):
    """A try without an answer; `failure` is what is told of it."""

    def __init__(self, told: dict[str, Any]) -> None:
        super().__init__(told.get("detail", ""))
        self.failure = told


def measure(given: Parameters) -> dict[str, Any]:
    """Parameters: name; server (resolv.conf's first where absent), port, type, transport, edns, source_port,
    timeout (s), retries, repeat, recursion, checking_disabled. Result: how many of the repetitions failed, and each
    with its tries."""
    repeat = whole(given, "repeat", 1, 1, 1000)
    place = (_server(given), whole(given, "port", 53, 1, 65535))
    build = _builder(given)
    build()  # a question that is none is refused before anything is sent
    settings = (
        one_of(given, "transport", ("udp", "tcp")),
        number(given, "timeout", 2.0, 0.01, 60.0),
        whole(given, "source_port", 0, 0, 65535),
    )
    retries = whole(given, "retries", 0, 0, 20)
    rounds = [_round(place, build, settings, retries) for _ in range(repeat)]
    failures = sum(1 for one in rounds if not one["ok"])
    return {"server": place[0], "port": place[1], "attempts": repeat, "failures": failures, "rounds": rounds}


def _server(given: Parameters) -> str:
    if "server" in given:
        return address(given, "server")
    servers = read_conf().nameservers
    if not servers:
        raise BadParameters("no server: none is given, and /etc/resolv.conf names none")
    return servers[0]


def _builder(given: Parameters) -> Any:
    name, type_ = text(given, "name"), text(given, "type", "A")
    edns = whole(given, "edns", 0, 0, 65535)
    recursion, disabled = flag(given, "recursion", True), flag(given, "checking_disabled", False)
    return lambda: question(name, type_, edns, recursion, disabled)


def _round(place: tuple[str, int], build: Any, settings: tuple[str, float, int], retries: int) -> dict[str, Any]:
    """Tries until one answers; `lost` are the failures before it."""
    lost: list[dict[str, Any]] = []
    start = time.monotonic()
    for _ in range(retries + 1):
        told = ask(place, build(), *settings)
        if told["ok"]:
            break
        lost.append(told["failure"])
    return {**told, "total_ms": elapsed(start), **({"lost": lost} if lost else {})}


def ask(place: tuple[str, int], query: Any, transport: str, timeout: float, source_port: int = 0) -> dict[str, Any]:
    """One try. Total but for what no question holds: every failure is data."""
    start = time.monotonic()
    exchange = _udp if transport == "udp" else _tcp
    try:
        answer = exchange(place, query, start + timeout, source_port)
    except Failed as failed:
        return {"ok": False, "ms": elapsed(start), "transport": transport, "failure": failed.failure}
    return {"ok": True, "ms": elapsed(start), "transport": transport, **answer}


def opened(place: tuple[str, int], kind: int, source_port: int = 0) -> tuple[socket.socket, Any]:
    """A socket for the place's family. Raises Failed."""
    try:
        info = socket.getaddrinfo(place[0], place[1], type=kind, flags=socket.AI_NUMERICHOST)[0]
        sock = socket.socket(info[0], kind)
    except OSError as error:
        raise Failed(failure(error)) from None
    listen_for_errors(sock)
    sock.setblocking(False)
    if source_port:
        try:
            sock.bind(("", source_port))
        except OSError as error:
            sock.close()
            raise Failed(failure(error)) from None
    return sock, info[4]


def _udp(place: tuple[str, int], query: Any, deadline: float, source_port: int) -> dict[str, Any]:
    sock, target = opened(place, socket.SOCK_DGRAM, source_port)
    with sock:
        try:
            sock.connect(target)
            sock.send(query.to_wire())
        except OSError as error:
            raise Failed(failure(error, queued_error(sock))) from None
        return _receive(sock, query, deadline)


def _receive(sock: socket.socket, query: Any, deadline: float) -> dict[str, Any]:
    strays: list[NotAnAnswer] = []
    while wait(sock, selectors.EVENT_READ, deadline - time.monotonic()):
        try:
            octets = sock.recv(BUFFER)
        except BlockingIOError:
            continue
        except OSError as error:
            raise Failed(nobody_there(failure(error, queued_error(sock)), sock)) from None
        try:
            return read(query, octets) | {"from": sock.getpeername()[0], "strays": len(strays)}
        except NotAnAnswer as stray:
            strays.append(stray)
    raise Failed(_silence(strays))


def nobody_there(told: dict[str, Any], sock: socket.socket) -> dict[str, Any]:
    """Port unreachable from the server itself is UDP's way to say that nobody listens there (RFC 1122, 4.1.3.1)."""
    by_itself = told.get("icmp") in ([3, 3], [1, 4]) and told.get("offender") == sock.getpeername()[0]
    return told | {"kind": "refused"} if by_itself else told


def _silence(strays: list[NotAnAnswer]) -> dict[str, Any]:
    if not strays:
        return {"kind": "timeout", "detail": "no answer came"}
    return {"kind": strays[0].kind, "detail": str(strays[0]), "packets": len(strays)}


def _tcp(place: tuple[str, int], query: Any, deadline: float, source_port: int) -> dict[str, Any]:
    sock, target = opened(place, socket.SOCK_STREAM, source_port)
    with sock:
        sock.settimeout(max(0.001, deadline - time.monotonic()))
        try:
            sock.connect(target)
            octets = query.to_wire()
            sock.sendall(struct.pack("!H", len(octets)) + octets)
            length = struct.unpack("!H", _exactly(sock, 2, deadline))[0]
            answer = _exactly(sock, length, deadline)
        except TimeoutError:
            raise Failed({"kind": "timeout", "detail": "no answer came over TCP"}) from None
        except OSError as error:
            raise Failed(failure(error, queued_error(sock))) from None
        try:
            return read(query, answer) | {"from": sock.getpeername()[0], "strays": 0}
        except NotAnAnswer as wrong:
            raise Failed({"kind": wrong.kind, "detail": str(wrong)}) from None


def _exactly(sock: socket.socket, count: int, deadline: float) -> bytes:
    parts = bytearray()
    while len(parts) < count:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        sock.settimeout(left)
        part = sock.recv(count - len(parts))
        if not part:
            raise Failed({"kind": "closed", "detail": f"closed after {len(parts)} of {count} octets"})
        parts += part
    return bytes(parts)
