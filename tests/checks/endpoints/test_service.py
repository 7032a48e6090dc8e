"""Services: selectors, endpoints, slices that lag or lie."""

from __future__ import annotations

import pytest

from tests.checks.endpoints.build import (
    Manifest,
    ago,
    behind,
    condition,
    container,
    crashing,
    diagnose,
    endpoint,
    findings,
    judge,
    offer,
    pod,
    port,
    replica_set,
    roots,
    service,
    slice_,
    slices,
    workload,
)

# Selectors


@pytest.mark.parametrize(
    ("labels", "selector", "detail", "patch"),
    [
        ({"app": "web"}, {"app": "wbe"}, "it asks for app=wbe; the nearest pods have app=web", {"app": "web"}),
        (
            {"app": "web", "tier": "front"},
            {"app": "web", "tier": "fornt"},
            "tier=fornt",
            {"app": "web", "tier": "front"},
        ),
        (
            {"app.kubernetes.io/name": "web"},
            {"app.kubernetes.io/nmae": "web"},
            "app.kubernetes.io/name=web",
            {"app.kubernetes.io/nmae": None, "app.kubernetes.io/name": "web"},
        ),
        ({"name": "web"}, {"app": "web"}, "name=web", {"app": None, "name": "web"}),
        ({"app": "web"}, {"app": "web", "tier": "front"}, "no such label", {"app": "web", "tier": None}),
    ],
)
async def test_a_selector_that_misses_shows_the_nearest_labels(
    labels: dict[str, str], selector: dict[str, str], detail: str, patch: dict[str, str | None]
) -> None:
    """The patch, laid over the selector as a merge patch, takes the pods that were meant."""
    owner = service(selector=selector)
    found = await findings(owner, pod(labels=labels), *slices(owner))
    one = found["service.selector-no-match"]
    assert detail in one.detail
    assert one.fix is not None
    assert one.fix.patch == {"spec": {"selector": patch}}
    assert {key: value for key, value in (selector | patch).items() if value is not None}.items() <= labels.items()
    assert found.keys() == {"service.selector-no-match", "service.no-ready-endpoint"}


async def test_labels_that_have_nothing_in_common_are_not_called_near() -> None:
    owner = service(selector={"app": "web"})
    found = await findings(owner, pod(labels={"component": "database"}), *slices(owner))
    one = found["service.selector-no-match"]
    assert one.detail == "no pod in the namespace has labels like it"
    assert one.fix is not None
    assert not one.fix.patch


async def test_a_finished_pod_is_not_near() -> None:
    owner = service(selector={"app": "wbe"})
    found = await findings(owner, pod(phase="Succeeded", ready=False), *slices(owner))
    assert "app=web" not in found["service.selector-no-match"].detail


async def test_a_selector_that_only_a_workload_matches_is_right() -> None:
    """Its pods are not made yet, or not asked for: that is the workload's fault, not the selector's."""
    owner = service()
    found = await findings(owner, workload(replicas=0), *slices(owner))
    assert found.keys() == {"workload.scaled-to-zero", "service.no-ready-endpoint"}


async def test_a_selector_that_takes_a_daemonset_or_statefulset_template_is_right() -> None:
    for kind in ("DaemonSet", "StatefulSet"):
        owner = service()
        found = await findings(owner, workload(kind), *slices(owner))
        assert "service.selector-no-match" not in found


async def test_the_selector_explains_the_empty_list() -> None:
    owner = service(selector={"app": "wbe"})
    assert roots(await diagnose(owner, pod(), *slices(owner))) == [("service.selector-no-match", "Service/web")]


async def test_who_owns_the_service_will_revert_a_patch() -> None:
    owner = service(selector={"app": "wbe"}, metadata={"labels": {"app.kubernetes.io/managed-by": "Helm"}})
    one = (await findings(owner, pod(), *slices(owner)))["service.selector-no-match"]
    assert one.fix is not None
    assert one.fix.managed_by == "helm"


# Endpoints


async def test_a_service_whose_pods_serve_is_silent() -> None:
    assert not await judge(*behind(service(), pod("web-1"), pod("web-2", ip="10.42.0.8")))


async def test_none_ready() -> None:
    found = await findings(*behind(service(), pod(ready=False)))
    one = found["service.no-ready-endpoint"]
    assert one.severity is None  # the code's own: error
    assert "none of its 1 endpoints is ready" in one.title
    assert found.keys() == {"service.no-ready-endpoint", "pod.not-ready"}


