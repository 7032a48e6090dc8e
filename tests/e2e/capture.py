"""Keeps what a broken namespace looked like, as the API server writes it: NETDOC_E2E_CAPTURE names the folder.

    NETDOC_E2E_CAPTURE=tests/fixtures/life .venv/bin/pytest tests/e2e/test_faults.py -k 'crash-loop or ...'

The files feed tests that need no cluster (tests/cluster/test_life.py).
"""

from __future__ import annotations

import json
from pathlib import Path

from tests.e2e.kube import PLACES, Kube, Object

KINDS = ("Service", "EndpointSlice", "Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job", "Pod", "Event")


def keep(kube: Kube, namespace: str, fault: str, folder: Path) -> None:
    """One `List`, an object a line: the namespace with all that netdoc reads in it, and the nodes."""
    items = [one for kind in KINDS for one in _named(kube.items(kind, namespace), kind)]
    items += _named([kube.get("Namespace", namespace) or {}], "Namespace")
    items += [_without_images(one) for one in _named(kube.items("Node"), "Node")]
    lines = ",\n".join(json.dumps(one, separators=(",", ":"), ensure_ascii=False) for one in items)
    text = f'{{"apiVersion":"v1","kind":"List","metadata":{{}},"items":[\n{lines}\n]}}\n'
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{fault}.json").write_text(text.replace(namespace, "life"))


def _named(items: list[Object], kind: str) -> list[Object]:
    """Items of a list carry no kind of their own."""
    group = PLACES[kind][0].partition("/")[2]
    return [{"apiVersion": group, "kind": kind, **one} for one in items]


def _without_images(node: Object) -> Object:
    """The images on its disk are most of a node, and nobody reads them."""
    return node | {"status": {key: value for key, value in node["status"].items() if key != "images"}}
