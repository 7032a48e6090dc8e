"""A run on the screen: guided, live, cancelled at once, done again; a key that is off says why."""

from __future__ import annotations

import asyncio
import threading
from pathlib import Path
from typing import Any

import pytest

from netdoc.demo import open_demo
from netdoc.engine.playbooks.model import Ask, Metadata, Playbook, Step
from netdoc.ports import Cluster
from netdoc.tui import conduct, requests
from netdoc.tui.draw.state import SLOW
from netdoc.tui.screens.commands import CommandsScreen
from netdoc.tui.screens.confirm import ConfirmScreen
from netdoc.tui.screens.home import HomeScreen
from netdoc.tui.screens.question import QuestionScreen
from netdoc.tui.screens.run import RunScreen
from netdoc.tui.screens.viewer import ViewerScreen
from netdoc.tui.start import Limits, Place, Plan
from netdoc.tui.widgets.bar import Bar
from netdoc.tui.widgets.reader import Reader
from netdoc.tui.widgets.rows import Rows
from tests.cluster.conftest import write_kubeconfig
from tests.fakes.apiserver import ApiServer
from tests.journal.conftest import documents
from tests.tui.driving import app_for, finished, frozen, ready, show, until

TARGET = "svc/web.shop:80"
CLIENT = ("deploy/client.shop",)


def page(screen: RunScreen) -> str:
    """What the page says, its wrapping undone."""
    return " ".join(screen.query_one("#page", Reader).plain.split())


def notices(app: Any) -> list[str]:
    return [one.message for one in app._notifications]


class Stuck:
    """A cluster whose answers do not come; everything else is the demo's."""

    def __init__(self, cluster: Cluster, kinds: tuple[str, ...]) -> None:
        self._cluster = cluster
        self._kinds = kinds
        self.asked = threading.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cluster, name)

    async def get(self, kind: Any, name: str, namespace: str = "") -> Any:
        await self._wait(kind)
        return await self._cluster.get(kind, name, namespace)

    async def list(self, kind: Any, namespace: str = "", *, labels: str = "", fields: str = "") -> Any:
        await self._wait(kind)
        return await self._cluster.list(kind, namespace, labels=labels, fields=fields)

    async def _wait(self, kind: Any) -> None:
        if kind.KIND.kind in self._kinds:
            self.asked.set()
            await asyncio.Event().wait()


@pytest.fixture
def stuck(monkeypatch: pytest.MonkeyPatch) -> Stuck:
    """Policies are never told: the check of them does not end."""
    cluster = Stuck(open_demo("selector-typo"), ("AdminNetworkPolicy",))
    monkeypatch.setattr(conduct, "open_place", lambda place, run: cluster)
    return cluster


async def test_a_run_goes_from_the_question_to_the_root_cause() -> None:
    app = app_for("selector-typo", target=TARGET, sources=CLIENT)
    async with app.run_test(size=(120, 40)) as pilot:
        session = await finished(pilot)
        screen = app.screen
        assert isinstance(screen, RunScreen)
        await until(pilot, lambda: "ROOT CAUSE" in page(screen))
        assert {step.id: step.state for step in session.steps}["endpoints"] == "fail"
        assert "service.selector-no-match" in page(screen)
        assert "no packet was sent" in page(screen)
        assert "suspect" in page(screen)
        assert "kubectl -n shop edit service web" in page(screen)
        path = screen.query_one("#path", Rows)
        assert [row.status for row in path.items if row.hop and row.hop.kind == "service"] == ["fail"]


async def test_what_the_app_says_is_what_the_command_line_says() -> None:
    from tests.calling import netdoc

    app = app_for("selector-typo", target=TARGET, sources=CLIENT)
    async with app.run_test() as pilot:
        session = await finished(pilot)
        report = session.report
        assert report is not None
    words = ("diagnose", TARGET, "--from", CLIENT[0], "--demo=selector-typo", "--no-journal", "-o", "json")
    theirs = (await asyncio.to_thread(netdoc, *words)).json
    assert report.status == theirs["status"]
    assert report.headline == theirs["headline"]
    assert list(report.root_causes) == theirs["rootCauses"]
    assert [one.code for one in report.findings] == [one["code"] for one in theirs["findings"]]
    assert [hop.id for hop in report.path] == [hop["id"] for hop in theirs["path"]]


async def test_the_command_that_does_the_same_is_a_command_of_the_linear_tool() -> None:
    plan = Plan(target=TARGET, sources=CLIENT, place=Place(demo="selector-typo", namespace="shop"))
    assert plan.command == (
        "netdoc", "diagnose", TARGET, "--from", CLIENT[0], "--demo=selector-typo", "-n", "shop"
    )  # fmt: skip
    assert Plan(target=TARGET, playbook="performance").command[:3] == ("netdoc", "run", "performance")
    assert Plan(target=TARGET, check="endpoints").command[:3] == ("netdoc", "check", "endpoints")


