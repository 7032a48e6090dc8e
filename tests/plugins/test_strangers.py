"""What a stranger's package can add, and what it cannot break."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.plugins.packages import asked, install, install_good

ASKED = ("svc/web.shop:80", "--demo=crash-loop")


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return install_good(tmp_path_factory.mktemp("stranger") / "site")


def test_it_is_listed_and_explained(good: Path) -> None:
    assert "almanac" in {one["id"] for one in asked(good, "checks", "-o", "json").json["checks"]}
    assert "almanac" in {one["id"] for one in asked(good, "playbooks", "-o", "json").json["playbooks"]}
    told = asked(good, "explain", "almanac.bad-moon", "-o", "json").json["code"]
    assert (told["meaning"], told["checks"]) == ("The moon was not right.", ["almanac"])
    check = asked(good, "explain", "almanac")
    assert "netdoc-almanac" in check.out
    assert "The phase that is bad." in check.out


def test_its_check_runs_alone_with_its_own_options(good: Path) -> None:
    answer = asked(good, "check", "almanac", *ASKED, "--moon", "blue", "-o", "json")
    assert answer.code == 1, answer.err
    (found,) = answer.json["findings"]
    assert (found["code"], found["severity"]) == ("almanac.bad-moon", "error")
    assert "blue" in found["title"]
    assert asked(good, "check", "almanac", *ASKED, "--nights", "many").code == 2


def test_its_playbook_asks_and_its_rules_explain(good: Path) -> None:
    answer = asked(good, "run", "almanac", *ASKED, "--set", "moon=new", "-o", "json")
    assert answer.code == 1, answer.err
    report = answer.json
    assert report["run"]["outcome"] == "The stars are against it."
    by_code = {one["code"]: one for one in report["findings"]}
    assert "new" in by_code["almanac.bad-moon"]["title"]
    assert by_code["almanac.bad-moon"]["id"] in by_code["service.no-ready-endpoint"]["explainedBy"]


def test_an_answer_steers(good: Path) -> None:
    report = asked(good, "run", "almanac", *ASKED, "--set", "believe=no", "-o", "json").json
    assert "almanac.bad-moon" not in {one["code"] for one in report["findings"]}
    assert {one["step"]: one["status"] for one in report["checks"]}["stars"] == "skip"
    wrong = asked(good, "run", "almanac", *ASKED, "--set", "moon=half")
    assert (wrong.code, "new, full" in wrong.err) == (2, True)


def test_its_command_runs_and_fails_alone(good: Path) -> None:
    assert asked(good, "moon").out == "it is up there\n"
    answer = asked(good, "moon", "--explode")
    assert answer.code == 3
    assert "netdoc-almanac" in answer.err
    assert "Traceback" not in answer.err
    assert "netdoc-almanac" in asked(good, "--help").out
    assert asked(good, "moon", "--nonsense").code == 2


def test_its_playbook_is_sound(good: Path) -> None:
    answer = asked(good, "playbooks", "lint", "almanac")
    assert answer.code == 0, answer.out


HEADER = """
from netdoc.api import Check, Code, Finding, ObjectRef
OBJECT = ObjectRef(api_version="v1", kind="X", name="x")
OTHER = Finding(code="pod.evicted", title="x", object=OBJECT, hops=())
"""
CHECK = """
async def observe(ports, subject):
    {observe}
def judge(seen):
    {judge}
