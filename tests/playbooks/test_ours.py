"""The playbooks that come with netdoc: their documented steps in the documented order, each explained."""

from __future__ import annotations

import json

import jsonschema
import pytest
import yaml

from netdoc.engine.playbooks.find import load, sources
from tests.calling import netdoc, report

STEPS = {
    "connectivity": [
        "Check network policies", "Verify DNS resolution", "Inspect service endpoints", "Review ingress configuration",
    ],
    "performance": [
        "Monitor network metrics", "Check for bottlenecks", "Analyse traffic patterns", "Review resource allocation",
    ],
    "audit": ["Security", "Performance", "Reliability", "Monitoring"],
}  # fmt: skip


@pytest.mark.parametrize("name", STEPS)
def test_the_documented_steps_in_the_documented_order(name: str) -> None:
    playbook = load(sources()[name])
    assert [one.title for one in playbook.steps] == STEPS[name]
    assert all(len(one.why) > 60 for one in playbook.steps)
    assert netdoc("playbooks", "lint", name).code == 0
    shown = netdoc("playbooks", "show", name).out
    assert [shown.index(title) for title in STEPS[name]] == sorted(shown.index(title) for title in STEPS[name])


def test_connectivity_is_what_diagnose_runs() -> None:
    diagnosed, code = report("diagnose", "--demo=crash-loop")
    ran, same_code = report("run", "connectivity", "--demo=crash-loop")
    assert diagnosed["findings"] == ran["findings"]
    assert code == same_code == 1
    assert diagnosed["run"]["playbook"] == ran["run"]["playbook"] == "connectivity"
    steps = {one["step"] for one in diagnosed["checks"]}
    missing = {one["what"] for one in diagnosed["notChecked"] if one["reason"] == "not-installed"}
    for step, check in (("policies", "policy"), ("dns", "dns"), ("endpoints", "endpoints"), ("ingress", "ingress")):
        assert (step in steps) != (f"check {check}" in missing)


@pytest.mark.parametrize("name", STEPS)
def test_the_schema_for_editors_accepts_them_and_refuses_mistakes(name: str) -> None:
    schema = json.loads(netdoc("schema", "playbook").out)
    data = yaml.safe_load(sources()[name].text().decode())
    jsonschema.validate(data, schema)
    data["steps"][0]["wehn"] = 1
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(data, schema)
