"""Laws: the evaluator against a naive one, and against itself."""

import random
from ipaddress import ip_network

from clusters import LAW, NAMESPACES, PORTS, PROTOCOLS, build, clusters, ends, look_up
from hypothesis import given
from hypothesis import strategies as st
from naive import Naive

from netdoc.predict.policy import Directory, answer, evaluate, matrix

QUESTIONS = [(port, protocol) for port in (*PORTS, 9999) for protocol in PROTOCOLS]


def answers(cluster, seed, amount=60):
    """Questions drawn from all pairs of ends that policies may have a say in, each with the set's ends."""
    chosen = random.Random(seed)
    policies = build(cluster)
    found = ends(cluster)
    running = [one for one in found if look_up(policies, one).selectable] or found
    for _ in range(amount):
        pair = [chosen.choice(running), chosen.choice(running if chosen.random() < 0.7 else found)]
        chosen.shuffle(pair)
        port, protocol = chosen.choice(QUESTIONS)
        yield policies, *pair, port, protocol


@LAW
@given(cluster=clusters(), seed=st.integers(0, 2**20))
def test_agrees_with_the_naive_evaluator(cluster, seed):
    naive = Naive(cluster)
    for policies, source, destination, port, protocol in answers(cluster, seed):
        expected = naive.allowed(look_up(naive, source), look_up(naive, destination), port, protocol)
        found = policies.allowed(look_up(policies, source), look_up(policies, destination), port, protocol)
        assert found is expected, (source, destination, port, protocol)


@LAW
@given(cluster=clusters(), seed=st.integers(0, 2**20))
def test_the_explanation_agrees_with_the_bare_answer(cluster, seed):
    for policies, source, destination, port, protocol in answers(cluster, seed):
        first, second = look_up(policies, source), look_up(policies, destination)
        verdict = evaluate(policies, first, second, port, protocol)
        assert verdict.allowed is policies.allowed(first, second, port, protocol), (source, destination, verdict)


def expected_ports(policies, pairs, port, protocol):
    """What a matrix must show for a pair of peers: allowed for all of their pods, for some, or for none."""
    found = [policies.allowed(one, other, port, protocol) for one, other in pairs if one.pod is not other.pod]
    if found and all(one is True for one in found):
        return "sure"
    return "possible" if any(one is not False for one in found) else "none"


def shown(table, source, destination, port, protocol):
    bit = table.policies.ports.bit(protocol, port)
    for cells in table.column(destination):
        if cells.sources >> source & 1:
            return "sure" if cells.sure & bit else "possible" if cells.possible & bit else "none"
    return "none"


def sharing_a_family(pairs):
    return [(one, other) for one, other in pairs if set(one.families) & set(other.families)]


@LAW
@given(cluster=clusters(), seed=st.integers(0, 2**20), by_pod=st.booleans())
def test_the_matrix_agrees_with_single_questions(cluster, seed, by_pod):
    policies = build(cluster)
    table = matrix(policies, by_pod=by_pod)
    chosen = random.Random(seed)
    workloads = [position for position, peer in enumerate(table.peers) if peer.ends]
    for _ in range(40 if workloads else 0):
        source, destination = chosen.choice(workloads), chosen.choice(workloads)
        port, protocol = chosen.choice(QUESTIONS)
        pairs = [(one, other) for one in table.peers[source].ends for other in table.peers[destination].ends]
        if sharing_a_family(pairs) != pairs:
            continue
        expected = expected_ports(policies, pairs, port, protocol)
        assert shown(table, source, destination, port, protocol) == expected, (
            table.peers[source].id,
            table.peers[destination].id,
            port,
            protocol,
        )


