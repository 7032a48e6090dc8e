"""Clusters of any size as documents: enough of each object that a diagnosis reads it as it would a real one."""

from __future__ import annotations

from typing import Any

Document = dict[str, Any]


def pod(i: int, namespace: str, app: str) -> Document:
    """A ready pod of about 4 kB with its status, as a kubelet writes it."""
    address = f"10.{i // 65000 + 1}.{i // 250 % 250}.{i % 250 + 1}"
    name = f"{app}-{i}"
    times = "2026-11-20T00:00:00Z"
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"00000000-0000-0000-0000-{i:012d}",
            "labels": {"app": app, "pod-template-hash": "6c9d75f8b4"},
            "annotations": {"checksum/config": "0" * 64},
            "creationTimestamp": times,
            "ownerReferences": [
                {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": f"{app}-6c9d75f8b4", "uid": "x",
                 "controller": True}
            ],
            "managedFields": [
                {"manager": manager, "operation": "Update", "apiVersion": "v1", "time": times, "fieldsType": "FieldsV1",
                 "fieldsV1": {f"f:field-{n}": {f"f:part-{m}": {} for m in range(8)} for n in range(6)}}
                for manager in ("kube-controller-manager", "kubelet")
            ],
        },
        "spec": {
            "nodeName": f"node-{i % 100}",
            "containers": [
                {"name": "app", "image": "registry.example/app:1.4", "ports": [{"name": "http", "containerPort": 8080}],
                 "env": [{"name": f"SETTING_{n}", "value": "x" * 40} for n in range(10)],
                 "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
                 "resources": {"requests": {"cpu": "100m", "memory": "128Mi"}, "limits": {"memory": "256Mi"}}}
            ],
        },
        "status": {
            "phase": "Running",
            "podIP": address,
            "podIPs": [{"ip": address}],
            "hostIP": f"172.16.0.{i % 100 + 1}",
            "conditions": [
                {"type": type_, "status": "True", "lastTransitionTime": times}
                for type_ in ("PodScheduled", "Initialized", "ContainersReady", "Ready")
            ],
            "containerStatuses": [
                {"name": "app", "ready": True, "started": True, "restartCount": 0, "image": "registry.example/app:1.4",
                 "imageID": "sha256:" + "0" * 64, "state": {"running": {"startedAt": times}}}
            ],
        },
    }  # fmt: skip


def cluster(pods: int, services: int, namespaces: int) -> list[Document]:
    """`pods` spread evenly over `services`, those over `namespaces`; 100 nodes at most; one policy a namespace."""
    found: list[Document] = [_space(n) for n in range(namespaces)]
    found += [_node(n) for n in range(min(100, pods))]
    found += [_policy(n) for n in range(namespaces)]
    by_service: dict[int, list[Document]] = {}
    for i in range(pods):
        at = i % services
        one = pod(i, f"ns-{at % namespaces}", f"app-{at}")
        one["spec"]["nodeName"] = f"node-{i // services % 100}"  # a Service's pods on as many nodes, whatever the size
        by_service.setdefault(at, []).append(one)
        found.append(one)
    for at, mine in by_service.items():
        found += _service(at, f"ns-{at % namespaces}", mine)
    return found


def _space(n: int) -> Document:
    labels = {"kubernetes.io/metadata.name": f"ns-{n}"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": f"ns-{n}", "labels": labels}}


def _node(n: int) -> Document:
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": f"node-{n}"},
        "status": {
            "addresses": [{"type": "InternalIP", "address": f"172.16.0.{n + 1}"}],
            "conditions": [{"type": "Ready", "status": "True"}],
        },
    }


def _policy(n: int) -> Document:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "allow-all", "namespace": f"ns-{n}"},
        "spec": {"podSelector": {}, "ingress": [{}], "egress": [{}], "policyTypes": ["Ingress", "Egress"]},
    }


def _service(at: int, namespace: str, pods: list[Document]) -> list[Document]:
    name, address = f"app-{at}", f"10.43.{at // 250}.{at % 250 + 1}"
    labels = {
        "kubernetes.io/service-name": name,
        "endpointslice.kubernetes.io/managed-by": "endpointslice-controller.k8s.io",
    }
    endpoints = [
        {
            "addresses": [one["status"]["podIP"]],
            "conditions": {"ready": True, "serving": True, "terminating": False},
            "nodeName": one["spec"]["nodeName"],
            "targetRef": {"kind": "Pod", "name": one["metadata"]["name"], "namespace": namespace},
        }
        for one in pods
    ]
    template = {"metadata": {"labels": {"app": name}}, "spec": pods[0]["spec"]}
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": name, "uid": "y", "controller": True}
    spec = {"replicas": len(pods), "selector": {"matchLabels": {"app": name}}, "template": template}
    status = {"replicas": len(pods), "readyReplicas": len(pods), "observedGeneration": 1}
    hashed = f"{name}-6c9d75f8b4"
    revision = {"deployment.kubernetes.io/revision": "1"}
    return [
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": namespace},
         "spec": {"type": "ClusterIP", "clusterIP": address, "clusterIPs": [address], "selector": {"app": name},
                  "ipFamilies": ["IPv4"], "ports": [{"name": "http", "port": 80, "targetPort": "http"}]}},
        {"apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4", "endpoints": endpoints,
         "metadata": {"name": f"{name}-x", "namespace": namespace, "labels": labels},
         "ports": [{"name": "http", "port": 8080, "protocol": "TCP"}]},
        {"apiVersion": "apps/v1", "kind": "Deployment", "spec": spec, "status": status,
         "metadata": {"name": name, "namespace": namespace, "generation": 1}},
        {"apiVersion": "apps/v1", "kind": "ReplicaSet", "spec": spec, "status": status,
         "metadata": {"name": hashed, "namespace": namespace, "labels": {"app": name}, "annotations": revision,
                      "ownerReferences": [owner]}},
    ]  # fmt: skip
