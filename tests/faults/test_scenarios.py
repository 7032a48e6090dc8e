"""Every fault of the embedded network is told first, on the object it is in, live or from a file; health is silent."""

from __future__ import annotations

import functools
import io
import json
import tarfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from netdoc.demo import assemble, open_demo
from netdoc.ports import Cluster
from netdoc_checks.endpoints import CHECK
from tests.asking import ask
from tests.calling import causes, report

BROKEN = tuple(id_ for id_ in assemble.scenario_ids() if id_ != "healthy")
ROUTES = assemble.meta().routes


def expected(id_: str) -> tuple[str, str, str, str]:
    cause = assemble.scenario(id_).cause
    assert cause is not None, f"{id_} has no cause: only healthy may go without"
    place = cause.object
    return cause.code, place["kind"], place.get("namespace", ""), place["name"]


@functools.cache
def in_demo(id_: str) -> tuple[dict[str, Any], int]:
    return report("diagnose", f"--demo={id_}")


@pytest.mark.parametrize("id_", BROKEN)
def test_the_cause_is_told_first(id_: str) -> None:
    told, code = in_demo(id_)
    assert causes(told)[:1] == [expected(id_)], [one["code"] for one in told["findings"]]
    by_id = {one["id"]: one for one in told["findings"]}
    root = by_id[told["rootCauses"][0]]
    assert (told["status"], code) == (("fail", 1) if root["severity"] == "error" else ("warn", 0))
    assert "impact" in told or root["severity"] == "warning"
    _is_shown(root, told)
    _is_folded(told, by_id)


def _is_shown(root: dict[str, Any], told: dict[str, Any]) -> None:
    """What was seen, and a command that shows the same to a person."""
    evidence = [one for one in told["evidence"] if one["id"] in root["evidence"]]
    assert evidence
    assert all(one.get("observed") for one in evidence)
    assert any(one.get("command", "").startswith("kubectl ") for one in evidence)


def _is_folded(told: dict[str, Any], by_id: dict[str, Any]) -> None:
    """A root has no cause; every other error has one; every reference leads somewhere."""
    evidence = {one["id"] for one in told["evidence"]}
    hops = {one["id"] for one in told["path"]}
    assert not any(by_id[root].get("explainedBy") for root in told["rootCauses"])
    for id_, one in by_id.items():
        assert set(one.get("explainedBy", ())) <= by_id.keys() - {id_}
        assert set(one["evidence"]) <= evidence
        assert one.get("hop", "") in hops | {""}
        if one["severity"] == "error":
            assert id_ in told["rootCauses"] or one["explainedBy"]


def as_json(documents: list[Any], folder: Path) -> Path:
    path = folder / "list.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": documents}))
    return path


def as_yaml(documents: list[Any], folder: Path) -> Path:
    path = folder / "all.yaml"
    path.write_text(yaml.dump_all(documents, Dumper=yaml.CSafeDumper))
    return path


def as_archive(documents: list[Any], folder: Path) -> Path:
    """As must-gather lays them out: a folder for each namespace, a file for each kind."""
    path = folder / "bundle.tar.gz"
    places: dict[str, list[Any]] = {}
    for one in documents:
        place = f"bundle/{one['metadata'].get('namespace', 'cluster')}/{one['kind'].lower()}s.json"
        places.setdefault(place, []).append(one)
    with tarfile.open(path, "w:gz", compresslevel=1) as archive:
        for name, items in places.items():
            raw = json.dumps({"apiVersion": "v1", "kind": "List", "items": items}).encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(raw)
            archive.addfile(entry, io.BytesIO(raw))
    return path


@functools.cache
def opened(id_: str) -> Cluster:
    return open_demo(id_)


FORMS: tuple[Callable[[list[Any], Path], Path], ...] = (as_json, as_yaml, as_archive)


