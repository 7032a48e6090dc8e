# SPDX-License-Identifier: GPL-2.0-or-later
"""TCP connections: how long, or how they failed and who said so; over several endpoints.

Decided: open, refused (the host's own reset), rejected (ICMP, with the offender), unreachable, timeout. One bad
replica in ten is found by trying each endpoint often: the counts of each stand in the result.
"""

from __future__ import annotations

import errno
import selectors
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from .failures import failure, listen_for_errors, queued_error
from .parameters import BadParameters, Parameters, address, number, whole

MOST_ENDPOINTS = 512
AT_ONCE = 32  # endpoints tried beside each other; the tries of one follow each other


def measure(given: Parameters) -> dict[str, Any]:
    """Parameters: endpoints [{address, port}], timeout (s, of one try), repeat, source_port. Result: a row each."""
    endpoints = given.get("endpoints")
    if not isinstance(endpoints, list) or not endpoints or len(endpoints) > MOST_ENDPOINTS:
        raise BadParameters(f"endpoints must be a list of 1 to {MOST_ENDPOINTS} places")
    places = [_place(one) for one in endpoints]
    timeout = number(given, "timeout", 2.0, 0.01, 60.0)
    repeat = whole(given, "repeat", 1, 1, 1000)
    with ThreadPoolExecutor(min(AT_ONCE, len(places))) as pool:
        rows = list(pool.map(lambda place: _row(place[0], place[1], timeout, repeat), places))
    return {"endpoints": rows}


def _place(value: Any) -> tuple[str, int]:
    if not isinstance(value, dict):
        raise BadParameters("an endpoint is {address, port}")
    return address(value, "address"), whole(value, "port", 0, 1, 65535)


def _row(host: str, port: int, timeout: float, repeat: int) -> dict[str, Any]:
    tries = [attempt(host, port, timeout) for _ in range(repeat)]
    failed = [one for one in tries if not one["ok"]]
    return {"address": host, "port": port, "attempts": len(tries), "failures": len(failed), "tries": tries}


def attempt(host: str, port: int, timeout: float) -> dict[str, Any]:
    """One connection, closed at once. `ms` is the time until it stood, or until it was known to fail."""
    start = time.monotonic()
    sock = None
    try:
        info = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)[0]
        sock = socket.socket(info[0], socket.SOCK_STREAM)
        listen_for_errors(sock)
        return _connect(sock, info[4], timeout, start)
    except OSError as error:
        icmp = queued_error(sock) if sock is not None else None
        return {"ok": False, "ms": elapsed(start), "failure": failure(error, icmp)}
    finally:
        if sock is not None:
            sock.close()


def _connect(sock: socket.socket, place: Any, timeout: float, start: float) -> dict[str, Any]:
    sock.setblocking(False)
    code = sock.connect_ex(place)
    if code in (errno.EINPROGRESS, errno.EWOULDBLOCK):
        if not wait(sock, selectors.EVENT_WRITE, timeout):
            said = {"kind": "timeout", "detail": f"no answer to the connection in {timeout:g} s"}
            return {"ok": False, "ms": elapsed(start), "failure": said}
        code = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if code:
        return {"ok": False, "ms": elapsed(start), "failure": failure(code, queued_error(sock))}
    return {"ok": True, "ms": elapsed(start), "from": _text(sock.getsockname()), "to": _text(sock.getpeername())}


def wait(sock: socket.socket, event: int, seconds: float) -> bool:
    """Whether the socket got ready in time. An error on it counts as ready."""
    with selectors.DefaultSelector() as selector:
        selector.register(sock, event)
        return bool(selector.select(max(0.0, seconds)))


def elapsed(start: float) -> float:
    """Milliseconds since `start` (time.monotonic)."""
    return round((time.monotonic() - start) * 1000, 3)


def _text(place: Any) -> str:
    host, port = place[0], place[1]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
