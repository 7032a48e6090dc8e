"""The sources of objects: a live API server, a snapshot, a record of either.

Names are loaded when they are first used: to import this package loads neither kubernetes nor yaml.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from netdoc.cluster.errors import ClusterError, Unreachable

if TYPE_CHECKING:
    from netdoc.cluster.kubeconfig import LiveOptions as LiveOptions
    from netdoc.cluster.live import LiveCluster as LiveCluster
    from netdoc.cluster.live import open_live as open_live
    from netdoc.cluster.reading import open_snapshot as open_snapshot
    from netdoc.cluster.recorded import RecordedCluster as RecordedCluster
    from netdoc.cluster.snapshot import SnapshotCluster as SnapshotCluster

_HOMES = {
    "LiveCluster": "netdoc.cluster.live",
    "LiveOptions": "netdoc.cluster.kubeconfig",
    "open_live": "netdoc.cluster.live",
    "open_snapshot": "netdoc.cluster.reading",
    "RecordedCluster": "netdoc.cluster.recorded",
    "SnapshotCluster": "netdoc.cluster.snapshot",
}

__all__ = [
    "ClusterError",
    "LiveCluster",
    "LiveOptions",
    "RecordedCluster",
    "SnapshotCluster",
    "Unreachable",
    "open_live",
    "open_snapshot",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
