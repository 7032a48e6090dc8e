"""The embedded network: a cluster to try netdoc on, healthy or broken on purpose."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netdoc.ports import Cluster


class UnknownScenario(ValueError):
    """No scenario has that id; the message names the nearest."""


def open_demo(scenario: str, namespace: str = "") -> Cluster:
    """The embedded network as a Cluster. Raises UnknownScenario."""
    from netdoc.demo import assemble
    from netdoc.demo.cluster import DemoCluster
    from netdoc.path.kinds import nearest
    from netdoc.ports import Where

    try:
        chosen = assemble.scenario(scenario)
    except KeyError:
        near = nearest(scenario, assemble.scenario_ids(), most=1)
        raise UnknownScenario(
            f'there is no scenario "{scenario}"' + (f'; there is "{near[0]}"' if near else "")
        ) from None
    place = Where(type="demo", scenario=scenario, namespace=namespace or "default")
    logs = {(log.namespace, log.pod, log.container, log.previous): log.text for log in chosen.logs}
    return DemoCluster.from_documents(
        assemble.documents(chosen), where=place, now=datetime.fromisoformat(assemble.meta().now), logs=logs
    )
