"""Drives the app in tests: frozen sessions, waiting for what is to come, never for time to pass."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any, TypeVar

import msgspec
from textual.pilot import Pilot

from netdoc.demo import open_demo
from netdoc.engine.playbooks.model import Metadata, Playbook, Step
from netdoc.model import kube
from netdoc.model.kube.meta import Object
from netdoc.model.report import Report
from netdoc.report.jsonl import retold
from netdoc.tui.app import NetdocApp
from netdoc.tui.screens.run import RunScreen
from netdoc.tui.session import Session
from netdoc.tui.start import Limits, Place, Plan, Start
from tests.tui.freeze import BEGAN, RUN, events_of, plan_of

T = TypeVar("T")

PATIENCE = 30.0
"""Seconds after which something that should have come has not."""

KINDS: tuple[type[Object], ...] = (kube.Service, kube.Pod, kube.Deployment, kube.ReplicaSet, kube.Node)

PLAYBOOK = Playbook(
    apiVersion="netdoc/v1",
    kind="Playbook",
    metadata=Metadata(name="connectivity", title="Cannot connect"),
    steps=(
        Step(id="policies", title="Check network policies", check="policy", why="A policy drops without a word."),
        Step(id="dns", title="Verify DNS resolution", check="dns", why="A name has to become an address."),
        Step(id="endpoints", title="Inspect service endpoints", check="endpoints", why="Somebody has to answer."),
        Step(id="ingress", title="Review ingress configuration", check="ingress", why="From outside comes in here."),
    ),
)


async def until(pilot: Pilot[None], holds: Callable[[], bool], what: str = "") -> None:
    """Waits for it while the app goes on."""
    loop = asyncio.get_running_loop()
    end = loop.time() + PATIENCE
    while not holds():
        assert loop.time() < end, f"did not come: {what or holds}"
        await pilot.pause(0.01)
    await pilot.pause()


def app_for(demo: str = "healthy", **start: object) -> NetdocApp:
    limits = Limits(keep=False)
    return NetdocApp(msgspec.structs.replace(Start(place=Place(demo=demo), limits=limits), **start))


async def ready(pilot: Pilot[None]) -> NetdocApp:
    """The app once it has looked at its cluster."""
    app = pilot.app
    assert isinstance(app, NetdocApp)
    await until(pilot, lambda: app.warmed.is_set() and app.lookout.state != "asking", "the lookout")
    return app


async def finished(pilot: Pilot[None]) -> Session:
    """The session of the run that was begun, once it has ended and is shown."""
    app = pilot.app
    assert isinstance(app, NetdocApp)
    await until(pilot, lambda: isinstance(app.screen, RunScreen), "the run's screen")
    session = app.session
    assert session is not None
    await until(pilot, lambda: not session.live, "the end of the run")
    return session


def frozen(name: str, until_event: str = "") -> Session:
    """A session of a frozen run, whole, or up to the first event of a kind."""
    plan = plan_of(name)
    session = Session(plan, run=RUN)
    session.began = BEGAN
    session.plan_steps(PLAYBOOK)
    for event in events_of(name):
        session.take(event)
        if event.event == until_event:
            break
    session.feed.objects.update((one.ref, one) for one in objects_of(plan.place.demo))
    return session


def of_report(report: Report) -> Session:
    """A session that tells nothing but a report."""
    session = Session(Plan(target="svc/web.shop:80", limits=Limits(keep=False)), run=RUN)
    session.began = BEGAN
    for event in retold(report):
        session.take(event)
    return session


async def show(pilot: Pilot[None], session: Session) -> RunScreen:
    app = await ready(pilot)
    app.show_session(session)
    await until(pilot, lambda: isinstance(app.screen, RunScreen) and app.screen.built)
    screen = app.screen
    assert isinstance(screen, RunScreen)
    await pilot.pause()
    return screen


def apart(work: Coroutine[Any, Any, T]) -> T:
    """What it returns, run in a loop of its own, whether or not one runs here."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result()


@cache
def objects_of(scenario: str) -> tuple[Object, ...]:
    """What the frozen runs of a scenario read."""
    return tuple(apart(_objects(scenario)))


async def _objects(scenario: str) -> list[Object]:
    cluster = open_demo(scenario)
    return [item for kind in KINDS for item in (await cluster.list(kind)).items]
