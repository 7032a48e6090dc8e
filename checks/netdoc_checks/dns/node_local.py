"""Judges NodeLocal DNSCache on the callers' nodes (KEP-1024; kubernetes/dns, cmd/node-cache). Pure."""

from __future__ import annotations

from collections.abc import Iterable

from netdoc.api import Evidence, Finding, Fix, ObjectRef, corefile, kube
from netdoc_checks.dns.seen import DOMAIN, HOME, NodeLocal, Seen
from netdoc_checks.proof import edit, field_of

# Replaced when it is installed. The others (__PILLAR__CLUSTER__DNS__, __PILLAR__UPSTREAM__SERVERS__) node-cache
# replaces itself while it runs.
PLACEHOLDERS = ("__PILLAR__DNS__DOMAIN__", "__PILLAR__LOCAL__DNS__", "__PILLAR__DNS__SERVER__")


def judge_node_local(seen: Seen) -> Iterable[Finding]:
    cache = seen.node_local
    if cache is None:
        return
    down = [node for node, pods in cache.pods.items() if pods and not any(_ready(pod) for pod in pods)]
    if down:
        yield _down(cache, down, seen)
    found = [one for one in PLACEHOLDERS if cache.config and any(one in text for text in cache.config.data.values())]
    if found and cache.config is not None:
        yield _placeholder(cache.config, found[0], seen)
    service = seen.server.service
    if cache.config is not None and isinstance(service, kube.Service) and not _offers_tcp(service):
        line = _over_tcp(cache.config, seen)
        if line:
            yield _no_tcp(cache.config, line, service, seen)


def _offers_tcp(service: kube.Service) -> bool:
    return any((one.port, one.protocol) == (53, "TCP") for one in service.spec.ports)


def _over_tcp(config: kube.ConfigMap, seen: Seen) -> int:
    """The line where the cache is told to ask cluster DNS over TCP alone, as its own manifest has it; 0 for none."""
    domain = seen.domain or DOMAIN
    try:
        block = corefile.block_for(corefile.parse(config.data.get("Corefile", "")), domain)
        forward = corefile.forward_for(block, domain) if block is not None else None
    except ValueError:
        return 0
    return forward.line if forward is not None and forward.force_tcp else 0


def _no_tcp(config: kube.ConfigMap, line: int, service: kube.Service, seen: Seen) -> Finding:
    offered = ", ".join(f"{one.port}/{one.protocol}" for one in service.spec.ports) or "none"
    return Finding(
        code="dns.tcp-blocked",
        title=f"the node-local DNS cache asks {service.name} over TCP alone, and it does not offer 53/TCP",
        object=service.ref,
        hops=seen.hops,
        severity="error",
        evidence=(
            field_of(service.ref, seen.subject, "spec.ports", offered, "53/UDP and 53/TCP"),
            field_of(
                config.ref, seen.subject, f"data.Corefile, line {line}", "forward with force_tcp", "a server with TCP"
            ),
        ),
        fix=Fix(summary="add port 53 with protocol TCP", commands=(edit(service.ref, seen.subject),)),
    )


def _ready(pod: kube.Pod) -> bool:
    told = kube.condition(pod.status.conditions, "Ready")
    return told.status == "True" if told is not None else not pod.status.container_statuses


def _daemon(cache: NodeLocal) -> ObjectRef:
    pods = [pod for found in cache.pods.values() for pod in found]
    owner = pods[0].metadata.controller
    if owner is None:
        return pods[0].ref
    return ObjectRef(api_version=owner.api_version, kind=owner.kind, namespace=HOME, name=owner.name)


def _down(cache: NodeLocal, nodes: list[str], seen: Seen) -> Finding:
    """Pods of these nodes ask it, by its own address or by the DNS Service's, which it takes over on the node."""
    pod = cache.pods[nodes[0]][0]
    hops = tuple(dict.fromkeys(one.hop for one in seen.clients if one.pod.spec.node_name in nodes))
    return Finding(
        code="dns.node-local-down",
        title=f"the node-local DNS cache is not ready on {', '.join(nodes[:3])}, where the caller runs",
        object=_daemon(cache),
        hops=hops or seen.hops,
        severity="error",
        proven=False,
        evidence=(
            Evidence(
                object=pod.ref,
                field="status.conditions[Ready]",
                observed="not ready",
                expected="ready",
                command=seen.subject.kubectl("get", "pod", pod.name, "-o", "yaml", namespace=pod.namespace),
            ),
        ),
    )


def _placeholder(config: kube.ConfigMap, found: str, seen: Seen) -> Finding:
    return Finding(
        code="dns.server-config",
        title=f"the configuration of the node-local DNS cache still holds {found}",
        object=config.ref,
        hops=seen.hops,
        severity="error",
        evidence=(
            Evidence(
                object=config.ref,
                field="data.Corefile",
                observed=found,
                expected="an address or a domain in its place",
                command=seen.subject.kubectl("get", "configmap", config.name, "-o", "yaml", namespace=HOME),
            ),
        ),
        fix=Fix(summary=f"replace {found} and start the cache again", commands=(edit(config.ref, seen.subject),)),
    )
