"""Which finding explains which: causal rules laid over the edges of the path. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from netdoc.model.finding import CausalRule, Finding, Relation
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.path import Path

Owners = Mapping[ObjectRef, frozenset[ObjectRef]]
Holds = Callable[[Finding, Finding, Path, Owners], bool]


def direct_causes(
    findings: Sequence[Finding], path: Path, rules: Sequence[CausalRule], owners: Owners
) -> dict[int, frozenset[int]]:
    """For each finding (by its place in the sequence) those that explain it directly.

    An info explains nothing, and nothing explains itself: rules are free of cycles by code, and two findings of
    one code never explain each other.
    """
    causes: dict[int, set[int]] = {index: set() for index in range(len(findings))}
    by_code: dict[str, list[int]] = {}
    for index, finding in enumerate(findings):
        by_code.setdefault(finding.code, []).append(index)
    for rule in (one for one in rules if one.cause != one.consequence):
        for consequence in by_code.get(rule.consequence, ()):
            for cause in by_code.get(rule.cause, ()):
                if cause != consequence and _RELATIONS[rule.relation](
                    findings[cause], findings[consequence], path, owners
                ):
                    causes[consequence].add(cause)
    return {index: frozenset(found) for index, found in causes.items()}


def _same_object(cause: Finding, consequence: Finding, path: Path, owners: Owners) -> bool:
    return cause.object == consequence.object


def _same_hop(cause: Finding, consequence: Finding, path: Path, owners: Owners) -> bool:
    return bool(set(cause.hops) & set(consequence.hops))


def _downstream(cause: Finding, consequence: Finding, path: Path, owners: Owners) -> bool:
    """The cause stands where traffic goes after the consequence's hops, or on one of them."""
    after = set(consequence.hops).union(*(path.downstream(hop) for hop in consequence.hops))
    return bool(after & set(cause.hops))


def _upstream(cause: Finding, consequence: Finding, path: Path, owners: Owners) -> bool:
    return _downstream(consequence, cause, path, owners)


def _owned(cause: Finding, consequence: Finding, path: Path, owners: Owners) -> bool:
    """The cause's object belongs to the consequence's, or the other way round."""
    return cause.object in owners.get(consequence.object, frozenset()) or consequence.object in owners.get(
        cause.object, frozenset()
    )


def _gate(cause: Finding, consequence: Finding, path: Path, owners: Owners) -> bool:
    """The cause is a gate on an edge that touches the consequence's hops."""
    gates = (path.hop(hop) for hop in cause.hops)
    between = {end for gate in gates if gate is not None for end in gate.between}
    return bool(between & set(consequence.hops)) or _same_hop(cause, consequence, path, owners)


_RELATIONS: dict[Relation, Holds] = {
    "same-object": _same_object,
    "same-hop": _same_hop,
    "backend-of": _downstream,
    "on-node": _downstream,
    "upstream-of": _upstream,
    "owned-by": _owned,
    "gate-of": _gate,
}


def cycle_in(rules: Sequence[CausalRule]) -> tuple[str, ...]:
    """A chain of codes that explains itself, or nothing. The union of all rules must have none."""
    following: dict[str, set[str]] = {}
    for rule in rules:
        following.setdefault(rule.cause, set()).add(rule.consequence)
    done: set[str] = set()
    for start in following:
        if chain := _walk(start, following, (), done):
            return chain
    return ()


def _walk(code: str, following: Mapping[str, set[str]], trail: tuple[str, ...], done: set[str]) -> tuple[str, ...]:
    if code in trail:
        return (*trail[trail.index(code) :], code)
    if code in done:
        return ()
    for after in sorted(following.get(code, ())):
        if chain := _walk(after, following, (*trail, code), done):
            return chain
    done.add(code)
    return ()
