"""Words that could be markup are code spans; the sentence around them stays outside."""

from __future__ import annotations

import pytest

from netdoc.report.markup import prose


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("it is plain (quite)", "it is plain (quite)"),
        ("denied (default_deny)", "denied (`default_deny`)"),
        ("denied (default_deny, allow_dns); look", "denied (`default_deny`, `allow_dns`); look"),
        ("two *bold words* here", "two `*bold words*` here"),
        ("call f(a_b) now", "call `f(a_b)` now"),
        ("call f(a_b). Then", "call `f(a_b)`. Then"),
        ("((a_b))", "((`a_b`))"),
        ("see https://x.example/y_z, then", "see `https://x.example/y_z`, then"),
        ("1) first", "`1`) first"),
        ("(_) ...", "(`_`) `...`"),
        ("", ""),
    ],
)
def test_prose(text: str, shown: str) -> None:
    assert prose(text) == shown
