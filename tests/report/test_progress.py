"""The line on stderr: only where a person watches, one line, gone at the end."""

from __future__ import annotations

import io
from typing import Any

import pytest

from netdoc.model.event import Event
from netdoc.model.record import Ask, Record
from netdoc.report.page import cells
from netdoc.report.progress import Progress
from tests.report import reports
from tests.report.hostile import SHAPES, active


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def event(name: str, **data: Any) -> Event:
    return Event(event=name, at=reports.NOW, run="r", seq=1, **data)  # type: ignore[arg-type]


def step(name: str, title: str) -> Event:
    return event(f"step.{name}", check=reports.check(title, title, "pass"))


def lines(terminal: Terminal) -> list[str]:
    return terminal.getvalue().split("\r\x1b[K")


def test_says_what_is_under_way() -> None:
    terminal = Terminal()
    progress = Progress(terminal, columns=lambda: 80)
    record = Record(id="R1", ask=Ask(verb="list", resource="pods"), at=reports.NOW, vantage="api")
    for one in (
        event("run.started"),
        step("started", "policies"),
        step("started", "dns"),
        event("observed", record=record),
        event("found", finding=reports.selector_typo().findings[0]),
        step("finished", "policies"),
    ):
        progress(one)
    assert lines(terminal)[1:] == [
        "Reading the path (0 reads)",
        "policies (0 reads)",
        "policies, dns (0 reads)",
        "policies, dns (1 reads)",
        "policies, dns (1 reads, 1 found)",
        "dns (1 reads, 1 found)",
    ]


def test_leaves_an_empty_line() -> None:
    terminal = Terminal()
    progress = Progress(terminal, columns=lambda: 80)
    progress(event("run.started"))
    progress(event("run.finished"))
    progress.close()
    assert lines(terminal)[-1] == ""
    assert terminal.getvalue().count("\r") == 2


@pytest.mark.parametrize(("stream", "quiet"), [(io.StringIO(), False), (Terminal(), True)], ids=["pipe", "quiet"])
def test_writes_nothing_where_nobody_watches(stream: io.StringIO, quiet: bool) -> None:
    progress = Progress(stream, quiet=quiet)
    progress(event("run.started"))
    progress(step("started", "dns"))
    progress.close()
    assert stream.getvalue() == ""


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_a_hostile_title_is_inert_and_fits_the_line(shape: str) -> None:
    terminal = Terminal()
    Progress(terminal, columns=lambda: 30)(step("started", shape * 5))
    drawn = lines(terminal)[1]
    assert active(drawn) == []
    assert "\n" not in drawn
    assert cells(drawn) < 30
