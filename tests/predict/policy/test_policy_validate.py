"""What the API server refuses, by field, and what it takes."""

import pytest
from small import EVERYBODY, anp, ask, banp, block, build, cnp, from_, np, pods, to

from netdoc.predict.policy import validate


def paths(policy):
    return [one.path for one in validate(policy)]


@pytest.mark.parametrize(
    ("spec", "path"),
    [
        ({"policyTypes": ["ingress"]}, "spec.policyTypes[0]"),
        ({"policyTypes": ["Ingress", "Egress", "Ingress"]}, "spec.policyTypes"),
        ({"podSelector": {"matchLabels": {"bad key!": "v"}}}, "spec.podSelector.matchLabels"),
        ({"podSelector": {"matchLabels": {"k": "-bad"}}}, "spec.podSelector.matchLabels"),
        (
            {"podSelector": {"matchExpressions": [{"key": "k", "operator": "In"}]}},
            "spec.podSelector.matchExpressions[0].values",
        ),
        (
            {"podSelector": {"matchExpressions": [{"key": "k", "operator": "Exists", "values": ["v"]}]}},
            "spec.podSelector.matchExpressions[0].values",
        ),
        (
            {"podSelector": {"matchExpressions": [{"key": "k", "operator": "Gt", "values": ["v"]}]}},
            "spec.podSelector.matchExpressions[0].operator",
        ),
        ({"ingress": [from_({})]}, "spec.ingress[0].from[0]"),
        ({"ingress": [from_({**pods(a="b"), **block("10.0.0.0/8")})]}, "spec.ingress[0].from[0]"),
        ({"ingress": [from_(block(""))]}, "spec.ingress[0].from[0].ipBlock.cidr"),
        ({"ingress": [from_(block("10.0.0.0"))]}, "spec.ingress[0].from[0].ipBlock.cidr"),
        ({"ingress": [from_(block("10.0.0.0/8", "junk"))]}, "spec.ingress[0].from[0].ipBlock.except[0]"),
        ({"egress": [to(ports=[{"protocol": "ICMP"}])]}, "spec.egress[0].ports[0].protocol"),
        ({"egress": [to(ports=[{"protocol": "tcp"}])]}, "spec.egress[0].ports[0].protocol"),
        ({"egress": [to(ports=[{"port": 0}])]}, "spec.egress[0].ports[0].port"),
        ({"egress": [to(ports=[{"port": 65536}])]}, "spec.egress[0].ports[0].port"),
        ({"egress": [to(ports=[{"port": "80"}])]}, "spec.egress[0].ports[0].port"),
        ({"egress": [to(ports=[{"port": "too-long-a-port-name"}])]}, "spec.egress[0].ports[0].port"),
        ({"egress": [to(ports=[{"port": 80, "endPort": 70000}])]}, "spec.egress[0].ports[0].endPort"),
    ],
)
def test_networkpolicies_that_are_refused(spec, path):
    assert paths(np(**spec)) == [path]


@pytest.mark.parametrize(
    "spec",
    [
        {},
        {"podSelector": {"matchLabels": {"app.kubernetes.io/name": "", "k": "v_1.x"}}},
        {"ingress": [from_(block("10.0.0.1/8", "10.1.2.3/32"), block("010.0.0.0/08"), block("fd00::/8"))]},
        {"egress": [to(ports=[{"port": 80, "endPort": 80}, {"port": "web-1"}, {"protocol": "SCTP"}])]},
    ],
)
def test_networkpolicies_that_are_taken(spec):
    assert paths(np(**spec)) == []


def test_leading_zeros_are_decimal_as_the_server_reads_them():
    policies = build(np(ingress=[from_(block("010.000.0.0/8"))]))
    assert ask(policies, "10.200.0.1", "x/b") is True


@pytest.mark.parametrize(
    ("policy", "path"),
    [
        (cnp("p", tier="Middle"), "spec.tier"),
        (cnp("p", priority=1001), "spec.priority"),
        (cnp("p", subject={"namespaces": {}, "pods": {"podSelector": {}}}), "spec.subject"),
        (cnp("p", subject={"other": {}}), "spec.subject"),
        (cnp("p", ingress=[{"action": "Deny", "from": []}]), "spec.ingress[0].from"),
        (cnp("p", egress=[{"action": "Deny", "to": [{"networks": ["x"]}]}]), "spec.egress[0].to[0].networks[0]"),
        (cnp("p", egress=[{"action": "Deny", "to": [{"domainNames": ["a.b"]}]}]), "spec.egress[0].to[0].domainNames"),
        (
            cnp("p", egress=[{"action": "Deny", "to": [{"nodes": {}}], "protocols": [{"destinationNamedPort": "w"}]}]),
            "spec.egress[0]",
        ),
        (
            cnp(
                "p",
                ingress=[
                    {
                        "action": "Deny",
                        "from": [EVERYBODY],
                        "protocols": [{"tcp": {"destinationPort": {"range": {"start": 9, "end": 9}}}}],
                    }
                ],
            ),
            "spec.ingress[0].protocols[0].tcp.destinationPort.range",
        ),
        (cnp("p", ingress=[{"action": "Deny", "from": [EVERYBODY]}] * 26), "spec.ingress"),
        (banp(ingress=[{"action": "Pass", "from": [EVERYBODY]}]), "spec.ingress[0].action"),
        (anp("p", ingress=[{"action": "Deny", "from": [EVERYBODY], "ports": [{}]}]), "spec.ingress[0].ports[0]"),
    ],
)
def test_admin_policies_that_are_refused(policy, path):
    assert paths(policy) == [path]


def test_what_is_refused_decides_nothing_and_is_named():
    policies = build(np(policyTypes=["ingress"]))
    assert ask(policies, "x/a", "x/b") is True
    assert str(policies.refused[0].ref) == "networkpolicy/p.x"
