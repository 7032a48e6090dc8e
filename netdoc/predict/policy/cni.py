"""Network plugins: what each does on deny, how it takes CIDR blocks, and the policy kinds of its own.

Kinds that are not evaluated make a verdict unknown for the pods that they select; where whom they select cannot
be told, they count as selecting every pod of their scope.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Literal

import msgspec

from netdoc.model.kube import LabelSelector, ObjectRef
from netdoc.predict.policy.model import ForeignPolicy
from netdoc.predict.policy.rules import DIRECTIONS, Direction

OnDeny = Literal["drop", "reject", "none"]


class Plugin(msgspec.Struct, frozen=True):
    """What a client sees of a denied connection: `drop` a timeout, `reject` "connection refused", none: no policy.

    `blocks_match_pods`: whether ipBlock matches the addresses of pods. `source` is where that is documented.
    """

    name: str
    on_deny: OnDeny
    blocks_match_pods: bool
    source: str
    note: str = ""


PLUGINS: tuple[Plugin, ...] = (
    Plugin(
        "calico",
        "drop",
        True,
        "https://docs.tigera.io/calico/latest/reference/resources/felixconfig",
        "FelixConfiguration iptablesFilterDenyAction or nftablesFilterDenyAction may say Reject",
    ),
    Plugin(
        "cilium",
        "drop",
        False,
        "https://docs.cilium.io/en/stable/security/policy/layer3/",
        "CIDR rules do not apply where both ends are managed by Cilium",
    ),
    Plugin("antrea", "drop", True, "https://antrea.io/docs/main/docs/antrea-network-policy/"),
    Plugin(
        "kube-router",
        "reject",
        True,
        "https://github.com/cloudnativelabs/kube-router/tree/master/pkg/controllers/netpol",
        "a pod's chain ends in REJECT --reject-with icmp-port-unreachable; k3s and RKE2 with flannel embed it",
    ),
    Plugin("kindnet", "drop", True, "https://github.com/kubernetes-sigs/kube-network-policies"),
    Plugin("ovn-kubernetes", "drop", True, "https://ovn-kubernetes.io/features/network-security-controls/"),
    Plugin("kube-ovn", "drop", True, "https://kubeovn.github.io/docs/stable/en/guide/networkpolicy-log/"),
    Plugin("weave", "drop", True, "https://github.com/weaveworks/weave/tree/master/npc"),
    Plugin("aws-network-policy-agent", "drop", True, "https://github.com/aws/aws-network-policy-agent"),
    Plugin("azure-npm", "drop", True, "https://github.com/Azure/azure-container-networking/tree/master/npm"),
    Plugin(
        "flannel",
        "none",
        False,
        "https://github.com/flannel-io/flannel#flannel",
        "flannel itself enforces no policy",
    ),
)


def plugin(name: str) -> Plugin | None:
    return next((one for one in PLUGINS if one.name == name), None)


Raw = Mapping[str, Any]
Reader = Callable[[ObjectRef, Raw], Iterator[ForeignPolicy]]


def read_foreign(raw: Raw) -> tuple[ForeignPolicy, ...]:
    """The object as foreign policies: one for each set of pods that it selects; none for other kinds."""
    reader = READERS.get((str(raw.get("apiVersion", "")).partition("/")[0], str(raw.get("kind", ""))))
    if reader is None:
        return ()
    meta = raw.get("metadata") or {}
    ref = ObjectRef(
        api_version=str(raw["apiVersion"]),
        kind=str(raw["kind"]),
        name=str(meta.get("name", "")),
        namespace=str(meta.get("namespace", "")),
    )
    return tuple(reader(ref, raw))


def _directions(*given: bool) -> tuple[Direction, ...]:
    """Those of ingress and egress that are given; both where the object says neither."""
    return tuple(word for word, one in zip(DIRECTIONS, given, strict=True) if one) or DIRECTIONS


def _spec_directions(spec: Raw) -> tuple[Direction, ...]:
    return _directions("ingress" in spec or "ingressDeny" in spec, "egress" in spec or "egressDeny" in spec)


def _cilium(ref: ObjectRef, raw: Raw) -> Iterator[ForeignPolicy]:
    """CiliumNetworkPolicy and its clusterwide kin; `nodeSelector` is about nodes, not pods."""
    for spec in [raw.get("spec"), *(raw.get("specs") or ())]:
        if not spec or "nodeSelector" in spec:
            continue
        selector = _cilium_selector(spec.get("endpointSelector") or {})
        yield ForeignPolicy(ref, ref.namespace or None, selector, _spec_directions(spec))


def _cilium_selector(raw: Raw) -> LabelSelector | None:
    """An endpointSelector; None where it looks at more than the pod's own labels."""
    plain = {_cilium_key(key): value for key, value in (raw.get("matchLabels") or {}).items()}
    terms = [{**term, "key": _cilium_key(term.get("key", ""))} for term in raw.get("matchExpressions") or ()]
    keys = [*plain, *(term["key"] for term in terms)]
    if any(":" in key or key.startswith(("io.kubernetes.", "io.cilium.", "reserved")) for key in keys):
        return None
    return msgspec.convert({"matchLabels": plain, "matchExpressions": terms}, LabelSelector)


