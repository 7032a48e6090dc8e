"""The smallest change: that it works, that it changes nothing else, and which form it takes."""

import random

from clusters import LAW, build, clusters, ends, look_up
from hypothesis import assume, given
from hypothesis import strategies as st
from test_policy_laws import QUESTIONS

from netdoc.predict.policy import applied, evaluate, smallest_change
from netdoc.predict.policy.edits import side_of


def changed(cluster, before, after):
    """Every question, pair by pair, whose answer differs."""
    found = ends(cluster)
    olds, news = ([look_up(policies, one) for one in found] for policies in (before, after))
    for i, source in enumerate(found):
        for j, destination in enumerate(found):
            for port, protocol in QUESTIONS:
                old = before.allowed(olds[i], olds[j], port, protocol)
                if old is not after.allowed(news[i], news[j], port, protocol):
                    yield source, destination, port, protocol


def meant(cluster, policies, end):
    """The ends that a policy must treat like this one: pods with its labels, or its address."""
    side = side_of(look_up(policies, end), policies.pods())
    mine = {one.id for one in side.ends}
    addresses = set(side.addresses)

    def same(other):
        found = look_up(policies, other)
        return found.id in mine or (not side.is_pod and bool(set(found.addresses.values()) & addresses))

    return [other for other in ends(cluster) if same(other)]


@LAW
@given(cluster=clusters(most_policies=3, most_pods=5), seed=st.integers(0, 2**20), want=st.booleans())
def test_the_change_does_what_it_says_and_nothing_that_it_does_not_say(cluster, seed, want):
    chosen = random.Random(seed)
    policies = build(cluster)
    found = ends(cluster)
    running = [one for one in found if look_up(policies, one).selectable]
    assume(running)
    for _ in range(4):
        pair = [chosen.choice(running), chosen.choice(found)]
        chosen.shuffle(pair)
        source, destination = (look_up(policies, one) for one in pair)
        port, protocol = chosen.choice(QUESTIONS)
        proposal = smallest_change(policies, source, destination, port, protocol, want=want)
        if not proposal.edits:
            assert proposal.reason
            continue
        after = applied(policies, proposal.edits)
        again = [look_up(after, one) for one in pair]
        assert evaluate(after, *again, port, protocol).allowed is want
        if proposal.also:
            continue
        sources, destinations = (meant(cluster, policies, one) for one in pair)
        for one, other, number, which in changed(cluster, policies, after):
            assert one in sources
            assert other in destinations
            assert (number, which) == (port, protocol)
