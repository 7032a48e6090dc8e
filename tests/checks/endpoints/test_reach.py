"""How a Service is reached: families, traffic policies, aliases, claims on one address."""

from __future__ import annotations

import pytest

from tests.checks.endpoints.build import (
    Manifest,
    behind,
    diagnose,
    endpoint,
    findings,
    judge,
    manifest,
    offer,
    pod,
    roots,
    service,
    slice_,
    slices,
    unjudged,
)

# Aliases


def alias(name: str = "db", to: str = "postgres.databases.svc.cluster.local") -> Manifest:
    made = service(name, ip="", type="ExternalName", externalName=to, selector={})
    del made["spec"]["ports"]
    return made


DATABASES = manifest("v1", "Namespace", "databases", "")
POSTGRES = service("postgres", offer(5432, 5432), namespace="databases", selector={})


@pytest.mark.parametrize("to", ["10.0.0.1", "10.0.0.1.", "2001:db8::1", ""])
async def test_an_alias_that_is_no_name(to: str) -> None:
    found = await findings(alias(to=to), target="svc/db.shop")
    assert found.keys() == {"service.external-name-broken"}


async def test_an_alias_of_itself() -> None:
    told = await diagnose(alias("db", "db.shop.svc.cluster.local"), target="svc/db.shop")
    assert roots(told) == [("service.external-name-broken", "Service/db")]


async def test_aliases_of_each_other() -> None:
    one, other = alias("one", "other.shop.svc.cluster.local"), alias("other", "one.shop.svc.cluster.local")
    told = await diagnose(one, other, target="svc/one.shop")
    assert {code for code, _ in roots(told)} == {"service.external-name-broken"}


async def test_an_alias_of_a_service_that_does_not_exist() -> None:
    found = await findings(DATABASES, alias(), target="svc/db.shop")
    assert found.keys() == {"service.not-found"}
    assert found["service.not-found"].object.name == "db"
    assert "postgres in databases" in found["service.not-found"].title


async def test_an_alias_of_another_service_leads_on_to_it() -> None:
    told = await diagnose(DATABASES, alias(), POSTGRES, target="svc/db.shop:5432")
    assert ("service.no-ready-endpoint", "Service/postgres") in roots(told)


async def test_an_outside_alias_is_not_judged_from_objects() -> None:
    assert not await judge(alias(to="db.example.com"), target="svc/db.shop")


# Families


def dual(*families: str) -> Manifest:
    ips = {"IPv4": "10.43.0.10", "IPv6": "fd00:43::10"}
    made = service(ipFamilies=list(families))
    made["spec"] |= {"clusterIP": ips[families[0]], "clusterIPs": [ips[one] for one in families]}
    return made


@pytest.mark.parametrize(
    ("families", "addresses", "broken"),
    [
        (("IPv6",), ("10.42.0.7",), True),
        (("IPv4",), ("fd00:42::7",), True),
        (("IPv4",), ("10.42.0.7",), False),
        (("IPv4", "IPv6"), ("10.42.0.7",), False),
        (("IPv6",), ("10.42.0.7", "fd00:42::7"), False),
    ],
)
async def test_families_of_service_and_pods(
    families: tuple[str, ...], addresses: tuple[str, ...], broken: bool
) -> None:
    told = await diagnose(*behind(dual(*families), pod(ip=addresses)))
    assert roots(told) == ([("service.family-mismatch", "Service/web")] if broken else [])


async def test_a_caller_of_the_other_family() -> None:
    client = pod("client", labels={"app": "client"}, ip="fd00:42::9")
    told = await diagnose(*behind(dual("IPv4"), pod()), client, source="pod/client.shop")
    assert roots(told) == [("service.family-mismatch", "Service/web")]
    assert "callers" in told.roots[0].title


async def test_hand_kept_endpoints_of_the_other_family() -> None:
    owner = dual("IPv4")
    owner["spec"]["selector"] = {}
    told = await diagnose(owner, slice_("web", endpoint("2001:db8::7"), family="IPv6"))
    assert "service.family-mismatch" in {code for code, _ in roots(told)}


# Traffic policies


def client(node: str) -> Manifest:
    return pod("client", labels={"app": "client"}, node=node, ip="10.42.0.99")