async def test_some_ready_is_a_warning() -> None:
    found = await findings(*behind(service(), pod("web-1"), pod("web-2", ip="10.42.0.8", ready=False)))
    assert "1 of 2 endpoints" in found["service.some-endpoints-unready"].title
    assert "web-2" in found["service.some-endpoints-unready"].detail
    assert found["pod.not-ready"].severity == "warning"


async def test_one_port_of_two_without_endpoints() -> None:
    """A named target that no pod declares: the other port serves on."""
    owner = service("web", offer(80, 8080, "http"), offer(9102, "metrics", "metrics"))
    found = await findings(*behind(owner, pod()))
    assert "port 9102" in found["service.no-ready-endpoint"].title
    assert "service.target-port-name-missing" in found


async def test_the_other_port_alone_is_fine() -> None:
    owner = service("web", offer(80, 8080, "http"), offer(9102, "metrics", "metrics"))
    assert not await judge(*behind(owner, pod()), target="svc/web.shop:80")


async def test_neither_selector_nor_slice() -> None:
    found = await findings(service(selector={}))
    assert "neither a selector nor an EndpointSlice" in found["service.no-ready-endpoint"].title


# Slices that lag behind


def unlisted(**ready: str) -> list[Manifest]:
    return [service(), pod(**ready), *slices(service())]  # type: ignore[arg-type]


async def test_a_ready_pod_that_no_slice_lists() -> None:
    found = await findings(*unlisted())
    assert found.keys() == {"service.endpoints-missing", "service.no-ready-endpoint"}
    assert roots(await diagnose(*unlisted())) == [("service.endpoints-missing", "Service/web")]


async def test_no_slice_at_all_is_the_same() -> None:
    assert "service.endpoints-missing" in await findings(service(), pod())


async def test_a_controller_has_its_time() -> None:
    found = await findings(*unlisted(since=ago(seconds=5)))
    assert "service.endpoints-missing" not in found


# Slices that lie


async def test_a_slice_that_lists_a_pod_which_is_gone() -> None:
    gone = pod("web-9", ip="10.42.0.99")
    found = await findings(service(), pod(), *slices(service(), pod(), gone))
    one = found["service.endpoints-stale"]
    assert one.object.kind == "EndpointSlice"
    assert "10.42.0.99" in one.title


async def test_a_slice_with_an_address_that_its_pod_no_longer_has() -> None:
    found = await findings(service(), pod(ip="10.42.0.55"), *slices(service(), pod()))
    assert "10.42.0.7" in found["service.endpoints-stale"].title


async def test_a_stale_endpoint_that_is_not_ready_hurts_nobody() -> None:
    gone = pod("web-9", ip="10.42.0.99", ready=False)
    found = await findings(service(), pod(), *slices(service(), pod(), gone))
    assert "service.endpoints-stale" not in found


# Slices kept by hand


def by_hand(*endpoints: Manifest, **rest: str) -> list[Manifest]:
    return [service(selector={}), slice_("web", *endpoints, **rest)]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "objects",
    [
        pytest.param(by_hand(endpoint("192.168.20.5")), id="outside-the-cluster"),
        pytest.param([*by_hand(endpoint("10.42.0.7")), pod()], id="a-pod-has-it"),
        pytest.param(by_hand(endpoint("192.168.0.1")), id="a-node"),
        pytest.param(by_hand(endpoint("example.com"), family="FQDN"), id="a-name"),
    ],
)
async def test_a_hand_kept_slice_that_is_right_is_silent(objects: list[Manifest]) -> None:
    assert not await judge(*objects)


async def test_a_hand_kept_address_in_the_pods_range_that_no_pod_has() -> None:
    found = await findings(*by_hand(endpoint("10.42.0.77")), pod("other", ip="10.42.0.8"), source="pod/other.shop")
    assert "kept by hand" in found["service.endpoints-stale"].detail


async def test_a_hand_kept_reference_to_a_pod_that_is_gone() -> None:
    found = await findings(*by_hand(endpoint("192.168.20.5", "web-9")))
    assert "service.endpoints-stale" in found


# Silence


def deployed(*pods: Manifest, replicas: int = 2) -> list[Manifest]:
    owner = workload(replicas=replicas)
    return [owner, replica_set(owner), *behind(service(), *pods)]