def _cilium_key(key: str) -> str:
    return key.removeprefix("k8s:").removeprefix("any:")


_CALICO_TERM = re.compile(r"""\s*([\w./-]+)\s*==\s*(['"])([^'"]*)\2\s*""")


def _calico(ref: ObjectRef, raw: Raw) -> Iterator[ForeignPolicy]:
    spec = raw.get("spec") or {}
    types = spec.get("types") or ()
    given = ("Ingress" in types, "Egress" in types) if types else ("ingress" in spec, "egress" in spec)
    known = "namespaceSelector" not in spec and "serviceAccountSelector" not in spec
    selector = calico_selector(spec.get("selector") or "") if known else None
    yield ForeignPolicy(ref, ref.namespace or None, selector, _directions(*given))


def calico_selector(text: str) -> LabelSelector | None:
    """Calico's selector language as far as `all()` and `key == 'value' && ...`; None for anything else."""
    if text.strip() in ("", "all()"):
        return LabelSelector()
    found = [_CALICO_TERM.fullmatch(part) for part in text.split("&&")]
    labels = {one[1]: one[3] for one in found if one is not None}
    return LabelSelector(match_labels=labels) if None not in found and len(labels) == len(found) else None


def _antrea(ref: ObjectRef, raw: Raw) -> Iterator[ForeignPolicy]:
    spec = raw.get("spec") or {}
    rules = [rule for direction in DIRECTIONS for rule in spec.get(direction) or ()]
    applied = [*(spec.get("appliedTo") or ()), *(one for rule in rules for one in rule.get("appliedTo") or ())]
    targets: list[Raw] = applied or [{}]
    for target in targets:
        known = target.keys() == {"podSelector"}
        selector = msgspec.convert(target["podSelector"] or {}, LabelSelector) if known else None
        yield ForeignPolicy(ref, ref.namespace or None, selector, _spec_directions(spec))


def _whole_namespace(*directions: Direction) -> Reader:
    def read(ref: ObjectRef, raw: Raw) -> Iterator[ForeignPolicy]:
        yield ForeignPolicy(ref, ref.namespace or None, LabelSelector(), directions)

    return read


def _pod_selector(*directions: Direction) -> Reader:
    def read(ref: ObjectRef, raw: Raw) -> Iterator[ForeignPolicy]:
        given = (raw.get("spec") or {}).get("podSelector") or {}
        yield ForeignPolicy(ref, ref.namespace or None, msgspec.convert(given, LabelSelector), directions)

    return read


def _anybody(ref: ObjectRef, raw: Raw) -> Iterator[ForeignPolicy]:
    yield ForeignPolicy(ref, ref.namespace or None, None, DIRECTIONS)


READERS: dict[tuple[str, str], Reader] = {
    ("cilium.io", "CiliumNetworkPolicy"): _cilium,
    ("cilium.io", "CiliumClusterwideNetworkPolicy"): _cilium,
    ("crd.projectcalico.org", "NetworkPolicy"): _calico,
    ("crd.projectcalico.org", "GlobalNetworkPolicy"): _calico,
    ("projectcalico.org", "NetworkPolicy"): _calico,
    ("projectcalico.org", "GlobalNetworkPolicy"): _calico,
    ("crd.antrea.io", "NetworkPolicy"): _antrea,
    ("crd.antrea.io", "ClusterNetworkPolicy"): _antrea,
    ("k8s.ovn.org", "EgressFirewall"): _whole_namespace("egress"),
    ("network.openshift.io", "EgressNetworkPolicy"): _whole_namespace("egress"),
    ("networking.gke.io", "FQDNNetworkPolicy"): _pod_selector("egress"),
    ("networking.k8s.aws", "ApplicationNetworkPolicy"): _pod_selector("ingress", "egress"),
    ("networking.k8s.aws", "ClusterNetworkPolicy"): _anybody,
}

FOREIGN_KINDS = frozenset(READERS)
