"""Seeded clusters of any size for the benches: namespaces, workloads, pods on nodes, and policies of many kinds.

Each namespace has about fifty pods in ten workloads; policies are default denies, DNS egress, workload to
workload, from another namespace, monitoring from everywhere, and blocks outside.
"""

from __future__ import annotations

import random
from typing import Any

TEAMS = ["red", "green", "blue", "teal"]
TIERS = ["web", "api", "db", "cache", "job"]


def cluster(pods: int, policies: int, seed: int = 1, workloads: int | None = None) -> dict[str, list[dict[str, Any]]]:
    chosen = random.Random(seed)
    amount = workloads or max(pods // 5, 1)
    spaces = max(amount // 10, 1)
    nodes = max(pods // 100, 1)
    return {
        "namespaces": [_namespace(i, chosen) for i in range(spaces)],
        "nodes": [_node(i) for i in range(nodes)],
        "pods": [_pod(i, i % amount, spaces, nodes) for i in range(pods)],
        "policies": [_policy(i, i % spaces, spaces, chosen) for i in range(policies)],
    }


def _namespace(i: int, chosen: random.Random) -> dict[str, Any]:
    labels = {"team": chosen.choice(TEAMS), "kubernetes.io/metadata.name": f"ns{i}"}
    return {"metadata": {"name": f"ns{i}", "labels": labels}}


def _node(i: int) -> dict[str, Any]:
    return {
        "metadata": {"name": f"node{i}", "labels": {"zone": f"z{i % 3}"}},
        "status": {"addresses": [{"type": "InternalIP", "address": f"172.16.{i // 250}.{i % 250 + 1}"}]},
    }


def _pod(i: int, workload: int, spaces: int, nodes: int) -> dict[str, Any]:
    namespace, number = workload % spaces, workload // spaces
    labels = {
        "app": f"app{number}",
        "tier": TIERS[number % len(TIERS)],
        "pod-template-hash": f"{workload:08x}",
    }
    owner = {"kind": "ReplicaSet", "name": f"app{number}-{workload:08x}", "controller": True}
    port = {"name": "http", "containerPort": 8080 + number % 3}
    return {
        "metadata": {"name": f"pod{i}", "namespace": f"ns{namespace}", "labels": labels, "ownerReferences": [owner]},
        "spec": {"containers": [{"name": "c", "ports": [port]}], "nodeName": f"node{i % nodes}"},
        "status": {"phase": "Running", "podIPs": [{"ip": f"10.{i // 65000}.{i // 250 % 250}.{i % 250 + 1}"}]},
    }


def _policy(i: int, namespace: int, spaces: int, chosen: random.Random) -> dict[str, Any]:
    shapes = [_deny_all, _dns, _workload_to_workload, _from_namespace, _monitoring, _outside]
    spec = shapes[i // spaces % len(shapes) if i < spaces * 2 else chosen.randrange(len(shapes))](chosen, spaces)
    return {"metadata": {"name": f"policy{i}", "namespace": f"ns{namespace}"}, "spec": spec}


def _app(chosen: random.Random) -> dict[str, Any]:
    return {"matchLabels": {"app": f"app{chosen.randrange(10)}"}}


def _deny_all(chosen: random.Random, spaces: int) -> dict[str, Any]:
    return {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}


def _dns(chosen: random.Random, spaces: int) -> dict[str, Any]:
    ports = [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}]
    return {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"ports": ports}]}


def _workload_to_workload(chosen: random.Random, spaces: int) -> dict[str, Any]:
    ports = [{"port": "http"}, {"port": chosen.choice([5432, 6379, 9092])}]
    rule = {"from": [{"podSelector": _app(chosen)}, {"podSelector": _app(chosen)}], "ports": ports}
    egress = {"to": [{"podSelector": {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["db"]}]}}]}
    return {"podSelector": _app(chosen), "ingress": [rule], "egress": [egress], "policyTypes": ["Ingress", "Egress"]}


def _from_namespace(chosen: random.Random, spaces: int) -> dict[str, Any]:
    name = {"matchLabels": {"kubernetes.io/metadata.name": f"ns{chosen.randrange(spaces)}"}}
    peers = [{"namespaceSelector": name}, {"namespaceSelector": name, "podSelector": _app(chosen)}]
    return {"podSelector": _app(chosen), "ingress": [{"from": peers, "ports": [{"port": 8080, "endPort": 8090}]}]}


def _monitoring(chosen: random.Random, spaces: int) -> dict[str, Any]:
    peer = {"namespaceSelector": {"matchLabels": {"team": chosen.choice(TEAMS)}}}
    return {"podSelector": {}, "ingress": [{"from": [peer], "ports": [{"port": 9090 + chosen.randrange(10)}]}]}


def _outside(chosen: random.Random, spaces: int) -> dict[str, Any]:
    inside = {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "172.16.0.0/12"]}
    other = {"cidr": f"198.51.{chosen.randrange(100)}.0/24"}
    rules = [{"to": [{"ipBlock": inside}], "ports": [{"port": 443}]}, {"to": [{"ipBlock": other}]}]
    return {"podSelector": _app(chosen), "egress": rules, "policyTypes": ["Egress"]}
