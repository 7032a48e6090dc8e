"""What lint finds, each beside what it must not find."""

import pytest
from small import (
    EVERYBODY,
    TRIO,
    A,
    B,
    anp,
    block,
    build,
    cnp,
    from_,
    namespace,
    node,
    np,
    pod,
    pods,
    service,
    spaces,
    to,
)

from netdoc.model.kube import ObjectRef
from netdoc.predict.policy import ForeignPolicy, lint


def found(policies, code, services=()):
    return [one.path for one in lint(policies, services) if one.code == code]


DENY = {"action": "Deny", "from": [EVERYBODY]}
ACCEPT = {"action": "Accept", "from": [EVERYBODY]}
HOST = pod("x/host", {"app": "host"}, "172.16.0.1", node="n1", host=True)

CASES = [
    ("policy.selects-no-pod", np(podSelector={"matchLabels": {"app": "typo"}}), ["spec.podSelector"]),
    ("policy.selects-no-pod", np(podSelector={"matchLabels": {"app": "a"}}), []),
    ("policy.selects-no-pod", cnp("p", subject={"namespaces": {"matchLabels": {"no": "ns"}}}), ["spec.subject"]),
    ("policy.peer-matches-nothing", np(ingress=[from_(pods(app="a"), pods(app="c"))]), ["spec.ingress[0].from[1]"]),
    ("policy.peer-matches-nothing", np(ingress=[from_(spaces(team="no"))]), ["spec.ingress[0].from[0]"]),
    ("policy.peer-matches-nothing", np(ingress=[from_({"namespaceSelector": {}})]), []),
    ("policy.named-port-unresolved", np(ingress=[from_(ports=[{"port": "web"}])]), ["spec.ingress[0].ports[0]"]),
    ("policy.invalid", np(policyTypes=["Ingress"], egress=[to(pods(app="a"))]), ["spec.egress"]),
    ("policy.invalid", np(ingress=[from_(block("10.0.0.5/8"))]), ["spec.ingress[0].from[0].ipBlock.cidr"]),
    ("policy.invalid", np(ingress=[from_(block("10.0.0.0/33"))]), ["spec.ingress[0].from[0].ipBlock.cidr"]),
    ("policy.invalid", np(ingress=[from_(block("10.0.0.0/8"))]), []),
    ("policy.invalid", cnp("p", ingress=[{"action": "Deny", "from": [{"new": {}}]}]), ["spec.ingress[0].from[0]"]),
    ("policy.allows-all", np(ingress=[{}]), ["spec.ingress[0]"]),
    ("policy.allows-all", np(ingress=[from_(ports=[{"port": 80}])]), []),
    ("policy.ipblock-for-pods", np(ingress=[from_(block("10.0.0.0/24"))]), ["spec.ingress[0].from[0].ipBlock.cidr"]),
    ("policy.ipblock-for-pods", np(ingress=[from_(block("192.0.2.0/24"), block("0.0.0.0/0"))]), []),
    ("policy.rule-contained", np(ingress=[from_(pods(app="a")), from_({"podSelector": {}})]), ["spec.ingress[0]"]),
    ("policy.rule-contained", np(ingress=[from_(pods(app="a")), from_(pods(app="b"))]), []),
    (
        "policy.rule-contained",
        np(ingress=[from_(block("10.1.0.0/16")), from_(block("10.0.0.0/8", "10.2.0.0/16"))]),
        ["spec.ingress[0]"],
    ),
    ("policy.rule-contained", np(ingress=[from_(block("10.1.0.0/16")), from_(block("10.0.0.0/8", "10.1.2.0/24"))]), []),
    (
        "policy.rule-contained",
        np(ingress=[from_(ports=[{"port": 80}]), from_(ports=[{"port": 79, "endPort": 81}])]),
        ["spec.ingress[0]"],
    ),
    ("policy.rule-contained", np(ingress=[from_(ports=[{"port": "http"}]), from_(ports=[{"port": 80}])]), []),
    ("policy.rule-shadowed", cnp("p", ingress=[DENY, ACCEPT]), ["spec.ingress[1]"]),
    ("policy.rule-shadowed", cnp("p", ingress=[DENY | {"protocols": [{"udp": {}}]}, ACCEPT]), []),
]


@pytest.mark.parametrize(("code", "policy", "expected"), CASES)
def test_what_is_found_in_one_policy(code, policy, expected):
    assert found(build(policy), code) == expected


def test_a_later_admin_policy_is_shadowed_by_an_earlier_one():
    low, high = cnp("low", priority=1, ingress=[ACCEPT]), cnp("high", priority=2, ingress=[DENY])
    shadowed = [one for one in lint(build(high, low)) if one.code == "policy.rule-shadowed"]
    assert [(one.ref.name, one.path) for one in shadowed] == [("high", "spec.ingress[0]")]
    assert "contradicts" in shadowed[0].text


