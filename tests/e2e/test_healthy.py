"""Health: from many sources to many targets of the lab's documented network, nothing is found."""

from __future__ import annotations

from time import monotonic

import msgspec
import pytest

from tests.e2e.conftest import on_lab, without
from tests.e2e.fault import CALL, Verdict, diagnose
from tests.e2e.kube import Kube
from tests.e2e.match import matches

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]


class Route(msgspec.Struct, frozen=True):
    """A connection that the lab's manifests allow: from a workload's pods (its `app` label) to a Service's port."""

    namespace: str
    app: str
    host: str
    port: int

    @property
    def name(self) -> str:
        return f"{self.app}-to-{self.host.partition('.')[0]}-{self.port}"


ROUTES = [
    Route("media", "sonarr", "postgres.databases", 5432),
    Route("media", "sonarr", "redis.databases", 6379),
    Route("media", "sonarr", "jellyfin.media", 80),
    Route("media", "sonarr", "kube-dns.kube-system", 53),
    Route("monitoring", "grafana", "prometheus.monitoring", 9090),
    Route("monitoring", "grafana", "postgres.databases", 5432),
    Route("monitoring", "grafana", "kube-dns.kube-system", 53),
    Route("monitoring", "prometheus", "jellyfin.media", 80),
    Route("monitoring", "prometheus", "sonarr.media", 80),
    Route("monitoring", "prometheus", "kube-dns.kube-system", 9153),
    Route("databases", "redis", "kube-dns.kube-system", 53),
]
# Asked from where the contract's default says, or from a source of another kind.
OTHERS = [
    ("svc/kube-dns.kube-system", ()),
    ("svc/kubernetes.default", ()),
    ("svc/kubernetes.default:443", ("node/lab",)),
    ("svc/traefik.traefik", ("internet",)),
    ("svc/traefik.traefik:443", ("internet",)),
    ("deploy/jellyfin.media", ("deploy/sonarr.media", "deploy/prometheus.monitoring", "deploy/traefik.traefik")),
    ("statefulset/postgres.databases", ("deploy/sonarr.media",)),
    ("statefulset/postgres.databases:postgres", ("deploy/sonarr.media", "deploy/grafana.monitoring")),
    ("pod/postgres-0.databases:5432", ("deploy/grafana.monitoring",)),
    ("svc/kube-dns.kube-system:53", ("ns/media", "ns/monitoring", "ns/databases")),
    ("svc/kube-dns.kube-system:53/udp", ("deploy/sonarr.media",)),
    ("deploy/coredns.kube-system:dns", ("deploy/sonarr.media",)),
    ("ns/databases", ("deploy/sonarr.media",)),
    ("jellyfin.media:80", ("deploy/sonarr.media",)),
    ("postgres.databases.svc.cluster.local:5432", ("deploy/sonarr.media",)),
    ("http://jellyfin.media/", ("deploy/prometheus.monitoring",)),
    ("dial tcp: lookup redis.databases on 10.43.0.10:53: i/o timeout", ("deploy/sonarr.media",)),
]


@pytest.fixture(scope="module")
def network(kube: Kube) -> Kube:
    """The lab, once all of its documented network runs."""
    if not on_lab():
        without("the documented network is the lab's")
    ready = {"status": {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}}
    for namespace in ("media", "monitoring", "databases", "traefik", "kube-system"):
        kube.wait(
            "Pod", namespace, lambda pods: bool(pods) and all(matches(ready, one) for one in pods),
            monotonic() + 120, f"all pods of {namespace} are ready",
        )  # fmt: skip
    return kube


def silent(verdict: Verdict) -> None:
    report, told = verdict.report, verdict.told()
    assert verdict.exit == 0, told
    assert (report["status"], report["findings"], report["rootCauses"]) == ("pass", [], []), told
    assert any(check["status"] == "pass" for check in report["checks"]), told
    assert report["basis"] == "configuration", told


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.name)
def test_an_allowed_route_works_and_is_found_well(route: Route, network: Kube) -> None:
    pods = network.items("Pod", route.namespace, labelSelector=f"app={route.app}")
    command = ["python3", "-c", CALL, route.host, str(route.port), "works", "20"]
    code, got = network.exec(route.namespace, pods[0]["metadata"]["name"], command, 40)
    assert code == 0, f"the lab itself: {route} ends as {got}"
    service, _, namespace = route.host.partition(".")
    source = f"pod/{pods[0]['metadata']['name']}.{route.namespace}"
    silent(diagnose(f"svc/{service}.{namespace}:{route.port}", [source], "--kubeconfig", network.kubeconfig))


@pytest.mark.parametrize(("target", "sources"), OTHERS, ids=[f"{one[0]}-{len(one[1])}" for one in OTHERS])
def test_health_is_silent(target: str, sources: tuple[str, ...], network: Kube) -> None:
    silent(diagnose(target, sources, "--kubeconfig", network.kubeconfig))


def test_an_isolated_target_without_a_source_is_unknown_and_nothing_worse(network: Kube) -> None:
    verdict = diagnose("svc/jellyfin.media", [], "--kubeconfig", network.kubeconfig)
    report, told = verdict.report, verdict.told()
    assert (verdict.exit, report["status"], report["findings"]) == (3, "unknown", []), told
    assert any(one["reason"] == "no-source" for one in report["notChecked"]), told
