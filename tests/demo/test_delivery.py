"""What becomes of a packet: as policies, proxies, nodes and listeners of each scenario have it."""

from __future__ import annotations

import pytest

from netdoc.demo.delivery import Caller, caller_of, fates
from netdoc.model import kube
from tests.demo.staging import pods, world

WEB, DNS, REDIS = "10.43.115.7", "10.43.0.10", "10.43.102.26"


def outcomes(scenario: str, source: str, address: str, port: int, protocol: str = "TCP") -> list[str]:
    """`source` is NAMESPACE/APP[@NODE], or an address outside."""
    there = world(scenario)
    if "/" not in source:
        caller = Caller(source)
    else:
        namespace, _, rest = source.partition("/")
        app, _, node = rest.partition("@")
        caller = caller_of(pods(there, namespace, app, node)[0])
    return [one.outcome for one in fates(there, caller, address, port, protocol)]


@pytest.mark.parametrize(
    ("scenario", "source", "address", "port", "expected"),
    [
        ("healthy", "shop/client", WEB, 80, ["accepted"] * 3),
        ("healthy", "shop/client", "10.42.0.13", 8080, ["accepted"]),
        ("healthy", "shop/client", "10.42.0.13", 9999, ["lost"]),  # its policy lets in 8080 alone
        ("healthy", "traefik/traefik", "10.42.0.6", 9999, ["refused"]),  # no policy keeps anybody out
        ("healthy", "shop/client", WEB, 8080, ["refused"]),  # a port that the Service lacks
        ("healthy", "shop/client", REDIS, 6379, ["lost"]),  # by the databases' policies
        ("healthy", "shop/client", "10.43.0.53", 53, ["lost"]),  # nobody's address
        ("healthy", "shop/client", "127.0.0.1", 80, ["refused"]),
        ("healthy", "media/transcoder", "10.43.6.124", 2049, ["accepted"] * 2),  # machines beside the cluster
        ("healthy", "198.51.100.7", "203.0.113.10", 443, ["accepted"] * 2),
        ("healthy", "198.51.100.7", "203.0.113.10", 22, ["lost"]),
        ("healthy", "192.168.20.60", "192.168.20.13", 30096, ["accepted"]),
        ("external-local", "192.168.20.60", "192.168.20.13", 30096, ["lost"]),
        ("external-local", "192.168.20.60", "192.168.20.12", 30096, ["accepted"]),
        ("internal-local", "shop/worker", REDIS, 6379, ["lost"]),
        ("scaled-to-zero", "shop/client", WEB, 80, ["refused"]),
        ("crash-loop", "shop/client", WEB, 80, ["refused"]),
        ("crash-loop", "shop/client", "10.42.0.13", 8080, ["refused"]),
        ("target-port-wrong", "shop/client", WEB, 80, ["lost"] * 3),  # the policy knows the port that it was
        ("one-node-in-three", "shop/client@node-a", WEB, 80, ["accepted", "accepted", "lost"]),
        ("one-node-in-three", "shop/client@node-c", "10.42.0.13", 8080, ["lost"]),
        ("cni-down", "shop/api@node-b", "10.42.1.23", 6379, ["accepted"]),  # both on the node that is cut off
        ("cni-down", "shop/api@node-a", "10.42.1.23", 6379, ["lost"]),
        ("proxy-down", "shop/client@node-a", WEB, 80, ["lost"]),
        ("proxy-down", "shop/client@node-a", "10.42.1.26", 8080, ["accepted"]),
        ("proxy-down", "shop/client@node-c", WEB, 80, ["accepted"] * 3),
        ("node-not-ready", "shop/api@node-a", "10.42.1.23", 6379, ["lost"]),
        ("family-mismatch", "media/transcoder", "fd00:10:43::7a21", 2049, ["refused"]),
        ("policy-one-of-two", "shop/api", "10.43.76.64", 5432, ["accepted", "lost"]),
    ],
)
def test_connections(scenario: str, source: str, address: str, port: int, expected: list[str]) -> None:
    assert outcomes(scenario, source, address, port) == expected


@pytest.mark.parametrize(
    ("scenario", "protocol", "expected"),
    [
        ("healthy", "UDP", ["accepted"] * 2),
        ("dns-one-of-two", "UDP", ["accepted"]),
        ("dns-scaled-to-zero", "UDP", ["refused"]),
        ("dns-selector-typo", "UDP", ["refused"]),
        ("dns-service-deleted", "UDP", ["lost"]),
        ("dns-corefile-broken", "UDP", ["refused"]),
        ("dns-target-port", "UDP", ["refused"]),
        ("dns-target-port", "TCP", ["accepted"] * 2),
        ("dns-udp-gone", "UDP", ["refused"]),
        ("policy-dns-forgotten", "UDP", ["lost"] * 2),
    ],
)
def test_questions_to_the_dns_service(scenario: str, protocol: str, expected: list[str]) -> None:
    assert outcomes(scenario, "shop/client", DNS, 53, protocol) == expected


def test_who_accepts_is_told() -> None:
    there = world()
    client = caller_of(pods(there, "shop", "client")[0])
    served = [one.by.name for one in fates(there, client, WEB, 80) if isinstance(one.by, kube.Pod)]
    assert sorted(served) == sorted(pod.name for pod in pods(there, "shop", "web"))
