"""Patterns over JSON documents: how a test says what it waits to see."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any


def matches(pattern: Any, value: Any) -> bool:
    """Whether `value` has all that `pattern` says.

    A mapping: each key holds (null: the key is absent or empty). A list: each of its patterns holds for some item.
    A string `~X`: the regular expression X is found; `>=N`: a number of at least N; `past N`: a time at least N seconds
    ago. Anything else: equal.
    """
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(matches(one, value.get(key)) for key, one in pattern.items())
    if isinstance(pattern, list):
        return isinstance(value, list) and all(any(matches(one, item) for item in value) for one in pattern)
    if pattern is None:
        return not value
    if isinstance(pattern, str) and pattern.startswith("~"):
        return isinstance(value, str) and re.search(pattern[1:], value) is not None
    if isinstance(pattern, str) and pattern.startswith(">="):
        return isinstance(value, int) and value >= int(pattern[2:])
    if isinstance(pattern, str) and pattern.startswith("past "):
        return isinstance(value, str) and _age(value) >= int(pattern.removeprefix("past "))
    return bool(pattern == value)


def _age(time: str) -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(time.replace("Z", "+00:00"))).total_seconds()
