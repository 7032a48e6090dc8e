"""Judges a Service: does its selector find pods, do its slices list them, is any ready. Pure."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from datetime import timedelta

from netdoc.api import Evidence, Finding, Fix, Gap, Hop, Judgement, Unjudged, kube, nearest
from netdoc_checks.endpoints.advice import managed_by
from netdoc_checks.endpoints.seen import Group, Seen, Workload
from netdoc_checks.endpoints.standing import Standing, leaving, port_endpoints
from netdoc_checks.endpoints.trouble import ready

# The endpoints controller follows a pod within a second or two; a slice that lags longer is not on its way.
SLICE_LAG = timedelta(seconds=15)


def judge_service(group: Group, stand: Standing, seen: Seen) -> Iterable[Judgement]:
    service = group.service
    if service is None or service.spec.type == "ExternalName":
        return
    if group.slices.gap is not None and group.slices.gap.blocking:
        return  # the path says so already: the hop's endpoints could not be read
    yield from _selector(group, service, seen)
    for hop in _hops(group, seen):
        yield from _endpoints(group, service, hop, seen)
    yield from _stale(group, service, seen)


def _hops(group: Group, seen: Seen) -> list[Hop]:
    return [hop for hop in seen.subject.path.hops if hop.id in group.hops]


def exposed(service: kube.Service, hop: Hop) -> kube.ServicePort | None:
    """The Service port that a hop stands for; None where the Service has none such."""
    return next((one for one in service.spec.ports if one.port == hop.port and one.protocol == hop.protocol), None)


def _selector(group: Group, service: kube.Service, seen: Seen) -> Iterable[Judgement]:
    selector = service.spec.selector
    if not selector or group.pods.items:
        return
    gap = group.pods.gap or group.nearby.gap
    if gap is not None and gap.blocking:
        yield _unknown(gap, group)
        return
    if group.workload_gap is not None:
        yield _unknown(group.workload_gap, group)
        return
    if _matching(group, service):
        return
    near = _nearest_labels(selector, group)
    yield Finding(
        code="service.selector-no-match",
        title=f"the selector of svc/{service.name} matches no pod and no workload",
        detail=_difference(selector, near),
        object=service.ref,
        hops=group.hops,
        evidence=(
            Evidence(
                object=service.ref,
                field="spec.selector",
                observed=_pairs(selector),
                expected=_pairs(near) if near else "the labels of the pods meant",
                command=seen.subject.kubectl("get", "pods", "--show-labels", namespace=service.namespace),
            ),
        ),
        fix=_selector_fix(service, selector, near, seen),
    )


def _matching(group: Group, service: kube.Service) -> list[Workload]:
    selector = service.spec.selector.items()
    return [one for one in group.workloads if selector <= dict(one.template_labels).items()]


def _nearest_labels(selector: dict[str, str], group: Group) -> dict[str, str]:
    """Of all label sets in the namespace, the one that agrees most; for the keys of the selector and its typos."""
    candidates = [dict(one.template_labels) for one in group.workloads]
    candidates += [pod.metadata.labels for pod in group.nearby.items if not pod.finished]
    scored = sorted(candidates, key=lambda labels: (-_agreement(selector, labels), sorted(labels.items())))
    if not scored or _agreement(selector, scored[0]) <= 0:
        return {}
    return _counterpart(selector, scored[0])


def _agreement(selector: dict[str, str], labels: dict[str, str]) -> float:
    """One for each pair that holds, a half for a key or value that is a typing mistake away."""
    score = 0.0
    for key, value in selector.items():
        if labels.get(key) == value:
            score += 1
        elif (key in labels and nearest(value, [labels[key]])) or (
            (twin := nearest(key, labels, most=1)) and labels[twin[0]] == value
        ):
            score += 0.75
        elif value in labels.values():
            score += 0.5
    return score


def _counterpart(selector: dict[str, str], labels: dict[str, str]) -> dict[str, str]:
    """What the selector would have to say to take these labels."""
    meant: dict[str, str] = {}
    for key, value in selector.items():
        if key in labels:
            meant[key] = labels[key]
        elif twin := nearest(key, labels, most=1):
            meant[twin[0]] = labels[twin[0]]
        elif held := next((one for one in sorted(labels) if labels[one] == value), ""):
            meant[held] = value
    return meant


def _difference(selector: dict[str, str], near: dict[str, str]) -> str:
    if not near:
        return "no pod in the namespace has labels like it"
    wrong = [f"{key}={value}" for key, value in selector.items() if near.get(key) != value]
    right = [f"{key}={value}" for key, value in near.items() if selector.get(key) != value]
    return f"it asks for {', '.join(wrong)}; the nearest pods have {', '.join(right) or 'no such label'}"


def _selector_fix(service: kube.Service, selector: dict[str, str], near: dict[str, str], seen: Seen) -> Fix:
    edit = seen.subject.kubectl("edit", "service", service.name, namespace=service.namespace)
    if not near:
        return Fix(summary="make the selector name labels that pods have", commands=(edit,))
    patch = {key: near.get(key) for key in {**selector, **near}}
    return Fix(
        summary=f"make the selector {_pairs(near)}",
        commands=(edit,),
        patch={"spec": {"selector": patch}},
        managed_by=managed_by(service),
    )


def _pairs(labels: dict[str, str]) -> str:
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))


def _unknown(gap: Gap, group: Group) -> Unjudged:
    return Unjudged(what=gap.what, reason=gap.reason, detail=gap.detail, hop=group.hops[0], blocking=gap.blocking)


def _endpoints(group: Group, service: kube.Service, hop: Hop, seen: Seen) -> Iterable[Judgement]:
    if hop.port is not None and exposed(service, hop) is None:
        return
    endpoints = port_endpoints(group, hop)
    serving = [one for one in endpoints if one.ready] or [one for one in endpoints if leaving(one, group)]
    if not serving:
        yield from _missing(group, service, hop, seen)
        yield _none_ready(group, service, hop, endpoints, seen)
    elif len(serving) < len(endpoints) and not _surplus(group, serving, seen):
        yield _some_unready(service, hop, endpoints, serving, seen)


def _surplus(group: Group, serving: list[kube.Endpoint], seen: Seen) -> bool:
    """As many serve as the workloads want: what is not ready is beside them (a rollout under way)."""
    owners = {pod.metadata.controller for pod in group.living if pod.metadata.controller}
    workloads = {w.ref: w for key, w in seen.owners.items() if any(o.name == key.name for o in owners if o)}
    wanted = sum(workload.desired for workload in workloads.values())
    return bool(workloads) and len(serving) >= wanted


def _none_ready(
    group: Group, service: kube.Service, hop: Hop, endpoints: tuple[kube.Endpoint, ...], seen: Seen
) -> Finding:
    count = f"none of its {len(endpoints)} endpoints is ready" if endpoints else "it has no endpoint"
    if not service.spec.selector and not group.slices.items:
        count = "it has neither a selector nor an EndpointSlice"
    port = f" port {hop.port}" if hop.port and len(service.spec.ports) > 1 else ""
    refused = "connections are refused at once" if service.cluster_addresses else "its name has no address"
    return Finding(
        code="service.no-ready-endpoint",
        title=f"svc/{service.name}{port} has nobody to answer: {count}",
        detail=refused,
        object=service.ref,
        hops=(hop.id,),
        evidence=(
            Evidence(
                object=service.ref,
                field="endpoints",
                observed=f"0 of {len(endpoints)} ready",
                expected="at least one ready",
                command=_slices_command(service, seen),
            ),
        ),
    )


def _slices_command(service: kube.Service, seen: Seen) -> str:
    return seen.subject.kubectl(
        "get", "endpointslices", "-l", f"kubernetes.io/service-name={service.name}", namespace=service.namespace
    )


def _some_unready(
    service: kube.Service,
    hop: Hop,
    endpoints: tuple[kube.Endpoint, ...],
    serving: list[kube.Endpoint],
    seen: Seen,
) -> Finding:
    out = [one for one in endpoints if not one.ready]
    names = ", ".join(_endpoint_name(one) for one in out[:5])
    return Finding(
        code="service.some-endpoints-unready",
        title=f"{len(out)} of {len(endpoints)} endpoints of svc/{service.name} are not ready",
        detail=f"out of rotation: {names}",
        object=service.ref,
        hops=(hop.id, *_hops_at(hop, out, seen)),
        evidence=(
            Evidence(
                object=service.ref,
                field="endpoints",
                observed=f"{len(serving)} of {len(endpoints)} ready",
                expected="all ready",
                command=_slices_command(service, seen),
            ),
        ),
    )


def _hops_at(hop: Hop, endpoints: list[kube.Endpoint], seen: Seen) -> list[str]:
    """The hops of these endpoints behind the port: they are what does not answer."""
    addresses = {address for one in endpoints for address in one.addresses}
    behind = (one for one in seen.subject.path.of_kind("endpoint") if one.id in hop.next)
    return [one.id for one in behind if addresses & set(one.addresses)]


def _endpoint_name(endpoint: kube.Endpoint) -> str:
    return endpoint.target_ref.name if endpoint.target_ref else ", ".join(endpoint.addresses)


def _missing(group: Group, service: kube.Service, hop: Hop, seen: Seen) -> Iterable[Finding]:
    """Ready pods, and no slice lists them although the controller has had its time."""
    unlisted = [pod for pod in group.living if _should_be_listed(pod, group, service, hop, seen)]
    if not unlisted or not service.spec.selector:
        return
    pod = unlisted[0]
    yield Finding(
        code="service.endpoints-missing",
        title=f"svc/{service.name} has {len(unlisted)} ready pods and no EndpointSlice lists them",
        detail="the endpoint slice controller is not running, not allowed, or told to leave this Service alone",
        object=service.ref,
        hops=(hop.id,),
        evidence=(
            Evidence(
                object=service.ref,
                field="EndpointSlices",
                observed=f"{len(group.slices.items)} slices, none with {pod.name}",
                expected=f"{pod.name} ({', '.join(pod.addresses)})",
                command=_slices_command(service, seen),
            ),
            Evidence(object=pod.ref, field="status.conditions[Ready]", observed="True", expected="True"),
        ),
        fix=Fix(summary="find out why the endpoint slice controller (kube-controller-manager) does not follow"),
    )


def _should_be_listed(pod: kube.Pod, group: Group, service: kube.Service, hop: Hop, seen: Seen) -> bool:
    told = kube.condition(pod.status.conditions, "Ready")
    port = exposed(service, hop)
    if not ready(pod) or not pod.addresses or told is None or (port is not None and not resolves(port, pod)):
        return False
    if not _shares_family(service, pod) or _listed(pod, group):
        return False
    since = told.last_transition_time
    return since is None or seen.subject.now - since > SLICE_LAG


def _listed(pod: kube.Pod, group: Group) -> bool:
    endpoints = (one for slice_ in group.slices.items for one in slice_.endpoints or ())
    return any(one.target_ref is not None and one.target_ref.name == pod.name for one in endpoints)


def resolves(port: kube.ServicePort, pod: kube.Pod) -> bool:
    """Whether the port's target is a number, or a name that the pod declares with the protocol."""
    return not isinstance(port.target_port, str) or any(
        one.name == port.target_port and one.protocol == port.protocol
        for container in pod.serving_containers
        for one in container.ports
    )