async def test_internal_local_on_a_node_without_an_endpoint() -> None:
    owner = service(internalTrafficPolicy="Local")
    told = await diagnose(*behind(owner, pod(node="node-a")), client("node-b"), source="pod/client.shop")
    assert roots(told) == [("service.internal-local-no-endpoint", "Service/web")]
    assert "node-b" in told.roots[0].title


@pytest.mark.parametrize(
    ("policy", "node", "ip"),
    [("Local", "node-a", "10.43.0.10"), ("Cluster", "node-b", "10.43.0.10"), ("Local", "node-b", "None")],
)
async def test_internal_local_is_silent(policy: str, node: str, ip: str) -> None:
    """With an endpoint on the caller's node, with the other policy, and headless, where no proxy is on the way."""
    owner = service(internalTrafficPolicy=policy, ip=ip)
    assert not await judge(*behind(owner, pod(node="node-a")), client(node), source="pod/client.shop")


async def test_internal_local_without_a_caller_is_not_judged_and_said() -> None:
    owner = service(internalTrafficPolicy="Local")
    (one,) = await unjudged(*behind(owner, pod()))
    assert one.reason == "no-source"
    assert not one.blocking


async def test_an_endpoint_that_is_not_ready_does_not_serve_its_node() -> None:
    owner = service(internalTrafficPolicy="Local")
    pods = (pod("web-1", node="node-a"), pod("web-2", node="node-b", ip="10.42.0.8", ready=False))
    found = await findings(*behind(owner, *pods), client("node-b"), source="pod/client.shop")
    assert "service.internal-local-no-endpoint" in found


def exposed(policy: str) -> Manifest:
    made = service(type="NodePort", externalTrafficPolicy=policy)
    made["spec"]["ports"][0]["nodePort"] = 30080
    return made


async def test_external_local_on_a_node_without_an_endpoint() -> None:
    objects = behind(exposed("Local"), pod(node="node-a"))
    told = await diagnose(*objects, target="192.168.0.2:30080", source="192.168.20.60")
    assert roots(told) == [("service.external-local-no-endpoint", "Service/web")]
    assert "node-b" in told.roots[0].title


@pytest.mark.parametrize(("policy", "address"), [("Local", "192.168.0.1"), ("Cluster", "192.168.0.2")])
async def test_external_traffic_that_meets_an_endpoint_is_silent(policy: str, address: str) -> None:
    objects = behind(exposed(policy), pod(node="node-a"))
    assert not await judge(*objects, target=f"{address}:30080", source="192.168.20.60")


# Claims on one address


def balanced(name: str, *ports: Manifest, given: str = "203.0.113.10", ip: str = "10.43.0.10") -> Manifest:
    return service(name, *ports, type="LoadBalancer", given=(given,), ip=ip)


async def test_two_services_with_one_cluster_address() -> None:
    told = await diagnose(*behind(service(), pod()), service("twin"))
    assert roots(told) == [("service.ip-conflict", "Service/web")]
    assert "twin" in told.roots[0].title


async def test_two_load_balancers_with_one_address_and_port() -> None:
    rival = balanced("twin", ip="10.43.0.11")
    told = await diagnose(*behind(balanced("web"), pod()), rival, *slices(rival, pod()), source="internet")
    assert roots(told) == [("service.ip-conflict", "Service/web")]


async def test_an_external_address_takes_what_a_load_balancer_was_given() -> None:
    rival = service("twin", ip="10.43.0.11", externalIPs=["203.0.113.10"])
    told = await diagnose(*behind(balanced("web"), pod()), rival, *slices(rival, pod()), source="internet")
    assert roots(told) == [("service.ip-conflict", "Service/web")]


async def test_an_address_shared_on_different_ports_is_no_conflict() -> None:
    rival = balanced("twin", offer(443, 8080), ip="10.43.0.11")
    assert not await judge(*behind(balanced("web"), pod()), rival, source="internet")


@pytest.mark.parametrize("ip", ["None", ""])
async def test_headless_services_have_no_address_to_claim(ip: str) -> None:
    assert not await judge(*behind(service(ip=ip or "None"), pod()), service("twin", ip="None"))
