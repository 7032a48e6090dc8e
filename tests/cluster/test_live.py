"""What a live cluster asks, and what it makes of honest answers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from netdoc.cluster import Unreachable
from netdoc.cluster.review import may
from netdoc.model.kube import Deployment, Namespace, NetworkPolicy, Pod, Service
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Gap
from tests.cluster.conftest import Opener, write_kubeconfig
from tests.cluster.objects import pod
from tests.fakes import apiserver as faults
from tests.fakes.apiserver import ApiServer


async def test_get_returns_the_object_or_none(api: ApiServer, live: Opener) -> None:
    cluster = live()
    found = await cluster.get(Service, "web", "shop")
    assert isinstance(found, Service)
    assert found.spec.ports[0].target_port == 8080
    assert await cluster.get(Service, "wbe", "shop") is None
    assert await cluster.get(Deployment, "web", "shop") is None


async def test_a_name_without_a_namespace_is_of_the_contexts(api: ApiServer, live: Opener) -> None:
    cluster = live()
    assert cluster.where.namespace == "shop"
    assert isinstance(await cluster.get(Service, "web"), Service)
    assert live(namespace="other").where.namespace == "other"


@pytest.mark.parametrize("name", ["", "..", ".", "a/b", "a%2fb", "../../secrets", "a\x00", "a b", "ü"])
async def test_a_name_that_no_object_can_have_is_not_asked_for(api: ApiServer, live: Opener, name: str) -> None:
    cluster = live()
    assert await cluster.get(Service, name, "shop") is None
    if name:
        assert (await cluster.list(Pod, name)).items == ()
    assert api.requests == []


async def test_a_list_comes_in_pages(api: ApiServer, live: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netdoc.cluster.live.PAGE", 10)
    api.documents = [pod(f"p-{number:02}") for number in range(35)]
    listing = await live().list(Pod)
    assert [one.name for one in listing.items] == [f"p-{number:02}" for number in range(35)]
    assert listing.gap is None
    assert [request.query["limit"] for request in api.requests] == ["10"] * 4


async def test_an_empty_list_is_complete(api: ApiServer, live: Opener) -> None:
    listing = await live().list(Deployment, "shop")
    assert listing.items == ()
    assert listing.complete
    assert listing.gap is None


async def test_selectors_and_the_namespace_are_the_servers_to_apply(api: ApiServer, live: Opener) -> None:
    listing = await live().list(Pod, "shop", labels="app=db", fields="spec.nodeName=n1")
    assert [one.name for one in listing.items] == ["db-0"]
    (request,) = api.requests
    assert request.path == "/api/v1/namespaces/shop/pods"
    assert request.query == {"labelSelector": "app=db", "fieldSelector": "spec.nodeName=n1", "limit": "500"}


async def test_a_refusal_names_the_verb_the_resource_and_the_namespace(api: ApiServer, live: Opener) -> None:
    api.forbidden = {("list", "networkpolicies"), ("get", "services"), ("list", "namespaces")}
    cluster = live()
    listing = await cluster.list(NetworkPolicy, "shop")
    assert listing.gap == Gap(
        what="list networkpolicies.networking.k8s.io in shop",
        reason="forbidden",
        detail="may not list networkpolicies.networking.k8s.io in shop",
    )
    assert not listing.complete
    gap = await cluster.get(Service, "web", "shop")
    assert isinstance(gap, Gap)
    assert gap.detail == "may not get services/web in shop"
    everywhere = await cluster.list(Namespace)
    assert everywhere.gap is not None
    assert everywhere.gap.detail == "may not list namespaces"


async def test_requests_carry_the_run_and_the_impersonated(api: ApiServer, live: Opener) -> None:
    await live(as_user="jane", as_groups=("dev", "on-call")).list(Pod)
    (request,) = api.requests
    assert request.header("User-Agent")[0].startswith("netdoc/")
    assert request.header("User-Agent")[0].endswith(" run/r1")
    assert request.header("Impersonate-User") == ["jane"]
    assert request.header("Impersonate-Group") == ["dev", "on-call"]


async def test_traffic_counts_requests_and_bytes(api: ApiServer, live: Opener) -> None:
    cluster = live()
    await cluster.list(Pod)
    await cluster.get(Service, "web", "shop")
    assert cluster.traffic.requests == 2
    assert cluster.traffic.bytes > 500


async def test_a_log_is_its_last_lines(api: ApiServer, live: Opener) -> None:
    api.logs["shop", "web-1", "app"] = "one\ntwo\nthree\n"
    cluster = live()
    ref = ObjectRef(api_version="v1", kind="Pod", name="web-1", namespace="shop")
    assert await cluster.log(ref, "app", lines=2) == "two\nthree\n"
    gap = await cluster.log(ref, "nope")
    assert isinstance(gap, Gap)
    assert not gap.blocking
    assert api.requests[0].query["tailLines"] == "2"
    await cluster.log(ref, "app", previous=True)
    assert api.requests[-1].query["previous"] == "true"
    api.fail(faults.answers(403, "Forbidden"), verb="log")
    refused = await cluster.log(ref, "app")
    assert isinstance(refused, Gap)
    assert (refused.reason, refused.blocking) == ("forbidden", True)


async def test_whether_one_may_is_the_servers_to_say(api: ApiServer, live: Opener) -> None:
    api.forbidden = {("list", "networkpolicies")}
    cluster = live()
    assert await may(cluster, "list", "pods", "", "shop") is True
    assert await may(cluster, "list", "networkpolicies", "networking.k8s.io", "shop") is False
    assert json.loads(api.requests[-1].body)["spec"]["resourceAttributes"] == {
        "verb": "list",
        "group": "networking.k8s.io",
        "resource": "networkpolicies",
        "namespace": "shop",
    }
    api.fail(faults.answers(403, "Forbidden"))
    assert isinstance(await may(cluster, "list", "pods/log"), Gap)
    api.fail(faults.reset, verb="other")
    assert isinstance(await may(live(), "list", "pods"), Gap)


HANGS = """
import asyncio, sys
from netdoc.cluster import LiveOptions, open_live
from netdoc.model.kube import Pod

