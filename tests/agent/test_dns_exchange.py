"""DNS questions over UDP and TCP: what comes back is kept whole, and what goes wrong is told by its kind."""

from __future__ import annotations

import socket
import struct

import dns.edns
import dns.flags
import dns.message
import dns.rcode
import dns.rrset
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netdoc.model.record import Gap
from tests.agent.conftest import Ask
from tests.agent.servers import Reply, answering, framed, records, silent

NAME = "web.shop.example."
QUICK = 0.3  # seconds: what does not come on loopback at once does not come


async def once(ask: Ask, port: int, **parameters: object) -> dict[str, object]:
    given = {"server": "127.0.0.1", "port": port, "name": NAME, "timeout": QUICK, **parameters}
    result = await ask("dns", **given)
    assert isinstance(result, dict), result
    told: dict[str, object] = result["rounds"][0]
    return told


async def test_an_answer_is_kept_whole(ask: Ask) -> None:
    with answering(records("192.0.2.7", flags=dns.flags.AA)) as port:
        told = await once(ask, port)
    assert (told["ok"], told["rcode"], told["truncated"], told["from"]) == (True, "NOERROR", False, "127.0.0.1")
    assert told["answer"] == [{"name": NAME, "type": "A", "ttl": 5, "data": "192.0.2.7"}]
    assert "AA" in str(told["flags"])


async def test_an_extended_error_is_told_in_the_servers_words(ask: Ask) -> None:
    def refused(query: dns.message.Message, octets: bytes) -> list[bytes]:
        answer = dns.message.make_response(query)
        answer.set_rcode(dns.rcode.SERVFAIL)
        answer.use_edns(
            0, 0, 1232, options=[dns.edns.EDEOption(dns.edns.EDECode.NO_REACHABLE_AUTHORITY, "no upstream answers")]
        )
        return [answer.to_wire()]

    with answering(refused) as port:
        told = await once(ask, port, edns=1232)
    assert (told["rcode"], told["edns"]) == ("SERVFAIL", 1232)
    assert told["ede"] == [{"code": 22, "text": "no upstream answers"}]


def changed(at: int, value: int) -> Reply:
    def reply(query: dns.message.Message, octets: bytes) -> list[bytes]:
        answer = bytearray(records("192.0.2.7")(query, octets)[0])
        answer[at] ^= value
        return [bytes(answer)]

    return reply


def other_question(query: dns.message.Message, octets: bytes) -> list[bytes]:
    other = dns.message.make_query("other.example.", "A", id=query.id)
    return records("192.0.2.66")(other, b"")


def pointer_loop(query: dns.message.Message, octets: bytes) -> list[bytes]:
    """A name whose compression points at itself."""
    head = struct.pack("!HHHHHH", query.id, 0x8180, 1, 1, 0, 0)
    return [head + octets[12 : 12 + len(NAME) + 1 + 4] + b"\xc0\x28" * 20 + struct.pack("!HHIH", 1, 1, 5, 4) + b"abcd"]


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (silent, "timeout"),
        (changed(0, 0xFF), "wrong-id"),
        (other_question, "wrong-question"),
        (lambda query, octets: [b"\x00"], "garbage"),
        (lambda query, octets: [b""], "garbage"),
        (lambda query, octets: [octets[:2] + b"\xff" * 40], "garbage"),
        (lambda query, octets: [octets], "garbage"),  # the question itself, sent back
        (pointer_loop, "garbage"),
    ],
    ids=["silent", "wrong-id", "wrong-question", "one-octet", "empty", "noise", "echo", "pointer-loop"],
)
async def test_what_is_no_answer_is_told_by_its_kind(ask: Ask, reply: Reply, kind: str) -> None:
    with answering(reply) as port:
        told = await once(ask, port)
    assert told["ok"] is False
    assert told["failure"]["kind"] == kind  # type: ignore[index]


async def test_a_stray_packet_does_not_end_the_wait(ask: Ask) -> None:
    def twice(query: dns.message.Message, octets: bytes) -> list[bytes]:
        return changed(0, 0xFF)(query, octets) + records("192.0.2.7")(query, octets)

    with answering(twice) as port:
        told = await once(ask, port)
    assert (told["ok"], told["strays"]) == (True, 1)


