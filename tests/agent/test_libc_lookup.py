"""A name as glibc and musl look it up, against servers on loopback: which names, which servers, which step decides."""

from __future__ import annotations

import platform
from typing import Any

import dns.flags
import dns.message
import pytest

from tests.agent.conftest import Ask
from tests.agent.servers import Reply, answering, by_name, framed, records, silent

SEARCH = ["shop.svc.cluster.local", "svc.cluster.local", "cluster.local"]
NXDOMAIN = records(rcode="NXDOMAIN")
WEB = "web.shop.svc.cluster.local."


async def looked_up(ask: Ask, port: int, name: str, **parameters: Any) -> dict[str, Any]:
    given = {"nameservers": ["127.0.0.1"], "search": SEARCH, "options": ["ndots:5"], "timeout": 0.3, "attempts": 1}
    result: dict[str, Any] = await ask("libc", name=name, port=port, **{**given, **parameters})
    assert isinstance(result, dict), result
    return result


def names(result: dict[str, Any]) -> list[str]:
    return [step["name"] for step in result["steps"]]


@pytest.mark.parametrize("libc", ["glibc", "musl"])
async def test_the_search_list_is_walked_until_one_answers(ask: Ask, libc: str) -> None:
    with answering(by_name({WEB: records("10.43.7.9")}, NXDOMAIN)) as port:
        result = await looked_up(ask, port, "web.shop", libc=libc)
    assert names(result) == ["web.shop.shop.svc.cluster.local.", WEB]
    assert (result["outcome"], result["addresses"], result["decided"]) == ("resolved", ["10.43.7.9"], 1)


async def test_an_empty_answer_on_the_way_stops_musl_and_not_glibc(ask: Ask) -> None:
    """kubernetes/dns issue 119: NOERROR without a record in a search domain."""
    empty = records(flags=dns.flags.RA)
    hijack = by_name({WEB: records("10.43.7.9"), "web.shop.shop.svc.cluster.local.": empty}, NXDOMAIN)
    with answering(hijack) as port:
        glibc = await looked_up(ask, port, "web.shop", libc="glibc")
        musl = await looked_up(ask, port, "web.shop", libc="musl")
    assert (glibc["outcome"], musl["outcome"]) == ("resolved", "NOERROR")
    assert len(musl["steps"]) == 1


@pytest.mark.parametrize(("name", "count"), [("web.", 1), ("web", 4), ("a.b.c.d.e.f", 4), ("", 0), ("a..b", 0)])
async def test_how_many_names_are_asked(ask: Ask, name: str, count: int) -> None:
    with answering(NXDOMAIN) as port:
        result = await looked_up(ask, port, name)
    assert len(result["steps"]) == count


async def test_a_server_that_fails_is_followed_by_the_next(ask: Ask) -> None:
    with answering(records("10.43.7.9")) as port:
        dead = await looked_up(ask, port, WEB, nameservers=["127.0.0.2", "127.0.0.1"])
    tries = dead["steps"][0]["tries"]
    assert [(one["server"], one["ok"]) for one in tries if one["type"] == "A"] == [
        ("127.0.0.2", False),
        ("127.0.0.1", True),
    ]
    assert dead["outcome"] == "resolved"


async def test_servfail_is_told_from_nxdomain_and_from_silence(ask: Ask) -> None:
    outcomes = []
    replies: list[Reply] = [records(rcode="SERVFAIL"), NXDOMAIN, silent]
    for reply in replies:
        with answering(reply) as port:
            outcomes.append((await looked_up(ask, port, WEB))["outcome"])
    assert outcomes == ["SERVFAIL", "NXDOMAIN", "no answer"]


@pytest.mark.parametrize("reply", [silent, records(rcode="REFUSED")], ids=["silent", "refused"])
@pytest.mark.parametrize(("name", "options"), [("web", ["ndots:5"]), ("web.shop", ["ndots:1"])])
async def test_without_an_answer_glibc_asks_for_the_name_as_it_is(
    ask: Ask, reply: Reply, name: str, options: list[str]
) -> None:
    """res_query.c, __res_context_search: nothing but NXDOMAIN, no data and SERVFAIL leads on through the list."""
    first = f"{name}.{SEARCH[0]}." if options == ["ndots:5"] else f"{name}."
    then = f"{name}." if options == ["ndots:5"] else f"{name}.{SEARCH[0]}."
    with answering(reply) as port:
        result = await looked_up(ask, port, name, options=options)
    assert names(result)[:2] == [first, then]


