"""Judges ports: what the Service exposes, what its targetPort means in the pods, what the pods declare. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from netdoc.api import Evidence, Finding, Fix, Hop, Judgement, kube, nearest
from netdoc_checks.endpoints.advice import managed_by
from netdoc_checks.endpoints.seen import Group, Seen
from netdoc_checks.endpoints.service import exposed, resolves
from netdoc_checks.endpoints.standing import Standing, hops_of
from netdoc_checks.proof import edit, field_of


def judge_ports(group: Group, stand: Standing, seen: Seen) -> Iterable[Judgement]:
    if group.service is None:
        yield from _own_port(group, stand, seen)
        return
    if group.service.spec.type == "ExternalName":
        return
    asked = seen.subject.path.target.port
    for hop in (one for one in seen.subject.path.hops if one.id in group.hops):
        port = exposed(group.service, hop)
        if port is not None:
            yield from _target(group, group.service, port, hop, stand, seen)
        elif asked is not None:
            yield _not_exposed(group.service, str(asked), hop, seen)


def _not_exposed(service: kube.Service, asked: str, hop: Hop, seen: Seen) -> Finding:
    """The Service lacks the port; it may have it under the other protocol, or be meant by the pods' own number."""
    number = seen.subject.path.target.port.number if seen.subject.path.target.port else None
    twin = next((one for one in service.spec.ports if one.port == number), None)
    if twin is not None:
        return _other_protocol(service, asked, twin, hop, seen)
    meant = next((one for one in service.spec.ports if one.target_port == number and number), None)
    offered = ", ".join(_offer(one) for one in service.spec.ports) or "no port"
    detail = f"{number} is the pods' port; the Service offers it as {meant.port}" if meant else ""
    if not detail and not number and (near := nearest(asked, [one.name for one in service.spec.ports], most=1)):
        detail = f'there is "{near[0]}"'
    return Finding(
        code="service.port-not-exposed",
        title=f"svc/{service.name} has no port {asked}; it offers {offered}",
        detail=detail,
        object=service.ref,
        hops=(hop.id,),
        evidence=(_ports_evidence(service, seen, offered, f"port {asked}"),),
        fix=Fix(
            summary=f"call port {meant.port if meant else offered}, or add port {asked} to the Service",
            commands=(edit(service.ref, seen.subject),),
            managed_by=managed_by(service),
        ),
    )


def _other_protocol(service: kube.Service, asked: str, twin: kube.ServicePort, hop: Hop, seen: Seen) -> Finding:
    return Finding(
        code="service.protocol-mismatch",
        title=f"svc/{service.name} offers port {twin.port} as {twin.protocol}, and {asked} was asked for",
        object=service.ref,
        hops=(hop.id,),
        evidence=(_ports_evidence(service, seen, _offer(twin), asked),),
        fix=Fix(summary=f"call it by {twin.protocol}, or add the port with the other protocol"),
    )


def _offer(port: kube.ServicePort) -> str:
    name = f" ({port.name})" if port.name else ""
    protocol = "" if port.protocol == "TCP" else f"/{port.protocol.lower()}"
    return f"{port.port}{protocol}{name}"


def _ports_evidence(service: kube.Service, seen: Seen, observed: str, expected: str) -> Evidence:
    return field_of(service.ref, seen.subject, "spec.ports", observed, expected)


def _target(
    group: Group, service: kube.Service, port: kube.ServicePort, hop: Hop, stand: Standing, seen: Seen
) -> Iterable[Finding]:
    pods = group.living
    if not pods or not service.spec.selector:
        return
    if isinstance(port.target_port, str) and not port.target_port.isdecimal():
        yield from _named_target(group, service, port, hop, stand, seen)
    else:
        yield from _numeric_target(group, service, port, hop, seen)
    yield from _headless(service, port, hop, seen)


def _named_target(
    group: Group, service: kube.Service, port: kube.ServicePort, hop: Hop, stand: Standing, seen: Seen
) -> Iterable[Finding]:
    """A name is looked up in each pod by itself: a pod that lacks it gets a slice without ports and no traffic."""
    pods = group.living
    lacking = [pod for pod in pods if not resolves(port, pod)]
    if not lacking:
        return
    other = _declared(lacking[0])
    same_name = [one for one in other if one.name == port.target_port]
    everywhere = len(lacking) == len(pods)
    code = "service.protocol-mismatch" if same_name else "service.target-port-name-missing"
    names = sorted({one.name for one in other if one.name})
    near = nearest(str(port.target_port), names, most=1)
    said = (
        f"{same_name[0].protocol} {same_name[0].container_port}" if same_name else ", ".join(names) or "no named port"
    )
    yield Finding(
        code=code,
        title=f'svc/{service.name} sends port {port.port} to "{port.target_port}" ({port.protocol}), which '
        + ("its pods do not declare" if everywhere else f"{len(lacking)} of {len(pods)} pods do not declare"),
        detail=f'they declare {said}' + (f'; "{near[0]}" is near' if near and not same_name else ""),
        object=service.ref,
        hops=(hop.id,) if everywhere else hops_of(lacking, stand, group),
        severity="error" if everywhere else "warning",
        evidence=(
            field_of(service.ref, seen.subject, "spec.ports[].targetPort", str(port.target_port), said),
            field_of(lacking[0].ref, seen.subject, "spec.containers[].ports", said, str(port.target_port)),
        ),
        fix=_target_fix(service, port, near[0] if near else (names[0] if len(names) == 1 else None), seen),
    )  # fmt: skip


