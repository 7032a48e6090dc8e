"""YAML as Kubernetes reads it, however hostile."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from netdoc.cluster.yamltext import BadYAML, chunks, parse


def value(text: str) -> Any:
    tree = parse(text)
    return tree.value if tree else None


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("12:30:45", "12:30:45"),
        ("2026-11-20", "2026-11-20"),
        ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"),
        ("=", "="),
        ("yes", True),
        ("off", False),
        ("~", None),
        ("", None),
        ("0644", 420),
        ("0x1F", 31),
        ("0b11", 3),
        ("1_000", 1000),
        ("-7", -7),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("1.2.3", "1.2.3"),
        ("10.0.0.1", "10.0.0.1"),
        ("100m", "100m"),
        ("'5'", "5"),
        ("!!str 5", "5"),
        ("!!int '5'", 5),
        ("y", "y"),
        ("|\n  a\n  b\n", "a\nb\n"),
    ],
)
def test_scalars(text: str, meant: Any) -> None:
    found = value(f"key: {text}")["key"]
    assert found == meant
    assert type(found) is type(meant)


def test_keys_are_strings() -> None:
    assert value("1: a\ntrue: b\nnull: c\n2026-01-01: d") == {"1": "a", "true": "b", "null": "c", "2026-01-01": "d"}


def test_anchors_and_merges() -> None:
    text = "base: &b {a: 1, b: 2}\nuse:\n  <<: *b\n  b: 3\nseveral:\n  <<: [*b, {c: 4}]\nsame: *b"
    assert value(text) == {
        "base": {"a": 1, "b": 2},
        "use": {"a": 1, "b": 3},
        "several": {"a": 1, "b": 2, "c": 4},
        "same": {"a": 1, "b": 2},
    }


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: 1\nb: [1, 2\nc: 3\n", 3),
        ("a: 1\n  b: 2", 2),
        ("a: *nobody", 1),
        ("a: &a [*a]", 1),
        ("a: !python/object:os.system x", 1),
        ("? [a, b]\n: c", 1),
        ("a:\n\t- b", 2),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text: str, line: int) -> None:
    with pytest.raises(BadYAML) as caught:
        parse(text)
    assert caught.value.line == line


@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? "])
def test_nesting_without_end_is_refused(opening: str) -> None:
    with pytest.raises(BadYAML):
        parse(opening * 100_000)


def test_aliases_without_end_are_refused() -> None:
    layers = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    layers += [f"a{i}: &a{i} [{', '.join([f'*a{i - 1}'] * 10)}]" for i in range(1, 10)]
    with pytest.raises(BadYAML, match="without end"):
        parse("\n".join(layers))


def test_documents_are_told_apart_and_begin_at_their_lines() -> None:
    text = "# top\n%YAML 1.1\n---\na: 1\n--- # more\nb: |\n  text\n  ---\n---\n# nothing\n---\nc: 3\n...\n"
    found = [(line, value(chunk)) for line, chunk in chunks(text)]
    assert [(line, one) for line, one in found if one] == [
        (3, {"a": 1}),
        (5, {"b": "text\n---\n"}),
        (11, {"c": 3}),
    ]


def test_the_lines_of_a_lists_items_are_kept() -> None:
    tree = parse("\nkind: List\nitems:\n- a: 1\n  b: {c: 1}\n- a: 2\n", line=10)
    assert tree is not None
    assert tree.line == 11
    assert tree.items == (13, 15)


@pytest.mark.parametrize("text", ["a: {b: [1, two, 3.0, null]}\nc: 'x: y'\n", "- 1\n- {a: b}\n", '"quoted"'])
def test_it_agrees_with_the_library_where_both_should(text: str) -> None:
    assert value(text) == yaml.safe_load(text)
