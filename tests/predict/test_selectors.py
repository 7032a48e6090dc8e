"""Label selectors: one at a time and over an index."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdoc.model.kube import LabelSelector, Requirement
from netdoc.predict.selectors import (
    LabelIndex,
    bits,
    canonical,
    describe,
    keys_of,
    matches,
    positions,
    service_selects,
    why_not,
)

KEYS = ["app", "tier", "env"]
VALUES = ["", "a", "b"]
label_sets = st.dictionaries(st.sampled_from(KEYS), st.sampled_from(VALUES))


@st.composite
def requirements(draw):
    operator = draw(st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]))
    values = draw(st.lists(st.sampled_from(VALUES), min_size=1)) if operator in ("In", "NotIn") else []
    return Requirement(key=draw(st.sampled_from([*KEYS, "absent"])), operator=operator, values=tuple(values))


selectors = st.builds(
    lambda plain, terms: LabelSelector(match_labels=plain, match_expressions=tuple(terms)),
    label_sets,
    st.lists(requirements(), max_size=2),
)


@pytest.mark.parametrize(
    ("operator", "values", "labels", "expected"),
    [
        ("In", ("a",), {"k": "a"}, True),
        ("In", ("a",), {}, False),
        ("NotIn", ("a",), {"k": "a"}, False),
        ("NotIn", ("a",), {"k": "b"}, True),
        ("NotIn", ("a",), {}, True),
        ("Exists", (), {"k": ""}, True),
        ("Exists", (), {}, False),
        ("DoesNotExist", (), {}, True),
        ("DoesNotExist", (), {"k": ""}, False),
    ],
)
def test_operators(operator, values, labels, expected):
    selector = LabelSelector(match_expressions=(Requirement(key="k", operator=operator, values=values),))
    assert matches(selector, labels) is expected
    assert bool(LabelIndex([labels]).select(selector)) is expected


def test_absent_selects_nothing_and_empty_everything():
    assert not matches(None, {"a": "b"})
    assert matches(LabelSelector(), {})
    index = LabelIndex([{}, {"a": "b"}])
    assert (index.select(None), index.select(LabelSelector())) == (0, 0b11)


def test_an_empty_value_requires_the_key():
    assert not matches(LabelSelector(match_labels={"k": ""}), {})
    assert matches(LabelSelector(match_labels={"k": ""}), {"k": ""})


def test_a_service_without_a_selector_selects_no_pod():
    assert not service_selects({}, {"a": "b"})
    assert service_selects({"a": "b"}, {"a": "b", "c": "d"})
    assert not service_selects({"a": "b"}, {})


def test_an_unknown_operator_is_an_error():
    selector = LabelSelector(match_expressions=(Requirement(key="k", operator="Gt"),))
    with pytest.raises(ValueError, match="'Gt' is not a valid"):
        matches(selector, {})
    with pytest.raises(ValueError, match="'Gt' is not a valid"):
        LabelIndex([{}]).select(selector)


@given(selectors, st.lists(label_sets, max_size=20))
def test_the_index_agrees_with_one_at_a_time(selector, items):
    chosen = LabelIndex(items).select(selector)
    assert list(positions(chosen)) == [i for i, labels in enumerate(items) if matches(selector, labels)]


@given(selectors, label_sets)
def test_only_the_keys_of_the_selector_count(selector, labels):
    seen = {key: value for key, value in labels.items() if key in keys_of((selector,))}
    assert matches(selector, labels) is matches(selector, seen)


@given(selectors, label_sets)
def test_a_reason_is_given_exactly_where_it_does_not_match(selector, labels):
    assert bool(why_not(selector, labels)) is not matches(selector, labels)


@given(st.sets(st.integers(0, 3000)))
def test_positions_and_bits_are_inverse(chosen):
    assert list(positions(bits(chosen))) == sorted(chosen)


def test_canonical_forgets_the_order():
    first = LabelSelector(match_expressions=(Requirement(key="k", operator="In", values=("a", "b")),))
    second = LabelSelector(match_expressions=(Requirement(key="k", operator="In", values=("b", "a")),))
    assert canonical(first) == canonical(second)
    assert canonical(LabelSelector(match_labels={"k": "a"})) != canonical(first)


def test_describe_writes_what_kubectl_reads():
    terms = (
        Requirement(key="tier", operator="In", values=("a", "b")),
        Requirement(key="env", operator="NotIn", values=("c",)),
        Requirement(key="old", operator="DoesNotExist"),
        Requirement(key="new", operator="Exists"),
    )
    selector = LabelSelector(match_labels={"app": "web"}, match_expressions=terms)
    assert describe(selector) == "app=web,tier in (a,b),env notin (c),!old,new"