CHECK = Check(id="bad", title="Bad", observe=observe, judge=judge, codes=("service.not-found",), hops=("service",))
"""
BLOCK = "import threading; threading.Event().wait()"
FAULTS = {
    "observe raises": (CHECK.format(observe="raise ValueError('boom')", judge="return ()"), "boom"),
    "judge raises": (CHECK.format(observe="return 1", judge="raise KeyError('boom')"), "boom"),
    "it exits": (CHECK.format(observe="raise SystemExit(0)", judge="return ()"), "SystemExit"),
    "observe blocks": (CHECK.format(observe=BLOCK, judge="return ()"), "did not come back"),
    "judge never ends": (CHECK.format(observe="return 1", judge="while True: yield 1"), "judge returned"),
    "judge returns nothing": (CHECK.format(observe="return 1", judge="return None"), "NoneType"),
    "judge returns text": (CHECK.format(observe="return 1", judge="return 'all is well'"), "str"),
    "a finding of numbers": (
        CHECK.format(observe="return 1", judge="return [Finding(code=1, title=2, object=3, hops=4)]"), "malformed",
    ),
    "a code that is not its own": (
        CHECK.format(observe="return 1", judge="return [OTHER]"),
        "none of its codes",
    ),
    "it is no check": ("CHECK = 'me'", "not a netdoc.api.Check"),
    "it fails to import": ("import nothing_of_that_name", "nothing_of_that_name"),
    "its import raises": ("raise RuntimeError('at import')", "at import"),
    "its import exits": ("raise SystemExit(0)", "SystemExit"),
    "its import blocks": (BLOCK, "did not come back"),
}  # fmt: skip

PLAYBOOK = {
    "apiVersion": "netdoc/v1",
    "kind": "Playbook",
    "metadata": {"name": "both", "title": "Both"},
    "steps": [{"id": "bad", "check": "bad"}, {"id": "endpoints", "check": "endpoints"}],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_one_that_is_bad_costs_itself_alone(fault: str, tmp_path: Path) -> None:
    text, reason = FAULTS[fault]
    modules = {"bad_one/__init__.py": "CHECKS = {'bad': 'bad_one.check:CHECK'}", "bad_one/check.py": HEADER + text}
    home = install(tmp_path / "site", "bad-one", modules, checks="bad_one:CHECKS")
    playbook = tmp_path / "both.yaml"
    playbook.write_text(json.dumps(PLAYBOOK))
    answer = asked(home, "run", str(playbook), *ASKED, "--timeout", "20s", "-o", "json")
    report: dict[str, Any] = answer.json
    assert answer.code == 1, answer.err
    steps = {one["step"]: one for one in report["checks"]}
    assert steps["endpoints"]["status"] == "fail"
    assert steps["bad"]["status"] == "unknown"
    assert reason in steps["bad"]["reason"]
    assert any("check bad" in one["what"] for one in report["notChecked"])
    assert "pod.crash-looping" in {one["code"] for one in report["findings"]}


def test_a_package_that_cannot_be_listed_is_said(tmp_path: Path) -> None:
    home = install(tmp_path / "site", "bad-one", {"bad_one.py": "raise OSError('gone')"}, checks="bad_one:CHECKS")
    report = asked(home, "diagnose", *ASKED, "-o", "json").json
    assert any("bad-one" in one["what"] and "gone" in one["detail"] for one in report["notChecked"])
    assert "pod.crash-looping" in {one["code"] for one in report["findings"]}


def test_none_takes_the_place_of_ours(tmp_path: Path) -> None:
    modules = {"bad_one.py": "CHECKS = {'endpoints': 'bad_one:CHECK'}\nCHECK = 1\n"}
    home = install(tmp_path / "site", "aaa-netdoc", modules, checks="bad_one:CHECKS")
    report = asked(home, "diagnose", *ASKED, "-o", "json").json
    assert "pod.crash-looping" in {one["code"] for one in report["findings"]}


def test_rules_that_run_in_a_circle_are_left_out(tmp_path: Path) -> None:
    text = CHECK.format(observe="return 1", judge="return ()").replace(
        'hops=("service",))',
        'hops=("service",), rules=(CausalRule("service.no-ready-endpoint", "same-hop", "pod.crash-looping"),))',
    )
    modules = {
        "bad_one/__init__.py": "CHECKS = {'bad': 'bad_one.check:CHECK'}",
        "bad_one/check.py": HEADER.replace("Check,", "CausalRule, Check,") + text,
    }
    home = install(tmp_path / "site", "bad-one", modules, checks="bad_one:CHECKS")
    playbook = tmp_path / "both.yaml"
    playbook.write_text(json.dumps(PLAYBOOK | {"steps": list(reversed(PLAYBOOK["steps"]))}))  # type: ignore[call-overload]
    report = asked(home, "run", str(playbook), *ASKED, "-o", "json").json
    assert any("causal rules" in one["what"] for one in report["notChecked"])
    assert report["rootCauses"]
