"""What Corefiles of known distributions, and odd ones, mean for a name."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdoc.model.kube import EndpointSlice, Namespace, Service
from netdoc.predict.corefile import CorefileError, Server, parse
from netdoc.predict.corefile.facts import (
    Upstream,
    block_for,
    dns_port,
    doubts,
    forward_for,
    forwards,
    kubernetes_options,
    stub_zones,
    upstream_of,
)
from netdoc.predict.dns import Options

KUBEADM = """
.:53 {
    errors
    health {
       lameduck 5s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
       ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30 {
       disable success cluster.local
       disable denial cluster.local
    }
    loop
    reload
    loadbalance
}
"""
K3S = """
.:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    hosts /etc/coredns/NodeHosts {
      ttl 60
      reload 15s
      fallthrough
    }
    prometheus :9153
    cache 30
    loop
    reload
    loadbalance
    import /etc/coredns/custom/*.override
    forward . /etc/resolv.conf
}
import /etc/coredns/custom/*.server
"""
EKS = """
.:53 {
    errors
    health {
        lameduck 5s
      }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
}
"""
AKS = """
.:53 {
    errors
    ready
    health {
      lameduck 5s
    }
    kubernetes cluster.local in-addr.arpa ip6.arpa {
      pods insecure
      fallthrough in-addr.arpa ip6.arpa
      ttl 30
    }
    prometheus :9153
    forward . /etc/resolv.conf
    cache 30
    loop
    reload
    loadbalance
    import custom/*.override
    template ANY ANY internal.cloudapp.net {
      match "^(?:[^.]+\\.){4,}internal\\.cloudapp\\.net\\.$"
      rcode NXDOMAIN
      fallthrough
    }
}
import custom/*.server
"""
OPENSHIFT = """
example.corp:5353 {
    prometheus 127.0.0.1:9153
    forward . 192.0.2.1 192.0.2.2:5300 {
        policy round_robin
    }
    errors
    bufsize 1232
    cache 900 {
        denial 9984 30
    }
}
.:5353 {
    bufsize 1232
    errors
    log . {
        class error
    }
    health {
        lameduck 20s
    }
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        pods insecure
        fallthrough in-addr.arpa ip6.arpa
    }
    prometheus 127.0.0.1:9153
    forward . /etc/resolv.conf {
        policy sequential
    }
    cache 900 {
        denial 9984 30
    }
    reload
}
hostname.bind:5353 {
    chaos
}
"""
NODELOCAL = """
cluster.local:53 {
    errors
    cache {
            success 9984 30
            denial 9984 5
    }
    reload
    loop
    bind 169.254.20.10 10.96.0.10
    forward . __PILLAR__CLUSTER__DNS__ {
            force_tcp
    }
    prometheus :9253
    health 169.254.20.10:8080
    }
.:53 {
    errors
    cache 30
    forward . __PILLAR__UPSTREAM__SERVERS__
    }
"""
KNOWN = {"kubeadm": KUBEADM, "k3s": K3S, "EKS": EKS, "AKS": AKS, "OpenShift": OPENSHIFT}


@pytest.mark.parametrize("name", KNOWN)
def test_known_distributions_serve_what_kubeadm_serves(name: str) -> None:
    block = block_for(parse(KNOWN[name], files={}), "web.shop.svc.cluster.local")
    assert block
    assert kubernetes_options(block) == Options()


@pytest.mark.parametrize("name", KNOWN)
def test_known_distributions_forward_the_rest_to_the_node(name: str) -> None:
    block = block_for(parse(KNOWN[name], files={}), "www.example.org")
    assert block
    forward = forward_for(block, "www.example.org")
    assert forward
    assert forward.upstreams == (Upstream(file="/etc/resolv.conf", port=""),)


def test_node_local_cache_has_no_kubernetes_and_its_placeholders_show() -> None:
    block = block_for(parse(NODELOCAL), "web.shop.svc.cluster.local")
    assert block
    assert kubernetes_options(block) is None
    (forward,) = forwards(block)
    assert forward.force_tcp
    assert forward.upstreams[0].file == "__PILLAR__CLUSTER__DNS__"


BLOCKS = """
. {
 whoami
}
example.org {
 errors
}
a.example.org b.example.org:54 {
 log
}
tls://example.org {
 erratic
}
"""


@pytest.mark.parametrize(
    ("name", "port", "transport", "plugin"),
    [
        ("x.a.example.org", "", "dns", "log"),
        ("a.Example.ORG.", "", "dns", "log"),
        ("xa.example.org", "", "dns", "errors"),
        ("b.example.org", "", "dns", "errors"),
        ("b.example.org", "54", "dns", "log"),
        ("example.com", "", "dns", "whoami"),
        ("example.com", "54", "dns", None),
        ("a.example.org", "853", "tls", "erratic"),
        ("example.com", "853", "tls", None),
    ],
)
def test_the_longest_zone_takes_the_name(name: str, port: str, transport: str, plugin: str | None) -> None:
    block = block_for(parse(BLOCKS), name, port, transport)
    assert (block.plugins[0].name if block else None) == plugin


@pytest.mark.parametrize(
    ("text", "port"), [(KUBEADM, "53"), (OPENSHIFT, "5353"), (BLOCKS, "53"), ("tls://. {\n errors\n}\n", "53")]
)
def test_dns_port(text: str, port: str) -> None:
    assert dns_port(parse(text, files={})) == port


# What stands in the braces of kubernetes, and the options that differ from CoreDNS's own defaults
PLAIN = Options(zones=("cluster.local.",), pods="disabled", fallthrough=())
SETTINGS = {
    "": PLAIN,
    "pods verified": msgspec.structs.replace(PLAIN, pods="verified"),
    "pods nonsense": PLAIN,
    "endpoint_pod_names": msgspec.structs.replace(PLAIN, endpoint_pod_names=True),
    "noendpoints": msgspec.structs.replace(PLAIN, noendpoints=True),
    "ignore empty_service": msgspec.structs.replace(PLAIN, ignore_empty_service=True),
    "zonal": msgspec.structs.replace(PLAIN, zonal=True),
    "namespaces a b\nnamespaces c": msgspec.structs.replace(PLAIN, namespaces=frozenset("abc")),
    "labels a in (b, c),d": msgspec.structs.replace(PLAIN, labels="a in (b, c),d"),
    "namespace_labels a=b": msgspec.structs.replace(PLAIN, namespace_labels="a=b"),
    "fallthrough": msgspec.structs.replace(PLAIN, fallthrough=(".",)),
    "fallthrough a.b 10.0.0.0/8": msgspec.structs.replace(PLAIN, fallthrough=("a.b.", "10.in-addr.arpa.")),
    "multicluster cluster.local": msgspec.structs.replace(PLAIN, multicluster=("cluster.local.",)),
}


@pytest.mark.parametrize("setting", SETTINGS)
def test_kubernetes_options(setting: str) -> None:
    text = ". {\n kubernetes Cluster.Local {\n" + setting + "\n }\n}\n"
    assert kubernetes_options(parse(text).blocks[0]) == SETTINGS[setting]


def test_kubernetes_takes_the_zones_of_its_block() -> None:
    block = parse("corp.example 10.43.0.0/16 {\n kubernetes\n}\n").blocks[0]
    options = kubernetes_options(block, ("10.42.0.2",))
    assert options
    assert options.zones == ("corp.example.", "43.10.in-addr.arpa.")
    assert options.servers == ("10.42.0.2",)


UPSTREAMS = {
    "192.0.2.1": Upstream("192.0.2.1"),
    "192.0.2.1:54": Upstream("192.0.2.1", "54"),
    "dns://192.0.2.1": Upstream("192.0.2.1"),
    "tls://192.0.2.1": Upstream("192.0.2.1", "853", "tls"),
    "tls://192.0.2.1%dns.example:8853": Upstream("192.0.2.1", "8853", "tls", server_name="dns.example"),
    "tls://192.0.2.1%dns.example": Upstream("192.0.2.1", "853", "tls", server_name="dns.example"),
    "2001:db8::1": Upstream("2001:db8::1"),
    "[2001:db8::1]:54": Upstream("2001:db8::1", "54"),
    "/etc/resolv.conf": Upstream(file="/etc/resolv.conf", port=""),
    "dns.example": Upstream(file="dns.example", port=""),
}


@pytest.mark.parametrize("text", UPSTREAMS)
def test_upstream(text: str) -> None:
    assert upstream_of(text) == UPSTREAMS[text]


@given(st.text())
def test_any_text_is_an_upstream(text: str) -> None:
    found = upstream_of(text)
    assert bool(found.address) or found.port == ""


FORWARDS = """
. {
 forward corp.example 192.0.2.1 {
  except open.corp.example
 }
 forward . 192.0.2.2
}
stub.example {
 forward . 192.0.2.3
}
"""


@pytest.mark.parametrize(
    ("name", "upstream"),
    [
        ("a.corp.example", "192.0.2.1"),
        ("corp.example", "192.0.2.1"),
        ("x.open.corp.example", "192.0.2.2"),
        ("example.org", "192.0.2.2"),
    ],
)
def test_the_first_forward_that_matches(name: str, upstream: str) -> None:
    forward = forward_for(parse(FORWARDS).blocks[0], name)
    assert forward
    assert forward.upstreams[0].address == upstream


def test_stub_zones() -> None:
    found = [(zone, forward.upstreams[0].address) for zone, forward in stub_zones(parse(FORWARDS))]
    assert found == [("corp.example.", "192.0.2.1"), ("stub.example.", "192.0.2.3")]


# A line in the block, name, type, what stands in doubt
DOUBTS = {
    "rewrite of the name": ("rewrite name web.shop.svc.cluster.local other.example", "A", "changes the name"),
    "rewrite exact": ("rewrite stop name exact web.shop.svc.cluster.local. other.example", "A", "changes the name"),
    "rewrite suffix": ("rewrite continue name suffix .cluster.local. .corp.example.", "A", "changes the name"),
    "rewrite prefix": ("rewrite name prefix web a", "A", "changes the name"),
    "rewrite substring": ("rewrite name substring shop a", "A", "changes the name"),
    "rewrite regex may match": ("rewrite name regex (.*)x a", "A", "changes the name"),
    "rewrite in braces": ("rewrite stop {\n name suffix .local. .x.\n }", "A", "changes the name"),
    "rewrite of another name": ("rewrite name exact db.shop.svc.cluster.local x", "A", None),
    "rewrite of another suffix": ("rewrite name suffix .example. x", "A", None),
    "rewrite of the time to live": ("rewrite ttl exact web.shop.svc.cluster.local. 30", "A", None),
    "rewrite of the type": ("rewrite type ANY HINFO", "A", "changes the question"),
    "hosts lists it": (
        "hosts {\n 192.0.2.1 web.shop.svc.cluster.local\n fallthrough\n }",
        "A",
        "lists this name itself",
    ),
    "hosts lists others": ("hosts {\n 192.0.2.1 db\n fallthrough\n }", "A", None),
    "hosts without fallthrough": ("hosts {\n 192.0.2.1 db\n }", "A", "has no `fallthrough` for this name"),
    "hosts for another zone": ("hosts /etc/hosts corp.example", "A", None),
    "template": ("template IN ANY cluster.local {\n rcode NXDOMAIN\n }", "A", "may answer by a template"),
    "template for another type": ("template IN AAAA cluster.local", "A", None),
    "template for another zone": ("template IN A corp.example", "A", None),
    "acl": ("acl {\n block\n }", "A", "decides by the client's address"),
    "dns64": ("dns64", "AAAA", "makes addresses of the other family"),
    "dns64 for another type": ("dns64", "SRV", None),
    "any": ("any", "ANY", "answers ANY itself"),
    "cloud zones": ("route53 example.org.:Z1", "A", "answers from a cloud's zones"),
    "view": ("view inside {\n expr true\n }", "A", "the block is for some clients only"),
    "rewrite without words": ("rewrite stop", "A", None),
    "k8s_external elsewhere": ("k8s_external example.org", "A", None),
    "what comes after does not count": ("file db.cluster.local cluster.local", "A", None),
    "nothing": ("errors", "A", None),
}


@pytest.mark.parametrize("case", DOUBTS)
def test_doubt(case: str) -> None:
    line, kind, reason = DOUBTS[case]
    block = parse(f". {{\n {line}\n kubernetes cluster.local\n}}\n").blocks[0]
    found = doubts(block, "web.shop.svc.cluster.local", kind)
    assert len(found) == (reason is not None)
    assert all(reason and reason in one.reason for one in found)


OBJECTS = (
    [msgspec.convert({"metadata": {"name": "web", "namespace": "shop"}, "spec": {"clusterIP": "10.43.7.9"}}, Service)],
    list[EndpointSlice](),
    [],
    [msgspec.convert({"metadata": {"name": "shop"}}, Namespace)],
)


def test_a_server_answers_by_the_block_that_takes_the_name() -> None:
    text = KUBEADM + "other.cluster.local {\n forward . 192.0.2.3\n}\n"
    server = Server.build(parse(text), *OBJECTS)
    inside = server.answer("web.shop.svc.cluster.local")
    assert inside.answer.answers == ("A 10.43.7.9",)
    assert (inside.line, inside.forward, inside.doubts) == (2, None, ())
    stub = server.answer("web.shop.svc.other.cluster.local")
    assert "no plugin kubernetes" in stub.answer.error
    assert stub.forward
    assert stub.forward.upstreams[0].address == "192.0.2.3"
    outside = server.answer("example.org")
    assert "none of the zones" in outside.answer.error
    assert outside.forward
    fallen = server.answer("1.2.0.192.in-addr.arpa", "PTR")
    assert fallen.answer.falls_through
    assert fallen.forward == outside.forward


def test_blocks_on_the_same_line_of_different_files_keep_their_own_options() -> None:
    files = {
        "/etc/coredns/a.server": ".:53 {\n kubernetes cluster.local\n}\n",
        "/etc/coredns/b.server": "corp.example {\n kubernetes corp.example\n}\n",
    }
    server = Server.build(parse("import *.server\n", files=files), *OBJECTS)
    assert server.answer("web.shop.svc.corp.example").answer.answers == ("A 10.43.7.9",)
    assert server.answer("web.shop.svc.cluster.local").answer.answers == ("A 10.43.7.9",)


def test_a_server_has_an_answer_for_what_nobody_takes() -> None:
    server = Server.build(parse("a.b {\n whoami\n}\n"), *OBJECTS)
    assert "refuses" in server.answer("c.d").answer.error
    assert "not a domain name" in server.answer("c..d").answer.error


def test_a_server_refuses_a_bad_selector() -> None:
    with pytest.raises(CorefileError, match="label selector"):
        Server.build(parse(". {\n kubernetes a.b {\n  labels a in b\n }\n}\n"), *OBJECTS)
