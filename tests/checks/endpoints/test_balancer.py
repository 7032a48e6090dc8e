"""Load balancers and callers, as far as objects tell."""

from __future__ import annotations

import pytest

from tests.checks.endpoints.build import (
    Manifest,
    ago,
    behind,
    container,
    diagnose,
    event,
    findings,
    judge,
    pod,
    roots,
    service,
)


def pending(**rest: Manifest) -> Manifest:
    return service(type="LoadBalancer", **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reason", "message", "code"),
    [
        ("AllocationFailed", 'Failed to allocate IP for "shop/web": no available IPs', "loadbalancer.pool-exhausted"),
        ("AllocationFailed", 'unknown pool "public"', "loadbalancer.pool-exhausted"),
        ("SyncLoadBalancerFailed", "Error syncing load balancer: quota of forwarding rules", "loadbalancer.pending"),
    ],
)
async def test_no_address_was_given(reason: str, message: str, code: str) -> None:
    owner = pending()
    told = await diagnose(*behind(owner, pod()), event(owner, reason, message), source="internet")
    assert roots(told) == [(code, "Service/web")]
    assert message in told.roots[0].title


async def test_nobody_says_anything() -> None:
    found = await findings(*behind(pending(), pod()), source="internet")
    assert "none is installed" in found["loadbalancer.pending"].detail


@pytest.mark.parametrize(
    ("owner", "source"),
    [
        pytest.param(pending(metadata={"creationTimestamp": ago(seconds=30)}), "internet", id="made-a-moment-ago"),
        pytest.param(pending(), "", id="asked-from-inside"),
        pytest.param(pending(externalIPs=["192.168.0.50"]), "internet", id="has-another-address"),
        pytest.param(service(type="LoadBalancer", given=("203.0.113.7",)), "internet", id="has-its-address"),
    ],
)
async def test_silent_about_the_address(owner: Manifest, source: str) -> None:
    assert not await judge(*behind(owner, pod()), source=source)


@pytest.mark.parametrize(
    ("ranges", "caller", "refused"),
    [
        (["198.51.100.0/24"], "203.0.113.99", True),
        (["198.51.100.0/24", "203.0.113.0/24"], "203.0.113.99", False),
        ([], "203.0.113.99", False),
        (["nonsense"], "203.0.113.99", False),
        (["198.51.100.0/24"], "internet", False),
    ],
)
async def test_source_ranges(ranges: list[str], caller: str, refused: bool) -> None:
    owner = service(type="LoadBalancer", given=("203.0.113.7",), loadBalancerSourceRanges=ranges)
    found = await findings(*behind(owner, pod()), source=caller)
    assert ("loadbalancer.source-ranges" in found) is refused


# Callers with a proxy in their environment


def caller(**variables: str) -> Manifest:
    env = [{"name": name, "value": value} for name, value in variables.items()]
    return pod("client", labels={"app": "client"}, ip="10.42.0.99", containers=(container(env=env),))


URL = "http://web.shop.svc.cluster.local/"


@pytest.mark.parametrize("name", ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY"])
async def test_a_proxy_takes_the_request(name: str) -> None:
    objects = [*behind(service(), pod()), caller(**{name: "http://proxy:3128"})]
    found = await findings(*objects, target=URL, source="pod/client.shop")
    one = found["pod.proxy-environment"]
    assert name in one.title
    assert not one.proven


@pytest.mark.parametrize(
    "exempt",
    ["*", ".svc.cluster.local", "cluster.local", "web.shop.svc.cluster.local", "a,  .LOCAL", "10.0.0.0/8", "*.local"],
)
async def test_no_proxy_covers_the_host(exempt: str) -> None:
    objects = [*behind(service(), pod()), caller(HTTP_PROXY="http://proxy:3128", NO_PROXY=exempt)]
    assert not await judge(*objects, target=URL, source="pod/client.shop")


@pytest.mark.parametrize("exempt", ["", "example.com", "shop", "other.svc.cluster.local"])
async def test_no_proxy_that_does_not_cover_it(exempt: str) -> None:
    objects = [*behind(service(), pod()), caller(HTTP_PROXY="http://proxy:3128", NO_PROXY=exempt)]
    assert "pod.proxy-environment" in await findings(*objects, target=URL, source="pod/client.shop")


async def test_who_does_not_speak_http_reads_no_proxy() -> None:
    objects = [*behind(service(), pod()), caller(HTTP_PROXY="http://proxy:3128")]
    assert not await judge(*objects, target="svc/web.shop:80", source="pod/client.shop")
