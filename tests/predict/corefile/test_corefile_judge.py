"""What is wrong with a Corefile, flaw by flaw, and that good ones are silent."""

from __future__ import annotations

import pytest

from netdoc.predict.corefile import Flaw, Judged, Surroundings, judge, parse
from netdoc.predict.dns.resolver import ResolvConf

GOOD = """.:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
    }
    forward . 192.0.2.53
    cache 30
    loop
}
"""
AROUND = Surroundings("cluster.local", ("10.43.0.10", "10.42.0.2"), ResolvConf(("192.0.2.53",)))


def judged(text: str, around: Surroundings = AROUND) -> list[Judged]:
    return list(judge(parse(text, files={}), around))


def with_forward(line: str) -> str:
    return GOOD.replace("forward . 192.0.2.53", line)


def with_kubernetes(lines: str) -> str:
    return GOOD.replace("pods insecure", lines)


# Corefile -> the flaws, each with a part of its message
FLAWS: dict[str, tuple[str, list[tuple[Flaw, str]]]] = {
    "good": (GOOD, []),
    "resolv.conf that leads outside": (with_forward("forward . /etc/resolv.conf"), []),
    "stub zone as it should be": (GOOD + "a.b {\n errors\n cache\n forward . 192.0.2.1\n}\n", []),
    "unknown plugin": (
        GOOD.replace("loop", "lop"),
        [(Flaw.INVALID, ":11 - Error during parsing: Unknown directive 'lop'")],
    ),
    "removed plugin": (
        with_forward("proxy . 192.0.2.53"),
        [(Flaw.NO_FORWARD, "SERVFAIL"), (Flaw.FALLTHROUGH_TO_NOTHING, ""), (Flaw.INVALID, "use forward")],
    ),
    "plugin of other builds": (GOOD.replace("loop", "fanout . 192.0.2.1"), [(Flaw.UNKNOWN_PLUGIN, "fanout")]),
    "unknown option of kubernetes": (with_kubernetes("upstream"), [(Flaw.INVALID, "unknown property 'upstream'")]),
    "pods without a mode": (with_kubernetes("pods"), [(Flaw.INVALID, "unexpected line ending after 'pods'")]),
    "pods with a wrong mode": (with_kubernetes("pods maybe"), [(Flaw.INVALID, "wrong value for pods: maybe")]),
    "ttl out of range": (with_kubernetes("ttl 4000"), [(Flaw.INVALID, "ttl must be in range [0, 3600]: 4000")]),
    "ttl that is no number": (with_kubernetes("ttl 5s"), [(Flaw.INVALID, "invalid syntax")]),
    "ignore something": (with_kubernetes("ignore all"), [(Flaw.INVALID, "unable to parse ignore value: 'all'")]),
    "selector that is none": (with_kubernetes("labels a in b"), [(Flaw.INVALID, "label selector value: 'a in b'")]),
    "namespaces and namespace_labels": (
        with_kubernetes("namespaces a\nnamespace_labels b=c"),
        [(Flaw.INVALID, "cannot both be set")],
    ),
    "zonal without endpoints": (with_kubernetes("zonal\nnoendpoints"), [(Flaw.INVALID, "zonal requires")]),
    "kubernetes for reverse zones only": (
        "cluster.local {\n kubernetes 10.in-addr.arpa\n errors\n cache\n health\n ready\n}\n"
        ".:53 {\n cache\n kubernetes cluster.local\n errors\n forward . 192.0.2.53\n}\n",
        [
            (Flaw.OTHER_DOMAIN, "cluster.local."),
            (Flaw.INVALID, "plugin/kubernetes: non-reverse zone name must be used"),
        ],
    ),
    "forward for no zone": (
        with_forward("forward a..b 192.0.2.53"),
        [
            (Flaw.NO_FORWARD, "SERVFAIL"),
            (Flaw.INVALID, "plugin/forward: unable to normalize 'a..b'"),
        ],
    ),
    "kubernetes twice": (
        GOOD.replace("loop", "kubernetes cluster.local"),
        [(Flaw.INVALID, "plugin/kubernetes: this plugin can only be used once per Server Block")],
    ),
    "zone twice": (GOOD + ".:53 {\n errors\n}\n", [(Flaw.INVALID, "cannot serve dns://.:53 - it is already defined")]),
    "zone twice with bind may be right": (GOOD.replace("loop", "bind 192.0.2.9") + ".:53 {\n errors\n}\n", []),
    "forward without upstream": (
        with_forward("forward ."),
        [(Flaw.NO_FORWARD, "SERVFAIL"), (Flaw.INVALID, "unexpected line ending after '.'")],
    ),
    "forward over gRPC": (
        with_forward("forward . grpc://192.0.2.53"),
        [(Flaw.INVALID, "'grpc' is not supported as a destination protocol")],
    ),
    "forward policy": (
        with_forward("forward . 192.0.2.53 {\n policy nearest\n}"),
        [(Flaw.INVALID, "unknown policy 'nearest'")],
    ),
    "forward to sixteen": (
        with_forward("forward . " + " ".join(f"192.0.2.{at}" for at in range(1, 17))),
        [(Flaw.INVALID, "more than 15 TOs configured: 16")],
    ),
    "no kubernetes": (
        ".:53 {\n errors\n health\n ready\n cache\n forward . 192.0.2.53\n}\n",
        [(Flaw.NO_KUBERNETES, "no Service has a name")],
    ),
    "another domain": (
        GOOD.replace("cluster.local", "corp.example"),
        [(Flaw.OTHER_DOMAIN, "kubernetes serves corp.example., and pods ask for names in cluster.local.")],
    ),
    "a block takes the domain away": (
        GOOD + "cluster.local {\n cache\n forward . 192.0.2.1\n}\n",
        [(Flaw.OTHER_DOMAIN, "cluster.local.")],
    ),
    "no reverse zone": (
        GOOD.replace(" in-addr.arpa ip6.arpa", "").replace("fallthrough", ""),
        [(Flaw.NO_REVERSE, "no reverse zone")],
    ),
    "reverse zone first": (
        GOOD.replace("cluster.local in-addr.arpa ip6.arpa", "in-addr.arpa cluster.local"),
        [(Flaw.REVERSE_FIRST, "in-addr.arpa. stands first")],
    ),
    "forward to the DNS Service": (
        with_forward("forward . 10.43.0.10"),
        [(Flaw.LOOP, "forward names 10.43.0.10, which is cluster DNS itself")],
    ),
    "forward to itself on another port": (with_forward("forward . 10.43.0.10:5300"), []),
    "forward to a pod of its own": (with_forward("forward . 10.42.0.2"), [(Flaw.LOOP, "cluster DNS itself")]),
    "forward to loopback": (with_forward("forward . 127.0.0.1"), [(Flaw.LOOP, "inside the pod is CoreDNS itself")]),
    "forward to loopback, another port": (with_forward("forward . 127.0.0.1:5300"), []),
    "stub zone back to the DNS Service": (
        GOOD + "a.b {\n cache\n forward . 10.43.0.10\n}\n",
        [(Flaw.LOOP, "10.43.0.10")],
    ),
    "private and public": (
        with_forward("forward . 10.0.0.53 8.8.8.8"),
        [(Flaw.MIXED_UPSTREAMS, "10.0.0.53 is private and 8.8.8.8 public: whichever is asked decides (random)")],
    ),
    "file and address": (
        with_forward("forward . /etc/other.conf 8.8.8.8"),
        [(Flaw.MIXED_UPSTREAMS, "/etc/other.conf stands beside 8.8.8.8")],
    ),
    "two private": (with_forward("forward . 10.0.0.53 10.0.0.54"), []),
    "no forward": (
        with_forward("log"),
        [(Flaw.NO_FORWARD, "they are SERVFAIL"), (Flaw.FALLTHROUGH_TO_NOTHING, "leads nowhere")],
    ),
    "a plugin of other builds may forward": (with_forward("fanout . 192.0.2.1"), [(Flaw.UNKNOWN_PLUGIN, "fanout")]),
    "nobody takes other names": (GOOD.replace(".:53", "cluster.local"), [(Flaw.NO_FORWARD, "they are REFUSED")]),
    "hosts that ends it": (GOOD.replace("loop", "hosts"), [(Flaw.HOSTS_WITHOUT_FALLTHROUGH, "SERVFAIL")]),
    "hosts that passes on": (GOOD.replace("loop", "hosts {\n fallthrough\n}"), []),
    "fallthrough to nothing": (
        "cluster.local in-addr.arpa {\n errors\n health\n ready\n cache\n kubernetes {\n fallthrough\n }\n}\n"
        ".:53 {\n cache\n forward . 192.0.2.53\n}\n",
        [(Flaw.FALLTHROUGH_TO_NOTHING, "leads nowhere")],
    ),
    "autopath without verified pods": (
        GOOD.replace("loop", "autopath @kubernetes"),
        [(Flaw.AUTOPATH_WITHOUT_PODS, "kubernetes has `pods insecure`")],
    ),
    "autopath with verified pods": (with_kubernetes("pods verified").replace("loop", "autopath @kubernetes"), []),
    "TLS without a name": (with_forward("forward . tls://9.9.9.9"), [(Flaw.TLS_WITHOUT_NAME, "9.9.9.9")]),
    "TLS with a name": (with_forward("forward . tls://9.9.9.9 {\n tls_servername dns.quad9.net\n}"), []),
    "TLS with a name of each": (with_forward("forward . tls://9.9.9.9%dns.quad9.net"), []),
    "stub zone without cache": (GOOD + "a.b {\n forward . 192.0.2.1\n}\n", [(Flaw.STUB_WITHOUT_CACHE, "no cache")]),
    "without errors": (GOOD.replace("    errors\n", ""), [(Flaw.WITHOUT_ERRORS, "errors")]),
    "without cache": (GOOD.replace("    cache 30\n", ""), [(Flaw.WITHOUT_CACHE, "cache")]),
    "without health": (GOOD.replace("    health\n", ""), [(Flaw.WITHOUT_PROBES, "health")]),
    "without ready": (GOOD.replace("    ready\n", ""), [(Flaw.WITHOUT_PROBES, "ready")]),
}


