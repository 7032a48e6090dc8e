"""A tiny name server on loopback that answers as no real one would: a behaviour is a function from query to octets."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

Reply = Callable[[dns.message.Message, bytes], list[bytes]]


@contextlib.contextmanager
def answering(reply: Reply, over_tcp: Reply | None = None) -> Iterator[int]:
    """The port of a server that answers UDP with `reply` and, where given, TCP with `over_tcp`."""
    with _serving(*_pair(), reply, over_tcp) as port:
        yield port


@contextlib.contextmanager
def answering_at(address: str, port: int, reply: Reply, over_tcp: Reply) -> Iterator[None]:
    """The same at one place on loopback. Raises OSError where it cannot be had."""
    udp, tcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket()
    tcp.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    udp.bind((address, port))
    tcp.bind((address, port))
    with _serving(udp, tcp, reply, over_tcp):
        yield


@contextlib.contextmanager
def _serving(udp: socket.socket, tcp: socket.socket, reply: Reply, over_tcp: Reply | None) -> Iterator[int]:
    with udp, tcp:
        threads = [threading.Thread(target=_serve_udp, args=(udp, reply), daemon=True)]
        if over_tcp is not None:
            tcp.listen(8)
            threads.append(threading.Thread(target=_serve_tcp, args=(tcp, over_tcp), daemon=True))
        for thread in threads:
            thread.start()
        try:
            yield udp.getsockname()[1]
        finally:
            for sock in (udp, tcp):
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
                sock.close()
            for thread in threads:
                thread.join(5)


def _pair() -> tuple[socket.socket, socket.socket]:
    """Sockets for both transports with one port; what is free for the one may be taken for the other."""
    while True:
        udp, tcp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM), socket.socket()
        try:
            udp.bind(("127.0.0.1", 0))
            tcp.bind(udp.getsockname())
        except OSError:
            udp.close()
            tcp.close()
            continue
        return udp, tcp


def _serve_udp(sock: socket.socket, reply: Reply) -> None:
    while True:
        try:
            octets, sender = sock.recvfrom(65535)
        except OSError:
            return
        if not octets:
            return
        for answer in reply(dns.message.from_wire(octets), octets):
            with contextlib.suppress(OSError):
                sock.sendto(answer, sender)


def _serve_tcp(sock: socket.socket, reply: Reply) -> None:
    while True:
        try:
            connection, _ = sock.accept()
        except OSError:
            return
        with connection, contextlib.suppress(OSError, struct.error):
            length = struct.unpack("!H", connection.recv(2))[0]
            octets = connection.recv(length)
            for answer in reply(dns.message.from_wire(octets), octets):
                connection.sendall(answer)


def framed(reply: Reply) -> Reply:
    """With TCP's length in front (RFC 1035 section 4.2.2)."""
    return lambda query, octets: [struct.pack("!H", len(one)) + one for one in reply(query, octets)]


def records(*data: str, rcode: str = "NOERROR", flags: int = 0) -> Reply:
    """Answers the name asked with these addresses, each of the type asked; none of another family."""

    def reply(query: dns.message.Message, octets: bytes) -> list[bytes]:
        answer = dns.message.make_response(query)
        answer.set_rcode(dns.rcode.from_text(rcode))
        answer.flags |= flags
        asked = query.question[0]
        kind = "AAAA" if asked.rdtype == 28 else "A"
        fitting = [one for one in data if (":" in one) == (kind == "AAAA")]
        if fitting:
            answer.answer.append(dns.rrset.from_text(asked.name, 5, "IN", kind, *fitting))
        return [answer.to_wire(max_size=65535)]

    return reply


def by_name(replies: dict[str, Reply], other: Reply) -> Reply:
    return lambda query, octets: replies.get(query.question[0].name.to_text(), other)(query, octets)


def silent(query: dns.message.Message, octets: bytes) -> list[bytes]:
    return []
