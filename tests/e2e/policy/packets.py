"""Prediction against packets: random policy sets on a real cluster, and every verdict held against a connection.

    python -m tests.e2e.policy.packets --sets 300 --seed 1

Three are compared: the evaluator, the naive evaluator of its own tests (which shares no code with it), and whoever
enforces policies in the cluster. Where two disagree, the sets and the connections are printed.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic
from typing import Any

import msgspec

from netdoc.model.kube import Namespace, NetworkPolicy, Node, Pod
from netdoc.predict.policy import PolicySet, evaluate
from tests.e2e.kube import Kube, Object
from tests.e2e.policy.sets import Draw
from tests.e2e.policy.world import Question, World, show

sys.path.insert(0, str(Path(__file__).parents[2] / "predict" / "policy"))
from naive import Naive  # type: ignore[import-not-found]

SURE = 3.0  # seconds for those connections that ended otherwise than predicted, before that is believed


class Disagreement(msgspec.Struct, frozen=True):
    """One connection on which the three differ."""

    question: Question
    packets: bool
    evaluator: bool | None
    explained: bool | None
    naive: bool | None

    def __str__(self) -> str:
        source, destination, port, protocol = self.question
        said = f"packets {self.packets}, evaluator {self.evaluator}, explained {self.explained}, naive {self.naive}"
        return f"{source} -> {destination} {protocol} {port}: {said}"


class Round(msgspec.Struct, frozen=True):
    """One set, tried. `reached` connections of `tried` were made."""

    policies: list[Object]
    tried: int
    reached: int
    wrong: list[Disagreement]


def rounds(world: World, sets: int, seed: int) -> Iterator[Round]:
    """Tries `sets` sets, drawn one by one from the seed."""
    nodes = world.kube.items("Node")
    addresses = [one["status"]["podIP"] for one in world.pods]
    for at in range(sets):
        chance = random.Random(f"{seed}/{at}")
        policies = Draw(chance, world.namespaces, addresses).policies()
        world.put(policies)
        yield try_set(world, policies, nodes)


def try_set(world: World, policies: list[Object], nodes: list[Object]) -> Round:
    """Every connection once; those that contradict a prediction once more, with more time."""
    asked = world.everything()
    seen = dict(zip(asked, world.reached(asked), strict=True))
    predict = _Predictions(world, policies, nodes)
    doubtful = [one for one in asked if predict(one) != (seen[one],) * 3]
    if doubtful:
        seen |= dict(zip(doubtful, world.reached(doubtful, SURE), strict=True))
    wrong = [Disagreement(one, seen[one], *predict(one)) for one in doubtful if predict(one) != (seen[one],) * 3]
    return Round(policies, len(asked), sum(seen.values()), wrong)


class _Predictions:
    """What the evaluator, its explanation and the naive evaluator say of a connection."""

    def __init__(self, world: World, policies: list[Object], nodes: list[Object]) -> None:
        spaces = [one for one in world.kube.items("Namespace") if one["metadata"]["name"] in world.namespaces]
        self._policies = PolicySet.build(
            msgspec.convert(world.pods, list[Pod], strict=False),
            msgspec.convert(spaces, list[Namespace]),
            msgspec.convert(policies, list[NetworkPolicy]),
            nodes=msgspec.convert(nodes, list[Node], strict=False),
        )
        assert not self._policies.refused, self._policies.refused
        self._naive = Naive(
            {"pods": world.pods, "namespaces": spaces, "policies": policies, "nodes": nodes, "admin": [],
             "families": [4], "ipblock_pods": "match"}
        )  # fmt: skip

    def __call__(self, question: Question) -> tuple[Any, Any, Any]:
        (source, destination), port, protocol = (one.split("/") for one in question[:2]), question[2], question[3]
        one, other = self._policies.pod(*source), self._policies.pod(*destination)
        return (
            self._policies.allowed(one, other, port, protocol),
            evaluate(self._policies, one, other, port, protocol).allowed,
            self._naive.allowed(self._naive.pod(*source), self._naive.pod(*destination), port, protocol),
        )


def _brief(pod: Object) -> Object:
    """What policies see of a pod."""
    ports = [one.get("ports") for one in (*pod["spec"].get("initContainers", ()), *pod["spec"]["containers"])]
    return {key: pod["metadata"][key] for key in ("namespace", "name", "labels")} | {
        "ports": ports, "ip": pod["status"]["podIP"]
    }  # fmt: skip


def main() -> int:
    from tests.e2e.conftest import _kubeconfig

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sets", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--worlds", type=int, default=5, help="how often pods, labels and port names are drawn anew")
    parser.add_argument("--minutes", type=float, default=0, help="stop after so many (0: never)")
    parser.add_argument("--sidecars", action="store_true", help="some ports are named by native sidecars alone")
    given = parser.parse_args()
    kube, started = Kube(_kubeconfig()), monotonic()
    done = tried = reached = wrong = 0
    for number in range(given.worlds):
        world = World(kube, given.seed * 1000 + number, sidecars=given.sidecars)
        try:
            world.open()
            for one in rounds(world, given.sets // given.worlds, given.seed * 1000 + number):
                done, tried, reached, wrong = done + 1, tried + one.tried, reached + one.reached, wrong + len(one.wrong)
                if one.wrong:
                    print(
                        show(one.policies),
                        show([_brief(pod) for pod in world.pods]),
                        *one.wrong[:20],
                        sep="\n",
                        flush=True,
                    )
                if given.minutes and monotonic() - started > given.minutes * 60:
                    break
        finally:
            world.close()
        spent = monotonic() - started
        print(f"{done} sets, {tried} connections, {reached} made, {wrong} disagreements, {spent:.0f} s", flush=True)
        if given.minutes and spent > given.minutes * 60:
            break
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
