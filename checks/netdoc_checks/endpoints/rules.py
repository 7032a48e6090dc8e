"""What explains what among the findings of this check: cause, relation, consequence."""

from __future__ import annotations

from netdoc.api import CausalRule

# Whatever keeps a pod from serving.
POD_TROUBLES = (
    "pod.crash-looping",
    "pod.oom-killed",
    "pod.image-pull",
    "pod.config-missing",
    "pod.unschedulable",
    "pod.init-blocked",
    "pod.readiness-failing",
    "pod.readiness-misconfigured",
    "pod.liveness-killing",
    "pod.network-not-ready",
    "pod.evicted",
    "pod.terminating",
    "pod.sidecar-not-ready",
    "pod.not-ready",
)
# Whatever keeps a workload from having pods that serve.
WORKLOAD_TROUBLES = (
    "workload.scaled-to-zero",
    "workload.creation-refused",
    "workload.new-revision-failing",
    "workload.rollout-stuck",
)
# Whatever keeps a Service from having endpoints although pods may be there.
SERVICE_TROUBLES = (
    "service.selector-no-match",
    "service.endpoints-missing",
    "service.target-port-name-missing",
    "service.protocol-mismatch",
    "service.family-mismatch",
    "service.endpoints-stale",
)
NODE_TROUBLES = (
    "node.not-ready",
    "node.network-unavailable",
    "node.cni-down",
    "node.address-pool-exhausted",
)
SYMPTOMS = ("service.no-ready-endpoint", "service.some-endpoints-unready")


def _all(causes: tuple[str, ...], relation: str, consequences: tuple[str, ...]) -> tuple[CausalRule, ...]:
    return tuple(CausalRule(cause, relation, one) for cause in causes for one in consequences)  # type: ignore[arg-type]


RULES: tuple[CausalRule, ...] = (
    *_all(POD_TROUBLES, "backend-of", SYMPTOMS),
    *_all(WORKLOAD_TROUBLES, "backend-of", SYMPTOMS),
    *_all(SERVICE_TROUBLES, "backend-of", SYMPTOMS),
    *_all(NODE_TROUBLES, "backend-of", SYMPTOMS),
    *_all(("workload.new-revision-failing",), "same-object", POD_TROUBLES),
    *_all(("workload.new-revision-failing",), "same-object", ("workload.rollout-stuck",)),
    *_all(POD_TROUBLES, "same-object", ("workload.rollout-stuck",)),
    *_all(("workload.creation-refused",), "same-object", ("workload.rollout-stuck",)),
    *_all(("workload.creation-refused",), "same-object", ("pod.evicted",)),
    *_all(("node.not-ready",), "on-node", ("pod.not-ready", "pod.terminating", "pod.readiness-failing")),
    *_all(("node.network-unavailable", "node.cni-down"), "on-node",
          ("pod.network-not-ready", "pod.not-ready", "pod.readiness-failing")),
    *_all(("node.address-pool-exhausted",), "on-node", ("pod.network-not-ready",)),
    *_all(("node.not-ready",), "same-object", ("node.cni-down", "node.proxy-down", "node.network-unavailable")),
    *_all(("node.cni-down",), "same-object", ("node.network-unavailable",)),
    *_all(("node.pressure",), "on-node", ("pod.evicted",)),
    *_all(("node.failures-concentrated",), "on-node", ("pod.not-ready",)),
)  # fmt: skip
