"""Which findings are roots, what weighs how much, and the order in which they are told."""

from __future__ import annotations

import itertools

import pytest

from netdoc.diagnosis import diagnose, without_hygiene
from netdoc.model.finding import Finding
from tests.diagnosis.build import finding, path, rule

BACKEND = rule("x.cause", "backend-of", "x.effect")


def told(*findings: Finding) -> list[tuple[str, str]]:
    """(code, object) of the findings, as they are told, whatever the order in which they came."""
    orders = {
        tuple((one.code, one.object.name) for one in diagnose(order, path(), ()).findings)
        for order in itertools.permutations(findings)
    }
    assert len(orders) == 1
    return list(orders.pop())


def roots(*findings: Finding, rules: tuple = (BACKEND,)) -> list[str]:  # type: ignore[type-arg]
    made = diagnose(findings, path(), rules)
    return [made.findings[place].code for place in made.roots]


def test_what_is_explained_is_no_root() -> None:
    assert roots(finding("x.effect", "service/s"), finding("x.cause", "pod/p0")) == ["x.cause"]


def test_what_explains_an_error_weighs_as_much() -> None:
    """A warning that explains an error breaks the traffic: it is an error, and the root."""
    made = diagnose(
        [finding("x.effect", "service/s"), finding("x.cause", "pod/p0", severity="warning")], path(), [BACKEND]
    )
    assert [(one.code, one.severity) for one in made.findings] == [("x.effect", "error"), ("x.cause", "error")]
    assert [made.findings[place].code for place in made.roots] == ["x.cause"]


def test_weight_goes_down_a_whole_chain() -> None:
    rules = (rule("x.a", "same-hop", "x.b"), rule("x.b", "same-hop", "x.c"), rule("x.c", "same-hop", "x.d"))
    chain = [
        finding("x.d", "pod/p0"),
        finding("x.c", "pod/p0", severity="warning"),
        finding("x.b", "pod/p0", severity="warning"),
        finding("x.a", "pod/p0", severity="info"),
    ]
    for order in itertools.permutations(chain):
        made = diagnose(order, path(), rules)
        assert {one.severity for one in made.findings} == {"error"}
        assert [made.findings[place].code for place in made.roots] == ["x.a"]


def test_a_cause_weighs_no_less_for_explaining_little() -> None:
    made = diagnose(
        [finding("x.effect", "service/s", severity="warning"), finding("x.cause", "pod/p0")], path(), [BACKEND]
    )
    assert {one.code: one.severity for one in made.findings} == {"x.cause": "error", "x.effect": "warning"}


@pytest.mark.parametrize(
    ("severities", "expected"),
    [
        (("error", "warning", "info"), ["error"]),
        (("warning", "info"), ["warning"]),
        (("info",), []),
        ((), []),
    ],
)
def test_roots_stand_at_the_highest_level(severities: tuple[str, ...], expected: list[str]) -> None:
    """The errors; where there is no error, the warnings; an info is the cause of nothing."""
    findings = [finding(f"x.{one}", "pod/p0", severity=one) for one in severities]  # type: ignore[arg-type]
    made = diagnose(findings, path(), ())
    assert [made.findings[place].severity for place in made.roots] == expected


# Ties, in the contract's order: proven first, then the order of hops, then code, then object.


def test_errors_come_before_warnings_before_infos() -> None:
    order = told(
        finding("x.a", "client/a", severity="info"),
        finding("x.b", "client/a", severity="warning"),
        finding("x.c", "node/n", proven=False),
    )
    assert [code for code, _ in order] == ["x.c", "x.b", "x.a"]


def test_proven_comes_before_a_hint() -> None:
    assert [code for code, _ in told(finding("x.a", "client/a", proven=False), finding("x.b", "node/n"))] == [
        "x.b",
        "x.a",
    ]


def test_then_the_order_of_hops() -> None:
    order = told(finding("x.a", "node/n"), finding("x.b", "pod/p1"), finding("x.c", "pod/p1", "service/s"))
    assert [code for code, _ in order] == ["x.c", "x.b", "x.a"]


def test_a_finding_on_no_hop_of_the_path_comes_last() -> None:
    assert [code for code, _ in told(finding("x.a"), finding("x.b", "gone"), finding("x.c", "node/n"))] == [
        "x.c",
        "x.a",
        "x.b",
    ]


def test_then_code_then_object() -> None:
    order = told(
        finding("x.b", "pod/p0", about="a"), finding("x.a", "pod/p0", about="z"), finding("x.a", "pod/p0", about="m")
    )
    assert order == [("x.a", "m"), ("x.a", "z"), ("x.b", "a")]


# Hygiene appears in a diagnosis only where it explains an error.


def test_hygiene_that_explains_nothing_is_dropped() -> None:
    made = diagnose([finding("x.cause", "pod/p0", severity="warning")], path(), [BACKEND])
    assert without_hygiene(made, frozenset({"x.cause"})) == ()


def test_hygiene_that_explains_stays() -> None:
    made = diagnose(
        [finding("x.cause", "pod/p0", severity="warning"), finding("x.effect", "service/s")], path(), [BACKEND]
    )
    assert {one.code for one in without_hygiene(made, frozenset({"x.cause"}))} == {"x.cause", "x.effect"}


def test_what_is_no_hygiene_stays() -> None:
    made = diagnose([finding("x.cause", "pod/p0", severity="info")], path(), [BACKEND])
    assert [one.code for one in without_hygiene(made, frozenset({"x.other"}))] == ["x.cause"]
