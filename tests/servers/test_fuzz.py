"""Names that are none and servers that answer anything: told by their kind, never raised, and the agent lives on."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Callable, Iterator
from typing import Any

import dns.message
import dns.name
import dns.rrset
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netdoc.model.record import Gap
from tests.agent.servers import answering, framed, records
from tests.servers.conftest import Ask

NAME = "web.shop.example."
QUICK = 0.05  # seconds: what loopback does not bring at once, it does not bring
Octets = Callable[[dns.message.Message], bytes]
FUZZ = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


class Server:
    """Answers over UDP and TCP with the octets that the example at hand makes."""

    def __init__(self) -> None:
        self.make: Octets = true_answer
        self.port = 0

    def reply(self, query: dns.message.Message, octets: bytes) -> list[bytes]:
        return [self.make(query)[:65535]]

    def datagram(self, query: dns.message.Message, octets: bytes) -> list[bytes]:
        return [self.make(query)[:65507]]


def true_answer(query: dns.message.Message) -> bytes:
    return records("192.0.2.7", "192.0.2.8")(query, b"")[0]


@pytest.fixture
def server() -> Iterator[Server]:
    one = Server()
    with answering(one.datagram, framed(one.reply)) as one.port:
        yield one


@pytest_asyncio.fixture
async def every(ask: Ask, server: Server) -> Callable[[], Any]:
    """Asks over UDP, over TCP, and as libc does; each result is a told answer or a told failure."""

    async def asking() -> None:
        place = {"server": "127.0.0.1", "port": server.port, "name": NAME, "timeout": QUICK}
        for transport in ("udp", "tcp"):
            result = await ask("dns", transport=transport, edns=1232, **place)
            assert isinstance(result, dict), result
            told(result["rounds"][0])
        given: dict[str, Any] = {"nameservers": ["127.0.0.1"], "port": server.port, "timeout": QUICK, "attempts": 1}
        result = await ask("libc", name=NAME, **given)
        assert isinstance(result, dict), result
        for step in result["steps"]:
            for one in step["tries"]:
                told(one)

    return asking


def told(one: dict[str, Any]) -> None:
    if one["ok"]:
        assert one["rcode"]
        assert all(isinstance(record["data"], str) for record in one["answer"])
    else:
        assert one["failure"]["kind"] in ("timeout", "garbage", "wrong-id", "wrong-question", "closed", "reset")


def flipped(changes: list[tuple[int, int]]) -> Octets:
    def make(query: dns.message.Message) -> bytes:
        octets = bytearray(true_answer(query))
        for at, value in changes:
            octets[at % len(octets)] = value
        return bytes(octets)

    return make


@FUZZ
@given(changes=st.lists(st.tuples(st.integers(2, 80), st.integers(0, 255)), min_size=1, max_size=6))
async def test_true_answers_with_other_octets_in_them(every: Any, server: Server, changes: Any) -> None:
    server.make = flipped(changes)
    await every()


@FUZZ
@given(
    pointers=st.lists(st.integers(0, 0x3FFF), min_size=1, max_size=40), counts=st.tuples(*[st.integers(0, 65535)] * 4)
)
async def test_names_of_pointers_that_lead_anywhere(every: Any, server: Server, pointers: Any, counts: Any) -> None:
    """Compressed loops, forward pointers, pointers into the header; counts that promise what does not come."""

    def make(query: dns.message.Message) -> bytes:
        head = struct.pack("!HHHHHH", query.id, 0x8180, *counts)
        return head + b"".join(struct.pack("!H", 0xC000 | one) + b"\x00\x01\x00\x01" for one in pointers)

    server.make = make
    await every()


@FUZZ
@given(
    id_=st.integers(0, 65535),
    labels=st.lists(st.binary(min_size=1, max_size=63), max_size=3),
    kind=st.integers(0, 65535),
)
async def test_answers_to_other_questions(every: Any, server: Server, id_: int, labels: Any, kind: int) -> None:
    def make(query: dns.message.Message) -> bytes:
        other = dns.message.make_query(dns.name.Name([*labels, b""]), "A", id=id_)
        answer = bytearray(dns.message.make_response(other).to_wire())
        struct.pack_into("!H", answer, len(answer) - 4, kind)
        return bytes(answer)

    server.make = make
    await every()


@FUZZ
@given(noise=st.binary(max_size=300), size=st.sampled_from([0, 1, 11, 12, 13, 511, 4096, 65535]))
async def test_noise_of_any_size(every: Any, server: Server, noise: bytes, size: int) -> None:
    server.make = lambda query: (query.id.to_bytes(2, "big") + b"\x81\x80" + noise * (size // max(1, len(noise)) + 1))[
        :size
    ]
    await every()


async def test_64_kilobytes_of_answer(every: Any, server: Server, ask: Ask) -> None:
    def large(query: dns.message.Message) -> bytes:
        answer = dns.message.make_response(query)
        texts = " ".join(f'"{"x" * 250}"' for _ in range(255))
        answer.answer.append(dns.rrset.from_text(query.question[0].name, 5, "IN", "TXT", texts))
        return answer.to_wire(max_size=65535)

    server.make = large
    await every()
    given: dict[str, Any] = {"server": "127.0.0.1", "port": server.port, "name": NAME, "transport": "tcp"}
    result = await ask("dns", type="TXT", timeout=5.0, **given)
    assert isinstance(result, dict)
    assert result["rounds"][0]["size"] > 64_000


@FUZZ
@given(name=st.text(max_size=300), type_=st.sampled_from(["A", "PTR", "ANY", "TYPE65280"]))
async def test_names_that_are_none_are_refused_or_asked(ask: Ask, server: Server, name: str, type_: str) -> None:
    server.make = true_answer
    place: dict[str, Any] = {"port": server.port, "timeout": QUICK}
    with contextlib.suppress(UnicodeEncodeError):
        name.encode()
        single = await ask("dns", server="127.0.0.1", name=name, type=type_, **place)
        replay = await ask("libc", name=name, nameservers=["127.0.0.1"], attempts=1, **place)
        for result in (single, replay):
            assert isinstance(result, dict | Gap)
            assert not isinstance(result, Gap) or (result.reason, bool(result.detail)) == ("not-supported", True)
