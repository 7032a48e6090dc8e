"""The finding codes, read from the file that ships with netdoc."""

from __future__ import annotations

from functools import cache
from importlib import resources

import msgspec

from netdoc.model.finding import Code


@cache
def known_codes() -> dict[str, Code]:
    """Every code by its name. The file's form is `AREA: {CODE: [severity, title, audit?]}`."""
    text = resources.files("netdoc.model").joinpath("codes.yaml").read_bytes()
    areas = msgspec.yaml.decode(text, type=dict[str, dict[str, list[str]]])
    entries = (entry for area in areas.values() for entry in area.items())
    return {code: _code(code, fields) for code, fields in entries}


def _code(code: str, fields: list[str]) -> Code:
    return msgspec.convert(
        {"code": code, "severity": fields[0], "title": fields[1], "audit": fields[2:] == ["audit"]}, Code
    )
