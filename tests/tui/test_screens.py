"""Pictures of the screens, as a person would see them: 80x24 and 120x40, dark, light, without colour.

A change of a picture is looked at before it is taken: `pytest tests/tui/test_screens.py --snapshot-update`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from textual.pilot import Pilot

from netdoc.journal.compare import compare
from netdoc.model.event import Event
from netdoc.model.record import Ask, Record
from netdoc.model.report import ReportEvidence
from netdoc.tui import settings
from netdoc.tui.app import NetdocApp
from netdoc.tui.conduct import sight
from netdoc.tui.installed import Installed
from netdoc.tui.opening import NotOpened
from netdoc.tui.screens.consent import ConsentScreen
from netdoc.tui.screens.question import QuestionScreen
from netdoc.tui.session import Ran, Session
from netdoc.tui.start import Place
from netdoc.tui.widgets.rows import Rows
from tests.tui.driving import app_for, frozen, of_report, ready, show, until
from tests.tui.freeze import BEGAN
from tests.tui.reports import hostile, many, refused, whole

pytestmark = pytest.mark.snapshot

SMALL, WIDE, HUGE, TINY = (80, 24), (120, 40), (200, 60), (60, 20)
INSTALLED = Installed(frozenset({"policy", "dns", "endpoints"}), ("audit", "connectivity", "performance"))

Before = Callable[[Pilot[None]], Awaitable[None]]
Compare = Callable[..., bool]


@pytest.fixture(autouse=True)
def the_same_everywhere(monkeypatch: pytest.MonkeyPatch) -> None:
    """What hangs on what is installed, or on whose machine it is, is set."""
    monkeypatch.setattr("netdoc.tui.app.read_installed", lambda: INSTALLED)
    monkeypatch.setattr(settings, "file", lambda: Path("/home/oncall/.config/netdoc/app.json"))
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setenv("COLORTERM", "truecolor")


def shown(make: Callable[[], Session], *keys: str) -> Before:
    """A session on its screen, after these keys."""

    async def before(pilot: Pilot[None]) -> None:
        await show(pilot, make())
        for key in keys:
            await pilot.press(key)
            await pilot.pause()

    return before


def home(*keys: str) -> Before:
    async def before(pilot: Pilot[None]) -> None:
        app = await ready(pilot)
        symptoms = app.screen.query_one("#symptoms", Rows)
        await until(pilot, lambda: bool(symptoms.items))
        for key in keys:
            await pilot.press(key)
            await pilot.pause()

    return before


async def completing(pilot: Pilot[None]) -> None:
    await home()(pilot)
    field: Any = pilot.app.screen.query_one("#target")
    field.value = "shop/svc/w"
    await until(pilot, lambda: bool(pilot.app.screen.query_one("#offers", Rows).items))


async def asked(pilot: Pilot[None]) -> None:
    await show(pilot, frozen("selector"))
    question = {
        "step": "worked",
        "question": "Did it ever work?",
        "why": "What never worked was never configured; what did has changed.",
        "choices": [{"value": "yes", "label": "Yes, until lately"}, {"value": "no"}],
        "default": "yes",
    }
    pilot.app.push_screen(QuestionScreen(question))
    await pilot.pause()


def live() -> Session:
    """A run that is at its third step."""
    session = frozen("rollout", until_event="found")
    for step in session.steps:
        step.started = None
    report = whole("rollout")
    hops = tuple(msgspec.structs.replace(hop, status="skip", summary="") for hop in report.path[2:])
    interim = msgspec.structs.replace(report, path=(*report.path[:2], *hops), findings=(), root_causes=())
    session.report, session.shown = sight(interim)
    session.silent_for = lambda: 0.0  # type: ignore[method-assign]
    return session


def slow() -> Session:
    session = live()
    session.silent_for = lambda: 7.0  # type: ignore[method-assign]
    return session


def failed() -> Session:
    session = frozen("selector", until_event="run.started")
    session.state = "failed"
    session.problem = NotOpened(
        "cannot ask lab (https://10.0.0.1:6443): the credential has expired", "log in anew, then r"
    )
    return session


def recovered() -> Session:
    report = whole("healthy")
    return of_report(msgspec.structs.replace(report, compared=compare(whole("selector"), report)))


COMMANDS = (
    "in shop/client-7456c8596-jl8gk (client): python3 -c '(netdoc/agent: serve, parameters, failures, connect)' "
    '\'{"id":1,"kind":"tcp","parameters":{"endpoints":[{"address":"10.43.115.7","port":80},'
    '{"address":"10.42.0.13","port":8080}],"repeat":3,"timeout":2.0}}\'',
    "a tunnel to kube-system/coredns-8895898d9-ctjkx, port 53",
)


async def consenting(pilot: Pilot[None]) -> None:
    await show(pilot, measured())
    pilot.app.push_screen(ConsentScreen({"consent": "exec", "command": COMMANDS[0]}, "context lab"))
    await pilot.pause()


async def measuring(pilot: Pilot[None]) -> None:
    await show(pilot, frozen("selector"))
    await pilot.press("m")
    screen: Any = pilot.app.screen
    screen.off["port-forward"] = "you may not get pods/portforward in kube-system (RBAC)"
    await pilot.press("space", "down")
    await pilot.pause()


async def marking(pilot: Pilot[None]) -> None:
    await show(pilot, frozen("selector"))
    await pilot.press("f4")
    rows = pilot.app.screen.query_one("#checks", Rows)
    await until(pilot, lambda: bool(rows.items))
    await pilot.press("space", "down", "down", "space")
    await pilot.pause()


def measured() -> Session:
    """A run in which commands were decided on."""
    session = frozen("healthy")
    for command, consent, answer in zip(COMMANDS, ("exec", "port-forward"), ("all", "no"), strict=True):
        session.log.append(Ran(at=BEGAN, consent=consent, command=command, answer=answer))
    places = '{"endpoints":[{"address":"10.43.115.7","port":80},{"address":"10.42.0.13","port":8080}]}'
    asked = Ask(verb="measure", resource="tcp", name="exec:shop/client-7456c8596-jl8gk", fields=places)
    session.log.append(Record(id="R99", ask=asked, at=BEGAN, vantage=asked.name))
    return session


def dug() -> Session:
    """A finding that rests on what name servers said."""
    report = whole("selector")
    record = {"name": "web.shop.svc.cluster.local.", "type": "A", "ttl": 5, "data": "10.43.7.9"}
    told = {"server": "10.43.0.10", "name": record["name"], "type": "A", "transport": "udp"}
    answered = {**told, "rcode": "NOERROR", "flags": ["QR", "AA", "RD"], "answer": [record], "ms": 1.4}
    proofs = (
        ReportEvidence(id="E90", kind="dns", at=BEGAN, vantage="exec:shop/client-7456c8596-jl8gk", data=answered,
                       observed="NOERROR 10.43.7.9", expected="10.43.115.7", attempts=2, failures=0),
        ReportEvidence(id="E91", kind="dns", at=BEGAN, vantage="exec:shop/client-7456c8596-jl8gk",
                       data={**told, "server": "10.42.0.9"}, observed="2 of 2 without an answer: no answer came",
                       attempts=2, failures=2),
    )  # fmt: skip
    first = msgspec.structs.replace(report.findings[0], evidence=("E90", "E91"))
    return of_report(msgspec.structs.replace(report, findings=(first, *report.findings[1:]),
                                             evidence=(*proofs, *report.evidence)))  # fmt: skip


def noted() -> Session:
    session = frozen("rollout")
    told = "rolled back by hand, told the team"
    session.take(Event(event="noted", at=BEGAN, run=session.run, seq=session.last + 1, note=told))
    return session


def of(name: str) -> Callable[[], Session]:
    return lambda: frozen(name)


HOP = ("tab", "tab", "down", "down")

PICTURES: dict[str, tuple[tuple[int, int], str, Before]] = {
    "home": (SMALL, "dark", home()),
    "home-wide": (WIDE, "light", home()),
    "home-completing": (SMALL, "dark", completing),
    "live": (SMALL, "dark", shown(live)),
    "live-wide": (WIDE, "light", shown(live)),
    "slow": (SMALL, "dark", shown(slow)),
    "question": (SMALL, "dark", asked),
    "verdict": (SMALL, "dark", shown(of("rollout"))),
    "verdict-light": (SMALL, "light", shown(of("rollout"))),
    "verdict-ansi": (SMALL, "ansi-dark", shown(of("rollout"))),
    "verdict-high-contrast": (SMALL, "high-contrast", shown(of("rollout"))),
    "verdict-wide": (WIDE, "dark", shown(of("selector"))),
    "verdict-wide-light": (WIDE, "light", shown(of("selector"))),
    "verdict-huge": (HUGE, "dark", shown(of("replica"))),
    "verdict-tiny": (TINY, "dark", shown(of("selector"))),
    "unfolded": (WIDE, "dark", shown(of("rollout"), "f")),
    "healthy": (SMALL, "dark", shown(of("healthy"))),
    "refused": (SMALL, "dark", shown(lambda: of_report(refused()))),
    "recovered": (SMALL, "dark", shown(recovered)),
    "failed": (SMALL, "light", shown(failed)),
    "evidence": (WIDE, "dark", shown(of("rollout"), "2")),
    "endpoints": (SMALL, "dark", shown(of("replica"), "3")),
    "endpoints-wide": (WIDE, "light", shown(of("replica"), "3")),
    "timeline": (SMALL, "dark", shown(noted, "4")),
    "blind": (SMALL, "light", shown(of("selector"), "5")),
    "log": (SMALL, "dark", shown(of("selector"), "6")),
    "consent": (SMALL, "dark", consenting),
    "consent-wide": (WIDE, "light", consenting),
    "measure": (SMALL, "dark", measuring),
    "measured-log": (SMALL, "light", shown(measured, "6", "G")),
    "marks": (SMALL, "dark", marking),
    "sorted": (SMALL, "dark", shown(lambda: of_report(many(40)), "slash", "s", "s", "S")),
    "dig": (WIDE, "dark", shown(dug, "2")),
    "hop": (WIDE, "dark", shown(of("selector"), *HOP)),
    "step": (SMALL, "light", shown(of("selector"), "tab", "down", "down", "down")),
    "findings": (SMALL, "dark", shown(lambda: of_report(many(40)), "slash")),
    "findings-wide": (WIDE, "light", shown(lambda: of_report(many(40)), "slash")),
    "hostile": (WIDE, "dark", shown(lambda: of_report(hostile()))),
    "yaml": (SMALL, "light", shown(of("selector"), "y")),
    "commands": (SMALL, "dark", shown(of("rollout"), "o")),
    "export": (SMALL, "dark", shown(of("selector"), "e")),
    "help": (WIDE, "light", shown(of("selector"), "f1")),
}


@pytest.mark.parametrize("name", PICTURES)
def test_screen(name: str, snap_compare: Compare) -> None:
    size, theme, before = PICTURES[name]
    assert snap_compare(themed(theme), terminal_size=size, run_before=before)


def test_screen_without_a_cluster(snap_compare: Compare) -> None:
    assert snap_compare(app_for(place=Place()), terminal_size=SMALL, run_before=home())


@pytest.mark.parametrize("name", ["home", "verdict", "verdict-wide", "hop"])
def test_screen_without_colour(name: str, snap_compare: Compare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    size, theme, before = PICTURES[name]
    assert snap_compare(themed(theme), terminal_size=size, run_before=before)


def themed(theme: str) -> NetdocApp:
    app = app_for()
    app.settings = settings.Settings(theme=theme)
    return app
