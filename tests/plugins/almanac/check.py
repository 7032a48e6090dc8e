"""Finds Services that were made under a bad moon: nonsense, with everything that a real check has."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated

import msgspec

from netdoc.api import (
    CausalRule,
    Check,
    Code,
    Evidence,
    Explanation,
    Finding,
    Gap,
    Judgement,
    Ports,
    Read,
    Subject,
    kube,
)


class Parameters(msgspec.Struct, frozen=True):
    moon: Annotated[str, msgspec.Meta(description="The phase that is bad.")] = "new"
    nights: int = 3


class Seen(msgspec.Struct, frozen=True):
    subject: Subject
    services: tuple[tuple[str, kube.Service], ...] = ()


async def observe(ports: Ports, subject: Subject) -> Seen:
    found = []
    for hop in subject.path.of_kind("service"):
        if hop.object is not None:
            service = await ports.cluster.get(kube.Service, hop.object.name, hop.object.namespace)
            if service is not None and not isinstance(service, Gap):
                found.append((hop.id, service))
    return Seen(subject, tuple(found))


def judge(seen: Seen) -> Iterable[Judgement]:
    for hop, service in seen.services:
        yield Finding(
            code="almanac.bad-moon",
            title=f"svc/{service.name} was made under a {seen.subject.parameters.moon} moon",
            object=service.ref,
            hops=(hop,),
            evidence=(Evidence(object=service.ref, field="metadata.creationTimestamp", observed="then"),),
        )


CHECK = Check(
    id="almanac",
    title="Consult the almanac",
    observe=observe,
    judge=judge,
    hops=("service",),
    parameters=Parameters,
    reads=(Read(kube.Service, ("get",)),),
    codes=(
        Code(
            code="almanac.bad-moon",
            severity="error",
            title="it was made under a bad moon",
            explanation=Explanation(
                meaning="The moon was not right.",
                proof="The almanac.",
                mend="Make it again next month.",
                commands=("kubectl get services",),
            ),
        ),
    ),
    rules=(CausalRule("almanac.bad-moon", "same-object", "service.no-ready-endpoint"),),
)