async def test_nothing_from_a_server_that_is_no_authority_and_does_not_recurse_is_no_answer_to_glibc(ask: Ask) -> None:
    """res_send.c, send_dg: such a server is passed over, and in the end it is as if nobody had answered."""
    with answering(by_name({"web.": records("10.43.7.9")}, records())) as port:
        glibc = await looked_up(ask, port, "web", libc="glibc")
        musl = await looked_up(ask, port, "web", libc="musl")
    assert (names(glibc), glibc["addresses"]) == ([WEB, "web."], ["10.43.7.9"])
    assert glibc["steps"][0]["tries"][0]["lame"] is True
    assert (names(musl), musl["outcome"]) == ([WEB], "NOERROR")


@pytest.mark.parametrize(("libc", "outcome"), [("glibc", "resolved"), ("musl", "SERVFAIL")])
async def test_one_family_failing_takes_the_other_with_it_in_musl(ask: Ask, libc: str, outcome: str) -> None:
    def half(query: dns.message.Message, octets: bytes) -> list[bytes]:
        failing = records(rcode="SERVFAIL", flags=dns.flags.RA)
        return (failing if query.question[0].rdtype == 28 else records("10.43.7.9"))(query, octets)

    with answering(half) as port:
        result = await looked_up(ask, port, WEB, libc=libc)
    assert result["outcome"] == outcome
    assert result["addresses"] == (["10.43.7.9"] if libc == "glibc" else [])


async def test_one_of_two_questions_lost_is_seen(ask: Ask) -> None:
    """A and AAAA leave from one socket; where one is lost, the whole timer runs out (kubernetes issue 56903)."""

    def drops_aaaa(query: dns.message.Message, octets: bytes) -> list[bytes]:
        return [] if query.question[0].rdtype == 28 else records("10.43.7.9")(query, octets)

    with answering(drops_aaaa) as port:
        result = await looked_up(ask, port, WEB)
    tries = {one["type"]: one for one in result["steps"][0]["tries"]}
    assert (tries["A"]["ok"], tries["AAAA"]["ok"]) == (True, False)
    assert tries["AAAA"]["failure"]["kind"] == "timeout"


@pytest.mark.parametrize("parallel", [True, False])
@pytest.mark.parametrize("libc", ["glibc", "musl"])
async def test_a_cut_answer_is_asked_for_again_over_tcp(ask: Ask, parallel: bool, libc: str) -> None:
    cut = records(flags=dns.flags.TC | dns.flags.RA)
    with answering(cut, framed(records("10.43.7.9"))) as port:
        result = await looked_up(ask, port, WEB, parallel=parallel, libc=libc)
    assert result["addresses"] == ["10.43.7.9"]
    assert any(one.get("after_truncation") for one in result["steps"][0]["tries"])


async def test_both_families_come_together(ask: Ask) -> None:
    with answering(records("10.43.7.9", "fd00::9")) as port:
        result = await looked_up(ask, port, WEB)
    assert result["addresses"] == ["10.43.7.9", "fd00::9"]


@pytest.mark.parametrize(
    ("options", "payload"), [([], -1), (["edns0"], 1200), (["ndots:5", "edns0", "trust-ad"], 1200)]
)
async def test_edns_is_offered_as_resolv_conf_has_it(ask: Ask, options: list[str], payload: int) -> None:
    seen: list[int] = []

    def heard(query: dns.message.Message, octets: bytes) -> list[bytes]:
        seen.append(query.payload if query.edns >= 0 else -1)
        return records("10.43.7.9")(query, octets)

    with answering(heard) as port:
        await looked_up(ask, port, WEB, options=options)
    assert set(seen) == {payload}


async def test_without_a_word_the_rules_are_this_systems_own(ask: Ask) -> None:
    with answering(records("10.43.7.9")) as port:
        result = await looked_up(ask, port, WEB)
    assert result["libc"] == (platform.libc_ver()[0] or "musl")
