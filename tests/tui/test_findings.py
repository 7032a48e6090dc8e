"""All findings: filtered as one types, whatever their number, only those in sight drawn."""

from __future__ import annotations

import pytest
from textual.content import Content
from textual.widgets import Input, Label

from netdoc.model.finding import SEVERITIES
from netdoc.model.report import ReportFinding
from netdoc.tui.draw import lists
from netdoc.tui.filtering import ORDERS, chosen, ordered, ranked
from netdoc.tui.screens.findings import FindingsScreen
from netdoc.tui.screens.run import RunScreen
from netdoc.tui.widgets.reader import Reader
from netdoc.tui.widgets.rows import Rows
from tests.tui.driving import app_for, of_report, show
from tests.tui.reports import many

FEW = ranked(many(60))


@pytest.mark.parametrize(
    ("text", "holds"),
    [
        ("app-7", lambda one: "app-7" in one.title),
        ("!app", lambda one: "app-" not in one.title),
        ("warning", lambda one: one.severity == "warning"),
        ("severity:info", lambda one: one.severity == "info"),
        ("!error", lambda one: one.severity != "error"),
        ("code:dns", lambda one: one.code.startswith("dns.")),
        ("ns:team-3", lambda one: one.object.namespace.startswith("team-3")),
        ("CODE:DNS error", lambda one: one.code.startswith("dns.") and one.severity == "error"),
        ("!code:dns !ns:team", lambda one: not one.code.startswith("dns.") and "team" not in one.object.namespace),
        ("", lambda one: True),
        ("!", lambda one: True),
    ],
)
def test_the_filter_takes_those_that_fit(text: str, holds: object) -> None:
    assert chosen(FEW, text) == tuple(one for one in FEW if holds(one))  # type: ignore[operator]
    assert chosen(FEW, text)


def test_the_roots_come_first_then_by_severity() -> None:
    report = many(60)
    order = ranked(report)
    assert [one.id for one in order[: len(report.root_causes)]] == list(report.root_causes)
    rest = [SEVERITIES.index(one.severity) for one in order[len(report.root_causes) :]]
    assert rest == sorted(rest)
    assert len(order) == len(report.findings)


@pytest.mark.parametrize("column", ORDERS)
def test_findings_are_sorted_by_a_column_either_way(column: str) -> None:
    there = [ORDERS[column](one) for one in ordered(FEW, column)]
    back = [ORDERS[column](one) for one in ordered(FEW, column, backwards=True)]
    assert there == sorted(there)
    assert back == sorted(back, reverse=True)
    assert len(set(there)) > 1
    assert ordered(FEW, "rank") == FEW


async def test_s_sorts_by_the_next_column_and_says_by_which() -> None:
    app = app_for()
    async with app.run_test(size=(120, 40)) as pilot:
        await show(pilot, of_report(many(60)))
        await pilot.press("slash", "S")
        assert any("s sorts" in one.message for one in app._notifications)
        await pilot.press("s", "s")
        assert isinstance(app.screen, FindingsScreen)
        assert "by code" in str(app.screen.query_one("#count", Label).content)
        rows = app.screen.query_one("#findings", Rows)
        assert rows.items == ordered(FEW, "code")
        await pilot.press("S")
        assert rows.items == ordered(FEW, "code", backwards=True)


async def test_typing_filters_and_esc_clears_first() -> None:
    app = app_for()
    async with app.run_test(size=(120, 40)) as pilot:
        await show(pilot, of_report(many(60)))
        await pilot.press("slash")
        screen = app.screen
        assert isinstance(screen, FindingsScreen)
        rows = screen.query_one("#findings", Rows)
        assert len(rows.items) == 60
        await pilot.press("slash", *"app-7")
        assert [one.object.name for one in rows.items] == ["app-7"]
        assert "1 of 60" in str(screen.query_one("#count", Label).content)
        await pilot.press("enter")
        assert rows.has_focus
        assert "svc/app-7" in screen.query_one("#finding", Reader).plain
        await pilot.press("escape")
        assert screen.query_one("#filter", Input).value == ""
        assert len(rows.items) == 60
        await pilot.press("escape")
        assert isinstance(app.screen, RunScreen)


async def test_of_ten_thousand_only_those_in_sight_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []
    draw = lists.finding

    def counted(one: ReportFinding, width: int, column: str = "") -> Content:
        drawn.append(one.id)
        return draw(one, width, column)

    monkeypatch.setattr(lists, "finding", counted)
    app = app_for()
    async with app.run_test(size=(120, 40)) as pilot:
        await show(pilot, of_report(many(10_000)))
        await pilot.press("slash")
        await pilot.pause()
        assert isinstance(app.screen, FindingsScreen)
        rows = app.screen.query_one("#findings", Rows)
        assert len(rows.items) == 10_000
        await pilot.press("G")
        await pilot.pause()
        assert rows.cursor == 9_999
        assert rows.items[-1].id in drawn
        assert len(set(drawn)) <= 4 * 40
        assert len(app.screen.query("*")) < 40  # no widget for each of them
