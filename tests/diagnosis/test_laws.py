"""What holds of every diagnosis, whatever is found and whatever the rules."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from netdoc.diagnosis import cycle_in, diagnose
from netdoc.model.finding import SEVERITIES, CausalRule, Finding
from netdoc.model.kube.meta import ObjectRef
from tests.diagnosis.build import findings, owners, path, rules

Owned = dict[ObjectRef, frozenset[ObjectRef]]
Identity = tuple[str, ObjectRef]
PATH = path()


def identity(one: Finding) -> Identity:
    return one.code, one.object


@given(st.data(), findings(), rules(), owners())
def test_the_order_of_findings_and_rules_does_not_matter(
    data: st.DataObject, found: list[Finding], rules: list[CausalRule], owned: Owned
) -> None:
    first = diagnose(found, PATH, rules, owned)
    again = diagnose(data.draw(st.permutations(found)), PATH, data.draw(st.permutations(rules)), owned)
    assert first == again


@given(findings(), rules(), owners())
def test_nothing_is_lost_or_added(found: list[Finding], rules: list[CausalRule], owned: Owned) -> None:
    made = diagnose(found, PATH, rules, owned)
    assert sorted(map(identity, made.findings)) == sorted(map(identity, found))
    assert made.causes.keys() == set(range(len(found)))


@given(findings(least=1), rules(), owners())
def test_no_error_without_a_root(found: list[Finding], rules: list[CausalRule], owned: Owned) -> None:
    made = diagnose(found, PATH, rules, owned)
    if any(one.severity in ("error", "warning") for one in found):
        assert made.roots
    for place, one in enumerate(made.findings):
        if one.severity == "error":
            assert _ultimate(place, made.causes) & set(made.roots)


def _ultimate(place: int, causes: object) -> set[int]:
    """Everything that a finding goes back to, itself included. Raises RecursionError for what explains itself."""
    above = causes[place]  # type: ignore[index]
    return {place}.union(*(_ultimate(one, causes) for one in above))


@given(findings(), rules(), owners())
def test_every_root_is_unexplained_and_as_bad_as_anything(
    found: list[Finding], rules: list[CausalRule], owned: Owned
) -> None:
    made = diagnose(found, PATH, rules, owned)
    worst = min((SEVERITIES.index(one.severity or "info") for one in made.findings), default=0)
    for root in made.roots:
        assert not made.causes[root]
        assert SEVERITIES.index(made.findings[root].severity or "info") == worst
    assert list(made.roots) == sorted(made.roots)


@given(findings(), rules(), owners())
def test_nothing_explains_itself_at_any_remove(found: list[Finding], rules: list[CausalRule], owned: Owned) -> None:
    made = diagnose(found, PATH, rules, owned)
    for place, causes in made.causes.items():
        assert place not in set().union(*(_ultimate(one, made.causes) for one in causes))


@given(st.data(), findings(least=2), rules(), owners())
def test_removing_a_consequence_never_changes_the_cause(
    data: st.DataObject, found: list[Finding], rules: list[CausalRule], owned: Owned
) -> None:
    """A consequence that explains nothing itself: without it, the findings that nothing explains are the same."""
    made = diagnose(found, PATH, rules, owned)
    explaining = set().union(*made.causes.values()) if made.causes else set()
    leaves = [place for place, causes in made.causes.items() if causes and place not in explaining]
    if not leaves:
        return
    gone = data.draw(st.sampled_from(leaves))
    rest = [one for place, one in enumerate(made.findings) if place != gone]
    less = diagnose(rest, PATH, rules, owned)
    assert _unexplained(less) == _unexplained(made)
    if made.findings[gone].severity != "error" or any(one.severity == "error" for one in rest):
        assert {identity(less.findings[one]) for one in less.roots} == {
            identity(made.findings[one]) for one in made.roots
        }


def _unexplained(made: object) -> set[Identity]:
    return {identity(made.findings[place]) for place, causes in made.causes.items() if not causes}  # type: ignore[attr-defined]


@given(findings(), rules(), owners())
def test_a_cause_weighs_as_much_as_what_it_explains(
    found: list[Finding], rules: list[CausalRule], owned: Owned
) -> None:
    made = diagnose(found, PATH, rules, owned)
    weight = [SEVERITIES.index(one.severity or "info") for one in made.findings]
    for place, causes in made.causes.items():
        assert all(weight[cause] <= weight[place] for cause in causes)
    given_ = {identity(one): SEVERITIES.index(one.severity or "info") for one in found}
    assert all(weight[place] <= given_[identity(one)] for place, one in enumerate(made.findings))


@given(findings(), rules(), owners())
def test_a_diagnosis_of_a_diagnosis_is_the_same(found: list[Finding], rules: list[CausalRule], owned: Owned) -> None:
    made = diagnose(found, PATH, rules, owned)
    assert diagnose(made.findings, PATH, rules, owned) == made


@given(findings(), rules())
def test_without_rules_every_error_is_a_root(found: list[Finding], rules: list[CausalRule]) -> None:
    errors = [msgspec.structs.replace(one, severity="error") for one in found]
    assert len(diagnose(errors, PATH, ()).roots) == len(errors)


@given(rules())
def test_rules_that_only_lead_on_have_no_cycle(rules: list[CausalRule]) -> None:
    assert cycle_in(rules) == ()


@given(st.data(), st.lists(st.sampled_from("abcde"), min_size=1, max_size=5, unique=True), rules())
def test_a_cycle_is_found_wherever_it_is_hidden(data: st.DataObject, codes: list[str], rules: list[CausalRule]) -> None:
    ring = [CausalRule(one, "same-hop", other) for one, other in zip(codes, codes[1:] + codes[:1], strict=True)]
    chain = cycle_in(data.draw(st.permutations(ring + rules)))
    assert chain[0] == chain[-1]
    assert set(chain) == set(codes)
