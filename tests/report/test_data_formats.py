"""What scripts read: JSON, JSON lines, YAML, their schemas, JUnit and SARIF."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree

import jsonschema
import msgspec
import pytest
import yaml

from netdoc.model.event import Event
from netdoc.model.report import Report, RunInput
from netdoc.report import jsonl, render
from netdoc.report.schema import SCHEMAS, schema
from tests.report import reports
from tests.report.hostile import SHAPES, everything, filled, plant

each_report = pytest.mark.parametrize("make", reports.ALL, ids=lambda make: make.__name__)


def valid(document: Any, name: str) -> None:
    jsonschema.validate(document, schema(name), format_checker=jsonschema.FormatChecker())


@each_report
def test_json_is_the_report(make: Any) -> None:
    text = render(make(), "json")
    assert msgspec.json.decode(text, type=Report) == make()
    valid(json.loads(text), "report")
    valid(json.loads(render(plant(filled(make()), SHAPES["csi"]), "json")), "report")


@each_report
def test_yaml_is_the_same_document(make: Any) -> None:
    assert yaml.safe_load(render(make(), "yaml")) == json.loads(render(make(), "json"))


@each_report
def test_keys_are_sorted_and_nothing_is_null(make: Any) -> None:
    def look(node: Any) -> None:
        assert node is not None
        for one in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
            look(one)
        if isinstance(node, dict):
            assert list(node) == sorted(node)

    look(json.loads(render(make(), "json")))
    look(yaml.safe_load(render(make(), "yaml")))


@each_report
def test_jsonl_tells_every_finding_once_and_ends_in_the_report(make: Any) -> None:
    lines = [json.loads(line) for line in render(make(), "jsonl").splitlines()]
    for line in lines:
        valid(line, "event")
    assert [one["finding"]["id"] for one in lines if one["event"] == "found"] == [one.id for one in make().findings]
    assert lines[0]["event"] == "run.started"
    assert lines[-1] == {**lines[-1], "event": "run.finished", "report": json.loads(render(make(), "json"))}


def test_a_line_of_jsonl_is_one_event() -> None:
    event = Event(event="asked", at=reports.NOW, run="r", seq=1, question={"text": "one\ntwo \x1b[31m"})
    line = jsonl.line(event)
    assert line.count("\n") == 1
    assert msgspec.json.decode(line, type=Event) == event


@pytest.mark.parametrize("name", SCHEMAS)
def test_schemas_are_schemas(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(schema(name))


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "ok"},
        {"apiVersion": "netdoc/v2"},
        {"impact": None},
        {"rootCauses": "F1"},
        {"path": [{"id": "x"}]},
        {"changes": [{"at": "2026-01-01T00:00:00+02:00", "object": {}, "what": "rollout", "detail": ""}]},
        {"from": None},
    ],
    ids=str,
)
def test_the_schema_refuses_what_the_contract_rules_out(wrong: dict[str, Any]) -> None:
    document = json.loads(render(reports.healthy(), "json"))
    with pytest.raises(jsonschema.ValidationError):
        valid(document | wrong, "report")


def test_the_schema_lets_fields_be_added() -> None:
    valid(json.loads(render(reports.healthy(), "json")) | {"later": 1}, "report")


@each_report
def test_junit_keeps_failure_error_and_skip_apart(make: Any) -> None:
    report = make()
    suite = ElementTree.fromstring(render(report, "junit"))[0]
    cases = suite.findall("testcase")
    kinds = {"fail": "failure", "unknown": "error", "skip": "skipped"}
    for case, check in zip(cases, report.checks, strict=True):
        assert (
            {one.tag for one in case} - {"system-out"} == {kinds[check.status]} & set(kinds.values())
            if (check.status in kinds)
            else {one.tag for one in case} <= {"system-out"}
        )
    for attribute, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert suite.attrib[attribute] == str(len(suite.findall(f"testcase/{tag}")))
    assert suite.attrib["tests"] == str(len(cases))


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_junit_parses_whatever_is_in_it(shape: str) -> None:
    mine = {one.tag for one in ElementTree.fromstring(render(everything(), "junit")).iter()}
    planted = ElementTree.fromstring(render(plant(everything(), shape), "junit"))
    assert {one.tag for one in planted.iter()} <= mine


@each_report
def test_sarif(make: Any) -> None:
    report = make()
    run = json.loads(render(report, "sarif"))["runs"][0]
    rules = run["tool"]["driver"]["rules"]
    assert [rules[one["ruleIndex"]]["id"] for one in run["results"]] == [one.code for one in report.findings]
    assert all(rule["shortDescription"]["text"] for rule in rules)
    assert {one["level"] for one in run["results"]} <= {"error", "warning", "note"}
    notified = run["invocations"][0]["toolExecutionNotifications"]
    assert len(notified) == len(report.not_checked)
    assert run["invocations"][0]["executionSuccessful"] == (report.status != "unknown")


def test_sarif_of_a_code_that_is_not_ours() -> None:
    planted = plant(everything(), "-theirs")
    run = json.loads(render(planted, "sarif"))["runs"][0]
    assert {"id": "service.selector-no-match-theirs"} in run["tool"]["driver"]["rules"]


def test_sarif_of_a_snapshot_points_at_its_file() -> None:
    made = reports.several_causes()
    snapshot = RunInput(type="snapshot", path="dumps/shop one.tar.gz")
    made = msgspec.structs.replace(made, run=msgspec.structs.replace(made.run, input=snapshot))
    (location,) = json.loads(render(made, "sarif"))["runs"][0]["results"][0]["locations"]
    assert location["physicalLocation"]["artifactLocation"]["uri"] == "dumps/shop%20one.tar.gz"
    assert location["logicalLocations"][0]["fullyQualifiedName"] == "shop/Deployment/web"
