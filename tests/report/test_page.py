"""Columns and wrapping, checked against rich, which counts cells for a living."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from netdoc.report import inert
from netdoc.report.page import Page, cells, wrap


@pytest.mark.parametrize("text", ["plain", "größe", "漢字かな", "🎉🔥", "→✓✗·…", "ｆｕｌｌ", "한국어", "e\u0301"])
def test_cells(text: str) -> None:
    assert cells(text) == cell_len(text)


@given(st.text(max_size=200), st.integers(4, 60))
def test_wrapped_lines_fit_and_lose_no_word(text: str, width: int) -> None:
    shown = inert.line(text)
    lines = wrap(shown, width)
    assert all(cells(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(shown.split())


def test_words_are_not_broken_where_they_fit_a_line() -> None:
    assert wrap("one three fourteen", 8) == ["one", "three", "fourteen"]
    assert wrap("one fourteenths", 8) == ["one", "fourteen", "ths"]


def test_a_command_is_never_wrapped() -> None:
    page = Page(40, color=False)
    page.command("kubectl " + "x" * 100)
    assert str(page).strip() == "kubectl " + "x" * 100


def test_color_ends_on_the_line_where_it_begins() -> None:
    page = Page(20, color=True)
    page.prose("several words that do not fit one line", style="fail", lead="> ", lead_style="faint")
    for line in str(page).splitlines():
        assert line.count("\x1b[") % 2 == 0
        assert line.endswith("\x1b[0m")
