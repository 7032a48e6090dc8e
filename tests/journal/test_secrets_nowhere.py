"""Secrets planted wherever a cluster could hold one reach no output and no byte of the journal."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest

from netdoc.journal.redaction import redacted
from netdoc.model.event import Event
from netdoc.model.finding import Evidence
from netdoc.model.report import Report
from netdoc.report import FORMATS, render
from netdoc.report.jsonl import line
from tests.calling import netdoc
from tests.cluster.conftest import write_kubeconfig
from tests.fakes.apiserver import ApiServer
from tests.journal.conftest import ASKED, documents, journals
from tests.journal.secrets import PLANTED, SHAPES
from tests.report.reports import refused, selector_typo

# Fields whose values Kubernetes or netdoc chooses among a few; no text of anybody's can stand there.
CHOSEN = frozenset({"kind", "type", "status", "severity", "reason", "scope", "what", "managed_by", "basis", "event"})
MESSAGES = frozenset({"message", "note", "reason"})


def planted(value: Any, shape: str, field: str = "") -> Any:
    """The same struct with the shape in every field that may hold text."""
    match value:
        case str():
            return value if field in CHOSEN else f"{value} {shape}"
        case msgspec.Struct():
            fields = {name: planted(getattr(value, name), shape, name) for name in value.__struct_fields__}
            return type(value)(**fields)
        case tuple() | list():
            return type(value)(planted(one, shape, field) for one in value)
        case dict():
            return {planted(key, shape): planted(one, shape) for key, one in value.items()}
        case _:
            return value


@pytest.mark.parametrize("shape", SHAPES, ids=list(SHAPES))
@pytest.mark.parametrize("made", [selector_typo, refused])
def test_no_field_of_a_report_shows_one(made: Callable[[], Report], shape: str) -> None:
    full = planted(made(), SHAPES[shape])
    clean = redacted(full)
    assert PLANTED not in repr(clean)
    for format_ in FORMATS:
        assert PLANTED not in render(clean, format_)


@pytest.mark.parametrize("shape", SHAPES, ids=list(SHAPES))
def test_no_field_of_an_event_shows_one(shape: str) -> None:
    event = Event(
        event="found", at=selector_typo().run.started_at, run="r", seq=1, question={"question": "x", "y": ["z"]}
    )
    for full in (planted(event, SHAPES[shape]), planted(Evidence(data={"a": {"b": "c"}}), SHAPES[shape])):
        assert PLANTED not in line(redacted(full))


def everywhere(shape: str) -> list[dict[str, Any]]:
    """The broken cluster's manifests with the shape in every field of free text."""
    planted_ = [copy.deepcopy(one) for one in documents("crash-loop")]
    for one in planted_:
        meta = one.setdefault("metadata", {})
        meta.setdefault("annotations", {})["example.com/note"] = shape
        meta["annotations"]["kubectl.kubernetes.io/last-applied-configuration"] = f'{{"spec": "{PLANTED}"}}'
        for container in _containers(one):
            container["env"] = [*container.get("env", ()), {"name": "SETTING", "value": PLANTED}]
            container["args"] = ["--serve", *shape.split("\n")]
            container["command"] = ["/bin/sh", "-c", shape]
        _fill(one, shape)
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "db", "namespace": "shop"}}
    return [*planted_, secret | {"data": {"password": PLANTED}, "stringData": {"x": PLANTED}}]


def pods() -> list[str]:
    return [one["metadata"]["name"] for one in documents("crash-loop") if one["kind"] == "Pod"]


def _containers(one: dict[str, Any]) -> Iterator[dict[str, Any]]:
    spec = one.get("spec") or {}
    for holder in (spec, (spec.get("template") or {}).get("spec") or {}):
        if isinstance(holder, dict):
            yield from holder.get("containers") or ()


def _fill(value: Any, shape: str) -> None:
    """Every message gets the shape behind it."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key in MESSAGES and isinstance(one, str) and key != "reason":
                value[key] = f"{one} {shape}"
            _fill(one, shape)
    elif isinstance(value, list):
        for one in value:
            _fill(one, shape)


@pytest.mark.parametrize("shape", SHAPES, ids=list(SHAPES))
def test_a_live_run_keeps_and_shows_none(shape: str, tmp_path: Path, own_state: Path) -> None:
    with ApiServer(everywhere(SHAPES[shape])) as server:
        server.logs = {("shop", pod, "web"): f"starting\n{SHAPES[shape]}\n" for pod in pods()}
        config = str(write_kubeconfig(tmp_path / "config", server.url))
        outputs = [part for one in FORMATS if one != "json" for part in ("-o", f"{one}={tmp_path / one}.out")]
        answer = netdoc("diagnose", *ASKED, "--kubeconfig", config, "-o", "json", *outputs, "-v")
    assert answer.code == 1, answer.err
    (journal,) = journals(own_state)
    again = [netdoc(*words, "latest", "-o", "json") for words in (("report",), ("replay",), ("runs", "show"))]
    told = [answer.out, answer.err, *(one.out + one.err for one in again)]
    files = [one.read_bytes() for one in tmp_path.glob("*.out")]
    assert len(files) == len(FORMATS) - 1
    for text in (*told, *(one.decode() for one in files)):
        assert PLANTED not in text
    assert PLANTED.encode() not in journal.read_bytes()


def test_a_snapshot_run_shows_none(tmp_path: Path, own_state: Path) -> None:
    folder = tmp_path / "snapshot"
    folder.mkdir()
    for number, shape in enumerate(SHAPES.values()):
        (folder / f"{number}.json").write_bytes(
            msgspec.json.encode({"kind": "List", "apiVersion": "v1", "items": everywhere(shape)[number :: len(SHAPES)]})
        )
    answer = netdoc("diagnose", *ASKED, "--snapshot", str(folder), "-o", "jsonl")
    assert '"run.finished"' in answer.out
    assert PLANTED not in answer.out + answer.err
    assert PLANTED.encode() not in journals(own_state)[0].read_bytes()


def test_one_typed_on_the_command_line_is_not_kept(own_state: Path) -> None:
    answer = netdoc("diagnose", f"http://app:{PLANTED}@web.shop/", "--demo=healthy", "-o", "json")
    assert PLANTED not in answer.out
    assert all(PLANTED.encode() not in one.read_bytes() for one in journals(own_state))
