"""Judges NodeLocal DNSCache on the callers' nodes (KEP-1024; kubernetes/dns, cmd/node-cache). Pure."""

from __future__ import annotations

from collections.abc import Iterable

from netdoc.api import Evidence, Finding, Fix, ObjectRef, kube
from netdoc_checks.dns.seen import HOME, NodeLocal, Seen
from netdoc_checks.proof import edit

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
