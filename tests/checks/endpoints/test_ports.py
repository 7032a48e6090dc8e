"""Ports: what a Service exposes, what its targetPort means in each pod, what was asked of a pod itself."""

from __future__ import annotations

import pytest

from tests.checks.endpoints.build import (
    Manifest,
    behind,
    container,
    diagnose,
    findings,
    http,
    judge,
    offer,
    pod,
    port,
    roots,
    service,
)


def pods(*ports: Manifest, **rest: Manifest) -> Manifest:
    return pod(containers=(container(ports=ports, **rest),))


# Exposed


@pytest.mark.parametrize(
    ("asked", "title", "detail"),
    [
        ("81", "no port 81; it offers 80", ""),
        ("8080", "no port 8080", "the Service offers it as 80"),
        ("htpp", "no port htpp", 'there is "http"'),
    ],
)
async def test_a_port_that_the_service_lacks(asked: str, title: str, detail: str) -> None:
    found = await findings(*behind(service("web", offer(80, 8080, "http")), pod()), target=f"svc/web.shop:{asked}")
    assert found.keys() == {"service.port-not-exposed"}
    one = found["service.port-not-exposed"]
    assert title in one.title
    assert detail in one.detail


@pytest.mark.parametrize("asked", ["80", "http", "80/tcp"])
async def test_a_port_that_it_has(asked: str) -> None:
    assert not await judge(*behind(service("web", offer(80, 8080, "http")), pod()), target=f"svc/web.shop:{asked}")


async def test_the_other_protocol() -> None:
    found = await findings(
        *behind(service("web", offer(53, 8080, protocol="TCP")), pod()), target="svc/web.shop:53/udp"
    )
    assert found.keys() == {"service.protocol-mismatch"}


async def test_one_number_under_two_protocols() -> None:
    owner = service("dns", offer(53, 53, "dns", "UDP"), offer(53, 53, "dns-tcp"))
    objects = behind(owner, pods(port(53, "a", "UDP"), port(53, "b")))
    for asked in ("53", "53/udp", "53/tcp", "dns-tcp"):
        assert not await judge(*objects, target=f"svc/dns.shop:{asked}")


# Named targets


async def test_a_named_target_that_no_pod_declares() -> None:
    found = await findings(*behind(service("web", offer(80, "http")), pods(port(8080, "htpp"))))
    one = found["service.target-port-name-missing"]
    assert '"htpp" is near' in one.detail
    assert one.severity == "error"
    assert one.fix is not None
    assert one.fix.patch == {"spec": {"ports": [{"port": 80, "protocol": "TCP", "targetPort": "htpp"}]}}
    assert found.keys() == {"service.target-port-name-missing", "service.no-ready-endpoint"}


async def test_the_missing_name_is_the_cause() -> None:
    report = await diagnose(*behind(service("web", offer(80, "http")), pods(port(8080))))
    assert roots(report) == [("service.target-port-name-missing", "Service/web")]


async def test_a_named_target_that_some_pods_lack() -> None:
    one = pod("web-1", containers=(container(ports=(port(8080, "http"),)),))
    other = pod("web-2", ip="10.42.0.8", containers=(container(ports=(port(8080),)),))
    found = await findings(*behind(service("web", offer(80, "http")), one, other))
    assert found["service.target-port-name-missing"].severity == "warning"
    assert "1 of 2 pods" in found["service.target-port-name-missing"].title


async def test_a_name_declared_with_the_other_protocol() -> None:
    found = await findings(*behind(service("web", offer(80, "http")), pods(port(8080, "http", "UDP"))))
    assert found.keys() == {"service.protocol-mismatch", "service.no-ready-endpoint"}


async def test_a_name_that_a_native_sidecar_declares() -> None:
    proxy = container("proxy", ports=(port(8443, "https"),)) | {"restartPolicy": "Always"}
    assert not await judge(*behind(service("web", offer(443, "https")), pod(spec={"initContainers": [proxy]})))


# Numbers: a declared port is only a hint


