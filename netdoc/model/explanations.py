"""What each finding code means, read from the files that ship with netdoc: one file for each area."""

from __future__ import annotations

from functools import cache

import msgspec


class Confusion(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the finding is mistaken for, and how to tell the two apart.

    `with_` (in the file and in JSON: `with`) is another code, or `other: ` and plain words.
    """

    with_: str = msgspec.field(name="with")
    tell: str


class Explanation(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """All about one code. `commands` only read; their placeholders stand in capitals. `sources` are public."""

    meaning: str
    proof: str
    confused: tuple[Confusion, ...] = ()
    mend: str
    commands: tuple[str, ...]
    sources: tuple[str, ...] = ()


def explanation(code: str) -> Explanation | None:
    """What the code means, or None where netdoc itself has no such code. Reads the file of its area alone."""
    area, dot, _ = code.partition(".")
    return _area(area).get(code) if dot and area.isalpha() else None


@cache
def _area(area: str) -> dict[str, Explanation]:
    from importlib import resources  # every finding's module loads this one; its text is for explain alone

    file = resources.files("netdoc.model").joinpath("explanations", f"{area}.yaml")
    if not file.is_file():
        return {}
    return msgspec.yaml.decode(file.read_bytes(), type=dict[str, Explanation])