async def test_a_step_under_way_tells_why_and_what_is_next() -> None:
    session = frozen("selector", until_event="step.started")
    app = app_for()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await show(pilot, session)
        line = str(screen.query_one("#next").render())
        assert "Find the target" in line
        assert "then: Check network policies" in line
        assert session.live


async def test_a_run_is_cancelled_at_once_and_keeps_what_it_found(stuck: Stuck) -> None:
    app = app_for(target=TARGET, sources=CLIENT)
    async with app.run_test() as pilot:
        await until(pilot, stuck.asked.is_set)
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await pilot.press("x")
        session = await finished(pilot)
        assert session.report is not None
        assert "interrupted" in session.report.headline
        assert session.report.status == "unknown"
        assert {step.id: step.state for step in session.steps}["target"] == "pass"


async def test_a_step_that_is_passed_over_stays_unknown_and_the_run_goes_on(stuck: Stuck) -> None:
    app = app_for(target=TARGET, sources=CLIENT)
    async with app.run_test() as pilot:
        await until(pilot, stuck.asked.is_set)
        session = app.session
        assert session is not None
        await until(pilot, lambda: session.now_step is not None and session.now_step.id == "policies")
        await pilot.press("s")
        await finished(pilot)
        states = {step.id: step.state for step in session.steps}
        assert states["policies"] == "unknown"
        assert states["endpoints"] == "fail"


async def test_leaving_a_run_that_is_under_way_is_asked_first(stuck: Stuck) -> None:
    app = app_for(target=TARGET, sources=CLIENT)
    async with app.run_test() as pilot:
        await until(pilot, stuck.asked.is_set)
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await pilot.press("q")
        assert isinstance(app.screen, ConfirmScreen)
        await pilot.press("n")
        assert isinstance(app.screen, RunScreen)
        await pilot.press("q", "y")
        await until(pilot, lambda: isinstance(app.screen, HomeScreen))
        session = app.session
        assert session is not None
        await until(pilot, lambda: not session.live)


async def test_after_the_fix_one_key_says_recovered() -> None:
    app = app_for("selector-typo", target=TARGET, sources=CLIENT)
    async with app.run_test(size=(120, 40)) as pilot:
        broken = await finished(pilot)
        assert isinstance(app.screen, RunScreen)
        await pilot.press("r")
        await until(pilot, lambda: app.session is not broken)
        still = await finished(pilot)
        assert still.report is not None
        assert still.report.compared is not None
        assert still.report.compared.still
        still.plan = _moved(still.plan, Place(demo="healthy"))
        await pilot.press("r")
        await until(pilot, lambda: app.session is not still)
        mended = await finished(pilot)
        assert mended.report is not None
        assert mended.report.compared is not None
        assert {one.code for one in mended.report.compared.recovered} >= {"service.selector-no-match"}
        screen = app.screen
        assert isinstance(screen, RunScreen)
        await until(pilot, lambda: "RECOVERED" in page(screen))


def _moved(plan: Plan, place: Place) -> Plan:
    import msgspec

    return msgspec.structs.replace(plan, place=place)


async def test_a_question_is_put_and_its_answer_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    asks = Ask(question="Did it ever work?", choices=("yes", "no"))
    book = Playbook(
        apiVersion="netdoc/v1",
        kind="Playbook",
        metadata=Metadata(name="connectivity", title="t"),
        steps=(Step(id="worked", ask=asks), Step(id="endpoints", check="endpoints")),
    )
    monkeypatch.setattr(requests, "playbook_named", lambda name: book)
    app = app_for("selector-typo", target=TARGET)
    async with app.run_test() as pilot:
        await until(pilot, lambda: isinstance(app.screen, QuestionScreen), "the question")
        session = app.session
        assert session is not None
        assert session.state == "asking"
        await pilot.press("2")
        await finished(pilot)
        assert {step.id: step.reason for step in session.steps}["worked"] == "answered: no"


async def test_a_hop_shows_its_object_and_findings_and_its_yaml() -> None:
    app = app_for()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await show(pilot, frozen("selector"))
        rows = screen.query_one("#path", Rows)
        rows.focus()
        rows.cursor = next(place for place, row in enumerate(rows.items) if row.hop.kind == "service")
        await pilot.pause()
        assert "service/shop/web:80" in page(screen)
        assert "app=wbe" in page(screen)
        await pilot.press("y")
        assert isinstance(app.screen, ViewerScreen)
        assert any("app: wbe" in line for line in app.screen.query_one("#lines", Rows).items)


