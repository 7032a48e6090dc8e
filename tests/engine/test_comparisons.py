"""Several sources of one target on the embedded network: each by itself, and where it first differs."""

from __future__ import annotations

import functools
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdoc.report.schema import schema
from tests.calling import netdoc, report

WORST = ["fail", "unknown", "warn", "pass"]
WEB, POSTGRES = "svc/web.shop:80", "svc/postgres.databases:5432"


@functools.cache
def diagnosed(target: str, scenario: str, *sources: str) -> dict[str, Any]:
    asked = [word for source in sources for word in ("--from", source)]
    told, _ = report("diagnose", target, f"--demo={scenario}", *asked)
    jsonschema.Draft202012Validator(schema("report")).validate(told)
    hops = {one["id"] for one in told["path"]}
    assert {one["firstDifference"]["hop"] for one in told["comparisons"] if "firstDifference" in one} <= hops
    fares = [one["status"] for one in told["comparisons"]]
    assert not fares or told["status"] == min(fares, key=WORST.index)
    return told


def seen(told: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """By source: how it fares, and what first tells it apart."""
    return {
        one["from"].get("part", one["from"]["input"]): (
            one["status"],
            one.get("firstDifference", {}).get("summary", ""),
        )
        for one in told["comparisons"]
    }


def test_a_policy_that_shuts_out_one_of_two() -> None:
    told = diagnosed(WEB, "healthy", "deploy/client.shop", "deploy/api.shop")
    assert told["status"] == "fail"
    assert seen(told) == {
        "deploy/client.shop": ("pass", ""),
        "deploy/api.shop": (
            "fail",
            "the egress policies of deployment/api do not allow deployment/web on 8080/TCP "
            "(allow-dns, api, default-deny); deploy/client.shop is let through",
        ),
    }
    assert told["headline"].endswith(", from deploy/api.shop; deploy/client.shop is not affected")


def test_what_one_source_suffers_is_not_counted_for_the_other() -> None:
    told = diagnosed(WEB, "healthy", "deploy/client.shop", "deploy/api.shop")
    assert told["impact"] == {"scope": "part"}
    client, api = told["comparisons"]
    assert "impact" not in client
    assert api["impact"] == {"scope": "all", "failed": 3, "of": 3}
    assert "findings" not in client
    assert set(api["findings"]) == {one["id"] for one in told["findings"]}


def test_a_resolver_that_is_wrong_in_one_of_two() -> None:
    told = diagnosed(WEB, "dns-policy-default", "deploy/client.shop", "deploy/traefik.traefik")
    assert seen(told) == {
        "deploy/client.shop": ("fail", "dnsPolicy Default against ClusterFirst"),
        "deploy/traefik.traefik": ("pass", ""),
    }


def test_both_the_same() -> None:
    told = diagnosed(POSTGRES, "healthy", "deploy/api.shop", "deploy/worker.shop")
    assert told["status"] == "pass"
    assert seen(told) == {"deploy/api.shop": ("pass", ""), "deploy/worker.shop": ("pass", "")}
    page = netdoc("diagnose", POSTGRES, "--demo", "--from", "deploy/api.shop", "--from", "deploy/worker.shop")
    assert "the same from both: deploy/api.shop and deploy/worker.shop" in page.out


def test_both_the_same_and_failing() -> None:
    told = diagnosed(POSTGRES, "policy-ingress-forgotten", "deploy/api.shop", "deploy/worker.shop")
    assert told["status"] == "fail"
    assert seen(told) == {"deploy/api.shop": ("fail", ""), "deploy/worker.shop": ("fail", "")}
    assert told["impact"] == told["comparisons"][0]["impact"] == told["comparisons"][1]["impact"]
    assert "not affected" not in told["headline"]


def test_a_name_is_read_with_the_search_list_of_each() -> None:
    told = diagnosed("http://web", "healthy", "deploy/client.shop", "deploy/grafana.monitoring")
    assert seen(told) == {
        "deploy/client.shop": ("pass", ""),
        "deploy/grafana.monitoring": ("fail", "web is nothing against service/web.shop"),
    }


def test_a_source_that_is_not_there_fails_alone() -> None:
    told = diagnosed(WEB, "healthy", "deploy/client.shop", "deploy/cleint.shop")
    assert {name: status for name, (status, _) in seen(told).items()} == {
        "deploy/client.shop": "pass",
        "deploy/cleint.shop": "fail",
    }
    (found,) = told["findings"]
    assert found["hop"] == "client/deployment/cleint.shop"


def test_one_source_whose_pods_fare_alike_is_not_compared() -> None:
    assert diagnosed(WEB, "healthy", "deploy/client.shop")["comparisons"] == []
    assert diagnosed(WEB, "healthy", "deploy/client.shop", "deploy/client.shop")["comparisons"] == []


def test_the_workloads_of_a_namespace() -> None:
    told = diagnosed(POSTGRES, "healthy", "ns/shop")
    assert {name: status for name, (status, _) in seen(told).items()} == {
        "deployment/api.shop": "pass",
        "deployment/client.shop": "fail",
        "deployment/web.shop": "fail",
        "deployment/worker.shop": "pass",
    }


def test_the_pods_of_a_workload_by_node() -> None:
    told = diagnosed("svc/redis.databases:6379", "internal-local", "deploy/api.shop")
    by_node = {one["from"]["node"]: (one["status"], one["from"]["kind"]) for one in told["comparisons"]}
    assert by_node == {"node-a": ("fail", "Pod"), "node-b": ("pass", "Pod"), "node-c": ("fail", "Pod")}
    first = {one["from"]["node"]: one.get("firstDifference", {}).get("hop") for one in told["comparisons"]}
    assert first == {"node-a": "service/databases/redis:6379", "node-b": None, "node-c": "service/databases/redis:6379"}


SOURCES = (
    "deploy/client.shop",
    "deploy/api.shop",
    "deploy/web.shop",
    "deploy/traefik.traefik",
    "deploy/nobody.shop",
    "ns/monitoring",
    "internet",
    "10.9.9.9",
)
ASKED = ((WEB, "healthy"), (WEB, "dns-policy-default"), (POSTGRES, "policy-one-of-two"), ("http://web", "healthy"))


def unordered(told: dict[str, Any]) -> set[tuple[object, ...]]:
    """The comparisons but for the numbers of findings, which go by when they were found."""
    codes = {one["id"]: (one["code"], str(one["object"])) for one in told["findings"]}
    return {
        (
            str(one["from"]),
            one["status"],
            str(one.get("firstDifference")),
            str(one.get("impact")),
            frozenset(codes[id_] for id_ in one.get("findings", ())),
        )
        for one in told["comparisons"]
    }


@settings(max_examples=12, deadline=None)
@given(
    st.sampled_from(ASKED),
    st.lists(st.sampled_from(SOURCES), min_size=2, max_size=3, unique=True).flatmap(
        lambda chosen: st.tuples(st.just(chosen), st.permutations(chosen))
    ),
)
def test_the_order_of_sources_changes_nothing(asked: tuple[str, str], orders: tuple[list[str], list[str]]) -> None:
    one, other = (diagnosed(*asked, *order) for order in orders)
    assert unordered(one) == unordered(other)
    assert (one["status"], one.get("impact")) == (other["status"], other.get("impact"))


@pytest.mark.parametrize("sources", [("deploy/client.shop", "deploy/api.shop"), ("ns/shop", "internet")])
@pytest.mark.parametrize("asked", ASKED, ids=" ".join)
def test_each_is_what_it_is_alone(asked: tuple[str, str], sources: tuple[str, ...]) -> None:
    """Another source beside it changes nothing of how one fares."""
    together = diagnosed(*asked, *sources)
    for source in sources:
        alone = diagnosed(*asked, source)
        apart = [one["status"] for one in together["comparisons"] if one["from"]["input"] == source]
        assert min(apart, key=WORST.index) == alone["status"], source
