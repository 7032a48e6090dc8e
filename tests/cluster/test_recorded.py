"""Records and saved snapshots answer as the cluster did; what is not in them is unknown."""

from __future__ import annotations

import hashlib
import json
import os
import tarfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from netdoc.cluster import ClusterError, RecordedCluster, SnapshotCluster, open_snapshot
from netdoc.cluster.capture import save, summary
from netdoc.cluster.fields import fields_of, keepable
from netdoc.cluster.kinds import projections
from netdoc.cluster.recorded import decode_answer, encode_answer
from netdoc.model.kube import ConfigMap, ConfigMapMeta, EndpointSlice, NetworkPolicy, Pod, Service
from netdoc.model.kube.meta import Kind, Kube, Object, ObjectRef
from netdoc.model.record import Ask, Gap
from netdoc.ports import Recorder
from netdoc.ports.cluster import Listing, Where
from tests.cluster.conftest import Opener
from tests.cluster.objects import pod, shop
from tests.fakes.apiserver import ApiServer

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
WHERE = Where(type="snapshot", context="prod", server="https://api:6443")
WEB_1 = ObjectRef(api_version="v1", kind="Pod", name="web-1", namespace="shop")
SECRET_TEXT = "correct-horse-battery-staple"


def documents() -> list[dict[str, Any]]:
    crashed = pod("crash")
    crashed["status"]["containerStatuses"] = [{"name": "app", "ready": False, "restartCount": 4}]
    crashed["spec"]["containers"][0]["env"] = [
        {"name": "PASSWORD", "value": SECRET_TEXT},
        {"name": "HTTPS_PROXY", "value": "http://proxy:3128"},
    ]
    crashed["metadata"]["annotations"] = {
        "kubectl.kubernetes.io/last-applied-configuration": json.dumps({"env": SECRET_TEXT}),
        "kept": "yes",
    }
    config = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"password": SECRET_TEXT}}
    dns = {"apiVersion": "v1", "kind": "ConfigMap", "data": {"Corefile": ".:53 {}"}}
    secret = {"apiVersion": "v1", "kind": "Secret", "data": {"password": SECRET_TEXT}}
    slice_ = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "metadata": {"name": "web-x", "namespace": "shop", "labels": {"kubernetes.io/service-name": "web"}},
        "addressType": "IPv4",
        "endpoints": None,
        "ports": None,
    }
    return [
        *shop(),
        crashed,
        config | {"metadata": {"name": "app", "namespace": "shop"}},
        dns | {"metadata": {"name": "coredns", "namespace": "kube-system"}},
        secret | {"metadata": {"name": "s", "namespace": "shop"}},
        slice_,
    ]


def source() -> SnapshotCluster:
    logs = {("shop", "crash", "app", True): "panic: no\n"}
    return SnapshotCluster.from_documents(documents(), where=WHERE, now=NOW, logs=logs)


class Route(Object, frozen=True):
    KIND = Kind("traefik.io/v1alpha1", "IngressRoute", "ingressroutes")


class Shape(Kube, frozen=True):
    novel: str = ""


class Wider(Object, frozen=True):
    KIND = Service.KIND
    spec: Shape = Shape()


# Fields


def test_fields_are_paths_on_the_wire() -> None:
    fields = fields_of(Service)
    assert {"metadata.name", "spec.ports.targetPort", "spec.clusterIPs", "metadata.managedFields.fieldsV1"} <= fields
    assert fields_of(ConfigMapMeta) < fields_of(ConfigMap)
    assert all(fields_of(kind) for kind in projections())


# Answers


@pytest.mark.parametrize("kind", projections())
async def test_an_answer_comes_back_as_it_was(kind: type[Object]) -> None:
    listing = await source().list(kind)
    kept = Listing(tuple(keepable(one) for one in listing.items), listing.gap)
    assert decode_answer(encode_answer(listing), kind) == kept
    for one in listing.items:
        assert decode_answer(encode_answer(one), kind) == keepable(one)


@pytest.mark.parametrize("answer", [None, Gap(what="x", reason="forbidden", detail="no"), "a log\n", ""])
def test_answers_without_objects_come_back_as_they_were(answer: Any) -> None:
    assert decode_answer(encode_answer(answer), Pod) == answer


def test_what_is_no_answer_is_refused() -> None:
    with pytest.raises(TypeError):
        encode_answer(7)


async def test_a_field_that_was_not_read_is_unknown_and_not_absent() -> None:
    narrow = await source().get(ConfigMapMeta, "app", "shop")
    gap = decode_answer(encode_answer(narrow), ConfigMap)
    assert isinstance(gap, Gap)
    assert gap.blocking
    assert "data" in gap.detail
    listing = decode_answer(encode_answer(await source().list(ConfigMapMeta)), ConfigMap)
    assert not listing.complete
    wide = await source().get(ConfigMap, "coredns", "kube-system")
    assert isinstance(decode_answer(encode_answer(wide), ConfigMapMeta), ConfigMapMeta)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'{"form":"other"}', b"\xff"])
