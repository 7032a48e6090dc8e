"""Laws: the evaluator against a naive one, and against itself."""

import random

from clusters import LAW, PORTS, PROTOCOLS, build, clusters, ends, look_up
from hypothesis import given
from hypothesis import strategies as st
from naive import Naive

from netdoc.predict.policy import evaluate

QUESTIONS = [(port, protocol) for port in (*PORTS, 9999) for protocol in PROTOCOLS]


def answers(cluster, seed, amount=60):
    """Questions drawn from all pairs of ends, each with the set's ends and the port."""
    chosen = random.Random(seed)
    policies = build(cluster)
    found = ends(cluster)
    for _ in range(amount):
        source, destination = chosen.choice(found), chosen.choice(found)
        port, protocol = chosen.choice(QUESTIONS)
        yield policies, source, destination, port, protocol


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
