# SPDX-License-Identifier: GPL-2.0-or-later
"""A name as this machine's own libc resolves it, and the resolv.conf that it does so by."""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

from .connect import elapsed
from .parameters import Parameters, number, text, whole
from .resolvconf import read_conf

PATIENCE = 600.0  # seconds: as good as none
# What getaddrinfo says (RFC 3493, netdb.h), by name: the numbers differ between systems.
_KINDS = {"EAI_NONAME": "not-found", "EAI_NODATA": "no-address", "EAI_AGAIN": "no-answer", "EAI_FAIL": "failed"}


def measure(given: Parameters) -> dict[str, Any]:
    """Parameters: name, repeat, timeout (s, of each try). Result: the tries, and resolv.conf. EAI_AGAIN is silence and
    SERVFAIL both."""
    name, repeat = text(given, "name"), whole(given, "repeat", 1, 1, 1000)
    seconds = number(given, "timeout", PATIENCE, 0.01, 600.0)
    tries = [within(seconds, name) for _ in range(repeat)]
    failures = sum(1 for one in tries if not one["ok"])
    return {"attempts": repeat, "failures": failures, "tries": tries, "conf": read_conf().told()}


def within(seconds: float, name: str) -> dict[str, Any]:
    """A try that is given up: over TCP glibc waits for minutes, and getaddrinfo has no timeout of its own."""
    start = time.monotonic()
    found: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: found.append(attempt(name)), daemon=True)
    thread.start()
    thread.join(seconds)
    if found:
        return found[0]
    told = {"kind": "no-answer", "detail": f"libc came to no end within {seconds:g} s"}
    return {"ok": False, "ms": elapsed(start), "failure": told}


def attempt(name: str) -> dict[str, Any]:
    start = time.monotonic()
    try:
        found = socket.getaddrinfo(name, None, type=socket.SOCK_STREAM)
    except socket.gaierror as error:
        told = {"kind": _kind(error.errno), "detail": str(error.strerror)}
        return {"ok": False, "ms": elapsed(start), "failure": told}
    except (OSError, UnicodeError) as error:
        return {"ok": False, "ms": elapsed(start), "failure": {"kind": "failed", "detail": str(error)}}
    addresses = list(dict.fromkeys(str(one[4][0]) for one in found))
    return {"ok": True, "ms": elapsed(start), "addresses": addresses}


def _kind(number: int | None) -> str:
    names = {getattr(socket, name, None): kind for name, kind in _KINDS.items()}
    return names.get(number, "failed")
