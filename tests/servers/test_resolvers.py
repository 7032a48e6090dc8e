"""What Unbound says of the servers behind it: silent ones, slow ones, failing ones, ones that should have signed."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from typing import Any

import dns.message
import pytest

from tests.agent.servers import answering, records, silent
from tests.servers import configs
from tests.servers.conftest import Ask, Start
from tests.servers.daemons import Server
from tests.servers.test_authorities import asked, data

DNSKEY_MISSING, PROHIBITED = 9, 18  # RFC 8914, section 4
SHORT, LONG = 0.3, 20.0  # seconds of one try: too short for a server that waits, and longer than it ever takes


class Gate:
    """A server behind the resolver that holds its answers back until it is opened."""

    def __init__(self) -> None:
        self.open = threading.Event()
        self.names = itertools.count()

    def reply(self, query: dns.message.Message, octets: bytes) -> list[bytes]:
        self.open.wait(60)
        return records("192.0.2.9")(query, octets)


def forwards(zone: str, port: int) -> tuple[str, ...]:
    return ("forward-zone:", f" name: {zone}", f" forward-addr: 127.0.0.1@{port}", " forward-first: no")


# What BIND serves has no signature: a trust anchor for it makes every answer of it bogus.
DIGEST = "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
ANCHOR = f'server:\n trust-anchor: "{configs.ZONE}. DS 20326 8 2 {DIGEST}"'


@pytest.fixture(scope="module")
def gate() -> Gate:
    return Gate()


@pytest.fixture(scope="module")
def resolver(start: Start, gate: Gate) -> Iterator[Server]:
    """Unbound, with a zone of BIND's behind it and zones of servers that are silent, slow, and failing."""
    behind = start("named", configs.bind, configs.ZONE)
    with answering(silent) as dead, answering(gate.reply) as slow, answering(records(rcode="SERVFAIL")) as broken:
        lines = (
            'server:\n module-config: "iterator"',
            *forwards(configs.ZONE, behind.port),
            *forwards("silent.example", dead),
            *forwards("slow.example", slow),
            *forwards("broken.example", broken),
        )
        yield start("unbound", configs.unbound(*lines), "ready.example")
        gate.open.set()


async def test_a_resolver_passes_on_what_its_servers_say(ask: Ask, resolver: Server) -> None:
    found = await asked(ask, resolver, "web.shop.example.")
    nothing = await asked(ask, resolver, "nothing.shop.example.")
    empty = await asked(ask, resolver, "only4.shop.example.", "AAAA")
    assert (data(found), "RA" in found["flags"], "AA" in found["flags"]) == ([("A", "192.0.2.7")], True, False)
    assert (nothing["rcode"], empty["rcode"], empty["answer"]) == ("NXDOMAIN", "NOERROR", [])


async def test_what_is_cut_behind_the_resolver_arrives_whole_over_tcp(ask: Ask, resolver: Server) -> None:
    cut = await asked(ask, resolver, "many.shop.example.", timeout=LONG)
    whole = await asked(ask, resolver, "many.shop.example.", transport="tcp", timeout=LONG)
    assert (cut["truncated"], whole["truncated"], len(whole["answer"])) == (True, False, configs.MANY)


async def test_the_ttl_counts_down_in_a_cache_and_not_at_its_authority(ask: Ask, resolver: Server) -> None:
    told = await asked(ask, resolver, "web.shop.example.")
    assert 0 < told["answer"][0]["ttl"] <= 300


async def test_a_failing_server_behind_it_is_servfail(ask: Ask, resolver: Server) -> None:
    told = await asked(ask, resolver, "web.broken.example.", timeout=LONG, edns=1232)
    assert (told["ok"], told["rcode"], told["answer"]) == (True, "SERVFAIL", [])


async def test_a_silent_server_behind_it_is_silence_first(ask: Ask, resolver: Server) -> None:
    """Unbound keeps trying for longer than a client waits: the client sees a timeout, and no word of why."""
    told = await asked(ask, resolver, "web.silent.example.", timeout=SHORT)
    assert (told["ok"], told["failure"]["kind"]) == (False, "timeout")
    assert told["ms"] >= SHORT * 1000


async def test_a_slow_server_times_out_and_answers_when_asked_later(ask: Ask, resolver: Server, gate: Gate) -> None:
    name = f"web{next(gate.names)}.slow.example."  # not one that the resolver keeps
    gate.open.clear()
    late = await asked(ask, resolver, name, timeout=SHORT)
    gate.open.set()
    told = await asked(ask, resolver, name, timeout=LONG, retries=3)
    assert late["failure"]["kind"] == "timeout"
    assert data(told) == [("A", "192.0.2.9")]


async def test_libc_walks_on_from_a_resolver_that_fails(ask: Ask, resolver: Server, views: Server) -> None:
    """SERVFAIL of the first server sends glibc to the next: here nobody listens, and that is what is told."""
    given: dict[str, Any] = {"timeout": 5.0, "attempts": 1, "port": resolver.port}
    found = await ask("libc", name="web.broken.example.", nameservers=["127.0.0.1", "127.0.0.3"], **given)
    assert isinstance(found, dict)
    assert found["addresses"] == []
    assert {one["server"] for one in found["steps"][0]["tries"]} == {"127.0.0.1", "127.0.0.3"}


async def test_who_may_not_ask_is_refused(ask: Ask, start: Start) -> None:
    closed = start("unbound", configs.unbound("server:\n access-control: 127.0.0.1/32 refuse"), "ready.example")
    told = await asked(ask, closed, "web.shop.example.", edns=1232, timeout=LONG)
    assert (told["rcode"], [one["code"] for one in told["ede"]]) == ("REFUSED", [PROHIBITED])


async def test_an_answer_that_fails_validation_is_told_from_a_server_that_fails(ask: Ask, start: Start) -> None:
    """With checking disabled (RFC 4035, 3.2.2) the same question is answered: the data are there, unsigned."""
    behind = start("named", configs.bind, configs.ZONE)
    lines = (ANCHOR, *forwards(configs.ZONE, behind.port))
    validating = start("unbound", configs.unbound(*lines), "ready.example")
    bogus = await asked(ask, validating, "web.shop.example.", edns=1232, timeout=LONG)
    unchecked = await asked(ask, validating, "web.shop.example.", checking_disabled=True, timeout=LONG)
    assert (bogus["rcode"], bogus["answer"]) == ("SERVFAIL", [])
    assert [one["code"] for one in bogus["ede"]] == [DNSKEY_MISSING]
    assert data(unchecked) == [("A", "192.0.2.7")]
