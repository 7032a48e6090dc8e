"""Whatever a cluster says comes out inert, in every format, from every field."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from netdoc.model.report import Report
from netdoc.report import FORMATS, render
from netdoc.report.inert import data
from tests.report.hostile import PLANTED_IN, SHAPES, active, everything, plant, uncolored

each_shape = pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
each_report = pytest.mark.parametrize("make", PLANTED_IN, ids=lambda make: make.__name__)
any_text = st.text(st.one_of(st.characters(), st.characters(categories=["Cc", "Cf", "Cs"])), min_size=1, max_size=30)


def hostile(text: str, make: Any = everything) -> Report:
    return plant(make(), text)


@each_shape
@each_report
@pytest.mark.parametrize("format", list(FORMATS))
def test_nothing_acts_on_a_terminal(format: str, make: Any, shape: str) -> None:
    report = hostile(shape, make)
    plain = render(report, format, 80)
    assert active(plain) == []
    assert uncolored(render(report, format, 80, True)) == plain
    plain.encode()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_text)
def test_nothing_acts_whatever_the_text(text: str) -> None:
    report = hostile(text)
    for format in FORMATS:
        assert active(render(report, format, 80)) == [], format


@settings(max_examples=60, deadline=None)
@given(any_text)
def test_json_and_yaml_load_back_equal(text: str) -> None:
    report = hostile(text)
    assert msgspec.json.decode(render(report, "json"), type=Report) == data(report)
    assert msgspec.convert(yaml.safe_load(render(report, "yaml")), Report) == data(report)


@each_shape
def test_planted_data_load_back_equal(shape: str) -> None:
    for report in (hostile(shape), hostile(shape[0]), hostile(shape[-1])):
        assert msgspec.json.decode(render(report, "json"), type=Report) == data(report)
        assert msgspec.convert(yaml.safe_load(render(report, "yaml")), Report) == data(report)


@each_shape
def test_only_surrogates_are_lost_in_data(shape: str) -> None:
    report = hostile(shape)
    assert (data(report) == report) == (shape != SHAPES["surrogate"])


@each_shape
def test_jsonl_is_one_object_a_line(shape: str) -> None:
    lines = render(hostile(shape), "jsonl").splitlines()
    events = [json.loads(line) for line in lines]
    assert [one["seq"] for one in events] == list(range(1, len(lines) + 1))


@each_shape
@each_report
def test_markdown_has_no_markup_of_theirs(make: Any, shape: str) -> None:
    tokens = _flat(
        MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"]).parse(_markdown(make, shape))
    )
    ours = _flat(MarkdownIt("commonmark").parse(_markdown(make, "")))
    assert {one.type for one in tokens} <= {one.type for one in ours} | {"code_inline", "fence"}
    for structure in ("heading_open", "bullet_list_open", "strong_open", "hr"):
        assert _count(tokens, structure) == _count(ours, structure)


@each_shape
@each_report
@pytest.mark.parametrize("format", ["markdown", "short"])
def test_nothing_becomes_a_link_or_a_mention_afterwards(format: str, make: Any, shape: str) -> None:
    text = render(hostile(shape, make), format)
    bare = " ".join(one.content for one in _flat(MarkdownIt().parse(text)) if one.type == "text")
    for sign in ("://", "www.", "@", "#1", ":tada:", "<", "*b*", "~~"):
        assert sign not in bare


def _markdown(make: Any, shape: str) -> str:
    return render(hostile(shape, make), "markdown")


def _flat(tokens: list[Any]) -> list[Any]:
    return [one for token in tokens for one in (token, *_flat(token.children or []))]


def _count(tokens: list[Any], type_: str) -> int:
    return sum(one.type == type_ for one in tokens)


@each_shape
@each_report
def test_table_lines_are_ours(make: Any, shape: str) -> None:
    """A planted newline makes no line that could pass for a heading or a badge of ours."""
    ours = {line for line in render(make(), "table", 400).splitlines() if line.isupper() and line[0] != " "}
    theirs = {line for line in render(hostile(shape, make), "table", 4000).splitlines() if line.isupper()}
    assert {line for line in theirs if line[0] != " "} <= ours
