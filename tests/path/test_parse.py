"""TARGET and SOURCE as typed."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdoc.model.target import Port, SourceSpec, Target
from netdoc.path import TargetError, parse_port, parse_source, parse_target
from netdoc.path.kinds import NAMED


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("svc/web", {"kind": "Service", "name": "web"}),
        ("svc/web.shop:80", {"kind": "Service", "name": "web.shop", "port": Port(number=80)}),
        ("service/web:http", {"kind": "Service", "name": "web", "port": Port(name="http")}),
        ("svc/dns:53/udp", {"kind": "Service", "name": "dns", "port": Port(number=53, protocol="UDP")}),
        ("svc/sig:3868/SCTP", {"kind": "Service", "name": "sig", "port": Port(number=3868, protocol="SCTP")}),
        ("shop/svc/web:80", {"kind": "Service", "name": "web", "namespace": "shop", "exact": True,
                             "port": Port(number=80)}),
        ("pod/web-0", {"kind": "Pod", "name": "web-0"}),
        ("deploy/web.v2.shop", {"kind": "Deployment", "name": "web.v2.shop"}),
        ("deployment.apps/web", {"kind": "Deployment", "name": "web"}),
        ("sts/db:5432", {"kind": "StatefulSet", "name": "db", "port": Port(number=5432)}),
        ("statefulset/db", {"kind": "StatefulSet", "name": "db"}),
        ("daemonset/agent", {"kind": "DaemonSet", "name": "agent"}),
        ("ingress/shop", {"kind": "Ingress", "name": "shop"}),
        ("ingressroute/shop", {"kind": "IngressRoute", "name": "shop"}),
        ("ingressroute.traefik.io/shop", {"kind": "IngressRoute", "name": "shop"}),
        ("gateway/edge", {"kind": "Gateway", "name": "edge"}),
        ("httproute/shop", {"kind": "HTTPRoute", "name": "shop"}),
        ("certificate/shop", {"kind": "Certificate", "name": "shop"}),
        ("node/node-a", {"kind": "Node", "name": "node-a"}),
        ("ns/shop", {"kind": "Namespace", "name": "shop"}),
        ("10.43.0.10", {"kind": "IP", "host": "10.43.0.10"}),
        ("10.43.0.10:53/udp", {"kind": "IP", "host": "10.43.0.10", "port": Port(number=53, protocol="UDP")}),
        ("fd00:10:43:0:0::9", {"kind": "IP", "host": "fd00:10:43::9"}),
        ("[FD00::9]:80", {"kind": "IP", "host": "fd00::9", "port": Port(number=80)}),
        ("::ffff:10.43.0.10", {"kind": "IP", "host": "10.43.0.10"}),
        ("web.shop", {"kind": "Host", "host": "web.shop"}),
        ("WEB.shop:http", {"kind": "Host", "host": "web.shop", "port": Port(name="http")}),
        ("web.shop.svc.cluster.local.:80", {"kind": "Host", "host": "web.shop.svc.cluster.local.",
                                            "port": Port(number=80)}),
        ("_http._tcp.web.shop", {"kind": "Host", "host": "_http._tcp.web.shop"}),
        ("http://web/", {"kind": "URL", "host": "web", "port": Port(number=80), "url": "http://web/"}),
        ("https://Shop.Example.com/Cart?q=1", {"kind": "URL", "host": "shop.example.com", "port": Port(number=443),
                                               "url": "https://Shop.Example.com/Cart?q=1"}),
        ("https://shop.example.com:8443", {"kind": "URL", "host": "shop.example.com", "port": Port(number=8443),
                                           "url": "https://shop.example.com:8443"}),
        ("http://[fd00:0::9]:8080/", {"kind": "URL", "host": "fd00::9", "port": Port(number=8080),
                                      "url": "http://[fd00:0::9]:8080/"}),
        ("postgres://db.databases/shop", {"kind": "URL", "host": "db.databases", "port": Port(number=5432),
                                          "url": "postgres://db.databases/shop"}),
        ("thing://web/", {"kind": "URL", "host": "web", "url": "thing://web/"}),
        ("https://bücher.example/", {"kind": "URL", "host": "xn--bcher-kva.example", "port": Port(number=443),
                                     "url": "https://bücher.example/"}),
    ],
)  # fmt: skip
def test_targets(typed: str, expected: dict[str, object]) -> None:
    assert parse_target(typed) == Target(input=typed, **expected)  # type: ignore[arg-type]
    assert parse_target(f"  {typed}\n").host == parse_target(typed).host


@pytest.mark.parametrize(
    ("typed", "message", "mend"),
    [
        ("", "empty", "svc/web.shop:80"),
        ("svc/", "is not KIND/NAME", "svc/web.shop:80"),
        ("svc/web:", "is not KIND/NAME", ""),
        ("a/b/c/d", "is not KIND/NAME", ""),
        ("svcs/web", 'no kind "svcs"', '"svc"'),
        ("shop.example.com/cart", 'no kind "shop.example.com"', "http://shop.example.com/cart"),
        ("gateway.example.com/login", "no kind", "http://gateway.example.com/login"),
        ("svc/Web", 'cannot be the name of an object', "lower case"),
        ("shop/node/node-a", "is in no namespace", "no/NAME"),
        ("Sh_op/svc/web", "cannot be the name of a namespace", ""),
        ("svc/web:99999", "99999 is not a port", "65535"),
        ("svc/web:0", "0 is not a port", ""),
        ("svc/web:" + "9" * 6000, "is not a port", ""),
        ("svc/web:٣", "neither a port number nor a port name", ""),
        ("svc/web:80/icmp", 'no protocol "icmp"', "/sctp"),
        ("web:", "neither a port number nor a port name", ""),
        ("10.43.0.300", "is not an IP address", ""),
        ("[10.43::zz]:80", "not an IPv6 address", ""),
        ("[fd00::1]80", "not an IPv6 address", ""),
        ("http://", "has no host", ""),
        ("http://web:99999/", "is not a URL", ""),
        ("http://web:0/", "0 is not a port", ""),
        ("http://[fd00::1/", "is not a URL", ""),
        ("we!b", "is not a target", "paste an error line"),
        ("a" * 64 + ".example.com", "is not a target", ""),
        ("a." * 200 + "com", "is not a target", ""),
    ],
)  # fmt: skip
def test_what_is_no_target_says_why(typed: str, message: str, mend: str) -> None:
    with pytest.raises(TargetError) as error:
        parse_target(typed)
    assert message in str(error.value)
    assert mend in error.value.mend


@pytest.mark.parametrize(
    "typed",
    ["https://app:hunter2@web.shop/", "https://app:hunter2@web.shop:99999/", "postgres://app:hun/ter2@db/",
     "app:hunter2@db:5432", "https://a@b:hunter2@web.shop/x"],
)  # fmt: skip
def test_a_password_is_never_shown(typed: str) -> None:
    try:
        shown = repr(parse_target(typed))
    except TargetError as error:
        shown = f"{error} {error.mend}"
    assert "hunter2" not in shown
    assert "ter2" not in shown


def test_a_url_goes_on_without_its_userinfo() -> None:
    target = parse_target("https://app:hunter2@web.shop/x?mail=a@b.c")
    assert target.url == target.input == "https://web.shop/x?mail=a@b.c"


@pytest.mark.parametrize(
    ("typed", "expected"),
    [
        ("pod/web-0", {"kind": "Pod", "name": "web-0"}),
        ("deploy/client.shop", {"kind": "Deployment", "name": "client.shop"}),
        ("cronjob/report", {"kind": "CronJob", "name": "report"}),
        ("shop/job/report-1", {"kind": "Job", "name": "report-1", "namespace": "shop", "exact": True}),
        ("ns/shop", {"kind": "Namespace", "name": "shop"}),
        ("node/node-a", {"kind": "Node", "name": "node-a"}),
        ("192.168.20.60", {"kind": "IP", "name": "192.168.20.60"}),
        ("[fd00:0::1]", {"kind": "IP", "name": "fd00::1"}),
        ("internet", {"kind": "Internet"}),
        ("Here", {"kind": "Here"}),
    ],
)
def test_sources(typed: str, expected: dict[str, object]) -> None:
    assert parse_source(typed) == SourceSpec(input=typed, **expected)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("typed", "message"),
    [("svc/web", "a Service sends no packets"), ("pod/web-0:80", "a source has no port"), ("web", "is not a source"),
     ("pods/", "is not KIND/NAME"), ("pdo/web", 'no kind "pdo"'), ("", "is not a source"),
     ("http://web/", "is not KIND/NAME")],
)  # fmt: skip
def test_what_is_no_source_says_why(typed: str, message: str) -> None:
    with pytest.raises(TargetError, match=message):
        parse_source(typed)


def test_an_error_repeats_nothing_that_acts_on_a_terminal() -> None:
    for typed in ("\x1b[31mweb", "svc/\x1b]0;x\x07", "web\u202e", "pod/\x9b2J"):
        with pytest.raises(TargetError) as error:
            parse_target(typed)
        assert str(error.value).isprintable()


@given(st.integers(1, 65535), st.sampled_from(["", "/udp", "/sctp"]))
def test_a_port_is_printed_as_it_is_read(number: int, protocol: str) -> None:
    port = parse_port(f"{number}{protocol}", "")
    assert parse_port(str(port), "") == port


labels = st.from_regex(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?", fullmatch=True)
kinds = st.sampled_from([alias for named in NAMED for alias in named.aliases])


@given(kinds, labels, st.one_of(st.none(), labels), st.one_of(st.none(), st.integers(1, 65535)))
def test_every_kind_parses_with_namespace_and_port(kind: str, name: str, inside: str | None, port: int | None) -> None:
    typed = f"{kind}/{name}" + (f".{inside}" if inside else "") + (f":{port}" if port else "")
    target = parse_target(typed)
    assert target.kind in {named.kind for named in NAMED if kind in named.aliases}
    assert parse_target(target.input) == target


@settings(max_examples=300)
@given(st.text(max_size=40))
def test_no_source_raises_anything_else(text: str) -> None:
    try:
        spec = parse_source(text)
    except TargetError:
        return
    assert parse_source(spec.input) == spec