def test_host_network_pods_that_a_policy_selects_in_vain():
    policies = build(np(podSelector={"matchLabels": {"app": "host"}}), cluster=[A, HOST])
    assert found(policies, "policy.host-network-bypass") == ["spec.podSelector"]
    assert found(policies, "policy.selects-no-pod") == ["spec.podSelector"]
    assert found(build(np(), cluster=TRIO), "policy.host-network-bypass") == []


def test_a_default_deny_covers_every_pod_of_a_namespace():
    missing = found(build(np(policyTypes=["Ingress"])), "policy.default-deny-missing")
    assert missing == ["(egress)", "(egress)", "(ingress)"]
    assert (
        found(build(np(podSelector={"matchLabels": {"app": "a"}})), "policy.default-deny-missing").count("(ingress)")
        == 2
    )
    base = cnp("base", "Baseline", ingress=[DENY], egress=[{"action": "Deny", "to": [EVERYBODY]}])
    assert found(build(base), "policy.default-deny-missing") == []


DNS = pod("kube-system/dns", {"k8s-app": "kube-dns"}, "10.0.9.9")


@pytest.mark.parametrize(
    ("ports", "word"),
    [([], None), ([{"port": 53, "protocol": "UDP"}], "TCP"), ([{"port": 80}], "UDP and TCP")],
)
def test_egress_isolation_without_a_way_to_dns(ports, word):
    policies = build(np(policyTypes=["Egress"], egress=[to(ports=ports)]), cluster=[A, DNS])
    texts = [one.text for one in lint(policies) if one.code == "policy.dns-egress-denied"]
    assert texts == ([f"x/a may not reach cluster DNS on {word} port 53"] if word else [])


def test_a_service_port_where_the_pod_port_is_meant():
    server = pod("x/s", {"app": "s"}, "10.0.1.1", ports=[("http", 8080)])
    web = service("x/web", {"app": "s"}, {"port": 80, "targetPort": "http"})
    wrong = build(np(ingress=[from_(ports=[{"port": 80}])]), cluster=[A, server])
    right = build(np(ingress=[from_(ports=[{"port": 8080}])]), cluster=[A, server])
    elsewhere = build(
        np(podSelector={"matchLabels": {"app": "a"}}, ingress=[from_(ports=[{"port": 80}])]), cluster=[A, server]
    )
    assert found(wrong, "policy.service-port-confused", [web]) == ["spec.ingress[0].ports[0]"]
    assert found(right, "policy.service-port-confused", [web]) == []
    assert found(elsewhere, "policy.service-port-confused", [web]) == []
    outward = build(np(egress=[to(pods(app="s"), ports=[{"port": 80}])]), cluster=[A, server])
    assert found(outward, "policy.service-port-confused", [web]) == ["spec.egress[0].ports[0]"]
    same = service("x/web", {"app": "s"}, {"port": 80})
    assert found(wrong, "policy.service-port-confused", [same]) == []


def test_nodes_that_no_node_is():
    rule = {"action": "Deny", "to": [{"nodes": {"matchLabels": {"role": "edge"}}}]}
    edge = [node("n1", "172.16.0.1", role="edge")]
    assert found(build(cnp("p", egress=[rule]), nodes=[node("n1", "172.16.0.1")]), "policy.peer-matches-nothing")
    assert found(build(cnp("p", egress=[rule]), nodes=edge), "policy.peer-matches-nothing") == []
    assert found(build(cnp("p", egress=[rule]), nodes=None), "policy.peer-matches-nothing") == []


def test_foreign_policies_that_select_pods():
    ref = ObjectRef(api_version="cilium.io/v2", kind="CiliumNetworkPolicy", name="f", namespace="x")
    assert found(build(foreign=[ForeignPolicy(ref, "x")]), "policy.unsupported-present") == ["spec"]
    assert found(build(foreign=[ForeignPolicy(ref, "nowhere")]), "policy.unsupported-present") == []


def test_a_sound_set_is_silent():
    deny = [np(f"deny-{space}", space, policyTypes=["Ingress", "Egress"]) for space in ("x", "y")]
    admit = np("admit", podSelector={"matchLabels": {"app": "b"}}, ingress=[from_(pods(app="a"), ports=[{"port": 80}])])
    out = np(
        "out",
        podSelector={"matchLabels": {"app": "a"}},
        policyTypes=["Egress"],
        egress=[to(pods(app="b"), ports=[{"port": 80}])],
    )
    assert lint(build(*deny, admit, out, namespaces=[namespace("x"), namespace("y")])) == ()


def test_same_labels_and_old_kinds_are_not_flagged():
    policy = anp("a", ingress=[{"action": "Deny", "from": [{"namespaces": {"sameLabels": ["team"]}}]}])
    assert {one.code for one in lint(build(policy, cluster=[A, B]))} == {"policy.default-deny-missing"}
