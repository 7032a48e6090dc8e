"""What the app costs a person's patience: first paint, and from key to frame with ten thousand findings.

    python -m tests.bench.app

First paint is measured on a terminal (a pty): from the start of a process to the first text that it shows, for an
app that shows one word and for netdoc's home, in turns, so that a busy machine is unfair to both. Key to frame is
measured in one process, while a run of the embedded network goes on beside it.
"""

from __future__ import annotations

import asyncio
import os
import pty
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

from textual import events
from textual.pilot import Pilot

from netdoc.tui.screens.findings import FindingsScreen
from netdoc.tui.start import Limits, Place, Plan
from netdoc.tui.widgets.rows import Rows
from tests.tui.driving import app_for, of_report, show
from tests.tui.reports import many

TURNS = 9
KEYS = 300
FINDINGS = 10_000

TRIVIAL = """
from textual.app import App
from textual.widgets import Label
class Trivial(App):
    def compose(self):
        yield Label("What hurts?")
Trivial().run()
"""


def first_paint(command: list[str], text: bytes) -> float:
    """Milliseconds from the start of the process until the text stands on its terminal."""
    ours, theirs = pty.openpty()
    with tempfile.TemporaryDirectory() as home:
        surroundings = os.environ | {"TERM": "xterm-256color", "HOME": home, "XDG_STATE_HOME": home,
                                     "XDG_CONFIG_HOME": home, "COLUMNS": "80", "LINES": "24"}  # fmt: skip
        began = time.perf_counter()
        process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=surroundings)
        os.close(theirs)
        seen = b""
        while text not in seen:
            seen += os.read(ours, 65536)
        took = (time.perf_counter() - began) * 1000
        process.kill()
        process.wait()
        os.close(ours)
    return took


def paints() -> Iterator[tuple[float, float]]:
    trivial = [sys.executable, "-c", TRIVIAL]
    netdoc = [sys.executable, "-m", "netdoc", "--demo"]
    first_paint(trivial, b"hurts?")
    first_paint(netdoc, b"hurts?")  # the first of each fills the disk's cache
    for _ in range(TURNS):
        yield first_paint(trivial, b"hurts?"), first_paint(netdoc, b"hurts?")


async def key_to_frame() -> list[float]:
    """Milliseconds from each key until the screen has been drawn again."""
    app = app_for()
    async with app.run_test(size=(120, 40)) as pilot:
        await show(pilot, of_report(many(FINDINGS)))
        await pilot.press("slash")
        screen = app.screen
        assert isinstance(screen, FindingsScreen)
        rows = screen.query_one("#findings", Rows)
        background = _runs(pilot)
        times = [await _press(pilot, rows, "j" if number % 10 else "pagedown") for number in range(KEYS)]
        background.cancel()
        await asyncio.gather(background, return_exceptions=True)
        return times


async def filtering() -> list[float]:
    """Milliseconds from each letter of a filter until the list is narrowed and drawn."""
    app = app_for()
    async with app.run_test(size=(120, 40)) as pilot:
        await show(pilot, of_report(many(FINDINGS)))
        await pilot.press("slash", "slash")
        rows = app.screen.query_one("#findings", Rows)
        return [await _press(pilot, rows, key) for key in "team-7 app warning"]


async def _press(pilot: Pilot[None], rows: Rows[Any], key: str) -> float:
    """Posts a key as the driver does, and waits for the frame that follows."""
    app = pilot.app
    drawn = asyncio.Event()
    named = {" ": "space", "-": "minus"}.get(key, key)
    began = time.perf_counter()
    app.post_message(events.Key(named, key if len(key) == 1 else None))
    app.screen.call_later(lambda: app.call_after_refresh(drawn.set))
    await drawn.wait()
    return (time.perf_counter() - began) * 1000


def _runs(pilot: Pilot[None]) -> asyncio.Task[None]:
    """Runs of the embedded network, one after the other, beside the screen."""
    from netdoc.tui.session import Session

    async def work() -> None:
        while True:
            plan = Plan(target="svc/web.shop:80", place=Place(demo="selector-typo"), limits=Limits(keep=False))
            session = Session(plan)
            session.start()
            while session.live:
                session.drain()
                await asyncio.sleep(0.1)

    return asyncio.create_task(work())


def told(what: str, times: list[float]) -> None:
    ordered = sorted(times)
    p95 = ordered[min(len(ordered) - 1, round(0.95 * len(ordered)))]
    print(f"{what:44} median {statistics.median(times):8.1f} ms   p95 {p95:8.1f} ms   worst {ordered[-1]:8.1f} ms")


def main() -> None:
    pairs = list(paints())
    told("first paint, an app that shows one word", [trivial for trivial, _ in pairs])
    told("first paint, netdoc's home", [netdoc for _, netdoc in pairs])
    told(f"key to frame, {FINDINGS} findings, a run under way", asyncio.run(key_to_frame()))
    told(f"letter to frame, filtering {FINDINGS} findings", asyncio.run(filtering()))


if __name__ == "__main__":
    main()