def _shares_family(service: kube.Service, pod: kube.Pod) -> bool:
    families = {family_of(address) for address in pod.addresses}
    return not service.spec.ip_families or bool(families & set(service.spec.ip_families))


def family_of(address: str) -> str:
    try:
        return f"IPv{ipaddress.ip_address(address).version}"
    except ValueError:
        return "FQDN"


def _stale(group: Group, service: kube.Service, seen: Seen) -> Iterable[Finding]:
    """Endpoints that send traffic to an address that no pod has (any more)."""
    for slice_ in group.slices.items:
        stale = [
            address
            for endpoint in slice_.endpoints or ()
            if endpoint.ready
            for address in endpoint.addresses[:1]
            if _nobodys(address, endpoint, group, service, seen)
        ]
        if stale:
            yield _stale_finding(slice_, stale, service, group, seen)


def _nobodys(address: str, endpoint: kube.Endpoint, group: Group, service: kube.Service, seen: Seen) -> bool:
    """For a selector's own slices the pod tells; hand-kept ones are nobody's only inside the pods' ranges."""
    if service.spec.selector:
        return _left_behind(address, endpoint, group)
    if address not in seen.holders or seen.holders[address]:
        return False
    return in_pod_range(address, seen) or (endpoint.target_ref is not None and endpoint.target_ref.kind == "Pod")


