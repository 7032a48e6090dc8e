"""Random small clusters, as JSON objects, drawn so that the cases that evaluators get wrong are common."""

import os

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

from netdoc.model.kube import Namespace, NetworkPolicy, Node, Pod
from netdoc.model.kube.policy import AdminNetworkPolicy, BaselineAdminNetworkPolicy, ClusterNetworkPolicy
from netdoc.predict.policy import PolicySet

EXAMPLES = int(os.environ.get("NETDOC_POLICY_EXAMPLES", "40"))
LAW = settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)

NAMESPACES = ["x", "y"]
NAME = "kubernetes.io/metadata.name"
PORTS = [53, 80, 81, 443, 8080, 8081]
PORT_NAMES = ["http", "dns", "web"]
PROTOCOLS = ["TCP", "UDP", "SCTP"]
OUTSIDE = ["192.0.2.1", "198.51.100.7", "10.0.0.200", "2001:db8::1", "fd00::200"]
NODES = {"n1": "172.16.0.1", "n2": "172.16.0.2"}
CIDRS = ["0.0.0.0/0", "10.0.0.0/8", "10.0.0.0/30", "10.0.0.2/32", "172.16.0.0/12", "192.0.2.0/24", "::/0", "fd00::/64"]
EXCEPTS = {
    "0.0.0.0/0": ["10.0.0.0/8", "10.0.0.0/30", "172.16.0.1/32", "192.0.2.0/24"],
    "10.0.0.0/8": ["10.0.0.0/30", "10.0.0.200/32"],
    "10.0.0.0/30": ["10.0.0.1/32", "10.0.0.2/31"],
    "::/0": ["fd00::/64", "2001:db8::1/128"],
    "fd00::/64": ["fd00::1/128"],
}

labels = st.dictionaries(st.sampled_from(["app", "tier", "env"]), st.sampled_from(["", "a", "b"]), max_size=3)


@st.composite
def requirements(draw, keys):
    operator = draw(st.sampled_from(["In", "NotIn", "Exists", "DoesNotExist"]))
    term = {"key": draw(st.sampled_from(keys)), "operator": operator}
    if operator in ("In", "NotIn"):
        values = NAMESPACES if term["key"] == NAME else ["", "a", "b"]
        term["values"] = draw(st.lists(st.sampled_from(values), min_size=1, max_size=2, unique=True))
    return term


@st.composite
def selectors(draw, keys=("app", "tier", "env", "absent")):
    plain = [key for key in keys if key != NAME]
    selector = {}
    if draw(st.booleans()):
        found = draw(st.dictionaries(st.sampled_from(plain), st.sampled_from(["", "a", "b"]), max_size=1))
        if found:
            selector["matchLabels"] = found
    if draw(st.booleans()):
        selector["matchExpressions"] = draw(st.lists(requirements(list(keys)), max_size=2))
    return selector


namespace_selectors = selectors(("env", "team", "absent", NAME))


@st.composite
def containers(draw):
    ports = []
    for name in draw(st.lists(st.sampled_from(PORT_NAMES), max_size=2, unique=True)):
        port = {"name": name, "containerPort": draw(st.sampled_from(PORTS))}
        if draw(st.booleans()):
            port["protocol"] = draw(st.sampled_from(PROTOCOLS))
        ports.append(port)
    return {"name": "c", "ports": ports}


@st.composite
def pods(draw, index, dual):
    kind = draw(st.sampled_from(["plain"] * 8 + ["host", "finished", "pending", "sidecar"]))
    node = draw(st.sampled_from(list(NODES)))
    spec = {"containers": [draw(containers())], "nodeName": node}
    status = {"phase": "Running", "podIPs": [{"ip": f"10.0.0.{index}"}]}
    if dual and draw(st.booleans()):
        status["podIPs"].append({"ip": f"fd00::{index}"})
    if kind == "host":
        spec["hostNetwork"] = True
        status["podIPs"] = [{"ip": NODES[node]}]
    elif kind == "finished":
        status["phase"] = draw(st.sampled_from(["Succeeded", "Failed"]))
        status["podIPs"] = [{"ip": "10.0.0.1"}]
    elif kind == "pending":
        status = {"phase": "Pending"}
    elif kind == "sidecar":
        restart = draw(st.sampled_from([{}, {"restartPolicy": "Always"}]))
        spec["initContainers"] = [draw(containers()) | restart]
    meta = {"name": f"p{index}", "namespace": draw(st.sampled_from(NAMESPACES)), "labels": draw(labels)}
    owner = draw(st.sampled_from(["", "w1", "w2"]))
    if owner:
        meta["ownerReferences"] = [{"kind": "StatefulSet", "name": owner, "controller": True}]
    return {
        "metadata": meta,
        "spec": spec,
        "status": status,
    }