async def test_a_number_that_no_pod_declares_is_a_hint() -> None:
    found = await findings(*behind(service("web", offer(80, 8081)), pods(port(8080))))
    one = found["service.target-port-mismatch"]
    assert not one.proven
    assert one.fix is not None
    assert one.fix.patch["spec"]["ports"][0]["targetPort"] == 8080
    assert found.keys() == {"service.target-port-mismatch"}


async def test_an_absent_target_is_the_port_itself() -> None:
    found = await findings(*behind(service("web", offer(80, None)), pods(port(8080))))
    assert found.keys() == {"service.target-port-mismatch"}
    assert not await judge(*behind(service("web", offer(8080, None)), pods(port(8080))))


@pytest.mark.parametrize(
    "target",
    [
        pytest.param(pods(), id="nothing-declared"),
        pytest.param(pods(port(9090), readinessProbe=http(8080)), id="probed"),
        pytest.param(pods(port(9090), livenessProbe={"tcpSocket": {"port": 8080}}), id="liveness"),
        pytest.param(pods(port(9090), startupProbe={"grpc": {"port": 8080}}), id="startup"),
        pytest.param(pods(port(8080), port(9090)), id="one-of-two"),
    ],
)
async def test_a_number_that_may_be_right_is_silent(target: Manifest) -> None:
    assert not await judge(*behind(service("web", offer(80, 8080)), target))


async def test_a_number_that_only_some_pods_lack_is_silent() -> None:
    """Pods of two makes: no more than a hint, and the one that fits refutes it."""
    one, other = pods(port(8080)), pod("web-2", ip="10.42.0.8", containers=(container(ports=(port(9090),)),))
    assert not await judge(*behind(service("web", offer(80, 8080)), one, other))


async def test_a_number_declared_with_the_other_protocol() -> None:
    found = await findings(
        *behind(service("dns", offer(53, 53)), pods(port(53, protocol="UDP"))), target="svc/dns.shop"
    )
    assert found.keys() == {"service.protocol-mismatch"}
    assert not found["service.protocol-mismatch"].proven


async def test_a_hint_ranks_below_a_proof() -> None:
    """A pod that is not ready is the cause, the undeclared port a suspicion beside it."""
    owner = service("web", offer(80, 8081))
    report = await diagnose(*behind(owner, pod(ready=False)))
    assert roots(report)[0][0] == "pod.not-ready"


# Headless


def headless(*ports: Manifest) -> Manifest:
    return service("web", *ports, ip="None")


async def test_a_headless_port_is_not_mapped() -> None:
    found = await findings(*behind(headless(offer(80, 8080)), pod()), target="svc/web.shop:80")
    assert "call port 8080" in found["service.headless-port-remap"].fix.summary  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("offered", "target"),
    [
        (offer(8080, 8080), "svc/web.shop:8080"),
        (offer(8080, None), "svc/web.shop:8080"),
        (offer(80, 8080), "svc/web.shop"),
        (offer(8080, "http"), "svc/web.shop:8080"),
    ],
)
async def test_a_headless_port_that_is_the_pods_own_is_silent(offered: Manifest, target: str) -> None:
    found = await findings(*behind(headless(offered), pods(port(8080, "http"))), target=target)
    assert "service.headless-port-remap" not in found


# Asked of a pod itself


@pytest.mark.parametrize(
    ("asked", "proven"),
    [("9999", False), ("metrics", True), ("8080/udp", False)],
)
async def test_a_port_that_the_pod_does_not_declare(asked: str, proven: bool) -> None:
    found = await findings(pods(port(8080, "http")), target=f"pod/web-1.shop:{asked}")
    assert found.keys() == {"target.port-not-found"}
    assert found["target.port-not-found"].proven is proven


@pytest.mark.parametrize("asked", ["8080", "http", "8080/tcp", "15020"])
async def test_a_port_that_it_declares_or_is_probed_on(asked: str) -> None:
    told = pods(port(8080, "http"), readinessProbe=http(15020))
    assert not await judge(told, target=f"pod/web-1.shop:{asked}")


async def test_a_pod_that_declares_nothing_may_listen_anywhere() -> None:
    assert not await judge(pods(), target="pod/web-1.shop:9999")
