# SPDX-License-Identifier: GPL-2.0-or-later
"""A and AAAA asked together from one socket, as both libraries do: where one of the two is lost, that is the stall.

With several servers (musl) each gets both questions from the same socket, and the first useful answer counts.
"""

from __future__ import annotations

import contextlib
import selectors
import socket
import time
from collections.abc import Sequence
from typing import Any

from .connect import elapsed, wait
from .exchange import BUFFER, Failed, opened
from .failures import failure, queued_error
from .wire import NotAnAnswer, question, read

USELESS = ("SERVFAIL", "REFUSED", "NOTIMP", "FORMERR")


def ask_pair(
    places: Sequence[tuple[str, int]], name: str, types: Sequence[str], timeout: float, edns: int = 0
) -> dict[str, Any]:
    """What came back for each type. Every failure is data."""
    start = time.monotonic()
    queries = {one: question(name, one, edns) for one in types}
    while len({one.id for one in queries.values()}) < len(queries):  # two ids that are equal could not be told apart
        queries = {one: question(name, one, edns) for one in types}
    try:
        sock, target = opened(places[0], socket.SOCK_DGRAM)
    except Failed as failed:
        return {one: _lost(failed.failure, start) for one in types}
    with sock:
        found = _exchange(sock, target, places, queries, start, timeout)
    silent = {"kind": "timeout", "detail": "no answer came"}
    return {one: found.get(one) or _lost(silent, start) for one in types}


def _exchange(
    sock: socket.socket,
    target: Any,
    places: Sequence[tuple[str, int]],
    queries: dict[str, Any],
    start: float,
    timeout: float,
) -> dict[str, Any]:
    """One server: a connected socket, so that ICMP errors reach it. Several: each by its address."""
    alone = len(places) == 1
    try:
        if alone:
            sock.connect(target)
        for query in queries.values():
            for place in places:
                _send(sock, query.to_wire(), None if alone else place)
    except OSError as error:
        told = failure(error, queued_error(sock))
        return {one: _lost(told, start) for one in queries}
    return _collect(sock, {place[0] for place in places}, queries, start, timeout)


def _send(sock: socket.socket, octets: bytes, place: tuple[str, int] | None) -> None:
    if place is None:
        sock.send(octets)
        return
    with contextlib.suppress(OSError):  # one dead server of several does not keep the others from answering
        sock.sendto(octets, place)


def _collect(
    sock: socket.socket, servers: set[str], queries: dict[str, Any], start: float, timeout: float
) -> dict[str, Any]:
    found: dict[str, Any] = {}
    last: dict[str, Any] = {}
    while len(found) < len(queries) and wait(sock, selectors.EVENT_READ, start + timeout - time.monotonic()):
        try:
            octets, place = sock.recvfrom(BUFFER)
        except BlockingIOError:
            continue
        except OSError as error:
            told = failure(error, queued_error(sock))
            if len(servers) == 1:
                return {one: found.get(one) or _lost(told, start) for one in queries}
            continue
        sender = place[0] if place else next(iter(servers))
        for kind, query in queries.items():
            with contextlib.suppress(NotAnAnswer):
                answer = {"ok": True, "ms": elapsed(start), "transport": "udp", "server": sender, **read(query, octets)}
                useful = len(servers) == 1 or answer["rcode"] not in USELESS
                (found if useful else last).setdefault(kind, answer)
    return last | found


def _lost(told: dict[str, Any], start: float) -> dict[str, Any]:
    return {"ok": False, "ms": elapsed(start), "transport": "udp", "failure": told}
