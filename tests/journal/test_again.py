"""A recorded run judged again, without a network; done again, with one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from netdoc.journal.compare import compare, same
from netdoc.model.report import NotChecked, ReportFinding
from tests.calling import Answer, netdoc
from tests.cluster.conftest import write_kubeconfig
from tests.fakes.apiserver import ApiServer, answers
from tests.journal.conftest import ASKED, documents, journals
from tests.report.reports import healthy, selector_typo

PARTS = ("findings", "evidence", "path", "changes", "rootCauses", "headline", "status", "notChecked")


def test_replay_finds_the_same_without_a_network(tmp_path: Path) -> None:
    with ApiServer(documents("crash-loop")) as server:
        config = str(write_kubeconfig(tmp_path / "config", server.url))
        before = netdoc("diagnose", *ASKED, "--kubeconfig", config, "-o", "json").json
    Path(config).unlink()  # the server is gone, and so is the way to it
    again = netdoc("replay", "latest", "-o", "json")
    assert again.code == 1, again.err
    assert {part: again.json[part] for part in PARTS} == {part: before[part] for part in PARTS}
    compared = again.json["compared"]
    assert [compared[part] for part in ("new", "recovered", "unknown")] == [[], [], []]
    assert len(compared["still"]) == len(before["findings"])


@pytest.mark.parametrize("scenario", ["dns-target-port", "one-node-in-three"])
def test_what_was_measured_in_the_demo_is_judged_again_and_not_measured_anew(scenario: str) -> None:
    """The embedded network's objects are read again, its measurements come from the record."""
    before = netdoc("diagnose", f"--demo={scenario}", "--exec", "-o", "json").json
    assert before["basis"] == "measured"
    again = netdoc("replay", "latest", "-o", "json")
    assert again.err == ""  # nothing is run: what is about to be run would stand here
    kept = (*(one for one in PARTS if one != "evidence"), "basis")
    assert {part: again.json.get(part) for part in kept} == {part: before.get(part) for part in kept}


def test_what_was_not_recorded_is_unknown_and_never_absent(diagnosed: Callable[..., Answer], own_state: Path) -> None:
    diagnosed()
    (path,) = journals(own_state)
    lines = [line for line in path.read_bytes().split(b"\n") if not _is_answer(line, {"pods", "endpointslices"})]
    path.write_bytes(b"\n".join(lines))
    again = netdoc("replay", "latest", "-o", "json").json
    assert not again["compared"]["recovered"]
    assert {one["code"] for one in again["compared"]["unknown"]} >= {"pod.crash-looping"}
    assert any("not recorded" in one.get("detail", "") for one in again["notChecked"])
    assert again["status"] != "pass"


def test_a_field_that_was_not_read_then_is_unknown_now(diagnosed: Callable[..., Answer], own_state: Path) -> None:
    diagnosed()
    (path,) = journals(own_state)
    path.write_text(path.read_text().replace('"spec.nodeName",', ""))
    again = netdoc("replay", "latest", "-o", "json").json
    assert any("did not read spec.nodeName" in one.get("detail", "") for one in again["notChecked"])
    assert not again["compared"]["recovered"]


def _is_answer(line: bytes, resources: set[str]) -> bool:
    data: dict[str, Any] = json.loads(line) if line else {}
    return "answer" in data and data["answer"]["record"]["ask"]["resource"] in resources


def test_recheck_says_what_recovered_and_when_it_was_last_broken(tmp_path: Path) -> None:
    with ApiServer(documents("crash-loop")) as server:
        config = str(write_kubeconfig(tmp_path / "config", server.url))
        before = netdoc("diagnose", *ASKED, "--kubeconfig", config, "-o", "json").json
        still = netdoc("recheck", "latest", "-o", "json").json["compared"]
        assert {one["code"] for one in still["still"]} == {one["code"] for one in before["findings"]}
        server.documents[:] = documents("healthy")
        mended = netdoc("recheck", before["run"]["id"], "-o", "json")
        shown = netdoc("report", "latest")
    compared = mended.json["compared"]
    assert mended.code == 0, mended.out
    assert {one["code"] for one in compared["recovered"]} == {one["code"] for one in before["findings"]}
    assert all(one["lastSeen"] <= before["run"]["finishedAt"] for one in compared["recovered"])
    assert (compared["still"], compared["new"], compared["unknown"]) == ([], [], [])
    assert "recovered" in shown.out
    assert "last seen broken" in shown.out