@pytest.mark.parametrize(("at", "id_"), enumerate(BROKEN), ids=BROKEN)
def test_a_file_of_the_same_objects_says_the_same(at: int, id_: str, tmp_path: Path) -> None:
    scenario = assemble.scenario(id_)
    path = FORMS[at % len(FORMS)](list(assemble.documents(scenario)), tmp_path)
    source = ("--from", scenario.source) if scenario.source else ()
    told, code = report("diagnose", scenario.target, *source, "--snapshot", str(path))
    shown, shown_code = in_demo(id_)
    assert causes(told) == causes(shown)
    assert (told["status"], code) == (shown["status"], shown_code)
    assert sorted(one["code"] for one in told["findings"]) == sorted(one["code"] for one in shown["findings"])


@pytest.mark.parametrize("form", FORMS, ids=lambda form: form.__name__)
def test_every_form_of_file_is_silent_about_the_healthy_network(
    form: Callable[[list[Any], Path], Path], tmp_path: Path
) -> None:
    path = form(list(assemble.network()), tmp_path)
    told, code = report("diagnose", "svc/web.shop:80", "--from", "deploy/client.shop", "--snapshot", str(path))
    assert (told["findings"], told["status"], code) == ([], "pass", 0)


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.source}-{route.target}")
def test_a_documented_route_is_silent(route: assemble.Route) -> None:
    told, code = report("diagnose", route.target, "--from", route.source, "--demo=healthy", "--fail-on", "warning")
    assert (told["findings"], told["status"], code) == ([], "pass", 0), told["headline"]


WORKLOADS = {"Deployment": "deploy", "StatefulSet": "statefulset", "DaemonSet": "daemonset"}


def named(kind: str) -> list[tuple[str, str]]:
    """(namespace, name) of the objects of a kind in the healthy network."""
    metadata = [one["metadata"] for one in assemble.network() if one["kind"] == kind]
    return sorted((one["namespace"], one["name"]) for one in metadata)


SOURCES = [f"{alias}/{name}.{ns}" for kind, alias in WORKLOADS.items() for ns, name in named(kind)]
SERVICES = [f"svc/{name}.{ns}" for ns, name in named("Service")]


NODES = [f"node/{one['metadata']['name']}" for one in assemble.network() if one["kind"] == "Node"]


@pytest.mark.parametrize("target", SERVICES)
async def test_what_stands_behind_a_service_is_silent_whoever_asks(target: str) -> None:
    """Whether a policy lets them is another check's matter: the endpoints are the same for all."""
    for source in SOURCES:
        told = await ask(CHECK, opened("healthy"), target, source)
        assert (told.findings, told.status) == ((), "pass"), source


@pytest.mark.parametrize("target", [*SOURCES, *NODES])
def test_a_healthy_workload_or_node_is_silent_as_a_target(target: str) -> None:
    told, code = report("check", "endpoints", target, "--demo=healthy", "--fail-on", "warning")
    assert (told["findings"], told["status"], code) == ([], "pass", 0), told["headline"]


@pytest.mark.parametrize("id_", BROKEN)
async def test_a_fault_is_silent_beside_its_path(id_: str) -> None:
    """What only breaks beside the path is not reported: the routes of the other namespaces say nothing of it."""
    broken = assemble.scenario(id_)
    hurt = {_namespace(broken.target), _namespace(broken.source), expected(id_)[2]}
    for route in ROUTES:
        if not _on_nodes(id_) and not hurt & {_namespace(route.target), _namespace(route.source)}:
            told = await ask(CHECK, opened(id_), route.target, route.source)
            assert [one.code for one in told.findings if one.severity != "info"] == [], route


def _namespace(name: str) -> str:
    return name.partition(":")[0].rpartition(".")[2]


def _on_nodes(id_: str) -> bool:
    """Whether the fault is a node's, which every path over it suffers from."""
    changes = (one.merge or one.each for one in assemble.scenario(id_).patch)
    return expected(id_)[1] == "Node" or any(one is not None and (one.node or one.kind == "Node") for one in changes)
