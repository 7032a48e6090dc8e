"""Judges nodes: those that the pods run on, and those that the callers run on. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from netdoc.api import Evidence, Finding, Fix, Gap, Judgement, ObjectRef, Unjudged, kube
from netdoc_checks.endpoints.pods import event_evidence
from netdoc_checks.endpoints.seen import Agent, Seen
from netdoc_checks.endpoints.standing import standing
from netdoc_checks.endpoints.trouble import ready, trouble_of

_NETWORK = re.compile(r"cni|network plugin|NetworkReady=false|NetworkPluginNotReady", re.IGNORECASE)
PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure")
ROLE_CODES = {"cni": "node.cni-down", "proxy": "node.proxy-down"}
ROLE_WORDS = {"cni": "CNI agent", "proxy": "kube-proxy"}


def judge_nodes(seen: Seen) -> Iterable[Judgement]:
    for name, node in seen.nodes.items():
        hops = _hops(name, seen)
        if not hops:
            continue
        match node:
            case Gap():
                yield Unjudged(
                    what=node.what, reason=node.reason, detail=node.detail, hop=hops[0], blocking=node.blocking
                )
            case kube.Node():
                yield from _first_cause([*_conditions(node, hops, seen), *_agents(node, hops, seen)])
                yield from _pool(node, hops, seen)
    yield from _concentrated(seen)


def _first_cause(findings: list[Finding]) -> list[Finding]:
    """A kubelet that says NotReady for want of a network only repeats what its CNI agent's end has caused."""
    down = any(one.code == "node.cni-down" for one in findings)
    return [one for one in findings if not (down and one.code == "node.not-ready" and _NETWORK.search(one.detail))]


def _hops(name: str, seen: Seen) -> tuple[str, ...]:
    """Where a node stands on the path: as a backend's, or at the client that runs on it."""
    path = seen.subject.path
    own = tuple(hop.id for hop in path.of_kind("node") if hop.object is not None and hop.object.name == name)
    callers = {pod.ref for pod in seen.clients if pod.spec.node_name == name}
    clients = tuple(source.hop for source in path.sources if callers & set(source.pods))
    return own + tuple(dict.fromkeys(clients))


def _weight(name: str, seen: Seen) -> Literal["error", "warning"]:
    """An error where everything that serves, or who calls, is on this node; else a part is lost."""
    if any(pod.spec.node_name == name for pod in seen.clients) or not seen.groups:
        return "error"
    for group in seen.groups:
        mine = [pod for pod in group.living if pod.spec.node_name == name]
        elsewhere = [pod for pod in group.living if ready(pod) and pod.spec.node_name != name]
        if mine and not elsewhere:
            return "error"
    return "warning"


def _still_served(name: str, seen: Seen) -> bool:
    """Whether endpoints on this node are still in rotation: then requests go there and are lost."""
    return any(ready(pod) and pod.spec.node_name == name for group in seen.groups for pod in group.living)


def _loss(name: str, seen: Seen) -> Literal["error", "warning"]:
    """Requests are lost where a dead node's endpoints are still in rotation, or nothing else serves."""
    return "error" if _still_served(name, seen) else _weight(name, seen)


def _conditions(node: kube.Node, hops: tuple[str, ...], seen: Seen) -> Iterable[Finding]:
    told = kube.condition(node.status.conditions, "Ready")
    if told is not None and told.status != "True":
        yield _finding(
            "node.not-ready", f"node {node.name} is not ready: {told.reason}", node, told, hops, seen, "True"
        )
    told = kube.condition(node.status.conditions, "NetworkUnavailable")
    if told is not None and told.status == "True":
        title = f"node {node.name} has no network: {told.message or told.reason}"
        yield _finding("node.network-unavailable", title, node, told, hops, seen, "False")
    for type_ in PRESSURES:
        told = kube.condition(node.status.conditions, type_)
        if told is not None and told.status == "True":
            title = f"node {node.name} is under {type_}"
            yield _finding("node.pressure", title, node, told, hops, seen, "False")


def _finding(
    code: str, title: str, node: kube.Node, told: kube.Condition, hops: tuple[str, ...], seen: Seen, expected: str
) -> Finding:
    return Finding(
        code=code,
        title=title,
        detail=told.message,
        object=node.ref,
        hops=hops,
        severity="warning" if code == "node.pressure" else _loss(node.name, seen),
        since=told.last_transition_time,
        evidence=(
            Evidence(
                object=node.ref,
                field=f"status.conditions[{told.type}]",
                observed=f"{told.status} ({told.reason})",
                expected=expected,
                command=seen.subject.kubectl("describe", "node", node.name),
            ),
        ),
        fix=Fix(
            summary="see why its kubelet does not report"
            if code == "node.not-ready"
            else "mend what the condition says",
            commands=(seen.subject.kubectl("describe", "node", node.name),),
        ),
    )


