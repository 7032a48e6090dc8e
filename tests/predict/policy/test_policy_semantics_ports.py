"""Ports: points 15 to 23 of the semantics that evaluators get wrong."""

from small import TRIO, A, B, ask, block, build, container_port, from_, np, pod, pods, to, verdict


def test_15_a_protocol_left_out_is_tcp():
    policies = build(np(ingress=[from_(ports=[{"port": 53}])]))
    assert ask(policies, "x/a", "x/b", 53) is True
    assert ask(policies, "x/a", "x/b", 53, "UDP") is False


def test_16_a_protocol_without_a_port_is_all_ports_of_that_protocol_only():
    policies = build(np(ingress=[from_(ports=[{"protocol": "UDP"}])]))
    assert ask(policies, "x/a", "x/b", 5353, "UDP") is True
    assert ask(policies, "x/a", "x/b", 5353, "TCP") is False
    assert ask(policies, "x/a", "x/b", 5353, "SCTP") is False


def test_17_an_sctp_rule_isolates_tcp_and_is_not_read_as_tcp():
    policies = build(np(ingress=[from_(ports=[{"protocol": "SCTP"}])]))
    assert ask(policies, "x/a", "x/b", 80, "TCP") is False
    numbered = build(np(ingress=[from_(ports=[{"protocol": "SCTP", "port": 80}])]))
    assert ask(numbered, "x/a", "x/b", 80, "TCP") is False
    assert ask(numbered, "x/a", "x/b", 80, "SCTP") is True


def test_18_end_port_is_inclusive():
    policies = build(np(ingress=[from_(ports=[{"port": 80, "endPort": 82}])]))
    found = [ask(policies, "x/a", "x/b", port) for port in (79, 80, 82, 83)]
    assert found == [False, True, True, False]


def test_18_a_bad_end_port_is_refused_and_the_policy_takes_no_part():
    for port in ({"port": 80, "endPort": 79}, {"port": "http", "endPort": 90}, {"endPort": 90}):
        policies = build(np(ingress=[from_(ports=[port])]))
        assert ask(policies, "x/a", "x/b") is True
        assert policies.refused[0].problems[0].path == "spec.ingress[0].ports[0].endPort"


def test_19_a_named_port_is_that_of_each_destination_pod():
    one = pod("x/one", {"app": "s"}, "10.0.1.1", ports=[("http", 8000)])
    other = pod("x/other", {"app": "s"}, "10.0.1.2", ports=[("http", 8080)])
    inward = build(
        np(podSelector={"matchLabels": {"app": "s"}}, ingress=[from_(ports=[{"port": "http"}])]),
        cluster=[A, one, other],
    )
    outward = build(
        np(
            podSelector={"matchLabels": {"app": "a"}},
            egress=[to(pods(app="s"), ports=[{"port": "http"}])],
            policyTypes=["Egress"],
        ),
        cluster=[A, one, other],
    )
    for policies in (inward, outward):
        assert ask(policies, "x/a", "x/one", 8000) is True
        assert ask(policies, "x/a", "x/one", 8080) is False
        assert ask(policies, "x/a", "x/other", 8080) is True
        assert ask(policies, "x/a", "x/other", 8000) is False


def test_20_a_named_port_must_match_name_and_protocol():
    server = pod("x/s", {"app": "s"}, "10.0.1.1", ports=[("dns", 53, "UDP")])
    policies = build(np(ingress=[from_(ports=[{"port": "dns"}])]), cluster=[A, server])
    assert ask(policies, "x/a", "x/s", 53, "TCP") is False
    assert ask(policies, "x/a", "x/s", 53, "UDP") is False
    right = build(np(ingress=[from_(ports=[{"port": "dns", "protocol": "UDP"}])]), cluster=[A, server])
    assert ask(right, "x/a", "x/s", 53, "UDP") is True


def test_20_a_name_that_no_port_has_is_no_match_and_says_so():
    found = verdict(build(np(ingress=[from_(ports=[{"port": "nope"}])])), "x/a", "x/b")
    assert found.allowed is False
    assert found.ingress.walk[0].term == "named-port"


def test_21_native_sidecars_provide_named_ports_and_other_init_containers_do_not():
    ports = {"name": "i", "ports": [container_port("metrics", 9090)]}
    sidecar = pod("x/side", {}, "10.0.1.1", init=[ports | {"restartPolicy": "Always"}])
    plain = pod("x/init", {}, "10.0.1.2", init=[ports])
    policies = build(np(ingress=[from_(ports=[{"port": "metrics"}])]), cluster=[A, sidecar, plain])
    assert ask(policies, "x/a", "x/side", 9090) is True
    assert ask(policies, "x/a", "x/init", 9090) is False


def test_22_a_named_port_never_matches_an_address_outside():
    rule = to(block("0.0.0.0/0"), ports=[{"port": "http"}])
    policies = build(np(egress=[rule], policyTypes=["Egress"]))
    assert ask(policies, "x/a", "192.0.2.1", 80) is False


def test_23_numbers_are_pod_ports_whether_declared_or_not():
    server = pod("x/s", {"app": "s"}, "10.0.1.1", ports=[("http", 8080)])
    policies = build(np(ingress=[from_(ports=[{"port": 8080}, {"port": 9999}])]), cluster=[*TRIO, server])
    assert ask(policies, "x/a", "x/s", 8080) is True
    assert ask(policies, "x/a", "x/s", 9999) is True
    assert ask(policies, "x/a", "x/s", 80) is False
    assert ask(policies, B.namespace + "/" + B.name, "x/s", 9999) is True
