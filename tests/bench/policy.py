"""Bench of the policy evaluator: loading, point queries, matrices; several sizes, to see how they grow.

python tests/bench/policy.py [PODS:POLICIES[:WORKLOADS] ...]
"""

from __future__ import annotations

import random
import resource
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
from policy_clusters import cluster

from netdoc.model.kube import Namespace, NetworkPolicy, Node, Pod
from netdoc.predict.policy import Matrix, PolicySet, evaluate, lint, matrix, smallest_change

SIZES = ["1000:100", "3000:300", "10000:1000", "10000:10000", "2000:1000:2000"]
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


def whole(policies: PolicySet, by_pod: bool) -> tuple[float, Matrix, int]:
    """Seconds for the whole matrix, every column of it; the matrix, and the number of connected pairs."""
    table: list[Matrix] = []

    def compute() -> int:
        table.append(matrix(policies, by_pod=by_pod))
        columns = (table[0].column(position) for position in range(len(table[0].peers)))
        return sum(cells.sources.bit_count() for column in columns for cells in column)

    taken, pairs = timed(compute)
    return taken, table[0], pairs


def change(policies: PolicySet, want: bool) -> float:
    """Seconds for a change of one connection drawn at random; NaN where a thousand draws find none to change."""
    chosen = random.Random(11)
    ends = list(policies.pods())
    for _ in range(1000):
        pair = chosen.sample(ends, 2)
        if policies.allowed(*pair, 8080) is not want:
            return timed(partial(smallest_change, policies, *pair, 8080, want=want))[0]
    return float("nan")


def bench(pods: int, policies: int, workloads: int | None) -> None:
    data = {name: msgspec.json.encode(found) for name, found in cluster(pods, policies, workloads=workloads).items()}
    taken, indexed = timed(lambda: load(data))
    print(f"{pods} pods, {policies} policies, {len(indexed.profiles.profiles)} profiles")
    print(f"  load and index      {taken:8.2f} s   (memory so far {megabytes():.0f} MB)")
    print(f"  query, first time   {queries(indexed, 5000, PolicySet.allowed):8.1f} µs")
    print(f"  query               {queries(indexed, 50000, PolicySet.allowed):8.1f} µs")
    print(f"  query, explained    {queries(indexed, 500, evaluate):8.1f} µs")
    for by_pod in (False, True):
        seconds, table, pairs = whole(indexed, by_pod)
        name = "pods" if by_pod else "workloads"
        print(f"  matrix of {len(table.peers):6} {name:9} {seconds:8.2f} s   ({pairs} connected pairs)")
    print(f"  lint                {timed(lambda: lint(indexed))[0]:8.2f} s")
    print(f"  smallest change     {change(indexed, True):8.2f} s to allow, {change(indexed, False):.2f} s to deny")
    print(f"  memory, at most     {megabytes():8.0f} MB")


def main(sizes: list[str]) -> None:
    for size in sizes or SIZES:
        pods, policies, *workloads = map(int, size.split(":"))
        bench(pods, policies, workloads[0] if workloads else None)


if __name__ == "__main__":
    main(sys.argv[1:])