async def test_the_field_that_tells_is_marked_in_the_yaml() -> None:
    app = app_for()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await show(pilot, frozen("selector"))
        await pilot.press("2")
        text = screen.query_one("#page", Reader).plain
        marked = [line for line in text.splitlines() if "▶" in line]
        assert any("selector:" in line for line in marked)
        assert any("app: wbe" in line for line in marked)


async def test_consequences_are_folded_below_their_cause() -> None:
    app = app_for()
    async with app.run_test(size=(120, 60)) as pilot:
        screen = await show(pilot, frozen("rollout"))
        assert "because of this: 2 more findings" in page(screen)
        assert "[pod.crash-looping]" not in page(screen)
        await pilot.press("f")
        assert "[pod.crash-looping]" in page(screen)


async def test_endpoints_open_as_a_table() -> None:
    app = app_for()
    async with app.run_test(size=(140, 40)) as pilot:
        screen = await show(pilot, frozen("replica"))
        await pilot.press("3")
        rows = screen.query_one("#endpoint-rows", Rows)
        first = rows.items[0]
        assert len(rows.items) == 3
        assert (first.status, first.ready, first.node, first.zone) == ("warn", "no", "node-b", "b")
        assert first.revision == "9b9df8756"
        await pilot.press("enter")
        assert "endpoint/shop/" in page(screen)


async def test_copying_goes_to_the_clipboard_and_to_a_file(tmp_path: Path) -> None:
    app = app_for()
    async with app.run_test(size=(120, 40)) as pilot:
        await show(pilot, frozen("selector"))
        await pilot.press("o")
        assert isinstance(app.screen, CommandsScreen)
        await pilot.press("enter")
        assert app.clipboard == "kubectl -n shop edit service web"
        assert (tmp_path / "state" / "netdoc" / "clipboard").read_text() == app.clipboard


async def test_the_log_tells_each_question_as_kubectl_would_ask_it() -> None:
    app = app_for()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await show(pilot, frozen("selector"))
        await pilot.press("6")
        rows = screen.query_one("#log", Rows)
        assert len(rows.items) == len(screen.session.log) > 5
        rows.cursor = next(n for n, one in enumerate(rows.items) if one.ask.name == "web")
        await pilot.press("c")
        assert app.clipboard == "kubectl -n shop get services web"


async def test_a_note_stands_in_the_timeline_and_in_the_report(tmp_path: Path) -> None:
    app = app_for()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await show(pilot, frozen("selector"))
        await pilot.press("n", *"seen", "enter")
        await until(pilot, lambda: bool(screen.session.notes))
        await pilot.press("4")
        assert "note: seen" in page(screen)
        from netdoc.tui.screens.export import write

        file = await asyncio.to_thread(write, screen.session, "markdown", tmp_path / "report.md")
        assert "## Notes" in await asyncio.to_thread(file.read_text)


async def test_notes_of_a_run_under_way_and_of_one_that_ended_are_kept_with_it(stuck: Stuck) -> None:
    app = app_for(limits=Limits(keep=True), target=TARGET, sources=CLIENT)
    async with app.run_test() as pilot:
        await until(pilot, stuck.asked.is_set)
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        session = app.session
        assert session is not None
        await pilot.press("n", *"hangs", "enter")
        await until(pilot, lambda: [one.text for one in session.notes] == ["hangs"])
        await pilot.press("x")
        await finished(pilot)
        await pilot.press("n", *"gone", "enter")
        await until(pilot, lambda: [one.text for one in session.notes] == ["hangs", "gone"])
        assert session.report is not None
        assert [one.text for one in session.report.notes] == ["hangs", "gone"]
        app.open_run(session.run)
        await until(pilot, lambda: app.session is not session)
        again = app.session
        assert again is not None
        assert again.report == session.report
        assert again.notes == session.notes


async def test_the_report_is_written_and_never_over_another_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    app = app_for()
    async with app.run_test(size=(120, 40)) as pilot:
        screen = await show(pilot, frozen("selector"))
        file = tmp_path / f"netdoc-{screen.session.run}.md"
        await pilot.press("e", "enter")
        await until(pilot, lambda: any("written" in one for one in notices(app)))
        assert file.read_text().startswith("# ✗ FAIL")
        file.write_text("mine")
        await pilot.press("e", "enter")
        await until(pilot, lambda: any("exists already" in one for one in notices(app)))
        assert file.read_text() == "mine"


@pytest.mark.parametrize(
    ("key", "why"),
    [("x", "has ended"), ("s", "no step is under way"), ("R", "cut short"), ("a", "choose a step")],
)
async def test_a_key_that_is_off_says_why(key: str, why: str) -> None:
    app = app_for()
    async with app.run_test() as pilot:
        await show(pilot, frozen("selector"))
        await pilot.press(key)
        assert any(why in one for one in notices(app)), notices(app)


