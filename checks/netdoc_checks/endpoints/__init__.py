"""The check `endpoints`: does anything stand ready behind the Service, and if not, why.

This is the check to look at before writing another: `observe` reads what the path needs, `judge` is pure and made
of one file for each thing that can be wrong, `rules` say what explains what.
"""

from __future__ import annotations

from netdoc.api import Check, Read, kube
from netdoc_checks.endpoints.judge import judge
from netdoc_checks.endpoints.observe import observe
from netdoc_checks.endpoints.rules import POD_TROUBLES, RULES, SERVICE_TROUBLES, SYMPTOMS, WORKLOAD_TROUBLES

CHECK = Check(
    id="endpoints",
    title="Inspect service endpoints",
    observe=observe,
    judge=judge,
    hops=("loadbalancer", "service", "endpoint", "pod", "node", "client"),
    reads=(
        Read(kube.Service),
        Read(kube.EndpointSlice, ("list",)),
        Read(kube.Pod),
        Read(kube.Pod, ("log",)),
        Read(kube.Namespace),
        Read(kube.Node),
        Read(kube.Deployment),
        Read(kube.ReplicaSet),
        Read(kube.StatefulSet),
        Read(kube.DaemonSet),
        Read(kube.Job, ("get",)),
        Read(kube.CronJob, ("get",)),
        Read(kube.Event, ("list",)),
    ),
    codes=(
        *SYMPTOMS,
        *SERVICE_TROUBLES,
        *POD_TROUBLES,
        *WORKLOAD_TROUBLES,
        "service.not-found",
        "service.port-not-exposed",
        "service.target-port-mismatch",
        "service.headless-port-remap",
        "service.external-name-broken",
        "service.external-local-no-endpoint",
        "service.internal-local-no-endpoint",
        "service.ip-conflict",
        "target.port-not-found",
        "loadbalancer.pending",
        "loadbalancer.pool-exhausted",
        "loadbalancer.source-ranges",
        "pod.proxy-environment",
        "node.not-ready",
        "node.network-unavailable",
        "node.pressure",
        "node.cni-down",
        "node.proxy-down",
        "node.address-pool-exhausted",
        "node.failures-concentrated",
    ),
    rules=RULES,
    step="endpoints",
)
