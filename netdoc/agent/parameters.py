# SPDX-License-Identifier: GPL-2.0-or-later
"""Reads what a measurement is asked for; what is wrong with it is said, never guessed."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Mapping
from typing import Any

Parameters = Mapping[str, Any]
Measure = Callable[[Parameters], dict[str, Any]]


class BadParameters(ValueError):
    """The question itself is wrong; the message says how."""


class NotAnAnswer(ValueError):
    """Octets that are no answer to this question: `kind` says in which way."""

    def __init__(self, kind: str, detail: str) -> None:
        super().__init__(detail)
        self.kind = kind


def number(given: Parameters, name: str, default: float, low: float, high: float) -> float:
    value = given.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise BadParameters(f"{name} must be a number from {low} to {high}, not {value!r}")
    return value


def whole(given: Parameters, name: str, default: int, low: int, high: int) -> int:
    value = number(given, name, default, low, high)
    if value != int(value):
        raise BadParameters(f"{name} must be a whole number, not {value!r}")
    return int(value)


def text(given: Parameters, name: str, default: str | None = None) -> str:
    value = given.get(name, default)
    if not isinstance(value, str):
        raise BadParameters(f"{name} must be a string, not {value!r}")
    return value


def flag(given: Parameters, name: str, default: bool) -> bool:
    value = given.get(name, default)
    if not isinstance(value, bool):
        raise BadParameters(f"{name} must be true or false, not {value!r}")
    return value


def one_of(given: Parameters, name: str, choices: tuple[str, ...]) -> str:
    value = text(given, name, choices[0])
    if value not in choices:
        raise BadParameters(f"{name} must be one of {', '.join(choices)}, not {value!r}")
    return value


def texts(given: Parameters, name: str) -> tuple[str, ...]:
    value = given.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadParameters(f"{name} must be a list of strings")
    return tuple(value)


def address(given: Parameters, name: str) -> str:
    """An IP address, a zone behind % allowed; names are never looked up on the way to a measurement."""
    value = text(given, name)
    try:
        ipaddress.ip_address(value.partition("%")[0])
    except ValueError:
        raise BadParameters(f"{name} must be an IP address, not {value!r}") from None
    return value
