"""Texts of any kind: whatever they hold, reading them ends, and what is not read is named."""

from __future__ import annotations

import asyncio
import contextlib
import copy
import json
import tempfile
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from netdoc.cluster import SnapshotCluster, open_snapshot
from netdoc.cluster.documents import read_text
from netdoc.cluster.files import File
from netdoc.cluster.kinds import projections
from netdoc.cluster.selection import label_selector
from tests.cluster.objects import SERVICE, pod, shop
from tests.cluster.test_snapshot import cron, daemon, deployment, job, without_status

SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.text(max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
WHOLE = [json.dumps({"kind": "List", "apiVersion": "v1", "items": shop()}), yaml.safe_dump_all(shop())]


@given(st.binary(max_size=200), st.sampled_from(["x.yaml", "x.json", "pods.json", "x"]))
def test_any_bytes(data: bytes, name: str) -> None:
    text = read_text(File(name, data))
    assert all(one.where.startswith(name) for one in text.unreadable)


@given(st.text(alphabet="{}[]:,-&*!|>#'\"%@`? \n\tkindPoapiVersion0123\\u", max_size=80))
def test_any_text_that_looks_like_yaml(text: str) -> None:
    read_text(File("x.yaml", text.encode()))


@given(VALUES)
def test_any_value_as_json_and_as_yaml_is_told_apart_from_an_object(value: Any) -> None:
    for name, data in (("x.json", json.dumps(value)), ("x.yaml", yaml.safe_dump(value))):
        text = read_text(File(name, data.encode("utf-8", "surrogatepass")))
        assert text.documents == () or "kind" in data


@given(st.sampled_from(WHOLE), st.data())
def test_a_text_cut_anywhere_never_loses_an_object_in_silence(whole: str, data: st.DataObject) -> None:
    """Half a document of YAML may well be a document: there only those before it are sure."""
    json_text = whole.startswith("{")
    cut = whole[: data.draw(st.integers(0, len(whole)))]
    text = read_text(File("x.json" if json_text else "x.yaml", cut.encode()))
    found = [(one.kind, one.name) for one in text.documents]
    expected = [(one["kind"], one["metadata"]["name"]) for one in shop()]
    sure = len(found) if json_text else len(found) - 1
    assert found[: max(sure, 0)] == expected[: max(sure, 0)]
    if json_text and len(found) < len(expected):
        assert text.unreadable


def anywhere(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The path of every value within a value."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path] * bool(path) + [one for key, part in inner for one in anywhere(part, (*path, key))]


SAMPLES = [*shop(), *(without_status(one) for one in shop()), deployment(), daemon(), job(), cron()]
PLACES = [(number, path) for number, one in enumerate(SAMPLES) for path in anywhere(one)]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(PLACES), VALUES)
def test_an_object_with_anything_anywhere_is_read_or_named(place: tuple[int, tuple[Any, ...]], value: Any) -> None:
    number, path = place
    spoilt = copy.deepcopy(SAMPLES[number])
    within: Any = spoilt
    for step in path[:-1]:
        within = within[step]
    within[path[-1]] = value
    with tempfile.NamedTemporaryFile(suffix=".json") as file:
        file.write(json.dumps({"kind": "List", "apiVersion": "v1", "items": [spoilt, SERVICE]}).encode())
        file.flush()
        asyncio.run(read_everything(open_snapshot(file.name)))


async def read_everything(snapshot: SnapshotCluster) -> None:
    await snapshot.now()
    for kind in projections():
        listing = await snapshot.list(kind)
        for one in listing.items:
            assert await snapshot.get(kind, one.name, one.namespace) == one


@given(st.text(max_size=30))
def test_any_text_as_a_label_selector_is_one_or_is_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert label_selector(text)({"a": "b"}) in (True, False)


@pytest.mark.parametrize(
    "text",
    [
        "kind: Pod\napiVersion: v1\nmetadata: {name: a}\nspec: {x: 99999999999999999999999999}",
        "kind: Pod\napiVersion: v1\nmetadata: {name: a}\nspec: {x: " + "9" * 6000 + "}",
        "kind: Pod\napiVersion: v1\nmetadata: {name: a}\nspec: {x: 1e999, y: .inf, z: .nan}",
        'kind: Pod\napiVersion: v1\nmetadata: {name: a}\nspec: {x: "\\ud800"}',
        "kind: Pod\napiVersion: v1\nmetadata: {name: a}\nspec: {x: !!binary aGk=}",
    ],
)
def test_odd_scalars_cost_at_most_their_document(text: str) -> None:
    read = read_text(File("x.yaml", f"{text}\n---\n{yaml.safe_dump(SERVICE)}".encode()))
    assert ("Service", "web") in [(one.kind, one.name) for one in read.documents]
    assert len(read.documents) + len(read.unreadable) == 2


def test_lines_of_json_objects_and_of_errors() -> None:
    text = json.dumps(pod("a"), indent=1) + "\n\n" + json.dumps(pod("b"), indent=1) + '\n{"kind": "Service",\n "x": }'
    read = read_text(File("x.json", text.encode()))
    second = text[: text.rindex('{\n "apiVersion"')].count("\n") + 1
    assert [one.line for one in read.documents] == [1, second]
    (error,) = read.unreadable
    assert error.where == f"x.json:{text.count(chr(10)) + 1}"
    assert error.kinds == frozenset({"Service"})


def test_a_list_within_a_list() -> None:
    inner = {"kind": "PodList", "apiVersion": "v1", "items": [{"metadata": {"name": "a"}}]}
    read = read_text(
        File("x.json", json.dumps({"kind": "List", "apiVersion": "v1", "items": [inner, SERVICE]}).encode())
    )
    assert [(one.kind, one.name) for one in read.documents] == [("Pod", "a"), ("Service", "web")]


def test_lists_without_end_in_lists_are_named() -> None:
    deep = '{"kind":"List","items":[' * 400 + "]}" * 400
    read_text(File("x.json", deep.encode()))


def test_an_object_without_a_name_is_named_by_its_kind() -> None:
    read = read_text(File("x.yaml", b"kind: Pod\napiVersion: v1\nmetadata: {generateName: a-}\n"))
    (one,) = read.unreadable
    assert one.kinds == frozenset({"Pod"})
