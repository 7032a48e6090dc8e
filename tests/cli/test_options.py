"""Options: forms, the environment, durations, what a later version brings."""

from __future__ import annotations

import os
from datetime import timedelta

import click
import pytest

from netdoc.cli.durations import Duration
from netdoc.demo import assemble
from netdoc.tui.start import Start
from tests.calling import netdoc, report


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("30s", 30), ("2h", 7200), ("1h30m", 5400), ("90", 90), ("500ms", 0.5), ("1d", 86400), ("1.5h", 5400), ("0", 0)],
)
def test_durations(text: str, seconds: float) -> None:
    assert Duration().convert(text, None, None) == timedelta(seconds=seconds)


@pytest.mark.parametrize("text", ["", "soon", "5 m", "-5m", "5x", "m5", "5m!", "1h-30m", "٣"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(click.BadParameter):
        Duration().convert(text, None, None)


# The demo takes its scenario only behind `=`


@pytest.mark.parametrize(
    ("arguments", "scenario", "target"),
    [
        (("diagnose", "svc/web.shop", "--demo"), "healthy", "svc/web.shop"),
        (("diagnose", "--demo", "svc/web.shop"), "healthy", "svc/web.shop"),
        (("diagnose", "--demo=crash-loop"), "crash-loop", assemble.scenario("crash-loop").target),
        (("diagnose", "--demo=crash-loop", "svc/api.shop"), "crash-loop", "svc/api.shop"),
        (("diagnose", "--demo"), "healthy", assemble.scenario("healthy").target),
        (("demo",), "crash-loop", assemble.scenario("crash-loop").target),
        (("demo", "selector-typo"), "selector-typo", assemble.scenario("selector-typo").target),
    ],
)
def test_forms_of_the_demo(arguments: tuple[str, ...], scenario: str, target: str) -> None:
    told, _ = report(*arguments)
    assert told["run"]["input"]["scenario"] == scenario
    assert told["target"]["input"] == target


def test_a_missing_source_is_the_scenarios() -> None:
    scenario = assemble.scenario("crash-loop")
    told, _ = report("diagnose", "--demo=crash-loop")
    assert told["from"]["input"] == scenario.source
    told, _ = report("diagnose", "--demo=crash-loop", "--from", "internet")
    assert told["from"]["input"] == "internet"
    told, _ = report("diagnose", "svc/api.shop", "--demo=crash-loop")
    assert (told["from"]["input"], told["target"]["input"]) == (scenario.source, "svc/api.shop")


def test_the_list_of_scenarios() -> None:
    answer = netdoc("demo", "--list", "-o", "json")
    assert answer.code == 0
    rows = {one["id"]: one for one in answer.json["scenarios"]}
    assert rows.keys() == set(assemble.scenario_ids())
    assert "cause" not in rows["healthy"]
    assert all(one["story"] and one["target"] for one in rows.values())
    assert all(one["cause"]["code"] and one["cause"]["object"] for id_, one in rows.items() if id_ != "healthy")
    table = netdoc("demo", "--list").out
    assert len(table.splitlines()) == len(rows)


# The environment


@pytest.mark.parametrize(
    ("name", "value", "arguments", "code"),
    [
        ("NETDOC_DEMO", "crash-loop", ("diagnose",), 1),
        ("NETDOC_FAIL_ON", "never", ("diagnose", "--demo=crash-loop"), 0),
        ("NETDOC_REQUIRE_MEASURED", "1", ("diagnose", "--demo=healthy"), 3),
        ("NETDOC_TIMEOUT", "soon", ("diagnose", "--demo=healthy"), 2),
        ("NETDOC_CONTEXT", "x", ("diagnose", "--demo=healthy"), 2),
    ],
)
def test_an_option_may_stand_in_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, arguments: tuple[str, ...], code: int
) -> None:
    monkeypatch.setenv(name, value)
    assert netdoc(*arguments).code == code


def test_the_command_line_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETDOC_FAIL_ON", "never")
    assert netdoc("diagnose", "--demo=crash-loop", "--fail-on", "error").code == 1


def test_the_format_may_stand_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETDOC_OUTPUT", "json")
    assert netdoc("diagnose", "--demo").json["kind"] == "Report"


# Namespaces


@pytest.mark.parametrize(
    "arguments",
    [("svc/web.shop",), ("svc/web", "-n", "shop"), ("shop/service/web",), ("shop/svc/web", "-n", "media")],
)
def test_ways_to_name_a_service(arguments: tuple[str, ...]) -> None:
    told, _ = report("check", "endpoints", *arguments, "--demo")
    assert (told["target"]["namespace"], told["target"]["name"]) == ("shop", "web")


@pytest.mark.parametrize(
    "arguments", [("web.shop",), ("web.shop.svc.cluster.local:80",), ("http://web.shop/",), ("10.42.0.1",)]
)
def test_a_target_of_any_kind_is_answered(arguments: tuple[str, ...]) -> None:
    told, code = report("check", "endpoints", *arguments, "--demo")
    assert code in (0, 1, 3)
    assert told["target"]["input"] == arguments[0]


# What a later version brings is said in one line


@pytest.mark.parametrize("flag", ["--exec", "--port-forward", "--probe"])
def test_a_consent_whose_measurements_are_not_there_is_not_taken_in_silence(flag: str) -> None:
    answer = netdoc("diagnose", "svc/web.shop", "--demo", flag)
    assert answer.code == 2 or "packet" in answer.out
    assert answer.code != 2 or (flag in answer.err and len(answer.err.splitlines()) == 1)


def test_every_option_is_told_in_help() -> None:
    told = netdoc("diagnose", "--help").out
    for name in ("--from", "--context", "--kubeconfig", "-n", "-A", "--as", "--as-group", "--request-timeout",
                 "--snapshot", "--demo", "-o", "--fail-on", "--timeout", "--since", "--repeat", "--require-measured",
                 "--redact", "--color", "-q", "-v", "--exec", "--port-forward", "--probe"):  # fmt: skip
        assert name in told, name


@pytest.mark.parametrize(
    "given", [("--version",), ("--help",), ("-h",), ("diagnose", "--help"), ("check", "endpoints", "-h")]
)
def test_help_is_an_answer(given: tuple[str, ...]) -> None:
    answer = netdoc(*given)
    assert (answer.code, answer.err) == (0, "")
    assert answer.out


def test_the_app_is_opened_with_what_was_consented_to(monkeypatch: pytest.MonkeyPatch) -> None:
    starts: list[Start] = []
    monkeypatch.setattr("netdoc.cli.commands.app.is_terminal", lambda: True)
    monkeypatch.setattr("netdoc.tui.open_app", starts.append)
    assert netdoc("svc/web.shop", "--from", "deploy/client.shop", "--exec", "--demo").code == 0
    (start,) = starts
    assert (start.target, start.sources, start.place.demo) == ("svc/web.shop", ("deploy/client.shop",), "healthy")
    assert start.limits.consents == ("exec",)


@pytest.mark.parametrize(
    ("choice", "before", "after"), [("never", None, "1"), ("always", "1", None), ("auto", "1", "1")]
)
def test_the_app_has_colour_as_it_was_asked_for(
    monkeypatch: pytest.MonkeyPatch, choice: str, before: str | None, after: str | None
) -> None:
    seen: list[str | None] = []
    monkeypatch.setattr("netdoc.cli.commands.app.is_terminal", lambda: True)
    monkeypatch.setattr("netdoc.tui.open_app", lambda start: seen.append(os.environ.get("NO_COLOR")))
    monkeypatch.setenv("NO_COLOR", before or "")
    assert netdoc("svc/web.shop", "--demo", "--color", choice, "-q", "-v").code == 0
    assert seen == [after]
