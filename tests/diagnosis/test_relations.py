"""When a rule's relation holds: read aloud, "the cause is RELATION the consequence"."""

from __future__ import annotations

import pytest

from netdoc.diagnosis import direct_causes
from netdoc.model.finding import Finding, Relation
from netdoc.model.path import Hop
from tests.diagnosis.build import finding, path, ref, rule

GATE = Hop(id="policy/deny", kind="policy", between=("client/a", "service/s"))


def explains(relation: Relation, cause: Finding, consequence: Finding, **owned: str) -> bool:
    owners = {ref(one): frozenset({ref(owner)}) for one, owner in owned.items()}
    rules = [rule(cause.code, relation, consequence.code)]
    return direct_causes([cause, consequence], path(GATE), rules, owners)[1] == {0}


CASES: list[tuple[Relation, tuple[str, ...], tuple[str, ...], bool]] = [
    ("same-hop", ("pod/p0",), ("pod/p0",), True),
    ("same-hop", ("pod/p1", "pod/p0"), ("pod/p0", "service/s"), True),
    ("same-hop", ("pod/p0",), ("pod/p1",), False),
    ("backend-of", ("pod/p0",), ("service/s",), True),
    ("backend-of", ("service/s",), ("service/s",), True),
    ("backend-of", ("service/s",), ("pod/p0",), False),
    ("backend-of", ("pod/p0",), ("endpoint/e1",), False),
    ("on-node", ("node/n",), ("pod/p0",), True),
    ("on-node", ("node/n",), ("pod/p0", "pod/p1"), True),
    ("on-node", ("pod/p0",), ("node/n",), False),
    ("upstream-of", ("client/a",), ("pod/p0",), True),
    ("upstream-of", ("pod/p0",), ("client/a",), False),
    ("gate-of", ("policy/deny",), ("service/s",), True),
    ("gate-of", ("policy/deny",), ("client/a",), True),
    ("gate-of", ("policy/deny",), ("pod/p0",), False),
    ("gate-of", ("service/s",), ("service/s",), True),
]


@pytest.mark.parametrize(("relation", "cause", "consequence", "holds"), CASES)
def test_relations_by_hops(
    relation: Relation, cause: tuple[str, ...], consequence: tuple[str, ...], holds: bool
) -> None:
    one, other = finding("x.cause", *cause, about="one"), finding("x.effect", *consequence, about="two")
    assert explains(relation, one, other) is holds


def test_same_object() -> None:
    cause = finding("x.cause", "pod/p0", about="web")
    assert explains("same-object", cause, finding("x.effect", "service/s", about="web"))
    assert not explains("same-object", cause, finding("x.effect", "pod/p0", about="api"))


def test_owned_by_holds_either_way_and_only_for_owners() -> None:
    cause, effect = finding("x.cause", "pod/p0", about="pod"), finding("x.effect", "pod/p0", about="deployment")
    assert explains("owned-by", cause, effect, pod="deployment")
    assert explains("owned-by", cause, effect, deployment="pod")
    assert not explains("owned-by", cause, effect, pod="other")


def test_a_rule_says_nothing_the_other_way_round() -> None:
    findings = [finding("x.cause", "pod/p0"), finding("x.effect", "pod/p0")]
    causes = direct_causes(findings, path(), [rule("x.cause", "same-hop", "x.effect")], {})
    assert causes == {0: frozenset(), 1: frozenset({0})}


def test_findings_of_one_code_never_explain_each_other() -> None:
    findings = [finding("x.a", "pod/p0", about="one"), finding("x.a", "pod/p0", about="two")]
    assert not any(direct_causes(findings, path(), [rule("x.a", "same-hop", "x.a")], {}).values())
