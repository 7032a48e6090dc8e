"""netdoc [TARGET]: opens the app on a terminal, and elsewhere names the command that needs none."""

from __future__ import annotations

import subprocess
import sys

import pytest

from netdoc.cli.commands import app as command
from netdoc.cli.options import RunOptions, WhereOptions
from netdoc.tui.start import Place, Start
from tests.calling import netdoc


@pytest.mark.parametrize(
    ("words", "names"),
    [
        ((), "netdoc diagnose TARGET"),
        (("svc/web.shop:80",), "netdoc diagnose svc/web.shop:80"),
        (("-n", "shop", "svc/web"), "netdoc diagnose -n shop svc/web"),
        (("dial tcp 10.0.0.1:80: i/o timeout",), "netdoc diagnose 'dial tcp 10.0.0.1:80: i/o timeout'"),
    ],
)
def test_without_a_terminal_one_line_names_what_needs_none(words: tuple[str, ...], names: str) -> None:
    answer = netdoc(*words)
    assert answer.code == 2
    assert not answer.out
    assert names in answer.err
    assert len(answer.err.splitlines()) == 1


def test_a_word_that_is_neither_command_nor_target_opens_nothing() -> None:
    answer = netdoc("diagnos")
    assert answer.code == 2
    assert 'did you mean "diagnose"?' in answer.err


def test_the_demo_prints_its_diagnosis_where_there_is_no_terminal() -> None:
    answer = netdoc("demo", "selector-typo")
    assert answer.code == 1
    assert "service.selector-no-match" in answer.out


def test_options_reach_the_app(monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[Start] = []
    monkeypatch.setattr("netdoc.tui.open_app", opened.append)
    monkeypatch.setenv("NO_COLOR", "")
    where = WhereOptions(context="lab", namespace="shop", as_user="me")
    command.opened(where, RunOptions(repeat=5, no_journal=True, consents=("exec",)), "svc/web", ("here",))
    (start,) = opened
    assert start.place == Place(context="lab", namespace="shop", as_user="me")
    assert (start.target, start.sources) == ("svc/web", ("here",))
    assert (start.limits.repeat, start.limits.keep, start.limits.consents) == (5, False, ("exec",))


def test_the_command_line_loads_no_screen() -> None:
    code = "import sys, netdoc.cli.group, netdoc.cli.commands.app; sys.exit('textual' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
