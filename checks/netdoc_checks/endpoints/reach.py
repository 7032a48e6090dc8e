"""Judges how a Service is reached: address families, traffic policies, aliases, claims on one address. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable

from netdoc.api import Evidence, Finding, Fix, Gap, Judgement, Unjudged, kube
from netdoc_checks.endpoints.advice import managed_by
from netdoc_checks.endpoints.observe import alias_of
from netdoc_checks.endpoints.seen import Group, Seen
from netdoc_checks.endpoints.service import family_of
from netdoc_checks.endpoints.standing import Standing
from netdoc_checks.proof import edit, field_of


def judge_reach(group: Group, stand: Standing, seen: Seen) -> Iterable[Judgement]:
    service = group.service
    if service is None:
        return
    if service.spec.type == "ExternalName":
        yield from _external_name(group, service, seen)
        return
    yield from _families(group, service, seen)
    yield from _internal_local(group, service, seen)
    yield from _external_local(group, service, seen)
    yield from _claimed(group, service, seen)


def _external_name(group: Group, service: kube.Service, seen: Seen) -> Iterable[Judgement]:
    name = service.spec.external_name
    broken = _broken_name(service)
    if broken:
        yield Finding(
            code="service.external-name-broken",
            title=f"svc/{service.name} is an alias of {name}: {broken}",
            object=service.ref,
            hops=group.hops,
            evidence=(field_of(service.ref, seen.subject, "spec.externalName", name, "a host name"),),
            fix=Fix(
                summary="name a host, or make it a Service with an EndpointSlice of the address",
                managed_by=managed_by(service),
            ),
        )
        return
    meant = alias_of(name)
    if meant is None:
        return
    found = seen.aliases.get(name)
    if isinstance(found, Gap):
        yield Unjudged(
            what=found.what, reason=found.reason, detail=found.detail, hop=group.hops[0], blocking=found.blocking
        )
    elif found is None:
        yield _alias_missing(group, service, meant, seen)
    elif found.spec.type == "ExternalName" and alias_of(found.spec.external_name) == (service.name, service.namespace):
        yield _loop(group, service, found, seen)


def _broken_name(service: kube.Service) -> str:
    """An address cannot be the target of a CNAME (RFC 1035), nor can the name itself."""
    name = service.spec.external_name.rstrip(".")
    try:
        ipaddress.ip_address(name)
        return "an IP address is no name, and no resolver makes one of it"
    except ValueError:
        pass
    if not name:
        return "the name is empty"
    return "it leads back to itself" if alias_of(name) == (service.name, service.namespace) else ""


def _alias_missing(group: Group, service: kube.Service, meant: tuple[str, str], seen: Seen) -> Finding:
    return Finding(
        code="service.not-found",
        title=f"svc/{service.name} is an alias of svc/{meant[0]} in {meant[1]}, which does not exist",
        object=service.ref,
        hops=group.hops,
        evidence=(
            Evidence(
                object=service.ref,
                field="spec.externalName",
                observed=service.spec.external_name,
                expected="an existing Service",
                command=seen.subject.kubectl("get", "service", meant[0], namespace=meant[1]),
            ),
        ),
        fix=Fix(
            summary="correct externalName, or create the Service that it names",
            commands=(edit(service.ref, seen.subject),),
            managed_by=managed_by(service),
        ),
    )


def _loop(group: Group, service: kube.Service, other: kube.Service, seen: Seen) -> Finding:
    return Finding(
        code="service.external-name-broken",
        title=f"svc/{service.name} and svc/{other.name} are aliases of each other",
        object=service.ref,
        hops=group.hops,
        evidence=(
            Evidence(
                object=service.ref,
                field="spec.externalName",
                observed=service.spec.external_name,
                expected="a name that leads somewhere",
            ),
        ),
        fix=Fix(summary="let one of them name the host that is meant", managed_by=managed_by(service)),
    )


def _families(group: Group, service: kube.Service, seen: Seen) -> Iterable[Finding]:
    """Client, Service and endpoints must share a family: IPv4 never reaches IPv6 through a Service."""
    own = set(service.spec.ip_families) or {family_of(address) for address in service.cluster_addresses}
    if not own:
        return
    backends = _backend_families(group)
    if backends and not backends & own:
        yield _family_finding(group, service, own, backends, "its endpoints", seen)
        return
    named = [source for source in seen.subject.path.sources if source.spec.kind == "IP"]
    callers = {family_of(address) for pod in seen.clients for address in pod.addresses}
    callers |= {family_of(address) for source in named for address in source.addresses}
    if callers and not callers & own:
        yield _family_finding(group, service, own, callers, "its callers", seen)


def _backend_families(group: Group) -> set[str]:
    if group.service is not None and group.service.spec.selector:
        return {family_of(address) for pod in group.living for address in pod.addresses}
    return {slice_.address_type for slice_ in group.slices.items if slice_.endpoints and slice_.address_type != "FQDN"}


def _family_finding(
    group: Group, service: kube.Service, own: set[str], others: set[str], who: str, seen: Seen
) -> Finding:
    return Finding(
        code="service.family-mismatch",
        title=f"svc/{service.name} speaks {_and(own)}, and {who} speak {_and(others)}",
        object=service.ref,
        hops=group.hops,
        evidence=(field_of(service.ref, seen.subject, "spec.ipFamilies", _and(own), _and(others)),),
        fix=Fix(
            summary=f"give the Service the family {_and(others)} (ipFamilyPolicy PreferDualStack)",
            managed_by=managed_by(service),
        ),
    )


def _and(words: set[str]) -> str:
    return " and ".join(sorted(words))


def _ready_nodes(group: Group) -> set[str]:
    return {
        endpoint.node_name
        for slice_ in group.slices.items
        for endpoint in slice_.endpoints or ()
        if endpoint.ready and endpoint.node_name
    }


def _internal_local(group: Group, service: kube.Service, seen: Seen) -> Iterable[Judgement]:
    """With internalTrafficPolicy Local a client's packets are dropped where its own node has no endpoint (KEP-2086)."""
    if service.spec.internal_traffic_policy != "Local" or service.headless:
        return
    serving = _ready_nodes(group)
    if not serving:
        return
    without = sorted({pod.spec.node_name for pod in seen.clients if pod.spec.node_name} - serving)
    if not seen.clients:
        yield Unjudged(
            what=f"whether the caller's node has an endpoint of svc/{service.name}",
            reason="no-source",
            detail=f"internalTrafficPolicy is Local and only {', '.join(sorted(serving))} have one",
        )
    elif without:
        yield _local_finding("internal", group, service, without, serving, seen)


