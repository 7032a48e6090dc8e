"""A few objects as the API server writes them, for the tests of the sources."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]

SERVICE = {
    "apiVersion": "v1",
    "kind": "Service",
    "metadata": {"name": "web", "namespace": "shop", "uid": "u-web"},
    "spec": {"selector": {"app": "web"}, "ports": [{"port": 80, "targetPort": 8080}], "clusterIP": "10.43.0.7"},
    "status": {"loadBalancer": {}},
}


def pod(name: str, namespace: str = "shop", **labels: str) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "uid": f"u-{name}", "labels": labels or {"app": "web"}},
        "spec": {"nodeName": "n1", "containers": [{"name": "app", "ports": [{"containerPort": 8080}]}]},
        "status": {
            "phase": "Running",
            "podIP": "10.42.0.9",
            "podIPs": [{"ip": "10.42.0.9"}],
            "conditions": [{"type": "Ready", "status": "True", "lastTransitionTime": "2026-11-20T10:00:00Z"}],
        },
    }


def policy(name: str = "deny", namespace: str = "shop") -> Document:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }


def shop() -> list[Document]:
    return [SERVICE, pod("web-1"), pod("web-2"), pod("db-0", app="db"), policy()]
