"""Whatever goes wrong between netdoc and the API server: no crash, no hang, and never "there is none"."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from netdoc.cluster import LiveCluster
from netdoc.model.kube import NetworkPolicy, Pod, Service
from netdoc.model.kube.meta import Kind, Object, ObjectRef
from netdoc.model.record import Gap
from netdoc.ports.cluster import Listing
from tests.cluster.conftest import Naps, Opener
from tests.fakes import apiserver as faults
from tests.fakes.apiserver import ApiServer, Fault

WEB_1 = ObjectRef(api_version="v1", kind="Pod", name="web-1", namespace="shop")

# How each ends when it does not stop: the reasons that may be given for it.
LASTING: dict[str, tuple[Fault, set[str]]] = {
    "401": (faults.answers(401, "Unauthorized"), {"forbidden"}),
    "403": (faults.answers(403, "Forbidden"), {"forbidden"}),
    "410": (faults.answers(410, "Expired"), {"incomplete", "unreachable"}),
    "429": (faults.answers(429, "TooManyRequests", {"Retry-After": "1"}), {"unreachable"}),
    "429 without a word": (faults.answers(429), {"unreachable"}),
    "500": (faults.answers(500), {"unreachable"}),
    "503": (faults.answers(503, "ServiceUnavailable"), {"unreachable"}),
    "504": (faults.answers(504, "Timeout"), {"unreachable"}),
    "400": (faults.answers(400, "BadRequest"), {"not-supported", "incomplete"}),
    "302 to elsewhere": (faults.answers(302, "Found", {"Location": "http://192.0.2.1/"}), {"unreachable"}),
    "reset": (faults.reset, {"unreachable"}),
    "reset in the body": (faults.reset_in_body, {"unreachable", "incomplete"}),
    "silence": (faults.silent, {"timeout"}),
    "stall in the body": (faults.stalls_in_body, {"timeout"}),
    "endless body": (faults.endless, {"timeout"}),
    "cut short": (faults.truncated, {"incomplete"}),
}

# Answers that only a reader of objects can tell to be wrong; a log may be any text.
SPOILT: dict[str, tuple[Fault, set[str]]] = {
    "half of the JSON": (faults.half_json, {"incomplete"}),
    "HTML": (faults.body(b"<html>Please sign in</html>", "text/html"), {"incomplete"}),
    "nothing": (faults.body(b""), {"incomplete"}),
    "an empty object": (faults.body(b"{}"), {"incomplete"}),
    "null": (faults.body(b"null"), {"incomplete"}),
    "a status": (faults.body(b'{"kind":"Status","status":"Success"}'), {"incomplete"}),
    "another kind": (faults.body(b'{"kind":"Secret","metadata":{"name":"web-1"},"items":7}'), {"incomplete"}),
    "nesting without end": (faults.body(b'{"kind":"PodList","items":' + b"[" * 200_000), {"incomplete"}),
    "not UTF-8": (faults.body(b'{"kind":"\xff\xfe"}'), {"incomplete"}),
    "false gzip": (faults.body(b"not gzip", headers={"Content-Encoding": "gzip"}), {"incomplete", "unreachable"}),
    "half of a gzip": (
        faults.body(gzip.compress(b'{"kind":"PodList","items":[]}' * 50)[:30], headers={"Content-Encoding": "gzip"}),
        {"incomplete", "unreachable"},
    ),
    "a field of the wrong type": (faults.wrong_types, {"incomplete"}),
}

Ask = Callable[[LiveCluster], Awaitable[Any]]

READS: dict[str, tuple[Ask, str, str]] = {
    "list pods": (lambda cluster: cluster.list(Pod), "list", "pods"),
    "list policies of a namespace": (lambda cluster: cluster.list(NetworkPolicy, "shop"), "list", "networkpolicies"),
    "get service": (lambda cluster: cluster.get(Service, "web", "shop"), "get", "services"),
}
LOG: tuple[Ask, str, str] = (lambda cluster: cluster.log(WEB_1, "app"), "log", "pods")

CASES = [
    pytest.param(fault, read, id=f"{fault_name}, {read_name}")
    for fault_name, fault in (LASTING | SPOILT).items()
    for read_name, read in READS.items()
] + [pytest.param(fault, LOG, id=f"{name}, log") for name, fault in LASTING.items()]


def gap_of(answer: Any) -> Gap | None:
    return answer.gap if isinstance(answer, Listing) else answer if isinstance(answer, Gap) else None


@pytest.mark.parametrize(("fault", "read"), CASES)
async def test_a_fault_that_lasts_is_a_gap_and_never_an_absence(
    api: ApiServer, live: Opener, fault: tuple[Fault, set[str]], read: tuple[Ask, str, str]
) -> None:
    ask, verb, resource = read
    cluster = live(request_timeout=5.0)
    await cluster.connect()
    if fault[1] == {"timeout"}:
        cluster.transport.timeout = 0.1
    api.fail(fault[0], verb=verb, resource=resource)

    gap = gap_of(await asyncio.wait_for(ask(cluster), 30))

    assert gap is not None
    assert gap.reason in fault[1]
    assert gap.detail
    assert gap.blocking or (verb == "log" and gap.reason == "incomplete")


PASSING = ["429", "429 without a word", "500", "503", "504", "reset", "reset in the body", "cut short"]


@pytest.mark.parametrize("name", PASSING)
@pytest.mark.parametrize("read", [*READS.values(), LOG], ids=[*READS, "log"])
async def test_a_fault_that_passes_is_not_seen(
    api: ApiServer, live: Opener, name: str, read: tuple[Ask, str, str]
) -> None:
    ask, verb, resource = read
    api.logs["shop", "web-1", "app"] = "started\n"
    cluster = live()
    whole = await ask(cluster)
    api.fail(LASTING[name][0], verb=verb, resource=resource, times=1)

    assert await ask(cluster) == whole
    assert gap_of(whole) is None


async def test_a_silence_that_passes_is_not_seen(api: ApiServer, live: Opener) -> None:
    cluster = live()
    await cluster.connect()
    cluster.transport.timeout = 1.0
    api.fail(faults.silent, verb="list", times=1)
    assert (await cluster.list(Pod)).complete


@pytest.mark.parametrize("count", [1, 2])
async def test_a_list_that_expires_is_started_again(api: ApiServer, live: Opener, count: int) -> None:
    api.fail(faults.answers(410, "Expired"), verb="list", times=count)
    listing = await live().list(Pod)
    assert listing.complete
    assert len(listing.items) == 3


async def test_a_list_cut_off_between_pages_keeps_what_came_and_is_incomplete(
    api: ApiServer, live: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("netdoc.cluster.live.PAGE", 2)
    api.fail(lambda handler: handler._list(), verb="list", times=1)
    api.fail(faults.answers(403, "Forbidden"), verb="list")
    listing = await live().list(Pod)
    assert len(listing.items) == 2
    assert listing.gap is not None
    assert listing.gap.reason == "incomplete"
    assert "after 2" in listing.gap.detail
    assert not listing.complete


async def test_pages_without_end_come_to_an_end(api: ApiServer, live: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netdoc.cluster.live.MOST_PAGES", 5)
    api.fail(faults.endless_pages, verb="list")
    listing = await live().list(Pod)
    assert not listing.complete
    assert len(api.requests) == 5


async def test_a_second_429_slows_everything_down_and_is_said(api: ApiServer, live: Opener, naps: Naps) -> None:
    api.fail(faults.answers(429, "TooManyRequests", {"Retry-After": "1"}), verb="list", times=2)
    cluster = live()
    assert (await cluster.list(Pod)).complete
    assert naps.taken[:2] == [1.0, pytest.approx(0.0, abs=1)]
    assert any("429" in note for note in cluster.notes)
    before = len(naps.taken)
    await asyncio.gather(*(cluster.get(Service, f"s{number}", "shop") for number in range(3)))
    assert sum(naps.taken[before:]) > 0


async def test_a_credential_that_expires_in_mid_run_is_a_gap(api: ApiServer, live: Opener) -> None:
    cluster = live()
    assert (await cluster.list(Pod)).complete
    api.tokens.add("another")
    listing = await cluster.list(Service)
    assert not listing.complete
    assert listing.gap is not None
    assert "credential" in listing.gap.detail


async def test_a_server_that_never_answered_is_waited_for_once(api: ApiServer, live: Opener) -> None:
    api.fail(faults.silent)
    cluster = live(request_timeout=0.1)
    answers = [await cluster.list(Pod), await cluster.list(Service), await cluster.get(Pod, "web-1", "shop")]
    assert [gap_of(one).reason for one in answers] == ["timeout"] * 3  # type: ignore[union-attr]
    assert len(api.requests) == 1


async def test_at_most_eight_requests_at_once(api: ApiServer, live: Opener) -> None:
    gate = asyncio.Event()
    loop = asyncio.get_running_loop()

    def waits_for_others(handler: faults.Handler) -> None:
        if handler.api.in_flight == 8:
            loop.call_soon_threadsafe(gate.set)
        asyncio.run_coroutine_threadsafe(asyncio.wait_for(gate.wait(), 10), loop).result()
        handler._get()

    api.fail(waits_for_others, verb="get")
    cluster = live()
    await asyncio.gather(*(cluster.get(Service, "web", "shop") for _ in range(20)))
    assert api.most_in_flight == 8


async def test_a_cancelled_read_leaves_nothing_waiting(api: ApiServer, live: Opener) -> None:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def silent(handler: faults.Handler) -> None:
        loop.call_soon_threadsafe(asked.set)
        faults.silent(handler)

    api.fail(silent, verb="list")
    cluster = live(request_timeout=30.0)
    task = asyncio.create_task(cluster.list(Pod))
    await asked.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert isinstance(await cluster.get(Service, "web", "shop"), Service)


class Route(Object, frozen=True):
    KIND = Kind("routes.example.com/v1", "Route", "routes")


class Tunnel(Object, frozen=True):
    KIND = Kind("tunnels.example.com/v1", "Tunnel", "tunnels")


async def test_a_kind_that_is_not_installed_is_none_and_costs_one_request_for_all(api: ApiServer, live: Opener) -> None:
    cluster = live()
    for kind in (Route, Tunnel):
        listing = await cluster.list(kind)
        assert listing.complete
        assert listing.gap is not None
        assert listing.gap.reason == "not-installed"
        gap = await cluster.get(kind, "x", "shop")
        assert isinstance(gap, Gap)
        assert not gap.blocking
    assert [one.path for one in api.requests] == ["/apis"]


async def test_a_kind_in_a_version_that_netdoc_does_not_read_is_unknown(api: ApiServer, live: Opener) -> None:
    api.groups["routes.example.com"] = ["v1alpha1"]
    listing = await live().list(Route)
    assert not listing.complete
    assert listing.gap is not None
    assert "v1alpha1" in listing.gap.detail
    assert isinstance(await live().get(Route, "x", "shop"), Gap)


async def test_a_resource_that_its_group_lacks_is_not_installed(api: ApiServer, live: Opener) -> None:
    api.groups["routes.example.com"] = ["v1"]
    listing = await live().list(Route)
    assert listing.complete
    assert listing.gap is not None
    assert listing.gap.reason == "not-installed"


@pytest.mark.parametrize(
    "fault", [faults.answers(403, "Forbidden"), faults.answers(500), faults.body(b"<html>"), faults.body(b"{}")]
)
async def test_where_the_server_does_not_say_what_it_serves_a_404_is_unknown(
    api: ApiServer, live: Opener, fault: Fault
) -> None:
    api.fail(fault, verb="other")
    assert not (await live().list(Route)).complete
    api.documents.append({"apiVersion": "routes.example.com/v1", "kind": "Route", "metadata": {"name": "x"}})
    assert [one.name for one in (await live().list(Route)).items] == ["x"]


async def test_a_built_in_kind_that_is_not_served_may_not_be_concluded_from(api: ApiServer, live: Opener) -> None:
    api.fail(faults.body(b"404 page not found"), verb="none")
    api.fail(lambda handler: handler.raw(404, b"404 page not found", "text/plain"), verb="list")
    assert not (await live().list(NetworkPolicy)).complete


async def test_objects_with_absent_fields_and_nulls_are_read(api: ApiServer, live: Opener) -> None:
    api.documents = [
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "bare", "namespace": "shop"}},
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "nulls", "labels": None},
            "spec": {"containers": None},
        },
    ]
    listing = await live().list(Pod)
    assert listing.complete
    assert [one.name for one in listing.items] == ["bare", "nulls"]


async def test_one_unreadable_object_costs_itself_alone_and_is_named(api: ApiServer, live: Opener) -> None:
    api.documents[1]["spec"]["containers"] = "two"
    listing = await live().list(Pod)
    assert [one.name for one in listing.items] == ["web-2", "db-0"]
    assert listing.gap is not None
    assert listing.gap.blocking
    assert "web-1" in listing.gap.detail
    assert "spec.containers" in listing.gap.detail


@pytest.mark.parametrize(("skew", "way"), [(3600.0, "behind"), (-3600.0, "ahead")])
async def test_now_is_the_servers_and_a_wrong_clock_is_said(
    api: ApiServer, live: Opener, skew: float, way: str
) -> None:
    api.skew = skew
    cluster = live()
    ahead = await cluster.now() - datetime.now(UTC)
    assert abs(ahead - timedelta(seconds=skew)) < timedelta(seconds=5)
    assert any(way in note for note in cluster.notes)


async def test_without_the_servers_clock_this_machines_is_used_and_said(api: ApiServer, live: Opener) -> None:
    api.fail(faults.reset)
    cluster = live(request_timeout=0.25)
    await cluster.now()
    assert any("this machine's clock" in note for note in cluster.notes)
