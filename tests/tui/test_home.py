"""Home: painted at once, understands what is pasted, completes without listing a cluster, asks who calls."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from textual import events
from textual.widgets import Input, Static

from netdoc.tui.lookout import Lookout
from netdoc.tui.screens.home import HomeScreen
from netdoc.tui.screens.run import RunScreen
from netdoc.tui.start import Limits, Place
from netdoc.tui.symptoms import SYMPTOMS, told
from netdoc.tui.widgets.bar import Bar
from netdoc.tui.widgets.rows import Rows
from tests.tui.driving import app_for, finished, ready, until


def said(screen: HomeScreen) -> str:
    return str(screen.query_one("#understood", Static).content)


async def test_it_is_painted_before_the_cluster_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    answer = asyncio.Event()
    loops: list[asyncio.AbstractEventLoop] = []
    opened = Lookout._open

    async def late(self: Lookout) -> None:
        loops.append(asyncio.get_running_loop())
        await answer.wait()
        await opened(self)

    monkeypatch.setattr(Lookout, "_open", late)
    app = app_for()
    async with app.run_test() as pilot:
        await until(pilot, lambda: bool(loops))
        screen = app.screen
        assert isinstance(screen, HomeScreen)
        await pilot.press("s", "v", "c")
        assert screen.query_one("#target", Input).value == "svc"
        assert "asking" in screen.query_one(Bar).state
        loops[0].call_soon_threadsafe(answer.set)
        await until(pilot, lambda: "answers" in screen.query_one(Bar).state)


async def test_no_cluster_is_opened_while_modules_are_still_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two threads that import a package and one of its modules at once break each other's import."""
    app, warm = app_for(), []
    opened = Lookout._open

    async def watched(self: Lookout) -> None:
        warm.append(app.warmed.is_set())
        await opened(self)

    monkeypatch.setattr(Lookout, "_open", watched)
    async with app.run_test() as pilot:
        await until(pilot, lambda: bool(warm))
    assert warm == [True]


