"""A scenario's world, its pods and its vantages, for the tests beside this."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from netdoc.demo import assemble, open_demo
from netdoc.demo.cluster import DemoCluster
from netdoc.demo.world import World
from netdoc.model import kube
from netdoc.ports import Consent, Vantages


def opened(scenario: str = "healthy") -> DemoCluster:
    cluster = open_demo(scenario)
    assert isinstance(cluster, DemoCluster)
    return cluster


def world(scenario: str = "healthy") -> World:
    return World(opened(scenario).holdings, assemble.meta().outside)


def pods(world: World, namespace: str, app: str, node: str = "") -> list[kube.Pod]:
    """Those of a workload, by the beginning of their names."""
    return [
        one
        for one in world.pods
        if one.namespace == namespace and one.name.startswith(app) and node in ("", one.spec.node_name)
    ]


@contextlib.asynccontextmanager
async def vantages(
    scenario: str = "healthy", *consents: Consent, told: list[str] | None = None
) -> AsyncIterator[Vantages]:
    made = opened(scenario).vantages(frozenset(consents), (told if told is not None else []).append)
    try:
        yield made
    finally:
        await made.close()