@st.composite
def ip_blocks(draw):
    cidr = draw(st.sampled_from(CIDRS))
    given = {"cidr": cidr}
    if cidr in EXCEPTS and draw(st.booleans()):
        given["except"] = draw(st.lists(st.sampled_from(EXCEPTS[cidr]), max_size=2, unique=True))
    return given


@st.composite
def peers(draw):
    kind = draw(st.sampled_from(["pod", "namespace", "both", "block"]))
    if kind == "block":
        return {"ipBlock": draw(ip_blocks())}
    peer = {}
    if kind != "namespace":
        peer["podSelector"] = draw(selectors())
    if kind != "pod":
        peer["namespaceSelector"] = draw(namespace_selectors)
    return peer


@st.composite
def ports(draw):
    port = {}
    if draw(st.booleans()):
        port["protocol"] = draw(st.sampled_from(PROTOCOLS))
    kind = draw(st.sampled_from(["number", "range", "name", "none"]))
    if kind in ("number", "range"):
        port["port"] = draw(st.sampled_from(PORTS))
    if kind == "range":
        port["endPort"] = port["port"] + draw(st.sampled_from([0, 1, 400]))
    if kind == "name":
        port["port"] = draw(st.sampled_from(PORT_NAMES))
    return port


@st.composite
def rules(draw, word):
    rule = {}
    if draw(st.booleans()):
        rule["ports"] = draw(st.lists(ports(), max_size=2))
    if draw(st.sampled_from([True, True, True, False])):
        rule[word] = draw(st.lists(peers(), max_size=2))
    return rule


@st.composite
def network_policies(draw, index):
    spec = {}
    if draw(st.booleans()):
        spec["podSelector"] = draw(selectors())
    if draw(st.booleans()):
        types = draw(st.lists(st.sampled_from(["Ingress", "Egress"]), max_size=2, unique=True))
        spec["policyTypes"] = types
    if draw(st.sampled_from([True, True, False])):
        spec["ingress"] = draw(st.lists(rules("from"), max_size=2))
    if draw(st.booleans()):
        spec["egress"] = draw(st.lists(rules("to"), max_size=2))
    meta = {"name": f"np{index}", "namespace": draw(st.sampled_from(NAMESPACES))}
    return {"kind": "NetworkPolicy", "metadata": meta, "spec": spec}


def pod_pairs():
    return st.fixed_dictionaries({"namespaceSelector": namespace_selectors, "podSelector": selectors()})


def old_namespaces():
    keys = st.lists(st.sampled_from(["env", "team"]), max_size=2, unique=True)
    return st.one_of(
        st.fixed_dictionaries({"namespaceSelector": namespace_selectors}),
        st.fixed_dictionaries({"sameLabels": keys}),
        st.fixed_dictionaries({"notSameLabels": keys}),
    )


def admin_peers(direction, kind, action):
    choices = [
        st.fixed_dictionaries({"namespaces": namespace_selectors}),
        st.fixed_dictionaries({"pods": pod_pairs()}),
        st.just({}) if kind == "ClusterNetworkPolicy" else st.fixed_dictionaries({"namespaces": old_namespaces()}),
    ]
    if kind != "ClusterNetworkPolicy":
        old = st.fixed_dictionaries({"namespaces": old_namespaces(), "podSelector": selectors()})
        choices.append(st.fixed_dictionaries({"pods": old}))
    if direction == "egress":
        cidrs = st.lists(st.sampled_from(CIDRS), min_size=1, max_size=2, unique=True)
        choices.append(st.fixed_dictionaries({"networks": cidrs}))
        choices.append(st.fixed_dictionaries({"nodes": selectors(("role", "absent"))}))
        if action in ("Accept", "Allow"):
            choices.append(st.just({"domainNames": ["example.com"]}))
    return st.one_of(choices)


def old_ports():
    return st.one_of(
        st.builds(
            lambda protocol, port: {"portNumber": {"protocol": protocol, "port": port}},
            st.sampled_from(PROTOCOLS),
            st.sampled_from(PORTS),
        ),
        st.builds(
            lambda port: {"portRange": {"protocol": "TCP", "start": port, "end": port + 400}}, st.sampled_from(PORTS)
        ),
        st.builds(lambda name: {"namedPort": name}, st.sampled_from(PORT_NAMES)),
    )


def new_protocols():
    port = st.one_of(
        st.just({}),
        st.builds(lambda number: {"destinationPort": {"number": number}}, st.sampled_from(PORTS)),
        st.builds(
            lambda start: {"destinationPort": {"range": {"start": start, "end": start + 400}}}, st.sampled_from(PORTS)
        ),
    )
    return st.one_of(
        st.builds(lambda word, one: {word: one}, st.sampled_from(["tcp", "udp", "sctp"]), port),
        st.builds(lambda name: {"destinationNamedPort": name}, st.sampled_from(PORT_NAMES)),
    )


