"""Where to look: contexts, namespaces, snapshots and the demo in one list; single checks by their forms."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from textual.widgets import Input

from netdoc.engine.check import Check
from netdoc.engine.plugins import Broken
from netdoc.tui.contexts import is_configured, known_contexts
from netdoc.tui.screens import checks
from netdoc.tui.screens.checks import CheckForm, ChecksScreen
from netdoc.tui.screens.places import Entry, PlaceScreen, place_at
from netdoc.tui.start import Place
from netdoc.tui.widgets.bar import Bar
from netdoc.tui.widgets.rows import Rows
from tests.tui.driving import app_for, finished, ready, until


def test_contexts_come_in_kubectls_order_the_current_one_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = tmp_path / "a", tmp_path / "b"
    first.write_text("contexts: [{name: lab}, {name: prod}]\ncurrent-context: prod\n")
    second.write_text("contexts: [{name: home}, {name: lab}]\ncurrent-context: home\n")
    monkeypatch.setenv("KUBECONFIG", f"{first}:{second}:{tmp_path / 'none'}")
    assert known_contexts(Place()) == ("prod", "lab", "home")
    assert known_contexts(Place(kubeconfig=str(second))) == ("home", "lab")
    assert is_configured(Place())


@pytest.mark.parametrize("text", ["", "[]", "contexts: 3", "contexts: [3, {name: 4}]", "{", "a: b: c"])
def test_a_kubeconfig_that_is_none_names_no_context(text: str, tmp_path: Path) -> None:
    file = tmp_path / "config"
    file.write_text(text)
    assert known_contexts(Place(kubeconfig=str(file))) == ()
    assert not is_configured(Place(kubeconfig=str(file)))


def test_going_elsewhere_leaves_what_belonged_to_the_place_behind() -> None:
    now = Place(context="prod", namespace="shop", as_user="me")
    assert place_at(Entry(kind="context", name="lab"), now) == Place(context="lab", as_user="me")
    assert place_at(Entry(kind="namespace", name="media"), now) == Place(
        context="prod", namespace="media", as_user="me"
    )
    assert place_at(Entry(kind="demo", name="healthy"), now) == Place(demo="healthy", as_user="me")
    assert place_at(Entry(kind="snapshot", name="/x"), now) == Place(snapshot="/x", as_user="me")
    assert place_at(Entry(kind="", name="namespaces", aside="refused"), now) is None


async def test_a_namespace_is_switched_to() -> None:
    app = app_for()
    async with app.run_test() as pilot:
        await ready(pilot)
        await pilot.press("f2")
        rows = app.screen.query_one("#places", Rows)
        await until(pilot, lambda: any(one.kind == "namespace" for one in rows.items))
        await pilot.press(*"media", "enter")
        await until(pilot, lambda: app.screen.query_one(Bar).namespace == "media")
        assert app.place == Place(demo="healthy", namespace="media")


async def test_a_snapshot_is_opened_by_its_path(tmp_path: Path) -> None:
    (tmp_path / "dump.yaml").write_text("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n")
    app = app_for()
    async with app.run_test() as pilot:
        await ready(pilot)
        await pilot.press("f2")
        app.screen.query_one("#which", Input).value = str(tmp_path / "dump.yaml")
        await pilot.press("enter")
        await until(pilot, lambda: app.lookout.state == "ready" and "snapshot" in app.lookout.label)
        assert app.place.snapshot == str(tmp_path / "dump.yaml")


async def test_a_scenario_brings_its_own_question() -> None:
    app = app_for()
    async with app.run_test() as pilot:
        await ready(pilot)
        await pilot.press("f3")
        assert isinstance(app.screen, PlaceScreen)
        rows = app.screen.query_one("#places", Rows)
        await until(pilot, lambda: len(rows.items) > 20)
        await pilot.press(*"selector-typo", "enter")
        session = await finished(pilot)
        assert session.plan.target == "svc/web.shop:80"
        assert session.report is not None
        assert session.report.run.input.scenario == "selector-typo"


class Told(msgspec.Struct, frozen=True):
    """Parameters of a check, of each type that a form knows."""

    path: str = "/"
    limit: int = 3
    deep: bool = False


async def test_a_form_is_made_of_the_parameters_that_a_check_declares(monkeypatch: pytest.MonkeyPatch) -> None:
    from netdoc_checks.endpoints import CHECK

    check = msgspec.structs.replace(CHECK, parameters=Told)
    assert isinstance(check, Check)
    app = app_for("selector-typo")
    async with app.run_test(size=(100, 40)) as pilot:
        await ready(pilot)
        app.push_screen(CheckForm(check))
        await pilot.pause()
        form = app.screen
        form.query_one("#target", Input).value = "svc/web.shop:80"
        assert form.query_one("#p-limit", Input).placeholder == "3"
        form.query_one("#p-limit", Input).value = "many"
        await pilot.press("enter")
        assert form is app.screen  # it stays open, and says what does not fit
        assert any("limit" in one.message for one in app._notifications)
        form.query_one("#p-limit", Input).value = "7"
        plans: list[object] = []
        monkeypatch.setattr(app, "ask", plans.append)
        await pilot.press("enter")
        assert [(one.check, one.parameters) for one in plans] == [("endpoints", {"limit": "7", "deep": False})]  # type: ignore[attr-defined]


async def test_marked_checks_run_together() -> None:
    app = app_for("selector-typo")
    async with app.run_test(size=(100, 40)) as pilot:
        await ready(pilot)
        await pilot.press("f4")
        assert isinstance(app.screen, ChecksScreen)
        screen = app.screen
        rows = screen.query_one("#checks", Rows)
        await until(pilot, lambda: bool(rows.items))
        for id_ in ("policy", "endpoints", "dns", "dns"):
            rows.cursor = [one.id for one in rows.items].index(id_)
            await pilot.press("space")
        assert sorted(one.id for one in screen.marked) == ["endpoints", "policy"]
        await pilot.press("enter")
        assert isinstance(app.screen, CheckForm)
        app.screen.query_one("#target", Input).value = "svc/web.shop:80"
        await pilot.press("enter")
        session = await finished(pilot)
        assert session.report is not None
        assert session.report.status == "fail"
        assert {check.id for check in session.report.checks} == {"target", "policy", "endpoints"}
        assert "netdoc check endpoints svc/web.shop:80 --demo=selector-typo" in session.plan.command[-1]


async def test_a_check_that_was_not_loaded_cannot_be_marked_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = Broken("mine", "mine-1.0", "it raised at import")
    monkeypatch.setattr(checks, "_installed", lambda: (broken,))
    app = app_for()
    async with app.run_test() as pilot:
        await ready(pilot)
        await pilot.press("f4")
        screen = app.screen
        assert isinstance(screen, ChecksScreen)
        await until(pilot, lambda: bool(screen.query_one("#checks", Rows).items))
        marked = screen.marked
        await pilot.press("space", "a", "enter")
        assert app.screen is screen
        assert marked == []
        assert any("it raised at import" in one.message for one in app._notifications)


async def test_a_single_check_is_run_from_its_form() -> None:
    app = app_for("selector-typo")
    async with app.run_test(size=(100, 40)) as pilot:
        await ready(pilot)
        await pilot.press("f4")
        assert isinstance(app.screen, ChecksScreen)
        rows = app.screen.query_one("#checks", Rows)
        await until(pilot, lambda: bool(rows.items))
        rows.cursor = [one.id for one in rows.items].index("endpoints")
        await pilot.press("enter")
        assert isinstance(app.screen, CheckForm)
        app.screen.query_one("#target", Input).value = "svc/web.shop:80"
        await pilot.press("enter")
        session = await finished(pilot)
        assert session.plan.command[:3] == ("netdoc", "check", "endpoints")
        assert session.report is not None
        assert session.report.status == "fail"
