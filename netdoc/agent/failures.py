# SPDX-License-Identifier: GPL-2.0-or-later
"""How a packet failed: errno, and the ICMP error behind it with whoever sent it (ip(7), IP_RECVERR).

Plain errno cannot tell a reset from a port-unreachable: both are ECONNREFUSED. The error queue can, and names
the offender, without any privilege.
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import struct
from typing import Any, NamedTuple

IP_RECVERR = 11  # linux/in.h
IPV6_RECVERR = 25  # linux/in6.h
MSG_ERRQUEUE = 0x2000
ORIGIN_LOCAL, ORIGIN_ICMP, ORIGIN_ICMP6 = 1, 2, 3
_HEAD = struct.Struct("=IBBBBII")  # struct sock_extended_err, linux/errqueue.h

# The kind by ICMP type and code (RFC 792, RFC 1812, RFC 4443).
_PROHIBITED4 = {9, 10, 13}
_PROHIBITED6 = {1, 5, 6}


class Icmp(NamedTuple):
    """One entry of the error queue. `origin` is local, icmp or icmp6; `info` holds the MTU where one was told."""

    errno: int
    origin: int
    type: int
    code: int
    info: int
    offender: str


def listen_for_errors(sock: socket.socket) -> None:
    """Asks the kernel to keep ICMP errors with their sender. Where it cannot (not Linux), errno alone is told."""
    with contextlib.suppress(OSError):
        if sock.family == socket.AF_INET6:
            sock.setsockopt(socket.IPPROTO_IPV6, IPV6_RECVERR, 1)
        else:
            sock.setsockopt(socket.IPPROTO_IP, IP_RECVERR, 1)


def queued_error(sock: socket.socket) -> Icmp | None:
    """The first error in the queue; None where it is empty or the system keeps none."""
    try:
        _, ancillary, _, _ = sock.recvmsg(512, 512, MSG_ERRQUEUE | socket.MSG_DONTWAIT)
    except (OSError, AttributeError):
        return None
    for _, kind, data in ancillary:
        if kind in (IP_RECVERR, IPV6_RECVERR) and len(data) >= _HEAD.size:
            number, origin, type_, code, _, info, _ = _HEAD.unpack_from(data)
            return Icmp(number, origin, type_, code, info, _offender(data[_HEAD.size :]))
    return None


def failure(error: OSError | int, icmp: Icmp | None = None) -> dict[str, Any]:
    """The failure as data: its kind, the words for it, and the ICMP error where there was one."""
    number = error if isinstance(error, int) else error.errno or 0
    if icmp is not None and icmp.origin in (ORIGIN_ICMP, ORIGIN_ICMP6):
        return {
            "kind": _icmp_kind(icmp),
            "detail": f"ICMP type {icmp.type} code {icmp.code} from {icmp.offender or 'an unnamed sender'}",
            "offender": icmp.offender,
            "icmp": [icmp.type, icmp.code],
        }
    return {"kind": _kind(number), "detail": errno_text(number), "errno": errno.errorcode.get(number, str(number))}


def errno_text(number: int) -> str:
    return os.strerror(number)


def _kind(number: int) -> str:
    return {
        errno.ECONNREFUSED: "refused",
        errno.ECONNRESET: "reset",
        errno.EPIPE: "reset",
        errno.ETIMEDOUT: "timeout",
        errno.EHOSTUNREACH: "unreachable",
        errno.ENETUNREACH: "unreachable",
        errno.EADDRNOTAVAIL: "no-source",
        errno.EACCES: "not-permitted",
        errno.EPERM: "not-permitted",
        errno.EMSGSIZE: "too-big",
    }.get(number, "error")


def _icmp_kind(icmp: Icmp) -> str:
    """`rejected`: by a rule or a port that nobody holds, told by ICMP; `unreachable`: no way there."""
    if icmp.origin == ORIGIN_ICMP:
        if icmp.type == 11:
            return "ttl-exceeded"
        if icmp.type == 3 and icmp.code == 4:
            return "too-big"
        return "rejected" if icmp.code == 3 or icmp.code in _PROHIBITED4 else "unreachable"
    if icmp.type == 2:
        return "too-big"
    if icmp.type == 3:
        return "ttl-exceeded"
    return "rejected" if icmp.code == 4 or icmp.code in _PROHIBITED6 else "unreachable"


def _offender(data: bytes) -> str:
    """The sockaddr behind the header: who sent the ICMP error."""
    if len(data) < 8:
        return ""
    family = struct.unpack_from("=H", data)[0]
    if family == socket.AF_INET:
        return socket.inet_ntop(socket.AF_INET, data[4:8])
    if family == socket.AF_INET6 and len(data) >= 24:
        return socket.inet_ntop(socket.AF_INET6, data[8:24])
    return ""
