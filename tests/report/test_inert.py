"""Every character that acts or hides is written out; every other one stays."""

from __future__ import annotations

import sys
import unicodedata
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdoc.model.finding import Evidence, Fix
from netdoc.report import inert
from tests.report.hostile import SHAPES, active


def test_no_character_of_a_controlling_category_is_missed() -> None:
    """Against the database of the Python at hand, which may be newer than the ranges."""
    hidden = ("Cc", "Cf", "Cs", "Zl", "Zp")
    chars = (chr(code) for code in range(sys.maxunicode + 1))
    missed = [ascii(char) for char in chars if unicodedata.category(char) in hidden and not inert.UNSAFE.match(char)]
    assert missed == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain-name_1.shop", "plain-name_1.shop"),
        ("größe → 漢字 🎉 é", "größe → 漢字 🎉 é"),
        ("\x1b[31m", r"\x1b[31m"),
        ("a\nb\tc\rd", r"a\nb\tc\rd"),
        ("ends in a newline\n", "ends in a newline"),
        ("\x9b31m", r"\x9b31m"),
        ("\u202eevil", r"\u202eevil"),
        ("\U000e0041", r"\U000e0041"),
        ("\ud83d", r"\ud83d"),
        ("\u0301x", r"\u0301x"),
        ("z" + "\u0301" * 6, "z" + "\u0301" * 4 + r"\u0301\u0301"),
    ],
)
def test_line(text: str, shown: str) -> None:
    assert inert.line(text) == shown


def test_block_keeps_lines_and_nothing_else() -> None:
    assert inert.block("one\r\n\ttwo\rthree\n\n") == "one\n    two\\rthree"


def test_what_is_too_long_is_counted() -> None:
    assert inert.line("x" * 700) == "x" * 600 + "… [100 more characters]"
    assert inert.block("y" * 4001).endswith("… [1 more characters]")


def test_a_command_is_not_cut_where_a_title_is() -> None:
    long = "kubectl " + "x" * 3000
    assert inert.page(Fix(summary=long, commands=(long,))).commands == (long,)
    assert inert.page(Fix(summary=long)).summary.endswith("more characters]")


def test_a_newline_in_a_command_does_not_make_two() -> None:
    assert inert.page(Fix(summary="", commands=("kubectl get pod x\nrm -rf /",))).commands == (
        r"kubectl get pod x\nrm -rf /",
    )


@given(st.text())
def test_inert_text_is_inert_and_stays_as_it_is(text: str) -> None:
    once = inert.line(text, limit=10**6)
    assert active(once) == []
    assert inert.line(once, limit=10**6) == once


def test_page_reaches_keys_and_values_of_free_data() -> None:
    shape = SHAPES["csi"]
    shown = inert.page(Evidence(data={shape: [{shape: shape}]}))
    assert active(repr(shown.data)) == []


def test_times_are_utc() -> None:
    summer = datetime(2026, 7, 1, 14, 0, tzinfo=timezone(timedelta(hours=2)))
    assert inert.data(Evidence(at=summer)).at == datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
    assert inert.data(Evidence(at=summer)).at.tzinfo is UTC  # type: ignore[union-attr]
    assert inert.data(Evidence(at=datetime(2026, 7, 1, 14, 0))).at == summer + timedelta(hours=2)  # noqa: DTZ001
