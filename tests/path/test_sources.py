"""The pods that stand for a workload."""

from __future__ import annotations

import pytest

from netdoc.model.kube import Deployment, Pod
from netdoc.model.kube.meta import LabelSelector, Requirement
from netdoc.path import parse_source, parse_target, resolve
from netdoc.path.sources import selector_text, workload_pods
from tests.path.clusters import Document, cluster_of, pod, thing


@pytest.mark.parametrize(
    ("selector", "text"),
    [
        (None, ""),
        (LabelSelector(), ""),
        (LabelSelector(match_labels={"b": "2", "a": "1"}), "a=1,b=2"),
        (LabelSelector(match_expressions=(Requirement(key="a", operator="In", values=("1", "2")),)), "a in (1,2)"),
        (LabelSelector(match_expressions=(Requirement(key="a", operator="NotIn", values=("1",)),)), "a notin (1)"),
        (LabelSelector(match_expressions=(Requirement(key="a", operator="Exists"),)), "a"),
        (LabelSelector(match_expressions=(Requirement(key="a", operator="DoesNotExist"),)), "!a"),
    ],
)
def test_a_selector_as_the_api_takes_it(selector: LabelSelector | None, text: str) -> None:
    assert selector_text(selector) == text


async def test_a_selector_of_every_operator_takes_the_pods_that_it_means() -> None:
    expressions: list[Document] = [
        {"key": "tier", "operator": "In", "values": ["web", "api"]},
        {"key": "track", "operator": "NotIn", "values": ["canary"]},
        {"key": "app", "operator": "Exists"},
        {"key": "legacy", "operator": "DoesNotExist"},
    ]
    workload = thing("Deployment", "web", api="apps/v1", spec={"selector": {"matchExpressions": expressions}})
    good = {"app": "web", "tier": "web"}
    pods = [
        pod("yes", labels=good),
        pod("canary", labels=good | {"track": "canary"}),
        pod("legacy", labels=good | {"legacy": ""}),
        pod("tierless", labels={"app": "web"}),
        pod("other", labels=good, namespace="databases"),
    ]
    cluster = cluster_of([thing("Namespace", "shop", ""), workload, *pods])
    found = await cluster.get(Deployment, "web", "shop")
    assert isinstance(found, Deployment)
    assert [one.name for one in (await workload_pods(cluster, found)).items] == ["yes"]


async def test_a_workload_without_a_selector_has_no_pods() -> None:
    cluster = cluster_of([thing("Deployment", "web", api="apps/v1"), pod("web-1")])
    found = await cluster.get(Deployment, "web", "shop")
    assert isinstance(found, Deployment)
    assert (await workload_pods(cluster, found)).items == ()
    assert len((await cluster.list(Pod, "shop")).items) == 1


async def test_each_set_of_labels_comes_once_before_any_comes_twice() -> None:
    pods = [pod(f"{app}-{node}", node=f"node-{node}") for app in ("a", "b", "c") for node in "xyz"]
    cluster = cluster_of([thing("Namespace", "shop", ""), *pods, pod("a-x2", node="node-x")])
    path = await resolve(cluster, parse_target("10.0.0.1:80"), (parse_source("ns/shop"),))
    names = [one.name for one in path.sources[0].pods]
    assert names == ["a-x", "b-x", "c-x", "a-y", "b-y", "c-y", "a-z", "b-z", "c-z"]
