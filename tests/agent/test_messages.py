"""Messages read without dnspython: record for record what dnspython reads; whatever else comes is told by its kind."""

from __future__ import annotations

import struct
from collections.abc import AsyncIterator
from typing import Any

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netdoc.model.record import Gap
from netdoc.ports import Measurement
from netdoc.vantage.agent import LocalAgent
from tests.agent.conftest import Bare
from tests.agent.servers import Reply, answering, framed, records, silent

NAME = "web.shop.example."
FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest_asyncio.fixture
async def both() -> AsyncIterator[tuple[LocalAgent, LocalAgent]]:
    agents = LocalAgent(), Bare()
    yield agents
    for one in agents:
        await one.close()


async def told(agent: LocalAgent, port: int, **parameters: Any) -> dict[str, Any]:
    given = {"server": "127.0.0.1", "port": port, "name": NAME, "transport": "tcp", "timeout": 5.0, **parameters}
    result = await agent.measure(Measurement(kind="dns", parameters=given))
    assert isinstance(result, dict), result
    return {key: value for key, value in result["rounds"][0].items() if key not in ("ms", "total_ms", "lost")}


labels = st.binary(min_size=1, max_size=20)
names = st.lists(labels, max_size=6).map(lambda found: dns.name.Name([*found, b""]).to_text())
numbers = st.integers(0, 65535)
strings = st.lists(st.binary(max_size=40), min_size=1, max_size=4)
DATA = {
    "A": st.ip_addresses(v=4).map(str),
    "AAAA": st.ip_addresses(v=6).map(str),
    "CNAME": names,
    "NS": names,
    "PTR": names,
    "MX": st.tuples(numbers, names).map(lambda one: f"{one[0]} {one[1]}"),
    "SRV": st.tuples(numbers, numbers, numbers, names).map(lambda one: " ".join(map(str, one))),
    "SOA": st.tuples(names, names, *([st.integers(0, 2**31 - 1)] * 5)).map(lambda one: " ".join(map(str, one))),
    "TXT": strings.map(lambda found: " ".join('"' + "".join(f"\\{one:03d}" for one in text) + '"' for text in found)),
    "TYPE65280": st.binary(min_size=1, max_size=30).map(lambda data: f"\\# {len(data)} {data.hex()}"),
}
record = st.sampled_from(sorted(DATA)).flatmap(
    lambda kind: st.tuples(names, st.integers(0, 2**31 - 1), st.just(kind), DATA[kind])
)
sections = st.tuples(*[st.lists(record, max_size=5)] * 3)
extended = st.lists(st.tuples(st.integers(0, 30), st.text(st.characters(min_codepoint=1, codec="utf-8"), max_size=20)))


def message(query: dns.message.Message, held: Any, rcode: int, flags: int, errors: Any) -> bytes:
    answer = dns.message.make_response(query)
    answer.flags |= flags
    for section, found in zip((answer.answer, answer.authority, answer.additional), held, strict=True):
        section += [dns.rrset.from_text(name, ttl, "IN", kind, data) for name, ttl, kind, data in found]
    if errors is not None:
        options: list[dns.edns.Option] = [
            dns.edns.EDEOption(dns.edns.EDECode.make(code), text) for code, text in errors
        ]
        answer.use_edns(0, 0, 1400, options=options)
    answer.set_rcode(dns.rcode.Rcode.make(rcode if errors is not None else rcode & 15))
    return answer.to_wire(max_size=65535)


@FUZZ
@given(
    held=sections,
    rcode=st.integers(0, 40),
    flags=st.sampled_from([0, dns.flags.AA, dns.flags.TC, dns.flags.AD | dns.flags.RA]),
    errors=st.none() | extended,
)
async def test_a_valid_message_is_read_as_dnspython_reads_it(
    both: tuple[LocalAgent, LocalAgent], held: Any, rcode: int, flags: int, errors: Any
) -> None:
    def reply(query: dns.message.Message, octets: bytes) -> list[bytes]:
        return [message(query, held, rcode, flags, errors)]

    with answering(silent, framed(reply)) as port:
        read, bare = [await told(one, port) for one in both]
    assert read["ok"] is True
    assert bare == read