@LAW
@given(cluster=clusters(), seed=st.integers(0, 2**20))
def test_the_matrix_agrees_with_single_questions_about_addresses_outside(cluster, seed):
    policies = build(cluster)
    table = matrix(policies, by_pod=True)
    chosen = random.Random(seed)
    outside = [position for position, peer in enumerate(table.peers) if not peer.ends]
    pods = [position for position, peer in enumerate(table.peers) if peer.ends]
    for _ in range(30 if pods else 0):
        beyond, pod = chosen.choice(outside), chosen.choice(pods)
        network = ip_network(table.peers[beyond].id)
        end = policies.address(str(network[chosen.randrange(min(network.num_addresses, 2**30))]))
        if end.pod is not None or end.on_host or network.version not in table.peers[pod].ends[0].families:
            continue
        port, protocol = chosen.choice(QUESTIONS)
        inside = table.peers[pod].ends[0]
        assert shown(table, beyond, pod, port, protocol) == expected_ports(policies, [(end, inside)], port, protocol)
        assert shown(table, pod, beyond, port, protocol) == expected_ports(policies, [(inside, end)], port, protocol)


@LAW
@given(cluster=clusters(), seed=st.integers(0, 2**20))
def test_a_batch_agrees_with_the_matrix_of_workloads(cluster, seed):
    policies = build(cluster)
    table = matrix(policies)
    chosen = random.Random(seed)
    peers = [(i, peer) for i, peer in enumerate(table.peers) if peer.ends]
    for _ in range(20 if peers else 0):
        (i, source), (j, destination) = chosen.choice(peers), chosen.choice(peers)
        if i == j and len(source.ends) == 1:
            continue
        if any(not set(one.families) & set(other.families) for one in source.ends for other in destination.ends):
            continue
        port, protocol = chosen.choice(QUESTIONS)
        line = {"from": source.id, "to": destination.id, "port": port, "protocol": protocol}
        expected = {"sure": True, "possible": None, "none": False}[shown(table, i, j, port, protocol)]
        assert answer(Directory(policies), line)["allowed"] is expected, line


@LAW
@given(cluster=clusters(), name=st.sampled_from(NAMESPACES))
def test_a_policy_that_selects_nothing_changes_nothing(cluster, name):
    nothing = {
        "kind": "NetworkPolicy",
        "metadata": {"name": "nothing", "namespace": name},
        "spec": {"podSelector": {"matchLabels": {"no": "pod"}}, "policyTypes": ["Ingress", "Egress"]},
    }
    assert everything(build(cluster)) == everything(build(cluster | {"policies": [*cluster["policies"], nothing]}))


@LAW
@given(cluster=clusters(), seed=st.integers(0, 2**20))
def test_order_never_matters(cluster, seed):
    chosen = random.Random(seed)
    shuffled = {
        key: chosen.sample(value, len(value)) if key in ("pods", "namespaces", "nodes", "policies", "admin") else value
        for key, value in cluster.items()
    }
    shuffled["policies"] = [_shuffled_rules(one, chosen) for one in shuffled["policies"]]
    assert everything(build(cluster)) == everything(build(shuffled))


def _shuffled_rules(policy, chosen):
    spec = dict(policy["spec"])
    for direction, word in (("ingress", "from"), ("egress", "to")):
        rules = spec.get(direction)
        if rules:
            spec[direction] = [
                {key: chosen.sample(value, len(value)) for key, value in rule.items() if key in (word, "ports")}
                for rule in chosen.sample(rules, len(rules))
            ]
    return policy | {"spec": spec}


@LAW
@given(cluster=clusters())
def test_splitting_rules_never_matters(cluster):
    split = [_split(one, "NetworkPolicy") for one in cluster["policies"]]
    admin = [_split(one, one["kind"]) for one in cluster["admin"]]
    assert everything(build(cluster)) == everything(build(cluster | {"policies": split, "admin": admin}))


def _split(policy, kind):
    """Each rule as several, one for each of its peers and ports."""
    spec = dict(policy["spec"])
    for direction, word in (("ingress", "from"), ("egress", "to")):
        if direction in spec:
            spec[direction] = [part for rule in spec[direction] for part in _parts(rule, word)]
    return policy | {"spec": spec}


def _parts(rule, word):
    if {} in (rule.get(word) or []):
        return [rule]
    fields = [key for key in (word, "ports", "protocols") if rule.get(key)]
    parts = [rule]
    for key in fields:
        parts = [part | {key: [one]} for part in parts for one in part[key]]
    return parts


def everything(policies):
    """The whole of what a set allows, by pods and outside, free of positions and of the order of anything."""
    table = matrix(policies, by_pod=True)
    return {(one.source.id, one.destination.id): (one.allowed, one.unknown) for one in table.connections()}
