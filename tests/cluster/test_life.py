"""Objects as a real API server wrote them while something was broken (tests/e2e/capture.py): nothing of them is lost
or misread, and the cause is named from them alone.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from netdoc.cluster import open_snapshot
from netdoc.cluster.decode import Misfit, decode_object
from netdoc.cluster.kinds import projection_of
from netdoc.model.kube import Event, Pod
from netdoc_checks.endpoints import CHECK
from tests.asking import ask
from tests.e2e.fault import Fault, load

LIFE = Path(__file__).parents[1] / "fixtures" / "life"
FILES = sorted(LIFE.glob("*.json"))
FAULTS = {one.id: one for one in load()}

Object = dict[str, Any]


def objects() -> list[Any]:
    found = []
    for file in FILES:
        for item in json.loads(file.read_text())["items"]:
            name = f"{file.stem}-{item['kind']}-{item['metadata']['name']}"
            found.append(pytest.param(item, id=name))
    return found


def test_there_is_life() -> None:
    kinds = {item["kind"] for file in FILES for item in json.loads(file.read_text())["items"]}
    assert len(FILES) >= 20
    assert kinds >= {
        "Pod",
        "Service",
        "EndpointSlice",
        "Deployment",
        "ReplicaSet",
        "StatefulSet",
        "DaemonSet",
        "Event",
        "Node",
    }


@pytest.mark.parametrize("raw", objects())
def test_what_is_read_is_what_was_written(raw: Object) -> None:
    """Every value of the projection stands in the object, at the same place, and what every object has was read."""
    kind = projection_of(raw["kind"])
    assert kind is not None
    read = decode_object(kind, json.dumps(raw).encode())
    assert not isinstance(read, Misfit)
    written = json.loads(msgspec.json.encode(read))
    assert differences(written, raw) == []
    assert written["metadata"]["uid"] == raw["metadata"]["uid"]
    assert written["metadata"]["creationTimestamp"]
    if "managedFields" in written["metadata"]:
        assert len(written["metadata"]["managedFields"]) == len(raw["metadata"]["managedFields"])


def differences(read: Any, raw: Any, place: str = "$") -> list[str]:
    """Where what was read is not what stands there. Times are compared as times, defaults that were added are none."""
    if isinstance(read, dict) and isinstance(raw, dict):
        return [one for key in read for one in differences(read[key], raw.get(key), f"{place}.{key}")]
    if isinstance(read, list) and isinstance(raw, list) and len(read) == len(raw):
        pairs = enumerate(zip(read, raw, strict=True))
        return [one for at, (mine, theirs) in pairs for one in differences(mine, theirs, f"{place}[{at}]")]
    if read == raw or (isinstance(read, str) and isinstance(raw, str) and _same_time(read, raw)):
        return []
    return [f"{place}: read {read!r}, written {raw!r}"]


def _same_time(one: str, other: str) -> bool:
    try:
        return datetime.fromisoformat(one) == datetime.fromisoformat(other)
    except ValueError:
        return False


def read(file: str, kind: type[Any]) -> list[Any]:
    items = json.loads((LIFE / f"{file}.json").read_text())["items"]
    found = [decode_object(kind, json.dumps(one).encode()) for one in items if one["kind"] == kind.KIND.kind]
    return found


def test_every_pod_tells_its_conditions_containers_and_addresses() -> None:
    for file in FILES:
        items = [one for one in json.loads(file.read_text())["items"] if one["kind"] == "Pod"]
        for raw in items:
            pod = decode_object(Pod, json.dumps(raw).encode())
            assert isinstance(pod, Pod)
            status = raw["status"]
            assert [one.type for one in pod.status.conditions] == [one["type"] for one in status.get("conditions", [])]
            assert list(pod.addresses) == [one["ip"] for one in status.get("podIPs", [])]
            restarts = [one["restartCount"] for one in status.get("containerStatuses", [])]
            assert [one.restart_count for one in pod.status.container_statuses] == restarts


def test_events_tell_when_and_how_often_whichever_api_wrote_them() -> None:
    events = [one for file in FILES for one in read(file.stem, Event)]
    assert {bool(one.count) for one in events} == {True, False}, "both forms: counted, and of events.k8s.io"
    for event in events:
        assert event.last_seen is not None, event
        assert event.first_seen is not None, event
        assert event.first_seen <= event.last_seen
        assert event.times >= 1


@pytest.mark.parametrize("file", [pytest.param(one, id=one.stem) for one in FILES])
async def test_the_cause_is_named_from_the_objects_alone(file: Path) -> None:
    """As `kubectl get -o json` gives them to a colleague; the caller is not among them."""
    fault: Fault = FAULTS[file.stem]
    target = fault.target.replace(".$NS", ".life")
    told = await ask(CHECK, open_snapshot(file), target)
    worse = [one for one in told.findings if one.severity != "info"]
    if fault.cause is None:
        assert worse == []
        return
    first = told.roots[0]
    assert (first.code, first.object.kind, first.object.name) == (fault.cause.code, fault.cause.kind, fault.cause.name)
    assert (first.severity, fault.title in first.title) == (fault.severity, True)