@st.composite
def admin_rules(draw, direction, kind):
    actions = {
        "ClusterNetworkPolicy": ["Accept", "Deny", "Pass"],
        "AdminNetworkPolicy": ["Allow", "Deny", "Pass"],
        "BaselineAdminNetworkPolicy": ["Allow", "Deny"],
    }
    action = draw(st.sampled_from(actions[kind]))
    word = "from" if direction == "ingress" else "to"
    rule = {
        "action": action,
        word: draw(st.lists(admin_peers(direction, kind, action), min_size=1, max_size=2)),
    }
    if draw(st.booleans()):
        field, strategy = ("protocols", new_protocols()) if kind == "ClusterNetworkPolicy" else ("ports", old_ports())
        rule[field] = draw(st.lists(strategy, min_size=1, max_size=2))
    outside = any(key in peer for peer in rule[word] for key in ("networks", "nodes", "domainNames"))
    if outside:
        rule.pop("protocols", None)
        rule.pop("ports", None)
    return rule


@st.composite
def admin_policies(draw, index):
    kind = draw(
        st.sampled_from(
            ["ClusterNetworkPolicy", "ClusterNetworkPolicy", "AdminNetworkPolicy", "BaselineAdminNetworkPolicy"]
        )
    )
    subject = draw(
        st.one_of(
            st.fixed_dictionaries({"namespaces": namespace_selectors}),
            st.fixed_dictionaries({"pods": pod_pairs()}),
        )
    )
    spec = {"subject": subject, "priority": draw(st.integers(0, 3))}
    if kind == "ClusterNetworkPolicy":
        spec["tier"] = draw(st.sampled_from(["Admin", "Baseline"]))
    if kind == "BaselineAdminNetworkPolicy":
        spec["priority"] = 0
    spec["ingress"] = draw(st.lists(admin_rules("ingress", kind), max_size=2))
    spec["egress"] = draw(st.lists(admin_rules("egress", kind), max_size=2))
    name = "default" if kind == "BaselineAdminNetworkPolicy" else f"admin{index}"
    return {"kind": kind, "metadata": {"name": name}, "spec": spec}


@st.composite
def clusters(draw, admin=True, most_policies=4, most_pods=6):
    dual = draw(st.booleans())
    found = [draw(pods(index + 1, dual)) for index in range(draw(st.integers(2, most_pods)))]
    named = draw(st.lists(st.sampled_from(NAMESPACES), unique=True))
    chosen = [draw(network_policies(index)) for index in range(draw(st.integers(0, most_policies)))]
    admins = [draw(admin_policies(index)) for index in range(draw(st.integers(0, 3)))] if admin else []
    single = {one["metadata"]["name"]: one for one in admins}
    addresses = [entry["ip"] for pod in found for entry in pod["status"].get("podIPs", [])]
    return {
        "pods": found,
        "namespaces": [
            {
                "metadata": {
                    "name": name,
                    "labels": draw(st.dictionaries(st.sampled_from(["env", "team"]), st.sampled_from(["a", "b"]))),
                }
            }
            for name in named
        ],
        "nodes": [
            {
                "metadata": {
                    "name": name,
                    "labels": draw(st.dictionaries(st.just("role"), st.sampled_from(["", "a"]))),
                },
                "status": {"addresses": [{"type": "InternalIP", "address": address}]},
            }
            for name, address in NODES.items()
        ],
        "policies": chosen,
        "admin": list(single.values()),
        "families": [4, 6] if any(":" in one for one in addresses) else [4],
        "ipblock_pods": draw(st.sampled_from(["match", "match", "ignore"])),
    }


KINDS = {
    "NetworkPolicy": NetworkPolicy,
    "AdminNetworkPolicy": AdminNetworkPolicy,
    "BaselineAdminNetworkPolicy": BaselineAdminNetworkPolicy,
    "ClusterNetworkPolicy": ClusterNetworkPolicy,
}


def policy(raw):
    return msgspec.convert(raw, KINDS[raw["kind"]])


def build(cluster):
    return PolicySet.build(
        msgspec.convert(cluster["pods"], list[Pod]),
        msgspec.convert(cluster["namespaces"], list[Namespace]),
        [policy(one) for one in cluster["policies"]],
        [policy(one) for one in cluster["admin"]],
        nodes=msgspec.convert(cluster["nodes"], list[Node]),
        ipblock_pods=cluster["ipblock_pods"],
    )


def ends(cluster):
    """Every pod, and addresses outside and of nodes, by what both evaluators look them up with."""
    found = [("pod", one["metadata"]["namespace"], one["metadata"]["name"]) for one in cluster["pods"]]
    return found + [("address", one) for one in (*OUTSIDE, *NODES.values())]


def look_up(evaluator, end):
    return getattr(evaluator, end[0])(*end[1:])
