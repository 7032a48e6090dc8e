"""Cluster DNS itself broken, for everyone: on the lab alone, one at a time, and put back whatever happens."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import monotonic

import pytest
import yaml

from tests.e2e.dns.scene import HOME, SERVICE, Scene, client, expect, scene, silent
from tests.e2e.kube import PLACES, Kube, Object
from tests.lab.parts import MANIFESTS

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300), pytest.mark.usefixtures("alone")]

PODS = "k8s-app=kube-dns"
PATIENCE = 90.0  # seconds until something in the cluster has become so
DEPLOYMENT: Object = {"kind": "Deployment", "metadata": {"name": "coredns", "namespace": HOME}}
CONFIG: Object = {"kind": "ConfigMap", "metadata": {"name": "coredns", "namespace": HOME}}
POLICY: Object = {
    "apiVersion": "networking.k8s.io/v1",
    "kind": "NetworkPolicy",
    "metadata": {"name": "netdoc-e2e-dns", "namespace": HOME},
    "spec": {
        "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}},
        "policyTypes": ["Ingress"],
        "ingress": [{"from": [{"podSelector": {"matchLabels": {"app": "monitoring"}}}]}],
    },
}


@pytest.fixture(scope="module")
def street(kube: Kube, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with scene(kube, "cluster-dns", tmp_path_factory.mktemp("cluster-dns"), [client("caller")]) as made:
        yield made


@contextmanager
def put_back(street: Scene) -> Iterator[Kube]:
    """Whatever is done to cluster DNS in here: then it is as the lab made it and answers, and netdoc is silent."""
    try:
        yield street.kube
    finally:
        _put_back(street.kube)
        _answers(street)
    silent(street.live("caller", f"svc/web.{street.namespace}"))


def _put_back(kube: Kube) -> None:
    kube.delete(POLICY)
    for document in yaml.safe_load_all((MANIFESTS / "dns.yaml").read_text()):
        if document["kind"] in PLACES:
            kube.apply(document)
    for pod in kube.items("Pod", HOME, labelSelector=PODS):
        if not _ready(pod):  # its next start may be a long while away
            kube.delete({**pod, "kind": "Pod"}, grace=0)


def _answers(street: Scene) -> None:
    """Both pods are ready and alone, and a lookup ends well twenty times in a row: by either of them."""
    wait(street.kube, "Pod", lambda pods: len(pods) == 2 and all(map(_ready, pods)))
    wait(street.kube, "EndpointSlice", lambda slices: _ready_ends(slices) == 2)
    street.look("caller", f"web.{street.namespace}", street.address, often=20)


def wait(kube: Kube, kind: str, holds: Callable[[list[Object]], bool]) -> None:
    def of_dns(items: list[Object]) -> bool:
        key, _, value = PODS.partition("=") if kind == "Pod" else ("kubernetes.io/service-name", "", SERVICE)
        return holds([one for one in items if one["metadata"].get("labels", {}).get(key) == value])

    kube.wait(kind, HOME, of_dns, monotonic() + PATIENCE, f"{kind} of cluster DNS")


def _ready(pod: Object) -> bool:
    conditions = pod["status"].get("conditions", ())
    living = "deletionTimestamp" not in pod["metadata"]
    return living and any(one["type"] == "Ready" and one["status"] == "True" for one in conditions)


def _ready_ends(slices: list[Object]) -> int:
    return sum(bool(one["conditions"].get("ready")) for each in slices for one in each.get("endpoints") or ())


def scaled(kube: Kube, replicas: int) -> None:
    kube.request("PATCH", f"apis/apps/v1/namespaces/{HOME}/deployments/coredns/scale", {"spec": {"replicas": replicas}},
                 "merge-patch+json")  # fmt: skip


def corefile(kube: Kube, old: str, new: str) -> None:
    """One change of the text."""
    found = kube.get("ConfigMap", "coredns", HOME)
    assert found is not None
    text: str = found["data"]["Corefile"]
    assert old in text, text
    kube.patch(CONFIG, {"data": {"Corefile": text.replace(old, new)}})


def asked(street: Scene, target: str, cause: tuple[str, str, str], name: str, comes_to: str) -> None:
    """The harm is real, and netdoc names the cause alone: from objects, measured, from a snapshot of this moment."""
    street.look("caller", name, comes_to)
    file = street.save()
    expect(street.live("caller", target), *cause)
    expect(street.measured("caller", target), *cause, measured=True)
    expect(street.saved("caller", target, file), *cause)


def test_coredns_scaled_to_nothing(street: Scene) -> None:
    with put_back(street) as kube:
        scaled(kube, 0)
        wait(kube, "Pod", lambda pods: not pods)
        cause = ("workload.scaled-to-zero", "Deployment", "coredns")
        asked(street, f"svc/web.{street.namespace}", cause, f"web.{street.namespace}", "unanswered")


def test_coredns_deleted(street: Scene) -> None:
    with put_back(street) as kube:
        kube.delete(DEPLOYMENT)
        wait(kube, "Pod", lambda pods: not pods)
        cause = ("service.selector-no-match", "Service", SERVICE)  # nothing is left that it could have meant
        asked(street, f"svc/web.{street.namespace}", cause, f"web.{street.namespace}", "unanswered")


def test_coredns_crashes_on_its_corefile(street: Scene) -> None:
    """Stopped, edited and started: what reads the ConfigMap anew ends over it."""
    with put_back(street) as kube:
        scaled(kube, 0)
        wait(kube, "Pod", lambda pods: not pods)
        corefile(kube, "    loadbalance", "    load_balance")
        scaled(kube, 2)
        wait(kube, "Pod", lambda pods: len(pods) == 2 and all(_ended(one) for one in pods))
        cause = ("dns.server-config", "Deployment", "coredns")
        asked(street, f"svc/web.{street.namespace}", cause, f"web.{street.namespace}", "unanswered")


def _ended(pod: Object) -> bool:
    return any(one["restartCount"] >= 1 and not one["ready"] for one in pod["status"].get("containerStatuses", ()))


def test_coredns_serves_another_domain(street: Scene) -> None:
    """Read while it runs: no pod restarts, and every name of the cluster is gone."""
    with put_back(street) as kube:
        corefile(kube, "kubernetes cluster.local", "kubernetes corp.example")
        name = f"web.{street.namespace}.svc.cluster.local"
        street.look("caller", name, "nameless", often=20)
        cause = ("dns.server-config", "Service", SERVICE)
        asked(street, f"{name}:80", cause, name, "nameless")
        expect(street.measured("caller", f"svc/web.{street.namespace}"), *cause, measured=True)  # resolv.conf tells


def test_the_dns_service_selects_no_pod(street: Scene) -> None:
    with put_back(street) as kube:
        service = {"kind": "Service", "metadata": {"name": SERVICE, "namespace": HOME}}
        kube.patch(service, {"spec": {"selector": {"k8s-app": "coredns"}}})
        wait(kube, "EndpointSlice", lambda slices: not _ready_ends(slices))
        cause = ("service.selector-no-match", "Service", SERVICE)
        asked(street, f"svc/web.{street.namespace}", cause, f"web.{street.namespace}", "unanswered")


def test_a_policy_shuts_coredns_in(street: Scene) -> None:
    with put_back(street) as kube:
        kube.apply(POLICY)
        cause = ("policy.ingress-denied", "Deployment", "coredns")
        asked(street, f"svc/web.{street.namespace}", cause, f"web.{street.namespace}", "unanswered")
