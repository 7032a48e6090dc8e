"""Consents: every command is shown whole and run after a yes alone; no is what nothing and nobody says."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from netdoc.cluster.streams import Output
from netdoc.demo import open_demo
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Gap
from netdoc.ports import Consent, Measurement
from netdoc.tui import kept
from netdoc.tui.consents import Answer, Asking
from netdoc.tui.draw.sheet import Sheet
from netdoc.tui.lookout import Lookout
from netdoc.tui.screens.consent import ConsentScreen
from netdoc.tui.screens.home import HomeScreen
from netdoc.tui.screens.measure import MeasureScreen
from netdoc.tui.session import Ran, Session, read_back
from netdoc.tui.start import Limits, Place
from netdoc.tui.widgets.reader import Reader
from netdoc.tui.widgets.rows import Rows
from netdoc.tui.widgets.tick import Tick
from tests.cluster.conftest import write_kubeconfig
from tests.fakes.apiserver import ApiServer
from tests.tui.driving import app_for, finished, frozen, ready, show, until

TARGET, CLIENT = "svc/web.shop:80", ("deploy/client.shop",)
POD = ObjectRef(api_version="v1", kind="Pod", namespace="shop", name="web-0")
NAME = Measurement(kind="getaddrinfo", parameters={"name": "localhost"})
YES: tuple[Answer, ...] = ("yes",) * 9
MISSING = Gap(what="run", reason="not-installed", detail="executable file not found", blocking=False)


class Container:
    """A cluster whose containers hold no Python: what a shell would have said is nothing. Remembers what was run."""

    def __init__(self) -> None:
        self.ran: list[list[str]] = []

    def streams(self, consents: frozenset[Consent]) -> Container:
        return self

    async def run(
        self, pod: ObjectRef, container: str, command: list[str], seconds: float, given: str = ""
    ) -> Output | Gap:
        self.ran.append(command)
        return MISSING if command[0] == "python3" else Output("", "", 0)


class Person:
    """Answers in turn, and remembers what was asked."""

    def __init__(self, *answers: Answer) -> None:
        self._answers = list(answers)
        self.asked: list[tuple[Consent, str]] = []
        self.heard: list[Answer] = []

    async def __call__(self, consent: Consent, command: str) -> Answer:
        self.asked.append((consent, command))
        return self._answers.pop(0)

    def tell(self, consent: Consent, command: str, answer: Answer) -> None:
        self.heard.append(answer)


def asking(container: Container, person: Person) -> Asking:
    return Asking(container, frozenset({"exec"}), person, person.tell)  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", ["yes", "no"])
async def test_what_is_measured_from_here_is_asked_for_where_it_is_shown(answer: Answer) -> None:
    """The demo shows what it measures from this machine too, and nobody was asked for anything before."""
    person = Person(answer)
    places = Asking(open_demo("healthy"), frozenset({"exec"}), person, person.tell)
    given = Measurement(kind="getaddrinfo", parameters={"name": "shop.example.com"})
    try:
        result = await places.here().measure(given)
    finally:
        await places.close()
    assert [consent for consent, _ in person.asked] == ["exec"]
    assert isinstance(result, dict) == (answer == "yes"), result


def test_a_long_command_is_shown_whole() -> None:
    """As one is that connects to scores of endpoints by IPv6: nothing may be run that was not shown."""
    command = " ".join(f"2001:db8:1:2:3:4:5:{at:04x} 8080" for at in range(150))
    sheet = Sheet(60)
    ConsentScreen({"consent": "exec", "command": command}, "context test")._write(sheet)
    shown = "".join(one.plain for one in sheet.lines)
    assert all(f":{at:04x}" in shown for at in range(150))


async def test_each_command_is_asked_for_by_itself_and_run_once() -> None:
    container, person = Container(), Person(*YES)
    places = asking(container, person)
    await places.inside(POD, "web").measure(NAME)
    await places.close()
    commands = [command for _, command in person.asked]
    assert "in shop/web-0 (web): python3" in commands[0]
    assert not any("python3 -c" in command for command in commands[1:])
    assert len(set(commands)) == len(commands) == len(container.ran) > 1
    assert [one[0] for one in container.ran] == ["python3", *["sh"] * (len(commands) - 1)]


async def test_after_a_no_nothing_is_run_and_nothing_more_is_asked() -> None:
    container, person = Container(), Person("no")
    places = asking(container, person)
    first = await places.inside(POD, "web").measure(NAME)
    second = await places.inside(POD, "other").measure(NAME)
    await places.close()
    for gap in (first, second):
        assert isinstance(gap, Gap)
        assert (gap.reason, gap.blocking) == ("needs-consent", False)
        assert "--exec" in gap.detail
    assert container.ran == []
    assert len(person.asked) == 1
    assert person.heard == ["no", "no"]


async def test_a_yes_to_all_is_asked_once_and_each_command_is_still_told() -> None:
    container, person = Container(), Person("all")
    places = asking(container, person)
    await asyncio.gather(*(places.inside(POD, name).measure(NAME) for name in ("web", "other")))
    await places.close()
    assert len(person.asked) == 1
    assert set(person.heard) == {"all"}
    assert len(container.ran) == len(person.heard) > 2


async def measured(pilot, session: Session, *keys: str) -> Session:  # type: ignore[no-untyped-def]
    """The run that the key m began, after its questions were answered with these keys, the last for all others."""
    app = pilot.app
    await pilot.press("m")
    assert isinstance(app.screen, MeasureScreen)
    await pilot.press("enter")
    await until(pilot, lambda: app.session is not session, "the run that measures")
    given = list(keys)
    while True:
        await until(pilot, lambda: isinstance(app.screen, ConsentScreen) or not app.session.live)
        if not isinstance(app.screen, ConsentScreen):
            return app.session  # type: ignore[no-any-return]
        screen = app.screen
        await pilot.press(given.pop(0) if len(given) > 1 else given[0])
        await until(pilot, lambda: app.screen is not screen)  # noqa: B023


async def test_the_key_measures_with_what_was_said_yes_to_and_keeps_it(tmp_path: Path) -> None:
    app = app_for(target=TARGET, sources=CLIENT, limits=Limits(keep=True))
    async with app.run_test(size=(100, 30)) as pilot:
        before = await finished(pilot)
        assert before.report is not None
        assert before.report.basis == "configuration"
        session = await measured(pilot, before, "y", "a")
        assert session.report is not None
        assert session.report.basis == "measured"
        assert "--exec" in session.plan.command
        assert next(step.state for step in session.steps if step.id == "connect") in ("pass", "warn", "fail")
        ran = [one for one in session.log if isinstance(one, Ran)]
        assert ran[0].answer == "yes"
        assert {one.answer for one in ran[1:]} == {"all"}
        await pilot.press("6")
        log = app.screen.query_one("#log", Rows)
        log.cursor = next(n for n, one in enumerate(log.items) if isinstance(one, Ran))
        await pilot.press("c")
        assert "shop/client" in app.clipboard
        again = read_back(kept.story_of(session.run))
        assert [one for one in again.log if isinstance(one, Ran)] == ran


@pytest.mark.parametrize("key", ["n", "escape", "enter"])
async def test_no_is_what_stands_under_not_checked(key: str) -> None:
    app = app_for(target=TARGET, sources=CLIENT)
    async with app.run_test(size=(100, 30)) as pilot:
        session = await measured(pilot, await finished(pilot), key)
        assert session.report is not None
        assert session.report.basis == "configuration"
        assert any(one.reason == "needs-consent" and "--exec" in one.detail for one in session.report.not_checked)
        assert [step.state for step in session.steps if step.id == "connect"] == ["skip"]
        assert next(one.answer for one in session.log if isinstance(one, Ran)) == "no"


async def test_the_dialogue_shows_the_whole_command_inert() -> None:
    app = app_for()
    async with app.run_test(size=(80, 24)) as pilot:
        await ready(pilot)
        command = "in shop/web-0 (web): sh -c 'echo [bold]x[/] \x1b[2J'" + " word" * 100
        app.push_screen(ConsentScreen({"consent": "exec", "command": command}, "context lab"))
        await pilot.pause()
        shown = app.screen.query_one("#command", Reader).plain
        assert shown.split().count("word") == 100
        assert "[bold]x[/]" in shown
        assert "\x1b" not in shown


async def test_the_form_of_home_asks_for_consents_too() -> None:
    app = app_for(limits=Limits(keep=False, consents=("port-forward",)))
    async with app.run_test(size=(100, 30)) as pilot:
        await ready(pilot)
        assert isinstance(app.screen, HomeScreen)
        exec_, forward = (app.screen.query_one(f"#may-{one}", Tick) for one in ("exec", "port-forward"))
        assert (exec_.value, forward.value) == (False, True)
        exec_.focus()
        await pilot.press("space")
        assert app.screen.plan("svc/web.shop:80", ()).limits.consents == ("exec", "port-forward")


@pytest.mark.parametrize(("allowed", "why"), [(True, ""), (False, "you may not get pods/exec in shop (RBAC)")])
async def test_the_cluster_says_whether_a_consent_would_be_of_use(allowed: bool, why: str, tmp_path: Path) -> None:
    with ApiServer([]) as server:
        if not allowed:
            server.forbidden.add(("get", "pods/exec"))
        lookout = Lookout(Place(kubeconfig=str(write_kubeconfig(tmp_path / "config", server.url))))
        await lookout.opened()
        assert lookout.state == "ready"
        assert await lookout.refused("exec", "shop") == why
        assert await lookout.refused("port-forward", "shop") == ""
        lookout.close()


async def test_a_consent_that_is_of_no_use_is_off_and_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    async def refused(self: Lookout, consent: Consent, namespace: str) -> str:
        return f"you may not get pods/exec in {namespace} (RBAC)" if consent == "exec" else ""

    monkeypatch.setattr(Lookout, "refused", refused)
    app = app_for()
    async with app.run_test(size=(100, 30)) as pilot:
        session = frozen("selector")
        app.place = session.plan.place
        app.lookout = Lookout(app.place)
        await show(pilot, session)
        await pilot.press("m")
        screen = app.screen
        assert isinstance(screen, MeasureScreen)
        marked = screen.marked
        await until(pilot, lambda: bool(screen.off))
        await pilot.press("enter")
        assert app.screen is screen
        assert any(
            "--exec is off: you may not get pods/exec in shop (RBAC)" in one.message for one in app._notifications
        )
        await pilot.press("down", "space")
        assert marked == {"port-forward"}


@pytest.mark.parametrize(
    ("make", "why"),
    [
        (lambda: frozen("selector", until_event="step.started"), "under way"),
        (lambda: in_a_snapshot(), "a snapshot holds nothing to measure in"),
    ],
)
async def test_where_nothing_can_be_measured_the_key_says_why(make, why: str) -> None:  # type: ignore[no-untyped-def]
    app = app_for()
    async with app.run_test() as pilot:
        await show(pilot, make())
        await pilot.press("m")
        assert any(why in one.message for one in app._notifications)


def in_a_snapshot() -> Session:
    import msgspec

    session = frozen("selector")
    session.plan = msgspec.structs.replace(session.plan, place=Place(snapshot="dump.yaml"))
    return session