def _agents(node: kube.Node, hops: tuple[str, ...], seen: Seen) -> Iterable[Finding]:
    """A node's CNI agent or kube-proxy that is not ready. One that is not there to be seen is not missing."""
    for role, code in ROLE_CODES.items():
        down = [one for one in seen.agents.get(node.name, ()) if one.role == role and not ready(one.pod)]
        up = [one for one in seen.agents.get(node.name, ()) if one.role == role and ready(one.pod)]
        if down and not up:
            yield _agent_down(code, down[0], node, hops, seen)


def _agent_down(code: str, agent: Agent, node: kube.Node, hops: tuple[str, ...], seen: Seen) -> Finding:
    pod = agent.pod
    trouble = trouble_of(pod, (), seen.subject.now)
    told = kube.condition(pod.status.conditions, "Ready")
    return Finding(
        code=code,
        title=f"the {ROLE_WORDS[agent.role]} of node {node.name} is not ready"
        + (f": {trouble.why}" if trouble else ""),
        detail=f"pod {pod.name} in {pod.namespace}",
        object=node.ref,
        hops=hops,
        severity=_loss(node.name, seen),
        since=told.last_transition_time if told else None,
        evidence=(
            Evidence(
                object=pod.ref,
                field=trouble.field if trouble else "status.conditions[Ready]",
                observed=trouble.observed if trouble else "False",
                expected="True",
                command=seen.subject.kubectl("describe", "pod", pod.name, namespace=pod.namespace),
            ),
        ),
        fix=Fix(
            summary="mend the agent's pod on that node",
            commands=(seen.subject.kubectl("logs", pod.name, "--previous", namespace=pod.namespace),),
        ),
    )


def _pool(node: kube.Node, hops: tuple[str, ...], seen: Seen) -> Iterable[Finding]:
    """No pod addresses left: the sandbox events of its pods say so."""
    for group in seen.groups:
        for pod in group.living:
            trouble = trouble_of(pod, seen.events_of(pod.ref), seen.subject.now)
            if pod.spec.node_name != node.name or trouble is None or trouble.code != "node.address-pool-exhausted":
                continue
            yield Finding(
                code=trouble.code,
                title=f"node {node.name} has no pod addresses left",
                detail=trouble.why,
                object=node.ref,
                hops=hops,
                severity="error" if standing(group, seen).down else "warning",
                since=trouble.since,
                evidence=(event_evidence(trouble.event, seen),) if trouble.event else (),
                fix=Fix(summary="widen the node's pod range, or free addresses that pods left behind"),
            )
            return


def _concentrated(seen: Seen) -> Iterable[Finding]:
    """Failures of no cause of their own that gather on one node, while others of their kind serve elsewhere."""
    for group in seen.groups:
        failing = [pod for pod in group.living if _unexplained(pod, seen)]
        serving = [pod for pod in group.living if ready(pod)]
        nodes = {pod.spec.node_name for pod in failing}
        if len(failing) < 2 or len(serving) < 2 or len(nodes) != 1:
            continue
        name = nodes.pop()
        node = seen.nodes.get(name)
        if name not in {pod.spec.node_name for pod in serving} and isinstance(node, kube.Node) and _hops(name, seen):
            yield _gathered(node, failing, serving, seen)


def _unexplained(pod: kube.Pod, seen: Seen) -> bool:
    trouble = trouble_of(pod, seen.events_of(pod.ref), seen.subject.now)
    return trouble is not None and trouble.code in ("pod.not-ready", "pod.network-not-ready", "pod.readiness-failing")


def _gathered(node: kube.Node, failing: Sequence[kube.Pod], serving: Sequence[kube.Pod], seen: Seen) -> Finding:
    return Finding(
        code="node.failures-concentrated",
        title=f"all {len(failing)} pods that fail are on node {node.name}, and none of those that serve",
        object=ObjectRef(api_version="v1", kind="Node", name=node.name),
        hops=_hops(node.name, seen),
        severity="warning",
        proven=False,
        evidence=(
            Evidence(
                object=node.ref,
                field="pods",
                observed=", ".join(pod.name for pod in failing[:5]),
                expected=f"ready, as on {', '.join(sorted({pod.spec.node_name for pod in serving})[:5])}",
                command=seen.subject.kubectl(
                    "get",
                    "pods",
                    "-o",
                    "wide",
                    "--field-selector",
                    f"spec.nodeName={node.name}",
                    namespace=failing[0].namespace,
                ),
            ),
        ),
    )
