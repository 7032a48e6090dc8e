"""From a target and its sources to the way between them."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from netdoc.engine.absent import title_of
from netdoc.model.path import Path
from netdoc.model.target import SourceSpec
from netdoc.path import guessed_source, parse_target, resolve
from tests.path.clusters import SHOP, Refusing, asked, cluster_of, found, node, pod, service, thing, way

WEB = ["service/shop/web:80", "endpoint/shop/web-7d8f9c5b6d-x2x4q:8080", "pod/shop/web-7d8f9c5b6d-x2x4q", "node/node-a"]
DB = ["service/databases/db:5432", "endpoint/databases/db-0:5432", "pod/databases/db-0", "node/node-b"]
LAN, PUBLIC, CLAIMED = "service/edge/lan:80", "service/edge/public:443", "service/edge/claimed:8000"


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        # Services, by every way to name one.
        ("svc/web", WEB),
        ("svc/web:80", WEB),
        ("svc/web:http", WEB),
        ("svc/web.shop:80", WEB),
        ("shop/svc/web:80", WEB),
        ("svc/db.databases:pg", DB),
        ("svc/dns:53/udp", ["service/shop/dns:53/udp"]),
        ("svc/web:81", ["service/shop/web:81"]),
        ("svc/alias:80", ["service/shop/alias:80", *WEB]),
        ("svc/outside:443", ["service/shop/outside:443", "external/api.example.com"]),
        # Pods, workloads, nodes.
        ("pod/web-7d8f9c5b6d-x2x4q:8080", ["pod/shop/web-7d8f9c5b6d-x2x4q", "node/node-a"]),
        ("deploy/web", ["pod/shop/web-7d8f9c5b6d-x2x4q", "node/node-a"]),
        ("deploy/web.v2", ["pod/shop/webv2-1", "node/node-a"]),
        ("deploy/web.v2.shop", ["pod/shop/webv2-1", "node/node-a"]),
        ("statefulset/db.databases:5432", ["pod/databases/db-0", "node/node-b"]),
        ("node/node-a", ["node/node-a"]),
        ("node/node-a:30080", ["node/node-a:30080", LAN]),
        # Addresses: whose is it?
        ("10.43.7.9:80", WEB),
        ("[fd00:10:43:0::9]:80", WEB),
        ("10.42.0.7:8080", WEB[2:]),
        ("fd00:10:42:0:0:0:0:7", WEB[2:]),
        ("192.168.20.11", ["node/node-a"]),
        ("192.168.20.11:30080", ["node/node-a:30080", LAN]),
        ("192.168.20.12:31443", ["node/node-b:31443", PUBLIC]),
        ("192.168.20.12:9100", ["pod/edge/exporter", "node/node-b"]),
        ("192.168.20.11:9100", ["node/node-a:9100"]),
        ("203.0.113.10:443", ["loadbalancer/edge/public", PUBLIC]),
        ("198.51.100.7:8000", [CLAIMED]),
        ("192.0.2.1:443", ["external/192.0.2.1:443"]),
        # Names, as a pod of shop reads them.
        ("web", WEB),
        ("web:80", WEB),
        ("web.shop", WEB),
        ("WEB.Shop", WEB),
        ("web.shop.svc", WEB),
        ("web.shop.svc.cluster.local", WEB),
        ("web.shop.svc.cluster.local.", WEB),
        ("_http._tcp.web.shop.svc.cluster.local", WEB),
        ("db-0.db.databases", DB[2:]),
        ("db-0.db.databases.svc.cluster.local:5432", DB[2:]),
        ("10-42-1-20.db.databases.svc.cluster.local", DB[2:]),
        ("10-99-0-1.db.databases.svc.cluster.local", DB),
        ("10-42-1-20.databases.pod.cluster.local", DB[2:]),
        ("web.shop.svc.example.org", WEB),
        ("node-a:30080", ["node/node-a:30080", LAN]),
        ("http://web/", WEB),
        ("http://web.shop/cart", WEB),
        ("http://10.43.7.9/", WEB),
        ("https://public.edge", [PUBLIC]),
        ("postgres://db.databases", DB),
        # Outside names.
        ("https://shop.example.com", ["external/shop.example.com:443"]),
        ("example.com", ["external/example.com"]),
        ("web.shop.", ["external/web.shop."]),
        ("a.b.c.example.com:8443", ["external/a.b.c.example.com:8443"]),
    ],
)
async def test_the_way_from_a_pod(target: str, expected: list[str]) -> None:
    path = await found(target, "deploy/client")
    assert way(path) == ["client/deployment/shop/client", *expected]
    assert (path.absent, path.unread) == ((), ())


@pytest.mark.parametrize(
    ("target", "source", "first"),
    [
        ("svc/public.edge", "internet", "loadbalancer/edge/public"),
        ("svc/public.edge", "here", "loadbalancer/edge/public"),
        ("svc/public.edge", "192.168.20.60", "loadbalancer/edge/public"),
        ("svc/public.edge", "10.42.0.8", PUBLIC),
        ("svc/public.edge", "node/node-a", PUBLIC),
        ("svc/lan.edge", "internet", LAN),
        ("203.0.113.10", "deploy/client", "loadbalancer/edge/public"),
    ],
)
async def test_what_traffic_meets_first(target: str, source: str, first: str) -> None:
    assert way(await found(target, source))[1] == first


async def test_the_way_in_comes_before_what_is_behind_it() -> None:
    ids = [hop.id for hop in (await found("192.168.20.11:30080", "192.168.20.60")).hops]
    assert ids.index("node/node-a:30080") < ids.index(LAN)


@pytest.mark.parametrize(
    ("target", "client"),
    [
        ("svc/web", "Any"), ("pod/web-7d8f9c5b6d-x2x4q", "Any"), ("ns/shop", "Any"), ("web.shop", "Any"),
        ("http://web.shop/", "Any"), ("http://wbe.shop/", "Any"), ("10.43.7.9", "Any"), ("192.168.20.11", "Any"),
        ("https://shop.example.com/", "Internet"), ("shop.example.com:443", "Here"), ("192.0.2.1:443", "Here"),
        ("ingressroute/shop", "Internet"), ("httproute/shop", "Internet"), ("certificate/shop", "Any"),
    ],
)  # fmt: skip
async def test_who_calls_where_nobody_was_named(target: str, client: str) -> None:
    assert [source.spec.kind for source in (await found(target)).sources] == [client]


async def test_a_short_name_is_read_in_the_namespace_of_its_source() -> None:
    assert way(await found("db:5432", "statefulset/db.databases"))[1:] == DB
    assert way(await found("db:5432", "ns/databases"))[1:] == DB
    missing = await found("db:5432", "deploy/client")
    assert [title_of(one) for one in missing.absent] == ['no Service "db" in shop']


async def test_each_source_reads_a_short_name_in_its_own_namespace() -> None:
    twice = (*SHOP, service("web", "10.43.7.77", namespace="databases"))
    path = await found("web:80", "deploy/client", "statefulset/db.databases", cluster=cluster_of(twice))
    firsts = [way(path, source.hop)[1] for source in path.sources]
    assert firsts == ["service/shop/web:80", "service/databases/web:80"]


async def test_a_pods_own_search_list_is_asked_first() -> None:
    search = {"nameservers": ["10.43.0.10"], "searches": ["databases.svc.cluster.local"]}
    custom = pod("custom", "10.42.0.66", dnsPolicy="None", dnsConfig=search)
    path = await found("db:5432", "pod/custom", cluster=cluster_of((*SHOP, custom)))
    assert way(path)[1] == "service/databases/db:5432"


async def test_a_hostname_wins_over_a_namespace_as_the_search_list_has_it() -> None:
    both = (*SHOP, thing("Namespace", "db", ""), service("db-0", "10.43.9.9", namespace="db"))
    path = await found("db-0.db", "ns/databases", cluster=cluster_of(both))
    assert way(path)[1] == "pod/databases/db-0"


async def test_localhost_is_the_caller_itself() -> None:
    assert way(await found("127.0.0.1:5432", "pod/web-7d8f9c5b6d-x2x4q")) == [
        "client/pod/shop/web-7d8f9c5b6d-x2x4q", "pod/shop/web-7d8f9c5b6d-x2x4q", "node/node-a",
    ]  # fmt: skip


async def test_localhost_of_nobody_in_the_cluster_is_nobodys() -> None:
    assert way(await found("127.0.0.1:5432", "internet"))[1:] == ["external/127.0.0.1:5432"]


async def test_every_port_is_meant_where_none_is_named() -> None:
    path = await found("svc/dns")
    assert path.hop("client/any").next == ("service/shop/dns:53/udp", "service/shop/dns:53")  # type: ignore[union-attr]


async def test_a_namespace_means_each_of_its_services() -> None:
    path = await found("ns/edge")
    assert [hop.id for hop in path.of_kind("service")] == [CLAIMED, LAN, PUBLIC]
    assert [hop.id for hop in (await found("ns/edge:8000")).of_kind("service")] == [CLAIMED]


async def test_a_namespace_without_services_is_not_silent() -> None:
    path = await found("ns/empty")
    assert [title_of(one) for one in path.absent] == ["empty has no Service"]
    assert len(path.hops) == 2


async def test_a_port_carries_its_protocol_to_the_pod() -> None:
    hop = (await found("pod/web-7d8f9c5b6d-x2x4q:8080/udp")).of_kind("pod")[0]
    assert (hop.port, hop.protocol) == (8080, "UDP")
    named = (await found("pod/web-7d8f9c5b6d-x2x4q:http")).of_kind("pod")[0]
    assert (named.port, named.protocol) == (8080, "TCP")


# What is not there.


@pytest.mark.parametrize(
    ("target", "title"),
    [
        ("svc/wbe", 'no Service "wbe" in shop; there is "web"'),
        ("svc/wbe.shop", 'no Service "wbe" in shop; there is "web"'),
        ("shop/svc/wbe:80", 'no Service "wbe" in shop; there is "web"'),
        ("shop/svc/web.shop", 'no Service "web.shop" in shop'),
        ("svc/web.shpo", 'no Namespace "shpo"; there is "shop"'),
        ("shpo/svc/web", 'no Namespace "shpo"; there is "shop"'),
        ("deploy/clinet", 'no Deployment "clinet" in shop; there is "client"'),
        ("deploy/clinet.shop", 'no Deployment "clinet" in shop; there is "client"'),
        ("deploy/web.v3", 'no Deployment "web.v3" in shop; there is "web.v2", "web"'),
        ("pod/web-0", 'no Pod "web-0" in shop; there is "webv2-1"'),
        ("node/node-c", 'no Node "node-c"; there is "node-b", "node-a"'),
        ("ns/shopp", 'no Namespace "shopp"; there is "shop"'),
        ("wbe", 'no Service "wbe" in shop; there is "web"'),
        ("wbe.shop", 'no Service "wbe" in shop; there is "web"'),
        ("web.shpo", 'no Namespace "shpo"; there is "shop"'),
        ("http://wbe.shop.svc.cluster.local/", 'no Service "wbe" in shop; there is "web"'),
        ("web.shpo.svc", 'no Namespace "shpo"; there is "shop"'),
        ("db-9.db.databases", 'no Pod "db-9" in databases; there is "db-0"'),
        ("db-9.db.databases.svc.cluster.local", 'no Pod "db-9" in databases; there is "db-0"'),
        ("web.shop.cluster.local",
         "web.shop.cluster.local is no name of cluster DNS; there is web.shop.svc.cluster.local"),
        ("10.42.0.200:80", "10.42.0.200 is in the pod range of node node-a, and no pod has it"),
    ],
)  # fmt: skip
async def test_what_is_absent_says_the_near_miss(target: str, title: str) -> None:
    path = await found(target, "ns/shop")
    assert [title_of(one) for one in path.absent] == [title]
    assert path.unread == ()
    assert len(way(path)) == 2


@pytest.mark.parametrize(
    ("target", "detail"),
    [
        ("svc/db", "there is one in databases"),
        ("deploy/db.databases", "there is a StatefulSet of this name"),
        ("deploy/lost.shop", ""),
        ("db-9.db.databases", "svc/db has no endpoint of this name"),
    ],
)
async def test_where_else_it_is(target: str, detail: str) -> None:
    assert [one.detail for one in (await found(target, "ns/shop")).absent] == [detail]


async def test_an_absent_source_is_said_and_the_target_found() -> None:
    path = await found("svc/web", "deploy/clinet")
    assert [(one.what, title_of(one)) for one in path.absent] == [
        ("source", 'no Deployment "clinet" in shop; there is "client"')
    ]
    assert way(path)[1:] == WEB


# What may not be read.


@pytest.mark.parametrize(
    ("target", "refused", "what"),
    [
        ("svc/web", "get services", "get services"),
        ("pod/web-0", "get pods", "get pods"),
        ("deploy/web.shop", "get deployments", "get deployments"),
        ("ns/shop", "list services", "list services"),
        ("svc/web", "list endpointslices", "list endpointslices"),
        ("svc/web", "list pods", "list pods"),
        ("deploy/web", "list pods", "list pods"),
        ("10.43.7.9", "list services", "list services"),
        ("10.42.0.200", "list pods", "list pods"),
        ("192.0.2.1", "list nodes", "list nodes"),
        ("192.168.20.11:30080", "list services", "list services"),
        ("web.shop", "get services", "get services"),
        ("web.shop.svc.cluster.local", "get services", "get services"),
        ("ingressroute/shop", "", "get ingressroutes"),
    ],
)
async def test_a_refusal_is_unread_and_never_absent(target: str, refused: str, what: str) -> None:
    path = await found(target, "internet", cluster=Refusing(cluster_of(), refused) if refused else None)
    assert path.absent == ()
    assert [(one.gap.what, one.gap.blocking) for one in path.unread][:1] == [(what, True)]
    assert path.unread[0].hop in {hop.id for hop in path.hops}


async def test_an_outside_name_of_three_labels_is_outside_for_those_who_may_read_little() -> None:
    path = await found("https://shop.example.com/", cluster=Refusing(cluster_of(), "services", "namespaces"))
    assert path.sources[0].spec.kind == "Internet"
    assert [hop.kind for hop in path.hops] == ["client", "external"]
    assert [one.gap.blocking for one in path.unread] == [False]


async def test_a_split_name_is_found_where_the_literal_one_may_not_be_read() -> None:
    path = await found(
        "deploy/web.shop", cluster=Refusing(cluster_of(namespace="databases"), "get deployments/databases")
    )
    assert (path.object and path.object.name, path.unread) == ("web", ())


@pytest.mark.parametrize(
    ("source", "refused"),
    [("deploy/client", "get deployments"), ("deploy/client", "list pods"), ("ns/databases", "list pods"),
     ("10.42.0.8", "list pods"), ("192.168.20.60", "list nodes")],
)  # fmt: skip
async def test_a_source_that_may_not_be_read_is_unread(source: str, refused: str) -> None:
    path = await found("svc/alias:81", source, cluster=Refusing(cluster_of(), refused))
    assert path.absent == ()
    assert path.sources[0].hop in [one.hop for one in path.unread]


# Who calls.


@pytest.mark.parametrize(
    ("source", "pods"),
    [
        ("pod/client-5b9f7c6d4-kx2lz", ["client-5b9f7c6d4-kx2lz"]),
        ("deploy/client", ["client-5b9f7c6d4-bbbbb", "client-5b9f7c6d4-kx2lz"]),
        ("ns/databases", ["db-0"]),
        ("node/node-a", []),
        ("cronjob/report", ["report-1-abcde"]),
        ("job/report-1", ["report-1-abcde"]),
        ("10.42.0.8", ["client-5b9f7c6d4-kx2lz"]),
        ("192.168.20.11", []),
        ("192.168.20.60", []),
        ("internet", []),
        ("here", []),
    ],
)
async def test_a_source_stands_for_each_set_of_labels_and_each_node(source: str, pods: list[str]) -> None:
    path = await found("svc/web", source)
    assert [one.name for one in path.sources[0].pods] == pods
    assert (path.absent, path.unread) == ((), ())


async def test_an_address_that_calls_is_known_by_its_holder() -> None:
    by_pod, by_node, stranger = [(await found("svc/web", one)).sources[0] for one in
                                 ("10.42.0.8", "192.168.20.11", "192.168.20.60")]  # fmt: skip
    assert [one.object.kind if one.object else "" for one in (by_pod, by_node, stranger)] == ["Pod", "Node", ""]
    assert [one.addresses for one in (by_pod, stranger)] == [("10.42.0.8",), ("192.168.20.60",)]


async def test_several_sources_each_have_their_way() -> None:
    path = await found("svc/public.edge", "deploy/client", "internet", "node/node-a")
    assert [way(path, source.hop)[1] for source in path.sources] == [PUBLIC, "loadbalancer/edge/public", PUBLIC]


async def _pasted(prefix: str) -> Path:
    target = parse_target(f"{prefix} dial tcp 10.43.7.9:80: i/o timeout")
    guess = guessed_source(target)
    assert guess is not None
    return await resolve(cluster_of(namespace="edge"), target, (guess,))


@pytest.mark.parametrize(
    ("prefix", "kind", "name"),
    [
        ("[pod/client-5b9f7c6d4-kx2lz/app]", "Pod", "client-5b9f7c6d4-kx2lz"),
        ("pod=client-5b9f7c6d4-kx2lz namespace=shop", "Pod", "client-5b9f7c6d4-kx2lz"),
        ("pod=client-5b9f7c6d4-zzzzz namespace=shop", "Deployment", "client"),
        ("pod=db-7 namespace=databases", "StatefulSet", "db"),
    ],
)
async def test_a_guessed_source_is_found_and_said_to_be_a_guess(prefix: str, kind: str, name: str) -> None:
    path = await _pasted(prefix)
    source = path.sources[0]
    assert source.object is not None
    assert (source.object.kind, source.object.name) == (kind, name)
    assert "guessed from the pasted line" in source.spec.input
    assert len(path.assumed) == 1
    assert path.absent == ()


async def test_a_guess_that_leads_nowhere_is_no_finding() -> None:
    path = await _pasted("pod=gone-0 namespace=shop")
    assert [source.spec.kind for source in path.sources] == ["Any"]
    assert "gone-0.shop" in path.assumed[0]
    assert (path.absent, path.unread) == ((), ())


# What it costs.


@pytest.mark.parametrize(
    ("target", "source", "most"),
    [
        ("svc/web.shop:80", "deploy/client", 5),
        ("10.43.7.9:80", "deploy/client", 5),
        ("10.42.0.7:8080", "deploy/client", 4),
        ("http://web.shop/", "deploy/client", 7),
        ("https://shop.example.com/", "deploy/client", 5),
        ("svc/web.shop:80", "192.168.20.60", 5),
    ],
)
async def test_few_questions_are_asked(target: str, source: str, most: int) -> None:
    _, recorder = await asked(target, source)
    assert len(recorder.records) <= most, [record.ask for record in recorder.records]


@pytest.mark.parametrize(
    "target",
    ["svc/web", "10.42.0.7", "fd00:10:42::7", "10.42.0.200", "192.168.20.11:9100", "192.0.2.1", "web", "ns/shop"],
)
@pytest.mark.parametrize("source", ["deploy/client", "cronjob/report", "192.168.20.60", "node/node-a"])
async def test_never_all_pods_of_the_cluster(target: str, source: str) -> None:
    _, recorder = await asked(target, source)
    asks = [record.ask for record in recorder.records if record.ask.resource == "pods" and record.ask.verb == "list"]
    assert [ask for ask in asks if not (ask.namespace or ask.labels or ask.fields)] == []


# Odd clusters.

names = st.sampled_from(["web", "db", "client", "web-0", "x"])
addresses = st.sampled_from(["", "10.43.7.9", "10.42.0.7", "fd00::7", "not-an-address", "None", "127.0.0.1"])
services = st.builds(
    service, names, addresses,
    st.lists(st.fixed_dictionaries({}, optional={
        "name": names, "port": st.integers(0, 70000), "nodePort": st.integers(0, 40000),
        "targetPort": st.one_of(names, st.integers(0, 70000)),
        "protocol": st.sampled_from(["TCP", "UDP", "SCTP", "ODD"]),
    }), max_size=2),
    type=st.sampled_from(["ClusterIP", "NodePort", "LoadBalancer", "ExternalName", "Odd"]),
    externalName=st.sampled_from(["", "web.shop.svc.cluster.local", "db.shop.svc", "10.0.0.1", "..", "svc"]),
)  # fmt: skip
documents = st.lists(
    st.one_of(
        services,
        st.builds(pod, names, addresses.filter(lambda one: "," not in one), labels=st.just({"app": "web"})),
        st.builds(node, names, addresses, st.sampled_from(["", "10.42.0.0/24", "nonsense", "fd00::/64"])),
        st.builds(lambda name: thing("Namespace", name, ""), st.sampled_from(["shop", "web", "svc", "x"])),
        st.builds(lambda name, made: thing(made, name, "shop", "apps/v1"), names,
                  st.sampled_from(["Deployment", "StatefulSet"])),
    ),
    max_size=6,
    unique_by=lambda one: (one["kind"], one["metadata"]["name"]),
)  # fmt: skip
targets = st.sampled_from(
    ["svc/web", "svc/web:80", "svc/web.x:http", "deploy/web", "pod/web-0:http", "ns/shop", "node/web:80", "cronjob/x",
     "web", "web.shop", "web.shop.svc.cluster.local", "a.b.web.shop.svc.cluster.local", "web.svc", "svc.cluster.local",
     "cluster.local", "10-42-0-7.shop.pod", "x.pod.cluster.local", "*.example.com", "localhost:1", "http://web/",
     "10.43.7.9:80", "10.42.0.7", "[fd00::7]:80", "127.0.0.1:80", "ingress/web"]
)  # fmt: skip
callers_ = ["pod/web-0", "deploy/web", "ns/shop", "10.42.0.7", "internet", "here", "node/web"]
sources = st.lists(st.sampled_from(callers_), max_size=2)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(documents, targets, sources)
async def test_no_cluster_makes_it_raise(docs: list[dict[str, object]], target: str, callers: list[str]) -> None:
    path = await found(target, *callers, cluster=cluster_of(docs))
    ids = [hop.id for hop in path.hops]
    assert len(ids) == len(set(ids))
    assert {end for hop in path.hops for end in hop.next} <= set(ids)
    assert all(source.hop in ids for source in path.sources)
    assert all(way(path, source.hop)[1:] for source in path.sources)
    again = await found(target, *callers, cluster=cluster_of(docs))
    assert msgspec.to_builtins(again) == msgspec.to_builtins(path)


@settings(max_examples=60, deadline=None)
@given(targets, st.sampled_from(["services", "pods", "namespaces", "nodes", "endpointslices", "deployments"]))
async def test_no_refusal_makes_anything_absent_that_is_there(target: str, refused: str) -> None:
    path = await found(target, "internet", cluster=Refusing(cluster_of(), refused))
    there = {(one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]) for one in SHOP}
    assert [one for one in path.absent if (one.object.kind, one.object.namespace, one.object.name) in there] == []


async def test_any_client_is_the_source_of_a_bare_request() -> None:
    path = await resolve(cluster_of(), parse_target("svc/web"), (SourceSpec(),))
    assert path.sources[0].hop == "client/any"
