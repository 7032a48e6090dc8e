"""Twenty random policy sets: what is predicted of every pair of pods and every port is what packets do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.kube import Kube
from tests.e2e.policy.packets import rounds
from tests.e2e.policy.world import World, show

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

SETS, SEED = 20, 7


@pytest.fixture(scope="module")
def world(kube: Kube) -> Iterator[World]:
    made = World(kube, SEED)
    try:
        made.open()
        yield made
    finally:
        made.close()


def test_packets_do_what_is_predicted(world: World) -> None:
    tried = reached = 0
    for one in rounds(world, SETS, SEED):
        assert not one.wrong, "\n".join([show(one.policies), *map(str, one.wrong[:20])])
        tried, reached = tried + one.tried, reached + one.reached
    assert tried == SETS * 12 * 12 * 6
    assert tried * 0.1 < reached < tried * 0.9  # neither all open nor all shut: the sets are worth their time