def _left_behind(address: str, endpoint: kube.Endpoint, group: Group) -> bool:
    target = endpoint.target_ref
    if target is None or target.kind != "Pod" or not group.pods.complete:
        return False
    pod = next((one for one in group.pods.items if one.name == target.name), None)
    return pod is None or bool(pod.addresses and address not in pod.addresses)


def in_pod_range(address: str, seen: Seen) -> bool:
    """Whether the address lies where a node's pods get theirs."""
    ranges = [
        cidr
        for node in seen.nodes.values()
        if isinstance(node, kube.Node)
        for cidr in node.spec.pod_cidrs or (node.spec.pod_cidr,)
        if cidr
    ]
    try:
        asked = ipaddress.ip_address(address)
        return any(asked in ipaddress.ip_network(cidr, strict=False) for cidr in ranges)
    except ValueError:
        return False


def _stale_finding(
    slice_: kube.EndpointSlice, stale: list[str], service: kube.Service, group: Group, seen: Seen
) -> Finding:
    hops = [hop.id for hop in seen.subject.path.hops if hop.kind == "endpoint" and set(hop.addresses) & set(stale)]
    return Finding(
        code="service.endpoints-stale",
        title=f"svc/{service.name} sends traffic to {', '.join(stale[:3])}, which no pod has",
        detail=f"EndpointSlice {slice_.name} lists it"
        + ("" if service.spec.selector else "; it is kept by hand, nobody corrects it"),
        object=slice_.ref,
        hops=tuple(dict.fromkeys(hops)) or group.hops,
        evidence=(
            Evidence(
                object=slice_.ref,
                field="endpoints[].addresses",
                observed=", ".join(stale),
                expected="addresses of running pods",
                command=seen.subject.kubectl(
                    "get", "endpointslice", slice_.name, "-o", "yaml", namespace=slice_.namespace
                ),
            ),
        ),
        fix=Fix(
            summary="put the address that serves now into the slice, or give the Service a selector",
            commands=(
                seen.subject.kubectl("edit", "endpointslice", slice_.name, namespace=slice_.namespace),
                seen.subject.kubectl("get", "pods", "-o", "wide", namespace=slice_.namespace),
            ),
        ),
    )