def _numeric_target(
    group: Group, service: kube.Service, port: kube.ServicePort, hop: Hop, seen: Seen
) -> Iterable[Finding]:
    """A number may be right although no container declares it: declared and probed ports are only hints."""
    number = int(port.target_port) if port.target_port else port.port
    pods = [pod for pod in group.living if _declared(pod)]
    strangers = [pod for pod in pods if not _serves(pod, number, port.protocol)]
    if not strangers or len(strangers) < len(group.living):
        return
    pod = strangers[0]
    declared = _declared(pod)
    twin = next((one for one in declared if one.container_port == number), None)
    said = ", ".join(
        f"{one.container_port}/{one.protocol}" + (f" ({one.name})" if one.name else "") for one in declared
    )
    fitting = [one for one in declared if one.protocol == port.protocol]
    only = fitting[0].container_port if len(fitting) == 1 else None
    yield Finding(
        code="service.protocol-mismatch" if twin else "service.target-port-mismatch",
        title=f"svc/{service.name} sends port {port.port} to {number}/{port.protocol}; its pods declare {said}",
        detail="a declared port is no proof that something listens there, nor that nothing listens elsewhere",
        object=service.ref,
        hops=(hop.id,),
        proven=False,
        evidence=(
            field_of(service.ref, seen.subject, "spec.ports[].targetPort", str(number), said),
            field_of(pod.ref, seen.subject, "spec.containers[].ports", said, f"{number}/{port.protocol}"),
        ),
        fix=_target_fix(service, port, only, seen),
    )  # fmt: skip


def _declared(pod: kube.Pod) -> tuple[kube.ContainerPort, ...]:
    return tuple(one for container in pod.serving_containers for one in container.ports)


def _serves(pod: kube.Pod, number: int, protocol: str) -> bool:
    """Declared with the protocol, or asked there by a probe, which shows that something is meant to answer."""
    if any(one.container_port == number and one.protocol == protocol for one in _declared(pod)):
        return True
    return protocol == "TCP" and number in {
        probed
        for container in pod.serving_containers
        for probe in (container.readiness_probe, container.liveness_probe, container.startup_probe)
        if probe is not None and (probed := _probed(container, probe)) is not None
    }


def _probed(container: kube.Container, probe: kube.Probe) -> int | None:
    port = probe.http_get.port if probe.http_get else probe.tcp_socket.port if probe.tcp_socket else None
    port = probe.grpc.port if probe.grpc else port
    if isinstance(port, str):
        return next((one.container_port for one in container.ports if one.name == port), None)
    return port


def _target_fix(service: kube.Service, port: kube.ServicePort, right: int | str | None, seen: Seen) -> Fix:
    command = edit(service.ref, seen.subject)
    if right is None:
        return Fix(summary="make targetPort the port that the application listens on", commands=(command,))
    entry = {"port": port.port, "protocol": port.protocol, "targetPort": right} | (
        {"name": port.name} if port.name else {}
    )
    return Fix(
        summary=f"make targetPort {right}",
        commands=(command,),
        patch={"spec": {"ports": [entry]}},
        managed_by=managed_by(service),
    )


def _headless(service: kube.Service, port: kube.ServicePort, hop: Hop, seen: Seen) -> Iterable[Finding]:
    """A headless Service has no address to map ports at: who calls its port reaches the pods on that number.

    Only a number that was asked for is wrong: clients that read SRV records, or that call the pods' port, are served.
    """
    asked = seen.subject.path.target.port
    target = port.target_port if port.target_port is not None else port.port
    if not service.headless or asked is None or asked.number != port.port or target == port.port:
        return
    if isinstance(target, str) and port.port in _numbers_named(service, seen, target):
        return
    yield Finding(
        code="service.headless-port-remap",
        title=f"svc/{service.name} is headless: port {port.port} is not mapped to {target}",
        detail=f"its name leads straight to the pods, which answer on {target}",
        object=service.ref,
        hops=(hop.id,),
        evidence=(
            _ports_evidence(service, seen, f"clusterIP None, {port.port} → {target}", "port equal to targetPort"),
        ),
        fix=Fix(summary=f"call port {target}, or give the Service a cluster IP", managed_by=managed_by(service)),
    )


def _numbers_named(service: kube.Service, seen: Seen, name: str) -> set[int]:
    group = next(one for one in seen.groups if one.service is not None and one.service.ref == service.ref)
    return {one.container_port for pod in group.living for one in _declared(pod) if one.name == name}


def _own_port(group: Group, stand: Standing, seen: Seen) -> Iterable[Finding]:
    """The port asked of a pod or workload itself."""
    asked, named = seen.subject.path.target.port, group.named
    pods = [pod for pod in group.living if _declared(pod)]
    if asked is None or named is None or not pods:
        return
    lacking = [pod for pod in pods if not _has(pod, asked.number, asked.name, asked.protocol)]
    if len(lacking) < len(group.living):
        return
    said = ", ".join(f"{one.container_port}" + (f" ({one.name})" if one.name else "") for one in _declared(lacking[0]))
    yield Finding(
        code="target.port-not-found",
        title=f"{named.kind.lower()}/{named.name} has no port {asked}; it declares {said}",
        object=named,
        hops=hops_of(lacking, stand, group),
        proven=not asked.number,
        evidence=(
            field_of(lacking[0].ref, seen.subject, "spec.containers[].ports", said, str(asked)),
        ),
        fix=Fix(summary=f"ask one of {said}"),
    )  # fmt: skip


def _has(pod: kube.Pod, number: int | None, name: str, protocol: str | None) -> bool:
    if number is not None:
        return _serves(pod, number, protocol or "TCP")
    return any(one.name == name and one.protocol == (protocol or one.protocol) for one in _declared(pod))