def test_a_broken_record_is_a_gap(data: bytes) -> None:
    gap = decode_answer(data, Pod)
    assert isinstance(gap, Gap)
    assert gap.blocking


# The recorded cluster


async def recorded() -> RecordedCluster:
    kept: dict[Ask, bytes] = {}
    recorder = Recorder(source())
    recorder.listen(lambda record, answer: kept.update({record.ask: encode_answer(answer)}))
    await recorder.list(Pod, "shop", labels="app=web")
    await recorder.list(NetworkPolicy)
    await recorder.get(Service, "web", "shop")
    await recorder.get(Service, "wbe", "shop")
    await recorder.log(ObjectRef(api_version="v1", kind="Pod", name="crash", namespace="shop"), "app", previous=True)
    return RecordedCluster(kept, where=WHERE, now=NOW)


async def test_a_recorded_cluster_answers_what_was_asked() -> None:
    cluster, live = await recorded(), source()
    listing = await cluster.list(Pod, "shop", labels="app=web")
    expected = await live.list(Pod, "shop", labels="app=web")
    assert listing.items == tuple(keepable(one) for one in expected.items)
    assert await cluster.get(Service, "web", "shop") == await live.get(Service, "web", "shop")
    assert await cluster.get(Service, "wbe", "shop") is None
    crash = ObjectRef(api_version="v1", kind="Pod", name="crash", namespace="shop")
    assert await cluster.log(crash, "app", previous=True) == "panic: no"
    assert await cluster.now() == NOW
    assert cluster.where == WHERE


async def test_what_was_not_recorded_is_unknown_and_never_absent() -> None:
    cluster = await recorded()
    for listing in (await cluster.list(Pod), await cluster.list(Pod, "shop"), await cluster.list(Service, "shop")):
        assert not listing.complete
    for answer in (await cluster.get(Pod, "web-1", "shop"), await cluster.log(WEB_1, "app")):
        assert isinstance(answer, Gap)
        assert answer.blocking


async def test_an_object_of_a_whole_recorded_list_is_found_by_name() -> None:
    cluster = await recorded()
    assert isinstance(await cluster.get(NetworkPolicy, "deny", "shop"), NetworkPolicy)
    assert await cluster.get(NetworkPolicy, "other", "shop") is None


# Saved snapshots

FORMS = ["s.tar.gz", "s.json", "s.yaml", "folder"]


@pytest.mark.parametrize("form", FORMS)
async def test_a_saved_snapshot_answers_as_the_cluster_did(tmp_path: Path, form: str) -> None:
    before = source()
    await save(before, tmp_path / form)
    after = open_snapshot(tmp_path / form)
    assert after.unreadable == ()
    for kind in projections():
        if kind is ConfigMap:
            continue
        expected, found = await before.list(kind), await after.list(kind)
        assert found.gap == expected.gap
        assert set(one.ref for one in found.items) == {one.ref for one in expected.items}
        for one in expected.items:
            assert await after.get(kind, one.name, one.namespace) == keepable(one)
        assert await after.get(kind, "absent", "shop") is None
    assert await after.now() == NOW
    assert (after.where.context, after.where.server, after.where.type) == ("prod", "https://api:6443", "snapshot")


@pytest.mark.parametrize("form", FORMS)
async def test_a_saved_snapshot_holds_no_secret(tmp_path: Path, form: str) -> None:
    await save(source(), tmp_path / form)
    files = [one for one in (tmp_path / form).rglob("*") if one.is_file()] or [tmp_path / form]
    for file in files:
        content = file.read_bytes()
        if form.endswith(".gz"):
            with tarfile.open(file) as archive:
                content = b"".join(archive.extractfile(one).read() for one in archive)  # type: ignore[union-attr]
        assert SECRET_TEXT.encode() not in content
        assert file.stat().st_mode & 0o077 == 0


async def test_of_a_config_map_the_name_alone_unless_it_configures_the_network(tmp_path: Path) -> None:
    await save(source(), tmp_path / "s.tar.gz")
    after = open_snapshot(tmp_path / "s.tar.gz")
    dns = await after.get(ConfigMap, "coredns", "kube-system")
    assert isinstance(dns, ConfigMap)
    assert dns.data == {"Corefile": ".:53 {}"}
    assert isinstance(await after.get(ConfigMap, "app", "shop"), Gap)
    assert await after.get(ConfigMap, "nope", "shop") is None
    assert isinstance(await after.get(ConfigMapMeta, "app", "shop"), ConfigMapMeta)
    assert not (await after.list(ConfigMap)).complete


async def test_nothing_is_assumed_about_what_netdoc_saved(tmp_path: Path) -> None:
    await save(source(), tmp_path / "s.json")
    after = open_snapshot(tmp_path / "s.json")
    listing = await after.list(EndpointSlice)
    assert [one.name for one in listing.items] == ["web-x"]
    assert listing.items[0].endpoints is None
    assert not any(one.assumed for one in (await after.list(Pod)).items)