async def main(path):
    try:
        await asyncio.wait_for(open_live(LiveOptions(kubeconfig=path, request_timeout=3600)).list(Pod), 0.2)
    except TimeoutError:
        print("left")

asyncio.run(main(sys.argv[1]))
"""


def test_a_request_that_hangs_does_not_keep_the_process(api: ApiServer, tmp_path: Path) -> None:
    api.fail(faults.silent)
    path = write_kubeconfig(tmp_path / "config", api.url)
    done = subprocess.run([sys.executable, "-c", HANGS, str(path)], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout.strip()) == (0, "left"), done.stderr


async def test_connect_says_what_keeps_it_from_the_cluster(api: ApiServer, live: Opener) -> None:
    await live().connect()
    api.fail(faults.answers(401, "Unauthorized"))
    with pytest.raises(Unreachable, match="401"):
        await live().connect()


async def test_connect_tells_a_server_that_is_no_api_server(api: ApiServer, live: Opener) -> None:
    api.fail(lambda handler: handler.raw(404, b"nginx", "text/html"))
    with pytest.raises(Unreachable, match="no Kubernetes API server"):
        await live().connect()


def test_importing_the_package_loads_neither_kubernetes_nor_yaml() -> None:
    code = "import sys, netdoc.cluster; print([m for m in ('kubernetes', 'yaml', 'urllib3') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_snapshot_loads_no_kubernetes() -> None:
    code = (
        "import sys; from netdoc.cluster import SnapshotCluster, open_snapshot\n"
        "print([m for m in ('kubernetes', 'textual', 'scapy', 'urllib3') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