def _external_local(group: Group, service: kube.Service, seen: Seen) -> Iterable[Judgement]:
    """With externalTrafficPolicy Local a node without a ready endpoint drops what comes from outside.

    A load balancer asks the health check node port and leaves such nodes out; who asks a node by its address is
    not protected so.
    """
    serving = _ready_nodes(group)
    if service.spec.external_traffic_policy != "Local" or not serving:
        return
    asked = [
        name
        for name, node in seen.nodes.items()
        if isinstance(node, kube.Node) and seen.subject.path.target.host in node.addresses
    ]
    without = sorted(set(asked) - serving)
    if without:
        yield _local_finding("external", group, service, without, serving, seen)


def _local_finding(
    side: str, group: Group, service: kube.Service, without: list[str], serving: set[str], seen: Seen
) -> Finding:
    field = f"spec.{side}TrafficPolicy"
    where = ", ".join(without)
    return Finding(
        code=f"service.{side}-local-no-endpoint",
        title=f"svc/{service.name} keeps traffic on the node ({side}TrafficPolicy Local), and {where} has no endpoint",
        detail=f"ready endpoints are on {', '.join(sorted(serving))}; packets on {where} are dropped",
        object=service.ref,
        hops=group.hops,
        evidence=(
            field_of(service.ref, seen.subject, field, "Local", "Cluster, or an endpoint on every node that is asked"),
        ),
        fix=Fix(
            summary=f"set {side}TrafficPolicy to Cluster, or run an endpoint on every node that is asked",
            commands=(edit(service.ref, seen.subject),),
            patch={"spec": {f"{side}TrafficPolicy": "Cluster"}},
            managed_by=managed_by(service),
        ),
    )


def _claimed(group: Group, service: kube.Service, seen: Seen) -> Iterable[Finding]:
    """Another Service claims the same address and port."""
    for rival in seen.rivals:
        shared = set(_claims(service)) & set(_claims(rival))
        if not shared:
            continue
        address, port, protocol = sorted(shared)[0]
        claim = f"{address}:{port}/{protocol}"
        yield Finding(
            code="service.ip-conflict",
            title=f"svc/{service.name} and svc/{rival.name} in {rival.namespace} claim one address, {claim}",
            object=service.ref,
            hops=group.hops,
            evidence=(
                field_of(service.ref, seen.subject, "addresses", address, "an address of its own"),
                field_of(rival.ref, seen.subject, "addresses", address, "an address of its own"),
            ),
            fix=Fix(summary=f"take the address from svc/{rival.name}, or the port", managed_by=managed_by(rival)),
        )
        return


def _claims(service: kube.Service) -> list[tuple[str, int, str]]:
    """Every address and port that a Service takes; load balancers may share an address on different ports."""
    addresses = (*service.cluster_addresses, *service.external_addresses)
    return [(address, port.port, port.protocol) for address in addresses for port in service.spec.ports]