async def test_the_logs_of_what_crashed_come_along(tmp_path: Path) -> None:
    await save(source(), tmp_path / "s.tar.gz")
    crash = ObjectRef(api_version="v1", kind="Pod", name="crash", namespace="shop")
    assert await open_snapshot(tmp_path / "s.tar.gz").log(crash, "app", previous=True) == "panic: no"


async def test_what_was_refused_then_is_refused_now(api: ApiServer, live: Opener, tmp_path: Path) -> None:
    api.forbidden = {("list", "networkpolicies"), ("list", "nodes")}
    cluster = live()
    made = await save(cluster, tmp_path / "s.tar.gz")
    assert not made.complete
    assert "may not list networkpolicies.networking.k8s.io" in made.text()
    after = open_snapshot(tmp_path / "s.tar.gz")
    listing = await after.list(NetworkPolicy)
    assert listing.gap == (await cluster.list(NetworkPolicy)).gap
    assert isinstance(await after.get(NetworkPolicy, "deny", "shop"), Gap)
    assert "may not list" in summary(tmp_path / "s.tar.gz").text()


async def test_of_a_snapshot_of_one_namespace_the_others_are_unknown(tmp_path: Path) -> None:
    await save(source(), tmp_path / "s.tar.gz", namespace="shop")
    after = open_snapshot(tmp_path / "s.tar.gz")
    assert (await after.list(Pod, "shop")).complete
    assert await after.get(Pod, "absent", "shop") is None
    for listing in (await after.list(Pod, "other"), await after.list(Pod)):
        assert not listing.complete
    assert isinstance(await after.get(Pod, "absent", "other"), Gap)
    assert after.where.namespace == "shop"
    assert "namespace shop only" in summary(tmp_path / "s.tar.gz").text()


async def test_a_kind_that_was_not_saved_is_unknown(tmp_path: Path) -> None:
    await save(source(), tmp_path / "s.tar.gz")
    after = open_snapshot(tmp_path / "s.tar.gz")
    for kind in (Route, Wider):
        assert not (await after.list(kind)).complete
    assert isinstance(await after.get(Wider, "web", "shop"), Gap)
    assert await after.get(Wider, "absent", "shop") is None


async def test_the_kinds_of_other_peoples_checks_are_saved_too(tmp_path: Path) -> None:
    route = {
        "apiVersion": "traefik.io/v1alpha1",
        "kind": "IngressRoute",
        "metadata": {"name": "r", "namespace": "shop"},
    }
    cluster = SnapshotCluster.from_documents([*documents(), route], where=WHERE, now=NOW)
    await save(cluster, tmp_path / "s.tar.gz", kinds=[Route])
    listing = await open_snapshot(tmp_path / "s.tar.gz").list(Route)
    assert [one.name for one in listing.items] == ["r"]
    assert listing.gap is None


@pytest.mark.parametrize("form", ["s.tar.gz", "s.json", "s.yaml"])
async def test_the_same_state_is_saved_as_the_same_bytes(tmp_path: Path, form: str) -> None:
    digests = set()
    for place in ("a", "b"):
        (tmp_path / place).mkdir()
        await save(source(), tmp_path / place / form)
        digests.add(hashlib.sha256((tmp_path / place / form).read_bytes()).hexdigest())
        assert os.listdir(tmp_path / place) == [form]
    assert len(digests) == 1


async def test_a_damaged_snapshot_of_ours_is_incomplete(tmp_path: Path) -> None:
    await save(source(), tmp_path / "folder")
    (tmp_path / "folder" / "objects" / "pods.json").write_text('{"items": [')
    after = open_snapshot(tmp_path / "folder")
    assert not (await after.list(Pod)).complete
    assert isinstance(await after.get(Pod, "web-1", "shop"), Gap)


async def test_a_snapshot_of_a_later_format_is_refused(tmp_path: Path) -> None:
    await save(source(), tmp_path / "folder")
    file = tmp_path / "folder" / "netdoc-snapshot.json"
    file.write_bytes(msgspec.json.encode(json.loads(file.read_bytes()) | {"format": 99}))
    with pytest.raises(ClusterError, match="format 99"):
        open_snapshot(tmp_path / "folder")


async def test_a_folder_with_something_in_it_is_not_written_to(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    with pytest.raises(OSError, match="not an empty folder"):
        await save(source(), tmp_path)
    assert os.listdir(tmp_path) == ["precious"]


async def test_a_summary_counts_and_tells_the_time(tmp_path: Path) -> None:
    await save(source(), tmp_path / "s.tar.gz")
    ours = summary(tmp_path / "s.tar.gz")
    assert ours.taken == NOW
    assert ours.own
    assert ours.complete
    assert ours.counts["pods"] == 4
    assert ours.counts["networkpolicies.networking.k8s.io"] == 1
    assert ours.logs == 1
    assert "2026-11-20 12:00:00 UTC" in ours.text()
    (tmp_path / "theirs.json").write_text(json.dumps(pod("a")))
    theirs = summary(tmp_path / "theirs.json")
    assert not theirs.own
    assert theirs.taken == datetime(2026, 11, 20, 10, tzinfo=UTC)
    assert theirs.counts == {"pods": 1}
