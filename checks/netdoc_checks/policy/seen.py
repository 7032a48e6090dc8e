"""What the check has seen: the two ends' pods, the policies that could matter to them, who enforces."""

from __future__ import annotations

from typing import Literal

import msgspec

from netdoc.api import Gap, ObjectRef, Subject, kube, policy

# Why it is called: the target itself; to look its name up; or as the node's own cache, by one of its addresses.
Purpose = Literal["target", "dns", "node-local"]


class Caller(msgspec.Struct, frozen=True):
    """One that calls: a pod, or an address (empty: some address outside); at which hop, and as what it was named."""

    hop: str
    kind: str
    pod: kube.Pod | None = None
    address: str = ""

    @property
    def asks_cluster_dns(self) -> bool:
        """Whether its resolver is cluster DNS: not for a pod with a resolver of its own, or of its node."""
        if self.pod is None:
            return False
        spec = self.pod.spec
        return spec.dns_policy == "ClusterFirstWithHostNet" or (
            spec.dns_policy == "ClusterFirst" and not spec.host_network
        )


class Called(msgspec.Struct, frozen=True):
    """One that is called: a pod or an address on a port, after Services are resolved.

    `families` are those by which the path leads there; none: all that both ends have.
    """

    hop: str
    port: int
    protocol: str
    pod: kube.Pod | None = None
    address: str = ""
    service: ObjectRef | None = None
    service_port: int | None = None
    purpose: Purpose = "target"
    families: tuple[int, ...] = ()


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """`policies` is the indexed set of everything that may decide; `gaps` are refused reads that could change it.

    `names_gap`: who answers for names could not be read.
    """

    subject: Subject
    policies: policy.PolicySet
    callers: tuple[Caller, ...] = ()
    called: tuple[Called, ...] = ()
    resolvers: tuple[Called, ...] = ()
    plugin: policy.Plugin | None = None
    gaps: tuple[Gap, ...] = ()
    names_gap: Gap | None = None
    owners: dict[ObjectRef, ObjectRef] = {}

    def owner(self, pod: kube.Pod) -> ObjectRef:
        """The topmost workload of a pod; a bare pod is its own."""
        return self.owners.get(pod.ref, pod.ref)

    def name_of(self, end: Caller | Called) -> str:
        if end.pod is not None:
            owner = self.owner(end.pod)
            return f"{owner.kind.lower()}/{owner.name}"
        if isinstance(end, Called):
            where = end.address or end.hop.removeprefix("external/").removesuffix(f":{end.port}")
            return f"the node-local DNS cache at {where}" if end.purpose == "node-local" else where
        return end.address or {"Internet": "the internet", "Here": "this machine"}.get(end.kind, end.kind.lower())

    def asked(self, called: Called) -> str:
        return f"{self.name_of(called)} on {called.port}/{called.protocol}"

    def end(self, one: Caller | Called) -> policy.End | None:
        """Its place in the policy set; None where its address is not known."""
        try:
            if one.pod is not None:
                return self.policies.pod(one.pod.namespace, one.pod.name)
            return self.policies.address(one.address) if one.address else None
        except (policy.UnknownEnd, ValueError):
            return None
