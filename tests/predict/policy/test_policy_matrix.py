"""Matrices, batches and diffs in the forms that commands print."""

import msgspec
import pytest
from clusters import LAW, clusters
from clusters import build as build_cluster
from hypothesis import given
from small import A, B, C, block, build, from_, np, pod, pods, to

from netdoc.model.kube import Pod
from netdoc.predict.policy import Directory, answer, diff, document, matrix, workload_of


def owned(name, kind, owner, **labels):
    one = pod(name, labels, f"10.0.7.{abs(hash(name)) % 200 + 1}")
    metadata = {"ownerReferences": [{"kind": kind, "name": owner, "controller": True}]}
    raw = msgspec.to_builtins(one)
    raw["metadata"] |= metadata
    return msgspec.convert(raw, Pod)


WEB = [
    owned("x/web-1", "ReplicaSet", "web-abc", app="web", **{"pod-template-hash": "abc"}),
    owned("x/web-2", "ReplicaSet", "web-abc", app="web", **{"pod-template-hash": "abc"}),
    owned("x/web-3", "ReplicaSet", "web-def", app="web", **{"pod-template-hash": "def"}),
]


def cells(found):
    return {(one["from"], one["to"]): one["allowed"] for one in found["connections"]}


def test_workloads_are_named_by_their_topmost_owner():
    assert {workload_of(one) for one in WEB} == {"x/web[Deployment]"}
    assert workload_of(A) == "x/a[Pod]"
    owners = {("x", "ReplicaSet", "web-abc"): ("Rollout", "web")}
    assert workload_of(WEB[0], owners) == "x/web[Rollout]"
    assert (
        workload_of(owned("x/j", "Job", "nightly-1"), {("x", "Job", "nightly-1"): ("CronJob", "nightly")})
        == "x/nightly[CronJob]"
    )


def test_the_document_has_the_contracts_shape():
    policies = build(
        np(podSelector={"matchLabels": {"app": "web"}}, ingress=[from_(pods(app="a"), ports=[{"port": 80}])]),
        cluster=[A, *WEB],
    )
    found = document(matrix(policies))
    assert (found["apiVersion"], found["kind"]) == ("netdoc/v1", "PolicyMatrix")
    assert found["peers"] == [{"id": "x/a[Pod]"}, {"id": "x/web[Deployment]"}, {"id": "0.0.0.0/0"}]
    everything = {protocol: [[1, 65535]] for protocol in ("TCP", "UDP", "SCTP")}
    assert cells(found) == {
        ("x/a[Pod]", "x/web[Deployment]"): {"TCP": [[80, 80]], "UDP": [], "SCTP": []},
        ("x/a[Pod]", "0.0.0.0/0"): everything,
        ("0.0.0.0/0", "x/a[Pod]"): everything,
        ("x/web[Deployment]", "x/a[Pod]"): everything,
        ("x/web[Deployment]", "0.0.0.0/0"): everything,
    }


def test_pods_of_one_owner_that_policies_tell_apart_are_peers_of_their_own():
    policies = build(np(podSelector={"matchLabels": {"pod-template-hash": "def"}}), cluster=WEB)
    ids = [peer.id for peer in matrix(policies).peers]
    assert ids == ["x/web[Deployment]{pod-template-hash=abc}", "x/web[Deployment]{pod-template-hash=def}", "0.0.0.0/0"]


def test_every_pod_is_a_peer_by_pod():
    ids = [peer.id for peer in matrix(build(cluster=WEB), by_pod=True).peers]
    assert ids == ["x/web-1[Pod]", "x/web-2[Pod]", "x/web-3[Pod]", "0.0.0.0/0"]


def test_ranges_outside_are_disjoint_blocks_that_policies_tell_apart():
    policies = build(np(egress=[to(block("128.0.0.0/1", "192.0.0.0/2"))], policyTypes=["Egress"]))
    table = matrix(policies)
    assert [peer.id for peer in table.peers if not peer.ends] == ["0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/2"]
    assert [one for one in cells(document(table)) if one[0] == "x/a[Pod]"] == [("x/a[Pod]", "128.0.0.0/2")]


def test_a_matrix_of_nothing_is_empty():
    found = document(matrix(build(cluster=[])))
    assert (found["peers"], found["connections"]) == ([{"id": "0.0.0.0/0"}], [])


def test_batch_lines_in_the_contracts_form():
    policies = build(
        np(ingress=[from_(pods(app="a"), ports=[{"port": 80}])], podSelector={"matchLabels": {"app": "b"}})
    )
    line = {"from": "x/a", "to": "x/b[Pod]", "port": 80, "protocol": "TCP"}
    by = {"kind": "NetworkPolicy", "namespace": "x", "name": "p"}
    assert answer(Directory(policies), line) == {
        **line,
        "allowed": True,
        "egress": {"allowed": True},
        "ingress": {"allowed": True, "by": {**by, "rule": 0}},
    }
    denied = answer(Directory(policies), {"from": "192.0.2.1", "to": "x/b", "port": 80})
    assert (denied["allowed"], denied["ingress"]) == (False, {"allowed": False, "by": by})


@pytest.mark.parametrize(
    "line",
    [
        {},
        {"from": "x/a", "to": "x/none", "port": 80},
        {"from": "x/a", "to": "junk", "port": 80},
        {"from": "x/a", "to": "x/b", "port": 0},
        {"from": "x/a", "to": "x/b", "port": True},
        {"from": "x/a", "to": "x/b", "port": "80"},
        {"from": "x/a", "to": "x/b", "port": 80, "protocol": "HTTP"},
        {"from": "x/a", "to": "x/w[Deployment]", "port": 80},
    ],
)
def test_wrong_batch_lines_say_so_and_have_no_verdict(line):
    found = answer(Directory(build()), line)
    assert found["error"]
    assert "allowed" not in found


def test_a_workload_whose_pods_differ_has_no_single_answer():
    policies = build(np(podSelector={"matchLabels": {"pod-template-hash": "def"}}), cluster=[A, *WEB])
    found = answer(Directory(policies), {"from": "x/a", "to": "x/web[Deployment]", "port": 80})
    assert found["allowed"] is None
    assert "the pods differ" in found["reason"]


def test_a_diff_says_what_becomes_allowed_and_denied():
    before = build(np(podSelector={"matchLabels": {"app": "b"}}, ingress=[from_(pods(app="a"), ports=[{"port": 80}])]))
    after = build(np(podSelector={"matchLabels": {"app": "b"}}, ingress=[from_(pods(app="a"), ports=[{"port": 81}])]))
    found = diff(before, after)
    assert [(one.source, one.destination) for one in found.changes] == [("x/a[Pod]", "x/b[Pod]")]
    assert found.changes[0].allowed == {"TCP": ((81, 81),)}
    assert found.changes[0].denied == {"TCP": ((80, 80),)}


def test_a_diff_names_peers_that_come_and_go_and_new_blocks():
    rule = to(block("192.0.2.0/24"))
    found = diff(build(cluster=[A, B]), build(np(egress=[rule], policyTypes=["Egress"]), cluster=[A, C]))
    assert (found.added, found.removed) == (("y/c[Pod]",), ("x/b[Pod]",))
    lost = {one.destination for one in found.changes if one.source == "x/a[Pod]" and one.denied}
    assert "0.0.0.0/1" in lost
    assert "192.0.2.0/24" not in lost


@LAW
@given(first=clusters(most_pods=4))
def test_a_set_does_not_differ_from_itself(first):
    assert diff(build_cluster(first), build_cluster(first)).changes == ()