@pytest.mark.parametrize("case", FLAWS)
def test_flaw(case: str) -> None:
    text, expected = FLAWS[case]
    found = judged(text)
    assert [one.flaw for one in found] == [flaw for flaw, _ in expected]
    assert all(part in one.message for one, (_, part) in zip(found, expected, strict=True))


def test_the_nodes_resolver_on_loopback_is_a_loop() -> None:
    stub = Surroundings("cluster.local", resolv=ResolvConf(("127.0.0.53",)))
    (found,) = judged(with_forward("forward . /etc/resolv.conf"), stub)
    assert (found.flaw, found.line, found.zone) == (Flaw.LOOP, 9, ".")
    assert found.message.startswith("/etc/resolv.conf names 127.0.0.53")


def test_mixed_nameservers_of_the_node() -> None:
    mixed = Surroundings("cluster.local", resolv=ResolvConf(("10.0.0.53", "8.8.8.8")))
    assert [one.flaw for one in judged(with_forward("forward . /etc/resolv.conf"), mixed)] == [Flaw.MIXED_UPSTREAMS]


def test_what_is_not_known_is_not_judged() -> None:
    assert judged(with_forward("forward . /etc/resolv.conf"), Surroundings()) == []
    assert judged(GOOD.replace("cluster.local", "corp.example"), Surroundings()) == []


def test_nothing_is_missing_while_a_file_was_not_read() -> None:
    text = ".:53 {\n import custom/*.override\n}\n"
    found = judge(parse(text), AROUND)
    assert [(one.flaw, one.line) for one in found] == [(Flaw.UNREAD, 2)]
    assert Flaw.NO_KUBERNETES in [one.flaw for one in judged(text)]


def test_a_variable_that_was_not_read_is_said() -> None:
    found = judge(parse(with_forward("forward . {$UPSTREAM}")), AROUND)
    assert [(one.flaw, one.message) for one in found] == [(Flaw.UNREAD, "variable UPSTREAM was not read")]


def test_flaws_come_in_the_order_of_lines() -> None:
    lines = [one.line for one in judged(". {\n foo\n bar\n forward . 127.0.0.1 10.0.0.1\n baz\n}\n")]
    assert lines == sorted(lines)
    assert len(lines) > 5
