"""Durations as kubectl takes them: `90s`, `2h`, `1h30m`, or plain seconds."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import click

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)", re.ASCII)


class Duration(click.ParamType[timedelta]):
    name = "duration"

    def convert(self, value: Any, parameter: click.Parameter | None, context: click.Context | None) -> timedelta:
        if isinstance(value, timedelta):
            return value
        text = str(value).strip()
        if text.isascii() and text.isdecimal():
            return timedelta(seconds=int(text))
        parts = _PART.findall(text)
        if not parts or "".join(number + unit for number, unit in parts) != text:
            self.fail(f'"{text}" is not a duration; write 30s, 2h or 1h30m', parameter, context)
        return timedelta(seconds=sum(float(number) * _UNITS[unit] for number, unit in parts))
