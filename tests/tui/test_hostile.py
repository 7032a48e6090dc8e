"""Nothing that a cluster says is ever interpreted: no escape, no markup, no link."""

from __future__ import annotations

import re

import pytest
from textual.pilot import Pilot

from netdoc.tui.widgets.bar import Bar
from tests.tui.driving import app_for, of_report, show
from tests.tui.reports import hostile

_ACTING = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def drawn(pilot: Pilot[None]) -> str:
    """What the terminal is told to show, as text."""
    lines = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in lines)


@pytest.mark.parametrize(
    "keys", [(), ("2",), ("3",), ("4",), ("5",), ("o",), ("slash",), ("f",), ("tab", "tab", "down")]
)
async def test_hostile_text_is_shown_and_does_nothing(keys: tuple[str, ...]) -> None:
    app = app_for()
    async with app.run_test(size=(160, 60)) as pilot:
        await show(pilot, of_report(hostile()))
        await pilot.press(*keys)
        await pilot.pause()
        text = drawn(pilot)
        assert not _ACTING.search(text), _ACTING.search(text)
        if keys != ("3",):
            assert "[bold red]" in text  # shown as it stands, not obeyed
            assert "\\x1b[2J" in text
        metas = [segment.style.meta for strip in app.screen._compositor.render_strips() for segment in strip
                 if segment.style is not None and segment.style._meta is not None]  # fmt: skip
        assert not any("@click" in meta for meta in metas)


async def test_a_context_may_be_called_anything() -> None:
    app = app_for()
    async with app.run_test(size=(120, 30)) as pilot:
        screen = await show(pilot, of_report(hostile()))
        bar = screen.query_one(Bar)
        bar.place = "\x1b]0;owned\x07[red]prod[/]"
        await pilot.pause()
        text = drawn(pilot)
        assert not _ACTING.search(text)
        assert "[red]prod[/]" in text
        assert "PRODUCTION" in text
