"""From whose eyes a run is judged: each source, each kind of pod of it, and no more of them than can be read."""

from __future__ import annotations

import msgspec

from netdoc.engine.ledger import Ledger
from netdoc.engine.views import MOST, Viewpoint, together, viewpoints
from netdoc.model.codes import known_codes
from netdoc.model.finding import Finding, Severity, Unjudged
from netdoc.model.kube.meta import ObjectRef
from netdoc.path import parse_source, parse_target, resolve
from netdoc.ports import Recorder
from tests.path.clusters import Document, cluster_of, pod, thing

WEB = ObjectRef(api_version="v1", kind="Service", namespace="shop", name="web")
TARGET = parse_target("10.0.0.1:80")


def caller(name: str, node: str = "node-a") -> Document:
    return pod(name, labels={"app": name}, node=node)


async def seen(documents: list[Document], *sources: str) -> tuple[tuple[Viewpoint, ...], Ledger]:
    recorder = Recorder(cluster_of([thing("Namespace", "shop", ""), *documents]))
    specs = tuple(map(parse_source, sources))
    ledger = Ledger(known_codes(), recorder)
    path = await resolve(recorder, TARGET, specs)
    ledger.viewpoints = await viewpoints(recorder, TARGET, specs, path, ledger)
    return ledger.viewpoints, ledger


async def test_one_source_of_one_kind_needs_no_second_look() -> None:
    views, _ = await seen([caller("a")], "pod/a.shop")
    assert views == ()


async def test_each_kind_of_pod_is_a_viewpoint_of_its_own() -> None:
    views, _ = await seen([caller("a"), caller("b")], "ns/shop")
    assert [one.vantage for one in views] == ["exec:shop/a", "exec:shop/b"]
    assert {one.source.hop for one in views} == {"client/namespace/shop"}


async def test_one_source_typed_twice_is_one() -> None:
    views, _ = await seen([caller("a")], "pod/a.shop", "pod/a.shop")
    assert views == ()


async def test_what_exceeds_the_limit_is_said() -> None:
    views, ledger = await seen([caller(f"p{number:02}") for number in range(MOST + 3)], "ns/shop")
    assert len(views) == MOST
    assert [(one.what, one.reason, one.blocking) for one in ledger.unjudged] == [
        ("3 more pods of the sources one by one", "incomplete", False)
    ]


async def test_a_resolver_in_words() -> None:
    plain = pod("plain", labels={"app": "1"}, dnsPolicy="ClusterFirst")
    on_host = pod("on-host", labels={"app": "2"}, dnsPolicy="ClusterFirst", hostNetwork=True)
    by_hand = pod("by-hand", labels={"app": "3"}, dnsPolicy="None", dnsConfig={"nameservers": ["10.0.0.53"]})
    views, _ = await seen([plain, on_host, by_hand], "pod/plain.shop", "pod/on-host.shop", "pod/by-hand.shop", "here")
    assert [one.resolver for one in views] == [
        "dnsPolicy ClusterFirst",
        "dnsPolicy ClusterFirst with hostNetwork",
        "dnsPolicy None, nameserver 10.0.0.53",
        "",
    ]


def finding(code: str, severity: Severity | None = None) -> Finding:
    return Finding(code=code, title=code, object=WEB, hops=(), severity=severity)


async def test_what_holds_of_none_by_itself_is_not_told_of_all() -> None:
    _, ledger = await seen([caller("a"), caller("b")], "ns/shop")
    both, mine = finding("dns.timeout"), finding("packet.loss")
    told = together([both, finding("dns.wrong-address")], ledger, [[both, mine], [both]])
    assert [one.code for one in told if isinstance(one, Finding)] == ["dns.timeout", "packet.loss"]
    assert [[each.code for each in one.ledger.findings] for one in ledger.viewpoints] == [
        ["dns.timeout", "packet.loss"],
        ["dns.timeout"],
    ]


async def test_what_weighs_more_for_one_weighs_so_for_all() -> None:
    _, ledger = await seen([caller("a"), caller("b")], "ns/shop")
    mild, grave = finding("packet.loss", "warning"), finding("packet.loss", "error")
    told = together([mild], ledger, [[mild], [grave]])
    assert [one.severity for one in told if isinstance(one, Finding)] == ["warning", "error"]
    _, fresh = await seen([caller("a"), caller("b")], "ns/shop")
    assert together([mild], fresh, [[mild], [mild]]) == [mild]


async def test_a_doubt_of_one_is_a_doubt_of_all() -> None:
    _, ledger = await seen([caller("a"), caller("b")], "ns/shop")
    known = Unjudged(what="pods", reason="forbidden", blocking=True)
    own = msgspec.structs.replace(known, what="nodes")
    assert together([known], ledger, [[known], [known, own]]) == [known, own]
