"""Bench of the policy evaluator: loading, point queries, matrices; several sizes, to see how they grow.

python tests/bench/policy.py [PODS:POLICIES ...]
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec
from policy_clusters import cluster

from netdoc.model.kube import Namespace, NetworkPolicy, Node, Pod
from netdoc.predict.policy import PolicySet, evaluate

SIZES = ["1000:100", "3000:300", "10000:1000", "10000:10000"]
KINDS: dict[str, type[Any]] = {
    "pods": list[Pod],
    "namespaces": list[Namespace],
    "nodes": list[Node],
    "policies": list[NetworkPolicy],
}


def timed(function: Callable[[], Any]) -> tuple[float, Any]:
    start = time.perf_counter()
    result = function()
    return time.perf_counter() - start, result


def megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def load(data: dict[str, bytes]) -> PolicySet:
    objects = {name: msgspec.json.decode(data[name], type=kind) for name, kind in KINDS.items()}
    return PolicySet.build(
        objects["pods"], objects["namespaces"], objects["policies"], nodes=objects["nodes"], ipblock_pods="match"
    )


def queries(policies: PolicySet, amount: int, ask: Callable[..., Any]) -> float:
    """Microseconds for each of `amount` questions between pods drawn at random."""
    chosen = random.Random(7)
    ends = list(policies.pods())
    asked = [(chosen.choice(ends), chosen.choice(ends), chosen.choice([80, 443, 8080, 5432])) for _ in range(amount)]
    taken, _ = timed(lambda: [ask(policies, *one) for one in asked])
    return taken / amount * 1e6


def bench(pods: int, policies: int) -> None:
    data = {name: msgspec.json.encode(objects) for name, objects in cluster(pods, policies).items()}
    taken, indexed = timed(lambda: load(data))
    cold = queries(indexed, 5000, PolicySet.allowed)
    warm = queries(indexed, 50000, PolicySet.allowed)
    explained = queries(indexed, 500, evaluate)
    print(
        f"{pods:6} pods {policies:6} policies: load+index {taken:6.2f} s, {len(indexed.profiles.profiles):6} profiles, "
        f"query {cold:6.1f} µs first, {warm:6.1f} µs then, explained {explained:8.1f} µs, {megabytes():6.0f} MB"
    )


def main(sizes: list[str]) -> None:
    for size in sizes or SIZES:
        pods, policies = map(int, size.split(":"))
        bench(pods, policies)


if __name__ == "__main__":
    main(sys.argv[1:])
