"""The patterns by which a test says what it waits to see: one that holds for everything would hide a fault."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.e2e.fault import load
from tests.e2e.match import matches

POD: dict[str, Any] = {
    "metadata": {"name": "web-1", "labels": {"app": "web"}},
    "status": {"conditions": [{"type": "Ready", "status": "False"}], "restarts": 3, "message": "connection refused"},
}


@pytest.mark.parametrize(
    ("pattern", "holds"),
    [
        ({}, True),
        ({"metadata": {"name": "web-1"}}, True),
        ({"metadata": {"name": "web"}}, False),
        ({"status": {"conditions": [{"type": "Ready", "status": "False"}]}}, True),
        ({"status": {"conditions": [{"type": "Ready", "status": "True"}]}}, False),
        ({"status": {"conditions": [{"type": "Ready"}, {"type": "Initialized"}]}}, False),
        ({"status": {"conditions": {"type": "Ready"}}}, False),
        ({"status": {"restarts": ">=3"}}, True),
        ({"status": {"restarts": ">=4"}}, False),
        ({"status": {"message": "~refused$"}}, True),
        ({"status": {"message": "~timeout"}}, False),
        ({"status": {"reason": "~."}}, False),
        ({"status": {"reason": None}}, True),
        ({"status": {"message": None}}, False),
        ({"spec": {"nodeName": "lab"}}, False),
    ],
)
def test_a_pattern_holds_for_what_it_says_and_for_nothing_else(pattern: Any, holds: bool) -> None:
    assert matches(pattern, POD) is holds


def test_a_time_is_past_when_it_is() -> None:
    then = (datetime.now(UTC) - timedelta(seconds=30)).isoformat().replace("+00:00", "Z")
    assert matches("past 29", then)
    assert not matches("past 31", then)


def test_every_fault_shows_that_it_is_broken_and_there_are_enough() -> None:
    faults = load()
    assert all(one.seen or one.call for one in faults)
    assert len({(one.cause.code, one.id) for one in faults if one.cause}) >= 60
