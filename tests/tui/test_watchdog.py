"""Nothing blocks the screen: whatever hangs, hangs beside it, and keys are answered."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest
from textual.widgets import Input

from netdoc.engine.run import Run
from netdoc.journal import keeping, reader
from netdoc.tui import conduct, kept, lookout, opening, preparing, requests
from netdoc.tui.conduct import sight
from netdoc.tui.screens.run import RunScreen
from tests.tui.driving import app_for, finished, ready, until

TARGET = "svc/web.shop:80"


class Hang:
    """A call that comes back only when the test lets it; it remembers which threads called."""

    def __init__(self, work: Any) -> None:
        self._work = work
        self.entered = threading.Event()
        self.let = threading.Event()
        self.threads: set[int] = set()

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.threads.add(threading.get_ident())
        self.entered.set()
        assert self.let.wait(60)
        return self._work(*arguments, **named)


@pytest.fixture
def hanging(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hang]:
    module, name = request.param
    hang = Hang(getattr(module, name))
    monkeypatch.setattr(module, name, hang)
    yield hang
    hang.let.set()


@pytest.mark.parametrize("hanging", [(opening, "open_place"), (kept, "recent")], indirect=True, ids=str)
async def test_home_answers_keys_while_what_it_reads_hangs(hanging: Hang) -> None:
    """The lookout imports its opener when it opens; the list of runs is read when it is shown."""
    assert lookout
    app = app_for()
    async with app.run_test() as pilot:
        await until(pilot, hanging.entered.is_set)
        await pilot.press(*"svc")
        assert app.screen.query_one("#target", Input).value == "svc"
        assert threading.get_ident() not in hanging.threads
        hanging.let.set()


@pytest.mark.parametrize(
    "hanging", [(conduct, "open_place"), (requests, "playbook_named"), (keeping, "assemble")], indirect=True, ids=str
)
async def test_a_run_that_hangs_does_not_hold_up_the_screen(hanging: Hang) -> None:
    app = app_for("selector-typo")
    async with app.run_test() as pilot:
        await ready(pilot)
        app.screen.query_one("#target", Input).value = TARGET
        app.screen.query_one("#from", Input).focus()
        await pilot.press("enter")
        await until(pilot, hanging.entered.is_set)
        await pilot.press("f1")
        assert type(app.screen).__name__ == "HelpScreen"
        await pilot.press("escape")
        assert threading.get_ident() not in hanging.threads
        hanging.let.set()
        session = await finished(pilot)
        assert session.report is not None


async def test_the_engine_and_the_making_of_pages_work_in_threads_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    threads: dict[str, set[int]] = {"go": set(), "sight": set()}
    go = Run.go

    async def seen(self: Run, stop: Any) -> Any:
        threads["go"].add(threading.get_ident())
        return await go(self, stop)

    def sighted(report: Any) -> Any:
        threads["sight"].add(threading.get_ident())
        return sight(report)

    monkeypatch.setattr(Run, "go", seen)
    monkeypatch.setattr(conduct, "sight", sighted)
    app = app_for("selector-typo", target=TARGET)
    async with app.run_test() as pilot:
        await finished(pilot)
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
    assert all(ids and threading.get_ident() not in ids for ids in threads.values())


async def test_reading_a_long_run_back_hangs_beside_the_screen(monkeypatch: pytest.MonkeyPatch) -> None:
    hang = Hang(reader.read)
    monkeypatch.setattr(preparing, "story_of", hang)
    app = app_for()
    async with app.run_test() as pilot:
        await ready(pilot)
        app.open_run("20261120T031200Z-0a1b2c")
        await until(pilot, hang.entered.is_set)
        await pilot.press(*"svc")
        assert app.screen.query_one("#target", Input).value == "svc"
        hang.let.set()
        assert threading.get_ident() not in hang.threads


async def test_leaving_does_not_wait_for_a_cluster_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    hang = Hang(opening.open_place)
    monkeypatch.setattr(conduct, "open_place", hang)
    app = app_for("selector-typo", target=TARGET)
    async with app.run_test() as pilot:
        await until(pilot, hang.entered.is_set)
        await pilot.press("ctrl+q")
        await until(pilot, lambda: app._exit)
    assert not hang.let.is_set()  # nobody let it go, and the app is gone
    hang.let.set()
