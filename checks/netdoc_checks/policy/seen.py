"""What the check has seen: the two ends' pods, the policies that could matter to them, who enforces."""

from __future__ import annotations

import msgspec

from netdoc.api import Gap, ObjectRef, Subject, kube, policy


class Caller(msgspec.Struct, frozen=True):
    """One that calls: a pod, or an address; at which hop of the path, and as what it was named."""

    hop: str
    kind: str
    pod: kube.Pod | None = None
    address: str = ""


class Called(msgspec.Struct, frozen=True):
    """One that is called: a pod or an address on a port, after Services are resolved."""

    hop: str
    port: int
    protocol: str
    pod: kube.Pod | None = None
    address: str = ""
    service: ObjectRef | None = None
    service_port: int | None = None
    purpose: str = "target"


class Seen(msgspec.Struct, frozen=True, kw_only=True):
    """`policies` is the indexed set of everything that may decide; `gaps` are refused reads that could change it."""

    subject: Subject
    policies: policy.PolicySet
    callers: tuple[Caller, ...] = ()
    called: tuple[Called, ...] = ()
    resolvers: tuple[Called, ...] = ()
    plugin: policy.Plugin | None = None
    gaps: tuple[Gap, ...] = ()
    owners: dict[ObjectRef, ObjectRef] = {}
    isolated_any: tuple[Called, ...] = ()
