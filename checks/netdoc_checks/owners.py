"""Who owns a pod: the workload that a person would change, a Deployment and not its ReplicaSet.

Source: ownerReferences (Kubernetes, "Owners and Dependents"); of the built-in controllers two stand below another.
"""

from __future__ import annotations

from netdoc.api import Cluster, ObjectRef, kube

BETWEEN: dict[str, type[kube.Object]] = {"ReplicaSet": kube.ReplicaSet, "Job": kube.Job}
"""Kinds that may be owned themselves: by a Deployment, by a CronJob, or by another's own kind."""


async def topmost(cluster: Cluster, pod: kube.Pod) -> ObjectRef:
    """The topmost workload of a pod; a bare pod is its own."""
    owner = pod.metadata.controller
    return (await chain(cluster, owner, pod.namespace))[-1] if owner is not None else pod.ref


async def chain(cluster: Cluster, owner: kube.OwnerReference, namespace: str) -> tuple[ObjectRef, ...]:
    """The owner and whoever owns it, the topmost last. Where one may not be read the chain ends with it."""
    own = _ref(owner, namespace)
    if owner.kind not in BETWEEN:
        return (own,)
    between = await cluster.get(BETWEEN[owner.kind], owner.name, namespace)
    above = between.metadata.controller if isinstance(between, kube.Object) else None
    return (own, _ref(above, namespace)) if above is not None else (own,)


def _ref(owner: kube.OwnerReference, namespace: str) -> ObjectRef:
    return ObjectRef(api_version=owner.api_version, kind=owner.kind, namespace=namespace, name=owner.name)