async def test_a_module_that_cannot_be_imported_ends_it_with_a_word(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netdoc.tui.app._LATER", ("netdoc.tui.nowhere",))
    app = app_for()
    async with app.run_test() as pilot:
        await until(pilot, lambda: app.return_code is not None)
    assert app.return_code == 3


async def test_without_a_kubeconfig_it_says_so_and_offers_what_needs_none() -> None:
    app = app_for(place=Place())
    async with app.run_test() as pilot:
        await ready(pilot)
        assert isinstance(app.screen, HomeScreen)
        assert "no kubeconfig" in said(app.screen)
        assert "f3" in said(app.screen)
        assert "f2" in said(app.screen)


async def test_a_kubeconfig_that_names_nobody_is_told_with_its_mend(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text("contexts: [{name: lab, context: {cluster: gone}}]\ncurrent-context: lab\n")
    app = app_for(place=Place(kubeconfig=str(config)))
    async with app.run_test() as pilot:
        await ready(pilot)
        assert isinstance(app.screen, HomeScreen)
        assert 'no cluster "gone"' in said(app.screen)
        assert "no answer" in app.screen.query_one(Bar).state


async def test_a_pasted_error_of_several_lines_is_one_question() -> None:
    app = app_for()
    async with app.run_test(size=(120, 40)) as pilot:
        await ready(pilot)
        field = app.screen.query_one("#target", Input)
        field.post_message(events.Paste('Get "http://web.shop/cart":\n  dial tcp 10.43.7.9:80: i/o timeout'))
        await until(pilot, lambda: "understood" in said(app.screen))  # type: ignore[arg-type]
        assert "\n" not in field.value
        assert isinstance(app.screen, HomeScreen)
        assert "http://web.shop/cart" in said(app.screen)
        assert "timeout" in said(app.screen)


async def test_what_is_no_target_is_told_while_it_is_typed() -> None:
    app = app_for()
    async with app.run_test() as pilot:
        await ready(pilot)
        app.screen.query_one("#target", Input).value = "srv/web"
        await pilot.pause()
        assert isinstance(app.screen, HomeScreen)
        assert 'there is no kind "srv"' in said(app.screen)


async def test_tab_completes_kind_namespace_and_name() -> None:
    app = app_for()
    async with app.run_test() as pilot:
        await ready(pilot)
        field = app.screen.query_one("#target", Input)
        offers = app.screen.query_one("#offers", Rows)
        await pilot.press("s", "v")
        await until(pilot, lambda: "svc/" in offers.items)
        await pilot.press("tab")
        assert field.value == "svc/"
        await until(pilot, lambda: "shop/svc/" in offers.items)
        field.value = "shop/svc/w"
        await until(pilot, lambda: tuple(offers.items)[:1] == ("shop/svc/web",))
        await pilot.press("tab")
        assert field.value == "shop/svc/web"


async def test_completion_lists_one_kind_in_one_namespace_and_never_a_cluster() -> None:
    lookout = Lookout(Place(demo="healthy"))
    await lookout.opened()
    names, refused = await lookout.names("svc", "shop")
    assert "web" in names
    assert not refused
    recorder = lookout._recorder
    asks = [record.ask for record in recorder.records]  # type: ignore[attr-defined]
    assert [(ask.resource, ask.namespace) for ask in asks] == [("services", "shop")]
    lookout.close()


async def test_the_source_is_asked_and_any_client_is_an_answer() -> None:
    app = app_for("selector-typo")
    async with app.run_test() as pilot:
        await ready(pilot)
        app.screen.query_one("#target", Input).value = "svc/web.shop:80"
        await pilot.press("enter")
        assert app.screen.focused is app.screen.query_one("#from")
        await pilot.press("enter")
        session = await finished(pilot)
        assert session.plan.sources == ()
        assert session.report is not None
        assert any(one.reason == "no-source" for one in session.report.not_checked)


async def test_enter_with_nothing_typed_says_what_is_wanted() -> None:
    app = app_for()
    async with app.run_test() as pilot:
        await ready(pilot)
        await pilot.press("enter")
        await until(pilot, lambda: any("paste the error" in one.message for one in app._notifications))
        assert isinstance(app.screen, HomeScreen)


async def test_several_sources_are_asked_together() -> None:
    app = app_for("selector-typo")
    async with app.run_test() as pilot:
        await ready(pilot)
        app.screen.query_one("#target", Input).value = "svc/web.shop:80"
        field = app.screen.query_one("#from", Input)
        field.value = "deploy/client.shop, node/node-a"
        field.focus()
        await pilot.press("enter")
        session = await finished(pilot)
        assert session.plan.sources == ("deploy/client.shop", "node/node-a")


async def test_a_symptom_that_nothing_looks_for_yet_says_so() -> None:
    app = app_for()
    async with app.run_test() as pilot:
        await ready(pilot)
        screen = app.screen
        assert isinstance(screen, HomeScreen)
        screen.installed = frozenset({"policy", "endpoints"})
        rows = screen.query_one("#symptoms", Rows)
        rows.focus()
        rows.cursor = [one.id for one in SYMPTOMS].index("slow")
        await pilot.press("enter")
        await until(pilot, lambda: any("not looked for" in one.message for one in app._notifications))
        assert screen.playbook == "performance"


def test_what_a_symptom_lacks_is_named() -> None:
    tls = next(one for one in SYMPTOMS if one.id == "tls")
    bad = next(one for one in SYMPTOMS if one.id == "502")
    assert told(tls, frozenset({"tls"})) == ""
    assert told(tls, frozenset({"endpoints"})).startswith("not looked for")
    assert "only in part" in told(bad, frozenset({"endpoints"}))


async def test_a_run_that_is_kept_opens_again() -> None:
    app = app_for("selector-typo", limits=Limits(keep=True), target="svc/web.shop:80")
    async with app.run_test() as pilot:
        await ready(pilot)
        first = await finished(pilot)
        assert first.report is not None
        await pilot.press("q")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        rows = app.screen.query_one("#runs", Rows)
        await until(pilot, lambda: bool(rows.items))
        assert rows.items[0].run == first.run
        assert rows.items[0].state == "fail"
        rows.focus()
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        again = app.session
        assert again is not first
        assert again is not None
        assert again.report == first.report
        assert [step.state for step in again.steps] == [step.state for step in first.steps]


async def test_a_plan_that_does_not_parse_says_so_where_the_run_would_be() -> None:
    app = app_for(target="ns/")
    async with app.run_test() as pilot:
        session = await finished(pilot)
        assert session.state == "failed"
        assert session.problem is not None
        assert "KIND/NAME" in str(session.problem)
