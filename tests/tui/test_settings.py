"""Themes and keys: taken at once, kept, and a file that is wrong is said."""

from __future__ import annotations

import pytest

from netdoc.tui import settings
from netdoc.tui.keys import all_keys
from netdoc.tui.screens.run import RunScreen
from netdoc.tui.screens.settings import KeyScreen, SettingsScreen
from netdoc.tui.widgets.rows import Rows
from tests.tui.driving import app_for, frozen, ready, show


async def test_a_theme_is_taken_at_once_and_kept() -> None:
    app = app_for()
    async with app.run_test() as pilot:
        await ready(pilot)
        await pilot.press("f5")
        assert isinstance(app.screen, SettingsScreen)
        await pilot.press("down")
        assert app.theme == "netdoc-light"
    assert settings.load() == (settings.Settings(theme="light"), "")


async def test_a_key_is_changed_and_given_back() -> None:
    app = app_for()
    async with app.run_test() as pilot:
        await ready(pilot)
        await pilot.press("f5")
        rows = app.screen.query_one("#keys", Rows)
        rows.focus()
        rows.cursor = [key.id for key in rows.items].index("again")
        await pilot.press("enter")
        assert isinstance(app.screen, KeyScreen)
        await pilot.press("z")
        assert app.settings.keymap == {"again": "z"}
        await pilot.press("escape")
        screen = await show(pilot, frozen("selector"))
        keys = {active.binding.action: key for key, active in screen.active_bindings.items()}
        assert keys["again"] == "z"
        await pilot.press("f5")
        rows = app.screen.query_one("#keys", Rows)
        rows.focus()
        rows.cursor = [key.id for key in rows.items].index("again")
        await pilot.press("backspace")
        assert app.settings.keymap == {}


@pytest.mark.parametrize("text", ["{", '{"theme": 3}', '{"theme": "pink"}'])
async def test_a_file_that_is_wrong_is_said_and_changes_nothing(text: str) -> None:
    settings.file().parent.mkdir(parents=True)
    settings.file().write_text(text)
    app = app_for()
    async with app.run_test() as pilot:
        await ready(pilot)
        assert app.theme == "netdoc-dark"
        assert any("app.json" in one.message for one in app._notifications)


async def test_every_theme_draws_a_run() -> None:
    for name, theme in settings.THEMES.items():
        settings.save(settings.Settings(theme=name))
        app = app_for()
        async with app.run_test() as pilot:
            assert isinstance(await show(pilot, frozen("selector")), RunScreen)
            assert app.theme == theme


def test_every_key_has_an_id_of_its_own() -> None:
    ids = [key.id for key in all_keys()]
    assert len(ids) == len(set(ids))
    assert all(key.text for key in all_keys())