async def test_a_step_is_run_alone() -> None:
    app = app_for("selector-typo", target=TARGET, sources=CLIENT)
    async with app.run_test() as pilot:
        whole = await finished(pilot)
        rows = app.screen.query_one("#steps", Rows)
        rows.focus()
        rows.cursor = [step.id for step in whole.steps].index("endpoints")
        await pilot.pause()
        await pilot.press("a")
        await until(pilot, lambda: app.session is not whole)
        alone = await finished(pilot)
        assert [step.check for step in alone.steps] == ["", "endpoints"]
        assert alone.report is not None
        assert alone.report.status == "fail"


async def test_a_slow_api_is_said() -> None:
    session = frozen("selector", until_event="step.started")
    session.heard -= SLOW + 1
    app = app_for()
    async with app.run_test() as pilot:
        screen = await show(pilot, session)
        assert "no answer for" in screen.query_one(Bar).state
        assert "x cancels" in page(screen)


async def test_a_cluster_that_is_gone_is_a_state_from_which_one_goes_on(tmp_path: Path) -> None:
    config = tmp_path / "config"
    config.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: gone\n"
        "contexts: [{name: gone, context: {cluster: c, user: u}}]\n"
        "clusters: [{name: c, cluster: {server: 'http://127.0.0.1:1'}}]\nusers: [{name: u, user: {token: t}}]\n"
    )
    app = app_for(place=Place(kubeconfig=str(config)), target=TARGET)
    async with app.run_test() as pilot:
        session = await finished(pilot)
        assert session.state == "failed"
        screen = app.screen
        assert isinstance(screen, RunScreen)
        assert "cannot ask" in page(screen)
        await pilot.press("r")
        await until(pilot, lambda: app.session is not session)
        again = await finished(pilot)
        assert again.state == "failed"


async def test_an_expired_credential_is_a_state_and_a_new_one_is_taken(tmp_path: Path) -> None:
    with ApiServer(documents("selector-typo"), tokens=("new",)) as server:
        config = write_kubeconfig(tmp_path / "config", server.url, token="old")
        app = app_for(place=Place(kubeconfig=str(config)), target=TARGET, sources=CLIENT)
        async with app.run_test(size=(100, 30)) as pilot:
            refused = await finished(pilot)
            assert refused.state == "failed"
            screen = app.screen
            assert isinstance(screen, RunScreen)
            assert "401" in page(screen)
            assert "credential" in page(screen)
            assert "not run" in screen.query_one(Bar).state
            write_kubeconfig(tmp_path / "config", server.url, token="new")
            await pilot.press("r")
            await until(pilot, lambda: app.session is not refused)
            taken = await finished(pilot)
            assert taken.report is not None
            assert taken.report.headline == "the selector of svc/web matches no pod and no workload"
        assert {request.header("Authorization")[0] for request in server.requests} == {"Bearer old", "Bearer new"}


async def test_a_run_that_was_cut_short_is_resumed(tmp_path: Path) -> None:
    from netdoc.journal import place

    app = app_for("selector-typo", limits=Limits(keep=True), target=TARGET, sources=CLIENT)
    async with app.run_test() as pilot:
        first = await finished(pilot)
        file = place.file_of(first.run)
        lines = (await asyncio.to_thread(file.read_bytes)).splitlines(keepends=True)
        await asyncio.to_thread(file.write_bytes, b"".join(lines[: len(lines) // 2]))
        app.open_run(first.run)
        await until(pilot, lambda: app.session is not first)
        cut = app.session
        assert cut is not None
        assert "cut short" in str(cut.problem)
        await until(pilot, lambda: isinstance(app.screen, RunScreen))
        await pilot.press("R")
        await until(pilot, lambda: app.session is not cut)
        resumed = await finished(pilot)
        assert resumed.report is not None
        assert first.report is not None
        assert resumed.report.headline == first.report.headline
        assert resumed.plan.resumes == first.run


async def test_esc_goes_back_one_thing_at_a_time() -> None:
    app = app_for()
    async with app.run_test() as pilot:
        screen = await show(pilot, frozen("selector"))
        screen.query_one("#steps").focus()
        await pilot.press("down")
        assert screen.detail is not None
        await pilot.press("escape")
        assert screen.detail is None
        await pilot.press("escape")
        assert isinstance(app.screen, HomeScreen)


async def test_leaving_shows_home_ready_for_the_next_question() -> None:
    app = app_for()
    async with app.run_test() as pilot:
        await ready(pilot)
        await show(pilot, frozen("healthy"))
        await pilot.press("q")
        assert isinstance(app.screen, HomeScreen)
