"""What was measured, in the words by which places are compared."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from netdoc.diagnosis.measured import Measured, measured
from netdoc.model.record import Ask, Gap

HERE = "exec:shop/a-1"


def asked(kind: str, **parameters: Any) -> Ask:
    fields = msgspec.json.encode(parameters).decode()
    return Ask(verb="measure", resource=kind, name=HERE, fields=fields)


def failure(kind: str) -> dict[str, Any]:
    return {"ok": False, "failure": {"kind": kind}}


def answered(*addresses: str) -> dict[str, Any]:
    return {"ok": True, "addresses": list(addresses)}


@pytest.mark.parametrize(
    ("tries", "said"),
    [
        ([answered("10.0.0.2", "10.0.0.1"), answered("10.0.0.1")], "10.0.0.1, 10.0.0.2"),
        ([answered("10.0.0.1"), failure("no-answer")], "10.0.0.1 in 1 of 2 tries"),
        ([failure("not-found")], "no such name"),
        ([failure("no-address")], "no address"),
        ([failure("no-answer")], "nothing in time"),
        ([failure("failed")], "a failure"),
    ],
)
def test_a_lookup(tries: list[dict[str, Any]], said: str) -> None:
    answer = {"tries": tries, "conf": {"nameservers": ["10.43.0.10"]}}
    found = measured([(asked("getaddrinfo", name="web.shop"), answer)], HERE)
    assert found == Measured("nameserver 10.43.0.10", {"web.shop": said})


@pytest.mark.parametrize(
    ("tries", "said"),
    [
        ([{"ok": True}], {"10.0.0.1:80": "connected"}),
        ([failure("refused")] * 3, {"10.0.0.1:80": "refused"}),
        ([failure("timeout")], {"10.0.0.1:80": "no answer"}),
        ([failure("timeout"), {"ok": True}, {"ok": True}], {"10.0.0.1:80": "1 of 3 fail"}),
        ([failure("no-tool")], {}),
        ([], {}),
    ],
)
def test_a_connection(tries: list[dict[str, Any]], said: dict[str, str]) -> None:
    answer = {"endpoints": [{"address": "10.0.0.1", "port": 80, "tries": tries}]}
    assert measured([(asked("tcp"), answer)], HERE).connections == said


def test_what_another_place_measured_is_not_its_own_and_a_gap_is_nothing() -> None:
    lookup = (asked("getaddrinfo", name="web"), {"tries": [answered("10.0.0.1")]})
    refused = (asked("tcp"), Gap(what="exec", reason="forbidden"))
    assert measured([lookup, refused], "exec:shop/b-1") == Measured()
    assert measured([refused], HERE) == Measured()


def test_what_was_tried_twice_counts_together() -> None:
    first = (asked("getaddrinfo", name="web", repeat=1), {"tries": [failure("no-answer")]})
    second = (asked("getaddrinfo", name="web", repeat=2), {"tries": [answered("10.0.0.1"), answered("10.0.0.1")]})
    assert measured([first, second], HERE).answers == {"web": "10.0.0.1 in 2 of 3 tries"}
