"""resolv.conf as the kubelet writes it, and the queries that glibc and musl make of a name."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdoc.model.kube import Pod
from netdoc.predict.dns.expansion import Libc, expand, following, ndots
from netdoc.predict.dns.resolver import ResolvConf, parse, resolv_conf_of

NODE = ResolvConf(("192.0.2.53",), ("corp.example",), ("timeout:1",))
CLUSTER_SEARCH = ("shop.svc.cluster.local", "svc.cluster.local", "cluster.local")


def pod(**spec: Any) -> Pod:
    return msgspec.convert({"metadata": {"name": "p", "namespace": "shop"}, "spec": spec}, Pod)


def written(node: ResolvConf | None = NODE, dns: tuple[str, ...] = ("10.43.0.10",), **spec: Any) -> ResolvConf:
    return resolv_conf_of(pod(**spec), dns, "cluster.local", node)


# pod spec -> nameservers, searches, options
POLICIES: dict[str, tuple[dict[str, Any], ResolvConf]] = {
    "ClusterFirst": ({}, ResolvConf(("10.43.0.10",), (*CLUSTER_SEARCH, "corp.example"), ("ndots:5",))),
    "Default": ({"dnsPolicy": "Default"}, NODE),
    "host network with ClusterFirst": ({"hostNetwork": True}, NODE),
    "host network with ClusterFirstWithHostNet": (
        {"hostNetwork": True, "dnsPolicy": "ClusterFirstWithHostNet"},
        ResolvConf(("10.43.0.10",), (*CLUSTER_SEARCH, "corp.example"), ("ndots:5",)),
    ),
    "None": (
        {"dnsPolicy": "None", "dnsConfig": {"nameservers": ["192.0.2.1"], "searches": ["a.b"]}},
        ResolvConf(("192.0.2.1",), ("a.b",), ()),
    ),
    "None without anything": ({"dnsPolicy": "None"}, ResolvConf()),
    "dnsConfig is appended, duplicates go": (
        {"dnsConfig": {"nameservers": ["10.43.0.10", "192.0.2.1"], "searches": ["corp.example", "a.b"]}},
        ResolvConf(("10.43.0.10", "192.0.2.1"), (*CLUSTER_SEARCH, "corp.example", "a.b"), ("ndots:5",)),
    ),
    "an option of the same name replaces": (
        {"dnsConfig": {"options": [{"name": "ndots", "value": "2"}, {"name": "edns0"}]}},
        ResolvConf(("10.43.0.10",), (*CLUSTER_SEARCH, "corp.example"), ("ndots:2", "edns0")),
    ),
}


@pytest.mark.parametrize("policy", POLICIES)
def test_policy(policy: str) -> None:
    spec, expected = POLICIES[policy]
    assert written(**spec) == expected


def test_without_cluster_dns_the_kubelet_takes_the_nodes() -> None:
    assert written(dns=()) == NODE


def test_an_unread_node_leaves_its_part_unknown() -> None:
    assert written(None) == ResolvConf(("10.43.0.10",), CLUSTER_SEARCH, ("ndots:5",), ("searches",))
    assert written(None, dnsPolicy="Default").unknown == ("nameservers", "searches", "options")


def test_limits_of_the_kubelet() -> None:
    many = {
        "nameservers": [f"192.0.2.{at}" for at in range(9)],
        "searches": ["x" * 254, *(f"s{at}.example" for at in range(40))],
    }
    conf = written(dnsPolicy="None", dnsConfig=many)
    assert conf.nameservers == ("192.0.2.0", "192.0.2.1", "192.0.2.2")
    assert conf.searches == tuple(f"s{at}.example" for at in range(31))
    long = written(dnsPolicy="None", dnsConfig={"searches": [str(at) * 100 for at in range(10, 30)]})
    assert len(long.searches) == 10  # of 200 characters each: 2048 hold no more, with the blanks


def test_node_searches_lose_their_dot_and_the_root() -> None:
    node = ResolvConf(("192.0.2.53",), ("corp.example.", "."))
    assert written(node).searches == (*CLUSTER_SEARCH, "corp.example")


def test_parse() -> None:
    text = "# c\n; c\nsearch a.b\nnameserver 192.0.2.1\nnameserver ::1 # x\nsearch c.d e\n"
    text += "options ndots:2\noptions rotate\nnameserver\n"
    assert parse(text) == ResolvConf(("192.0.2.1", "::1"), ("c.d", "e"), ("ndots:2", "rotate"))
    assert parse("domain a.b\n").searches == ("a.b",)


@given(st.text())
def test_parse_takes_anything(text: str) -> None:
    assert isinstance(parse(text), ResolvConf)


POD = ResolvConf(("10.43.0.10",), CLUSTER_SEARCH, ("ndots:5",))
SEARCHED = [f"{{}}.{domain}." for domain in CLUSTER_SEARCH]


def queries(name: str, conf: ResolvConf = POD, libc: Libc = "glibc") -> list[str]:
    return [one.name for one in expand(name, conf, libc)]


@pytest.mark.parametrize("libc", ["glibc", "musl"])
@pytest.mark.parametrize("name", ["web", "web.shop", "www.example.org"])
def test_fewer_dots_than_ndots_search_first(name: str, libc: Libc) -> None:
    assert queries(name, libc=libc) == [*(one.format(name) for one in SEARCHED), f"{name}."]


@pytest.mark.parametrize("libc", ["glibc", "musl"])
def test_a_trailing_dot_ends_it(libc: Libc) -> None:
    assert queries("web.", libc=libc) == ["web."]


def test_enough_dots_are_asked_first_and_only_glibc_searches_after() -> None:
    name = "a.b.c.d.e.f"
    assert queries(name) == [f"{name}.", *(one.format(name) for one in SEARCHED)]
    assert queries(name, libc="musl") == [f"{name}."]


@pytest.mark.parametrize("name", ["", ".", "..", "a..b", "a..", "x" * 254])
def test_libc_refuses(name: str) -> None:
    assert queries(name) == []


def test_domains_that_make_a_name_too_long_are_passed_over() -> None:
    assert queries("x" * 240) == [f"{'x' * 240}."]


def test_the_root_in_the_search_list_is_the_name_itself() -> None:
    root = ResolvConf(searches=("a.b", ".", "c"))
    assert queries("web", root) == ["web.a.b.", "web.", "web.c."]
    assert queries("web", root, "musl") == ["web.a.b.", "web.c.", "web."]
    assert queries("web.x", root) == ["web.x.", "web.x.a.b.", "web.x.", "web.x.c."]


@pytest.mark.parametrize(("length", "read"), [(254, True), (255, False)])
def test_musl_does_not_read_a_long_search_line(length: int, read: bool) -> None:
    conf = ResolvConf(searches=("a" * 63 + ".example", "b" * 60, "c" * 60, "d" * (length - 194)))
    assert len(" ".join(conf.searches)) == length
    assert len(queries("web", conf, "musl")) == (5 if read else 1)
    assert len(queries("web", conf, "glibc")) == 5


@pytest.mark.parametrize(
    ("options", "dots"),
    [((), 1), (("ndots:5",), 5), (("ndots:99",), 15), (("ndots:x",), 1), (("ndots:2", "ndots:0"), 0)],
)
def test_ndots(options: tuple[str, ...], dots: int) -> None:
    assert ndots(ResolvConf(options=options)) == dots


# libc, name, which of its queries, rcode, addresses -> the next one (glibc 2.36 was seen to do so)
OUTCOMES: list[tuple[Libc, str, int, str, int, int | None]] = [
    ("glibc", "web", 0, "NXDOMAIN", 0, 1),
    ("musl", "web", 0, "NXDOMAIN", 0, 1),
    ("glibc", "web", 3, "NXDOMAIN", 0, None),
    ("glibc", "web", 0, "NOERROR", 0, 1),
    ("musl", "web", 0, "NOERROR", 0, None),
    ("glibc", "web", 0, "NOERROR", 1, None),
    ("musl", "web", 0, "NOERROR", 2, None),
    ("glibc", "web", 0, "SERVFAIL", 0, 1),
    ("musl", "web", 0, "SERVFAIL", 0, None),
    ("glibc", "web", 0, "REFUSED", 0, 3),
    ("glibc", "web", 0, "", 0, 3),
    ("glibc", "web", 3, "REFUSED", 0, None),
    ("musl", "web", 0, "", 0, None),
    ("glibc", "a.b.c.d.e.f", 0, "REFUSED", 0, 1),
    ("glibc", "a.b.c.d.e.f", 1, "REFUSED", 0, None),
    ("glibc", "web.", 0, "REFUSED", 0, None),
]


@pytest.mark.parametrize(("libc", "name", "at", "rcode", "answers", "after"), OUTCOMES)
def test_what_follows(libc: Libc, name: str, at: int, rcode: str, answers: int, after: int | None) -> None:
    assert following(expand(name, POD, libc), at, libc, rcode, answers) == after


DOMAIN = st.text("ab.-", max_size=20)
CONF = st.builds(
    ResolvConf,
    searches=st.lists(DOMAIN, max_size=5).map(tuple),
    options=st.integers(0, 20).map(lambda dots: (f"ndots:{dots}",)),
)


@given(st.text(), CONF, st.sampled_from(["glibc", "musl"]))
def test_laws(name: str, conf: ResolvConf, libc: Libc) -> None:
    asked = expand(name, conf, libc)
    assert len(asked) <= len(conf.searches) + 1
    assert all(one.name.endswith(".") and len(one.name) <= 254 for one in asked)
    assert not asked or name.removesuffix(".") + "." in [one.name for one in asked]
    if name.endswith("."):
        assert len(asked) <= 1
    if libc == "musl":
        assert {one.name for one in asked} <= {one.name for one in expand(name, conf, "glibc")}
