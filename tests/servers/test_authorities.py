"""What BIND, NSD and Knot really answer, as the agent tells it: the same zone, and where the programs differ."""

from __future__ import annotations

from typing import Any

import pytest

from tests.servers import configs
from tests.servers.conftest import Ask
from tests.servers.daemons import Server


async def asked(ask: Ask, where: Server, name: str, type_: str = "A", **parameters: Any) -> dict[str, Any]:
    given = {"server": "127.0.0.1", "port": where.port, "name": name, "type": type_, "timeout": 5.0, **parameters}
    result = await ask("dns", **given)
    assert isinstance(result, dict), result
    told: dict[str, Any] = result["rounds"][0]
    return told


def data(told: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["type"], one["data"]) for one in told["answer"]]


@pytest.mark.parametrize("transport", ["udp", "tcp"])
async def test_an_authoritative_answer(ask: Ask, authority: Server, transport: str) -> None:
    told = await asked(ask, authority, "web.shop.example.", transport=transport)
    assert (told["ok"], told["rcode"], data(told)) == (True, "NOERROR", [("A", "192.0.2.7")])
    assert "AA" in told["flags"]
    assert "AD" not in told["flags"]  # nobody signed this zone


async def test_what_does_not_exist_what_is_empty_and_what_is_not_theirs(ask: Ask, authority: Server) -> None:
    nothing = await asked(ask, authority, "nothing.shop.example.")
    empty = await asked(ask, authority, "only4.shop.example.", "AAAA")
    foreign = await asked(ask, authority, "web.elsewhere.example.")
    assert [(one["rcode"], one["answer"]) for one in (nothing, empty, foreign)] == [
        ("NXDOMAIN", []),
        ("NOERROR", []),
        ("REFUSED", []),
    ]
    assert [one["type"] for one in nothing["authority"]] == ["SOA"]
    assert [one["type"] for one in empty["authority"]] == ["SOA"]


async def test_a_chain_of_aliases_is_kept_in_its_order(ask: Ask, authority: Server) -> None:
    told = await asked(ask, authority, "one.shop.example.")
    assert [one["name"] for one in told["answer"]] == [
        f"{name}.shop.example." for name in ("one", "two", "three", "web")
    ]
    assert data(told)[-1] == ("A", "192.0.2.7")


async def test_an_alias_that_leads_out_of_the_zone_ends_there(ask: Ask, authority: Server) -> None:
    told = await asked(ask, authority, "outside.shop.example.")
    assert data(told) == [("CNAME", "web.elsewhere.example.")]


@pytest.mark.parametrize("name", ["loop", "self"])
async def test_aliases_in_a_circle_are_told_and_give_no_address(ask: Ask, authority: Server, name: str) -> None:
    told = await asked(ask, authority, f"{name}.shop.example.")
    assert told["ok"] is True
    assert {one["type"] for one in told["answer"]} <= {"CNAME"}
    found = await ask("libc", name=f"{name}.shop.example.", nameservers=["127.0.0.1"], port=authority.port)
    assert isinstance(found, dict)
    assert (found["addresses"], found["outcome"] == "resolved") == ([], False)


@pytest.mark.parametrize(("name", "type_"), [("many", "A"), ("large", "TXT")])
async def test_what_does_not_fit_is_cut_over_udp_and_whole_over_tcp(
    ask: Ask, authority: Server, name: str, type_: str
) -> None:
    """Without EDNS 512 octets fit (RFC 1035); with it what was offered and the server allows (RFC 6891)."""
    host = f"{name}.shop.example."
    plain = await asked(ask, authority, host, type_)
    offered = await asked(ask, authority, host, type_, edns=1232)
    whole = await asked(ask, authority, host, type_, transport="tcp")
    assert (plain["truncated"], offered["truncated"], whole["truncated"]) == (True, True, False)
    assert plain["size"] <= 512
    assert offered["size"] <= 1232
    assert offered["edns"] >= 512
    assert len(whole["answer"]) == (configs.MANY if type_ == "A" else 1)


async def test_sixty_kilobytes_come_over_tcp(ask: Ask, authority: Server) -> None:
    told = await asked(ask, authority, "huge.shop.example.", "TXT", transport="tcp")
    assert told["size"] > 60_000
    cut = await asked(ask, authority, "huge.shop.example.", "TXT", edns=4096)
    assert cut["truncated"] is True


@pytest.mark.parametrize("parallel", [True, False])
async def test_libc_takes_what_was_cut_again_over_tcp(ask: Ask, authority: Server, parallel: bool) -> None:
    found = await ask(
        "libc", name="many.shop.example.", nameservers=["127.0.0.1"], port=authority.port, parallel=parallel
    )
    assert isinstance(found, dict)
    assert len(found["addresses"]) == configs.MANY
    assert any(one.get("after_truncation") for one in found["steps"][0]["tries"])


async def test_two_views_of_one_name(ask: Ask, views: Server) -> None:
    table = {}
    for name in ("web", "both", "private", "public"):
        for server in (configs.OUTSIDE, configs.INSIDE):
            told = await asked(ask, views, f"{name}.shop.example.", server=server)
            assert told["ok"], told
            table[name, server] = [one["data"] for one in told["answer"]] or told["rcode"]
    assert table == {
        ("web", configs.OUTSIDE): ["198.51.100.7"],
        ("web", configs.INSIDE): ["10.43.7.9"],
        ("both", configs.OUTSIDE): ["198.51.100.8"],
        ("both", configs.INSIDE): ["198.51.100.8"],
        ("private", configs.OUTSIDE): "NXDOMAIN",
        ("private", configs.INSIDE): ["10.43.7.10"],
        ("public", configs.OUTSIDE): ["198.51.100.9"],
        ("public", configs.INSIDE): "NXDOMAIN",
    }


async def test_libc_with_nameservers_of_two_views_takes_the_first_that_answers(ask: Ask, views: Server) -> None:
    """glibc asks in order, and NXDOMAIN is an answer: the second view is never asked."""
    servers = [configs.OUTSIDE, configs.INSIDE]
    found = await ask("libc", name="private.shop.example.", nameservers=servers, port=views.port)
    assert isinstance(found, dict)
    assert found["outcome"] == "NXDOMAIN"
    assert {one["server"] for one in found["steps"][0]["tries"]} == {configs.OUTSIDE}