async def test_nobody_listening_is_a_refusal_by_the_server_itself(ask: Ask) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    told = await once(ask, port)
    assert told["failure"]["kind"] == "refused"  # type: ignore[index]
    assert told["failure"]["offender"] == "127.0.0.1"  # type: ignore[index]
    over_tcp = await once(ask, port, transport="tcp")
    assert over_tcp["failure"]["kind"] == "refused"  # type: ignore[index]


async def test_a_cut_answer_says_so_and_the_whole_comes_over_tcp(ask: Ask) -> None:
    many = [f"192.0.2.{one}" for one in range(1, 120)]
    with answering(records(flags=dns.flags.TC), framed(records(*many))) as port:
        cut, whole = await once(ask, port), await once(ask, port, transport="tcp")
    assert (cut["truncated"], cut["answer"]) == (True, [])
    assert len(whole["answer"]) == len(many)  # type: ignore[arg-type]


async def test_an_answer_of_64_kilobytes_is_read(ask: Ask) -> None:
    text = " ".join(f'"{"x" * 250}"' for _ in range(240))

    def large(query: dns.message.Message, octets: bytes) -> list[bytes]:
        answer = dns.message.make_response(query)
        answer.answer.append(dns.rrset.from_text(query.question[0].name, 5, "IN", "TXT", text))
        return [answer.to_wire(max_size=65535)]

    with answering(silent, framed(large)) as port:
        told = await once(ask, port, transport="tcp", type="TXT", timeout=5.0)
    assert told["ok"] is True
    assert int(str(told["size"])) > 60_000


async def test_a_connection_closed_in_the_middle_is_told(ask: Ask) -> None:
    with answering(silent, lambda query, octets: [struct.pack("!H", 500) + b"abc"]) as port:
        told = await once(ask, port, transport="tcp")
    assert told["failure"]["kind"] == "closed"  # type: ignore[index]


async def test_retries_and_repetitions_are_counted(ask: Ask) -> None:
    seen: list[int] = []

    def every_third(query: dns.message.Message, octets: bytes) -> list[bytes]:
        seen.append(query.id)
        return records("192.0.2.7")(query, octets) if len(seen) % 3 == 0 else []

    with answering(every_third) as port:
        given = {"server": "127.0.0.1", "port": port, "name": NAME, "timeout": QUICK}
        retried = await ask("dns", **given, retries=2)
        repeated = await ask("dns", **given, repeat=3)
    assert (retried["failures"], len(retried["rounds"][0]["lost"])) == (0, 2)
    assert (repeated["attempts"], repeated["failures"]) == (3, 2)


@pytest.mark.parametrize(
    "parameters",
    [
        {"name": "a..b"},
        {"name": "x" * 64},
        {"name": 7},
        {"type": "NONSENSE"},
        {"server": "localhost"},
        {"server": ""},
        {"port": 0},
        {"timeout": -1},
        {"timeout": True},
        {"repeat": 0},
        {"transport": "quic"},
        {"edns": 70000},
        {"name": "\udcff.example"},
    ],
)
async def test_a_wrong_question_is_refused_and_nothing_is_sent(ask: Ask, parameters: dict[str, object]) -> None:
    with answering(silent) as port:
        given = {"server": "127.0.0.1", "port": port, "name": NAME, "timeout": QUICK, **parameters}
        if given["name"] == "\udcff.example":
            given["name"] = "\ufffd" * 80
        result = await ask("dns", **given)
    assert isinstance(result, Gap)
    assert result.reason == "not-supported"


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(noise=st.binary(max_size=600), keep=st.integers(0, 40), header=st.booleans())
async def test_any_octets_are_reported_and_never_raised(ask: Ask, noise: bytes, keep: int, header: bool) -> None:
    """Noise alone, noise behind a true id, noise laid over a true answer."""

    def reply(query: dns.message.Message, octets: bytes) -> list[bytes]:
        start = records("192.0.2.7")(query, octets)[0] if header else octets[:2]
        return [start[:keep] + noise]

    with answering(reply) as port:
        told = await once(ask, port, timeout=0.1)
    assert told["ok"] is True or told["failure"]["kind"]  # type: ignore[index]
