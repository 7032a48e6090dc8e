"""The main job: every JSON report passes the schema that netdoc prints, and says the same twice."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from netdoc.demo import assemble
from tests.calling import netdoc, report


@functools.cache
def validator(name: str) -> jsonschema.Draft202012Validator:
    schema = json.loads(netdoc("schema", name).out)
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


QUESTIONS = [
    *((f"--demo={id_}",) for id_ in assemble.scenario_ids()[::6]),
    ("svc/nope.shop", "--demo"),
    ("svc/web.nope", "--demo"),
    ("ns/databases", "--demo"),
    ("deploy/web.shop", "--from", "ns/shop", "--demo"),
    ("pod/nope.shop", "--from", "pod/nope.shop", "--demo"),
    ("https://shop.example.com/", "--demo"),
    ("10.42.0.77", "--demo"),
    ("svc/web.shop", "--from", "deploy/client.shop", "--from", "internet", "--from", "10.9.9.9", "--demo"),
]


@pytest.mark.parametrize("question", QUESTIONS, ids=" ".join)
def test_json_passes_the_schema(question: tuple[str, ...]) -> None:
    told, _ = report("diagnose", *question)
    validator("report").validate(told)  # raises for what does not fit
    assert told["kind"] == "Report"


def test_every_event_passes_its_schema() -> None:
    lines = netdoc("diagnose", "--demo=crash-loop", "-o", "jsonl").out.splitlines()
    assert len(lines) > 2
    for line in lines:
        validator("event").validate(json.loads(line))  # raises for what does not fit


def test_absent_is_omitted_and_keys_are_sorted() -> None:
    text = netdoc("diagnose", "--demo=crash-loop", "-o", "json").out

    def ordered(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        keys = [key for key, _ in pairs]
        assert keys == sorted(keys)
        assert not [key for key, value in pairs if value is None]
        return dict(pairs)

    json.loads(text, object_pairs_hook=ordered)


def test_ids_are_stable_from_run_to_run() -> None:
    def told() -> dict[str, Any]:
        made, _ = report("diagnose", "--demo=bad-rollout")
        for one in made["checks"]:
            one.pop("startedAt", None), one.pop("durationMs", None)
        for one in made["evidence"]:
            if one.get("kind") != "event":  # when the record was made; an event's time is its own
                one.pop("at", None)
        return {key: value for key, value in made.items() if key not in ("run", "summary")}

    assert told() == told()


def test_a_report_says_what_it_was_made_of(tmp_path: Path) -> None:
    told, _ = report("diagnose", "--demo=crash-loop")
    assert told["run"]["input"] | {"now": ""} == {"type": "demo", "scenario": "crash-loop", "now": ""}
    assert told["basis"] == "configuration"
    assert told["summary"]["findings"]["error"] == sum(one["severity"] == "error" for one in told["findings"])
    path = tmp_path / "all.json"
    path.write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": list(assemble.network())}))
    told, _ = report("diagnose", "svc/web.shop", "--snapshot", str(path))
    assert told["run"]["input"]["type"] == "snapshot"
    assert told["run"]["input"]["path"] == str(path)


def test_no_packet_was_sent_and_it_is_said() -> None:
    told, _ = report("diagnose", "--demo=healthy")
    assert told["headline"] == "no fault in configuration; no packet was sent"


def test_without_a_source_what_depends_on_the_client_is_said() -> None:
    told, _ = report("check", "endpoints", "svc/web.shop", "--demo")
    assert "no-source" in {one["reason"] for one in told["notChecked"]}
    told, _ = report("check", "endpoints", "svc/web.shop", "--from", "deploy/client.shop", "--demo")
    assert "no-source" not in {one["reason"] for one in told["notChecked"]}


def test_a_part_of_the_endpoints_is_counted() -> None:
    told, _ = report("diagnose", "--demo=one-replica-crashing")
    assert told["impact"]["scope"] == "part"
    assert 0 < told["impact"]["failed"] < told["impact"]["of"]
    assert f"{told['impact']['failed']} of {told['impact']['of']}" in told["headline"]


@pytest.mark.parametrize("format_", ["table", "short", "markdown"])
def test_the_cause_is_what_a_person_reads_first(format_: str) -> None:
    out = netdoc("diagnose", "--demo=selector-typo", "-o", format_).out
    head = "\n".join(out.splitlines()[:8])
    assert "selector" in head


@pytest.mark.parametrize("check", ["dns", "policy", "endpoints"])
def test_one_check_by_itself_speaks_for_what_it_looks_at(check: str) -> None:
    answer = netdoc("check", check, "svc/web.shop", "--from", "deploy/client.shop", "--demo", "-o", "json")
    assert (answer.code, answer.json["status"]) == (0, "pass")


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("check", "dns", "tv.office.example", "--exec"), "pass"),  # what it looks at is the caller and the name
        (("diagnose", "tv.office.example", "--exec"), "unknown"),  # nobody tried whether it answers
        (("check", "connect", "svc/redis.databases"), "unknown"),  # without consent it did nothing
    ],
)
def test_only_what_was_asked_for_is_spoken_for(arguments: tuple[str, ...], status: str) -> None:
    answer = netdoc(*arguments, "--from", "deploy/sonarr.media", "--demo", "-o", "json")
    assert (answer.json["status"], answer.code) == (status, 0 if status == "pass" else 3)
