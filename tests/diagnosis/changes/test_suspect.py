"""The change that fits the cause is the suspect: one at most, never one that came after."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdoc.diagnosis.changes import suspected
from netdoc.diagnosis.changes.suspect import SLACK
from netdoc.model.change import Change, What
from netdoc.model.codes import known_codes
from netdoc.model.finding import Evidence, Finding
from netdoc.model.kube.meta import ObjectRef
from tests.asking import MOMENT
from tests.diagnosis.build import path


def ref(kind: str, name: str = "web", namespace: str = "shop") -> ObjectRef:
    return ObjectRef(api_version="v1", kind=kind, namespace=namespace, name=name)


WEB, SVC, DENY = ref("Deployment"), ref("Service"), ref("NetworkPolicy", "deny")


def change(what: What, about: ObjectRef = WEB, detail: str = "", minutes: int = 5, **rest: object) -> Change:
    at = MOMENT - timedelta(minutes=minutes)
    return Change(at=at, object=about, what=what, detail=detail, **rest)  # type: ignore[arg-type]


def root(code: str, about: ObjectRef = WEB, *proof: ObjectRef, minutes: int | None = None) -> Finding:
    since = None if minutes is None else MOMENT - timedelta(minutes=minutes)
    evidence = tuple(Evidence(object=one) for one in proof)
    return Finding(code=code, title="", object=about, hops=("pod/p0",), evidence=evidence, since=since)


LABEL, IMAGE = "label app web → wbe", "image 1 → 2"


@pytest.mark.parametrize(
    ("cause", "made", "at"),
    [
        (root("pod.crash-looping"), [change("rollout"), change("restart")], 0),
        (root("pod.crash-looping"), [change("rollout", ref("Deployment", "other"))], None),
        (root("pod.crash-looping", minutes=4), [change("rollout")], 0),
        (root("pod.crash-looping", minutes=9), [change("rollout")], None),  # it crashed before
        (root("pod.crash-looping"), [change("rollout", minutes=90), change("rollout", minutes=6)], 1),
        (root("pod.crash-looping"), [change("config", ref("ConfigMap"), used_by=(WEB,))], 0),
        (root("pod.crash-looping"), [change("config", ref("ConfigMap"), used_by=(ref("Deployment", "x"),))], None),
        (root("pod.crash-looping"), [change("config", ref("ConfigMap"))], None),
        (root("workload.scaled-to-zero"), [change("rollout"), change("scale", minutes=8)], 1),
        (root("workload.scaled-to-zero"), [change("rollout")], None),
        (root("service.selector-no-match", SVC), [change("service", SVC)], 0),
        (root("service.selector-no-match", SVC), [change("service", SVC, "created"), change("rollout", WEB, LABEL)], 1),
        (root("service.selector-no-match", SVC), [change("rollout", WEB, IMAGE)], None),
        (root("service.target-port-mismatch", SVC), [change("rollout", WEB, "containerPort 80 → 81")], 0),
        (root("policy.ingress-denied", WEB, DENY), [change("policy", DENY, "created")], 0),
        (root("policy.ingress-denied", WEB, DENY), [change("policy", ref("NetworkPolicy", "beside"))], None),
        (root("node.not-ready", ref("Node", "n")), [change("node", ref("Node", "n")), change("rollout")], 0),
        (root("pod.evicted", WEB, ref("Pod", "p")), [change("event", ref("Pod", "p")), change("rollout")], 0),
        (root("target.not-found", SVC), [change("service", SVC)], None),
    ],
)
def test_what_fits(cause: Finding, made: list[Change], at: int | None) -> None:
    marked, since = suspected(made, cause, path())
    assert [one.suspect for one in marked] == [place == at for place in range(len(made))]
    assert since == (None if at is None else made[at].at)


def test_without_a_cause_nothing_is_suspect() -> None:
    made = [change("rollout")]
    assert suspected(made, None, path()) == (tuple(made), None)


OBJECTS = (WEB, SVC, DENY, ref("Pod", "p"), ref("Node", "n"))
CHANGES = st.builds(
    change,
    st.sampled_from(get_args(What)),
    st.sampled_from(OBJECTS),
    st.sampled_from(("created by x", LABEL, IMAGE, "")),
    st.integers(0, 120),
    used_by=st.sampled_from(((), (WEB,))),
)
ROOTS = st.builds(
    lambda code, about, proof, minutes: root(code, about, *proof, minutes=minutes),
    st.sampled_from(sorted(known_codes())),
    st.sampled_from(OBJECTS),
    st.lists(st.sampled_from(OBJECTS), max_size=2),
    st.none() | st.integers(0, 120),
)


@given(made=st.lists(CHANGES, max_size=6, unique_by=lambda one: (one.object, one.what, one.detail)), cause=ROOTS)
def test_one_at_most_and_never_after_it_began(made: list[Change], cause: Finding) -> None:
    marked, since = suspected(made, cause, path())
    chosen = [one for one in marked if one.suspect]
    assert len(chosen) <= 1
    assert [msgspec.structs.replace(one, suspect=False) for one in marked] == made
    assert since == (chosen[0].at if chosen else None)
    if chosen and cause.since is not None:
        assert chosen[0].at <= cause.since + SLACK


@given(made=st.lists(CHANGES, max_size=5, unique_by=lambda one: (one.object, one.what, one.detail)), cause=ROOTS)
def test_the_order_of_changes_never_matters(made: list[Change], cause: Finding) -> None:
    one, _ = suspected(made, cause, path())
    other, _ = suspected(list(reversed(made)), cause, path())
    assert [x for x in one if x.suspect] == [x for x in other if x.suspect]