def test_what_recheck_may_not_see_has_not_recovered(tmp_path: Path) -> None:
    with ApiServer(documents("crash-loop")) as server:
        config = str(write_kubeconfig(tmp_path / "config", server.url))
        netdoc("diagnose", *ASKED, "--kubeconfig", config)
        server.fail(answers(403, "Forbidden"), resource="pods")
        compared = netdoc("recheck", "latest", "-o", "json").json["compared"]
    assert not compared["recovered"]
    assert "pod.crash-looping" in {one["code"] for one in compared["unknown"]}


def test_a_snapshot_is_judged_again_only_as_it_was(tmp_path: Path) -> None:
    snapshot = tmp_path / "snapshot.json"
    content = {"apiVersion": "v1", "kind": "List", "items": documents("crash-loop")}
    snapshot.write_text(json.dumps(content))
    before = netdoc("diagnose", *ASKED, "--snapshot", str(snapshot), "-o", "json").json
    again = netdoc("replay", "latest", "-o", "json").json
    assert again["findings"] == before["findings"]
    assert "by digest" in netdoc("runs", "show", "latest").out
    snapshot.write_text(json.dumps(content | {"items": documents("healthy")}))
    assert netdoc("replay", "latest").code == 3
    snapshot.unlink()
    gone = netdoc("replay", "latest")
    assert (gone.code, "is gone" in gone.err) == (3, True)
    assert netdoc("report", "latest", "-o", "json").json["findings"] == before["findings"]


@pytest.mark.parametrize("format_", ["table", "json", "markdown", "jsonl"])
def test_the_report_of_a_run_is_the_one_that_was_shown(format_: str) -> None:
    shown = netdoc("diagnose", "--demo=crash-loop", "-o", format_).out
    assert netdoc("report", "latest", "-o", format_).out == shown


def test_runs_are_listed_deleted_and_pruned(own_state: Path) -> None:
    ids = [netdoc("diagnose", "--demo=crash-loop", "-o", "json").json["run"]["id"] for _ in range(2)]
    assert {one["id"] for one in netdoc("runs", "list", "-o", "json").json["runs"]} == set(ids)
    assert netdoc("runs", "show", ids[0], "-o", "json").json["run"]["status"] == "fail"
    (started,) = [line for line in netdoc("runs", "show", ids[0]).out.splitlines() if line.startswith("started")]
    assert re.fullmatch(r"started    \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ", started)
    unpruned = netdoc("runs", "prune")
    assert (unpruned.code, "nothing to delete" in unpruned.err) == (0, True)
    assert len(journals(own_state)) == 2
    assert netdoc("runs", "prune", "--older-than", "0s", "--keep", "1", "--dry-run").err.count("would delete") == 1
    assert netdoc("runs", "delete", ids[0]).code == 0
    assert [path.stem for path in journals(own_state)] == [ids[1]]
    assert netdoc("runs", "resume", ids[1]).code == 2
    assert netdoc("runs", "delete", "nothing-like-it").code == 2


def test_gone_is_recovered_only_where_it_could_be_looked_for() -> None:
    before, after = selector_typo(), healthy()
    steps = tuple(msgspec.structs.replace(one, status="pass", findings=()) for one in before.checks)
    blinded = tuple(msgspec.structs.replace(one, status="unknown") for one in steps)
    looked = msgspec.structs.replace(after, checks=steps, not_checked=())
    assert compare(before, looked).recovered
    assert not compare(before, looked).unknown
    for blind in (
        msgspec.structs.replace(looked, checks=()),
        msgspec.structs.replace(looked, checks=blinded),
        msgspec.structs.replace(looked, not_checked=(NotChecked(what="list pods", reason="forbidden"),)),
    ):
        assert not compare(before, blind).recovered
        assert compare(before, blind).unknown


def test_a_run_is_the_same_as_itself() -> None:
    assert same(compare(selector_typo(), selector_typo()))
    later = compare(healthy(), selector_typo())
    assert {one.code for one in later.new} == {one.code for one in selector_typo().findings}


def test_last_seen_is_when_its_evidence_was() -> None:
    report = selector_typo()
    moved = msgspec.structs.replace(report.run, finished_at=report.run.finished_at + timedelta(hours=1))
    told = compare(msgspec.structs.replace(report, run=moved), report)
    finding: ReportFinding = report.findings[0]
    seen = [one.at for one in report.evidence if one.id in finding.evidence and one.at]
    assert next(one for one in told.still if one.code == finding.code).last_seen == (
        max(seen) if seen else moved.finished_at
    )
