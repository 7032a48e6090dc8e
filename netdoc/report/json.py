"""JSON: the report itself. Sorted keys, UTC, absent omitted, nothing cut, and inert on a terminal too."""

from __future__ import annotations

from typing import Any

import msgspec

from netdoc.model.report import Report, encode
from netdoc.report.inert import data, escaped_json


def draw(report: Report, width: int, color: bool) -> str:
    return indented(report)


def indented(value: Any) -> str:
    """Any data of ours as a JSON document to read: the form of every `-o json`."""
    return escaped_json(msgspec.json.format(encode(data(value)), indent=2).decode()) + "\n"


def compact(value: Any) -> str:
    """Any data of ours as one line of JSON: the form of every JSON lines output."""
    return escaped_json(encode(data(value)).decode()) + "\n"