@FUZZ
@given(noise=st.binary(max_size=80), at=st.integers(0, 200), held=sections)
async def test_a_message_with_noise_over_it_is_an_answer_or_garbage(
    both: tuple[LocalAgent, LocalAgent], noise: bytes, at: int, held: Any
) -> None:
    def reply(query: dns.message.Message, octets: bytes) -> list[bytes]:
        whole = message(query, held, 0, 0, [(22, "nobody")])
        return [whole[: at + 2] + noise + whole[at + 2 + len(noise) :]]

    with answering(silent, framed(reply)) as port:
        found = await told(both[1], port)
    assert found["ok"] is True or found["failure"]["kind"] in ("garbage", "wrong-question")


@FUZZ
@given(name=st.one_of(names, st.text(st.characters(max_codepoint=127), max_size=80), st.text("ab.\\1", max_size=12)))
async def test_a_name_goes_out_as_dnspython_writes_it(both: tuple[LocalAgent, LocalAgent], name: str) -> None:
    seen: list[bytes] = []

    def reply(query: dns.message.Message, octets: bytes) -> list[bytes]:
        seen.append(octets[2:])
        return records("10.43.7.9")(query, octets)

    with answering(silent, framed(reply)) as port:
        place = {"server": "127.0.0.1", "port": port, "transport": "tcp", "edns": 1232, "type": "SRV"}
        asked = Measurement(kind="dns", parameters={**place, "name": name})
        ends = [await one.measure(asked) for one in both]
    assert isinstance(ends[0], Gap) == isinstance(ends[1], Gap), name
    assert seen[0::2] == seen[1::2]


def records_of(*held: bytes, flags: int = 0x8180) -> Reply:
    """The question back, and these octets as so many records of the answer."""

    def reply(query: dns.message.Message, octets: bytes) -> list[bytes]:
        head = struct.pack("!HHHHHH", query.id, flags, 1, len(held), 0, 0)
        return [head + octets[12:] + b"".join(held)]

    return reply


def rr(name: bytes, kind: int, data: bytes, length: int | None = None) -> bytes:
    return name + struct.pack("!HHIH", kind, 1, 5, len(data) if length is None else length) + data


LOOPS = {
    "points-at-itself": rr(b"\xc0\x23", 1, b"abcd"),
    "points-forwards": rr(b"\xc0\xff", 1, b"abcd"),
    "two-in-a-ring": rr(b"\xc0\x25\xc0\x23", 1, b"abcd"),
    "label-behind-the-end": rr(b"\x3fab", 1, b""),
    "reserved-label": rr(b"\x80ab\x00", 1, b"abcd"),
    "name-of-300": rr((b"\x3f" + b"x" * 63) * 5 + b"\0", 1, b"abcd"),
    "address-of-three": rr(b"\0", 1, b"abc"),
    "address-of-five": rr(b"\0", 1, b"abcde"),
    "data-too-long": rr(b"\0", 1, b"abcd", 500),
    "loop-in-the-data": rr(b"\0", 5, b"\xc0\x2e"),
    "srv-without-target": rr(b"\0", 33, b"\0\0\0\0\0\0"),
    "text-too-long": rr(b"\0", 16, b"\x09ab"),
}


@pytest.mark.parametrize("held", LOOPS.values(), ids=LOOPS)
async def test_what_breaks_the_form_is_garbage_to_both(both: tuple[LocalAgent, LocalAgent], held: bytes) -> None:
    with answering(silent, framed(records_of(held))) as port:
        found = [await told(one, port) for one in both]
    assert [(one["ok"], one["failure"]["kind"]) for one in found] == [(False, "garbage")] * 2


async def test_a_cut_message_that_does_not_parse_to_its_end_is_still_cut(both: tuple[LocalAgent, LocalAgent]) -> None:
    with answering(silent, framed(records_of(rr(b"\0", 1, b"ab", 4), flags=0x8380))) as port:
        read, bare = [await told(one, port) for one in both]
    assert (read["truncated"], read["answer"]) == (True, [])
    assert bare == read


async def test_of_a_section_of_thousands_some_are_kept(both: tuple[LocalAgent, LocalAgent]) -> None:
    held = [rr(b"\0", 1, struct.pack("!I", number)) for number in range(4000)]
    with answering(silent, framed(records_of(*held))) as port:
        read, bare = [await told(one, port) for one in both]
    assert len(read["answer"]) == 200
    assert read["size"] > 60_000
    assert bare == read
