"""Lists and explanations: what is installed and what it means, offline."""

from __future__ import annotations

import json

import pytest
import yaml

from netdoc.model.codes import known_codes
from tests.calling import netdoc


def test_checks_are_listed() -> None:
    rows = {one["id"]: one for one in netdoc("checks", "-o", "json").json["checks"]}
    assert "endpoints" in rows
    assert not [one for one in rows.values() if one.get("broken")]
    table = netdoc("checks").out
    assert all(id_ in table for id_ in rows)


def test_codes_are_listed_with_severity_and_title() -> None:
    told = netdoc("codes", "-o", "json").json
    rows = {one["code"]: one for one in told["codes"]}
    assert told["apiVersion"] == "netdoc/v1"
    assert known_codes().keys() <= rows.keys()
    assert all(one["severity"] in ("error", "warning", "info") and one["title"] for one in rows.values())
    assert len(netdoc("codes").out.splitlines()) == len(rows)


def test_codes_of_one_area() -> None:
    rows = netdoc("codes", "pod", "-o", "json").json["codes"]
    assert {one["code"].partition(".")[0] for one in rows} == {"pod"}


def test_yaml_says_what_json_says() -> None:
    for command in ("checks", "codes"):
        assert yaml.safe_load(netdoc(command, "-o", "yaml").out) == netdoc(command, "-o", "json").json


@pytest.mark.parametrize("code", sorted(known_codes()))
def test_every_code_is_explained(code: str) -> None:
    answer = netdoc("explain", code, "-o", "json")
    assert answer.code == 0
    told = answer.json["code"]
    assert told["meaning"]
    assert told["mend"]


def test_a_check_is_explained_with_its_codes() -> None:
    told = netdoc("explain", "endpoints", "-o", "json").json["check"]
    assert "service.selector-no-match" in json.dumps(told)
    assert "endpoints" in netdoc("explain", "endpoints").out


def test_what_a_check_reads_is_told_apart_by_its_group() -> None:
    words = netdoc("explain", "policy").out.split()
    assert {"networkpolicies.networking.k8s.io", "networkpolicies.crd.projectcalico.org", "pods"} <= set(words)
    assert "networkpolicies" not in words


def test_a_checks_help_lists_the_options_in_the_order_of_diagnose() -> None:
    def flags(*command: str) -> list[str]:
        lines = netdoc(*command, "--help").out.splitlines()
        return [line.split()[0] for line in lines if line.startswith("  -")]

    assert flags("check", "policy") == flags("diagnose")


def test_schemas_are_listed_and_printed() -> None:
    names = netdoc("schema").out.split()
    assert "report" in names
    for name in names:
        assert json.loads(netdoc("schema", name).out)["$schema"]