async def test_finished_pods_of_a_job_with_the_same_labels() -> None:
    job = workload("Job", "migrate")
    done = pod("migrate-1", owner=job, phase="Succeeded", ready=False, ip="10.42.0.50")
    failed = pod("migrate-0", owner=job, phase="Failed", ready=False, ip="10.42.0.51")
    assert not await judge(job, *behind(service(), pod(), done, failed))


async def test_a_running_job_with_the_same_labels_is_not_told_as_missing_capacity() -> None:
    """It is an endpoint, and not ready: a warning about the endpoint, not an error."""
    job = workload("Job", "migrate")
    busy = pod("migrate-1", owner=job, ready=False, ip="10.42.0.50")
    report = await diagnose(job, *behind(service(), pod(), busy))
    assert report.status != "fail"


async def test_a_neighbour_that_crash_loops() -> None:
    beside = crashing("other-1", labels={"app": "other"}, ip="10.42.0.60")
    assert not await judge(*behind(service(), pod()), beside)


async def test_an_evicted_pod_that_was_replaced() -> None:
    gone = pod("web-0", phase="Failed", ready=False, ip="10.42.0.50", more={"reason": "Evicted", "message": "memory"})
    assert not await judge(*behind(service(), pod(), gone))


async def test_an_evicted_pod_that_nothing_replaced() -> None:
    gone = pod("web-0", phase="Failed", ready=False, ip="10.42.0.50", more={"reason": "Evicted", "message": "memory"})
    found = await findings(*behind(service(), gone))
    assert found.keys() == {"pod.evicted", "service.no-ready-endpoint"}


async def test_pods_on_their_way_out_beside_those_that_serve() -> None:
    leaving = pod("web-0", ip="10.42.0.50", ready=False, metadata={"deletionTimestamp": ago(seconds=-20)})
    assert not await judge(*behind(service(), pod(), leaving))


async def test_a_headless_service_with_hostnames() -> None:
    owner = service(ip="None")
    named = pod(spec={"hostname": "web-1", "subdomain": "web"})
    assert not await judge(*behind(owner, named))


async def test_a_headless_service_without_ports() -> None:
    owner = service(ip="None")
    owner["spec"]["ports"] = []
    assert not await judge(*behind(owner, pod()))


async def test_selectors_with_expressions_belong_to_workloads_and_are_no_trouble() -> None:
    selector = {"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["db"]}]}
    owner = workload(selector=selector)
    owned = pod(owner=replica_set(owner))
    objects = [owner, replica_set(owner), *behind(service(), owned)]
    assert not await judge(*objects)
    assert not await judge(*objects, target="deploy/web.shop")


async def test_not_ready_addresses_that_are_published_serve() -> None:
    owner = service(ip="None", publishNotReadyAddresses=True)
    report = await diagnose(*behind(owner, pod("db-0"), pod("db-1", ip="10.42.0.8", ready=False)))
    assert report.status != "fail"


async def test_a_rollout_that_still_has_as_many_pods_as_are_wanted() -> None:
    owner = workload(replicas=2, containers=(container(image="web:2"),))
    new, old = replica_set(owner, 2), replica_set(owner, 1, container(image="web:1"))
    serving = [pod(f"old-{at}", owner=old, ip=f"10.42.0.{at}") for at in (10, 11)]
    failing = crashing("new-1", owner=new, ip="10.42.0.20")
    report = await diagnose(owner, new, old, *behind(service(), *serving, failing))
    assert report.status == "pass"
    assert {one.severity for one in report.findings} <= {"info"}


async def test_a_surge_pod_that_starts_beside_enough_that_serve() -> None:
    owner = workload(replicas=1)
    new, old = replica_set(owner, 2, made=ago(seconds=8)), replica_set(owner, 1)
    told = condition("Ready", False, "ContainersNotReady", since=ago(seconds=6))
    starting = pod(
        "new-1", owner=new, ip="10.42.0.20", conditions=(told,), metadata={"creationTimestamp": ago(seconds=8)}
    )
    report = await diagnose(owner, new, old, *behind(service(), pod("old-1", owner=old), starting))
    assert report.status == "pass"


async def test_named_ports_that_differ_by_pod() -> None:
    owner = service("web", offer(80, "http"))
    one = pod("web-1", containers=(container(ports=(port(8080, "http"),)),))
    other = pod("web-2", ip="10.42.0.8", containers=(container(ports=(port(9090, "http"),)),))
    assert not await judge(*behind(owner, one, other))
