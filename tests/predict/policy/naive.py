"""A second evaluator, deliberately naive: plain loops over the objects as JSON, nothing remembered.

It shares no code with netdoc. What is uncertain (an address that is not known, two admin policies of one
priority) it tries both ways, one world after the other; where worlds differ, the answer is None.
"""

import ipaddress

PROTOCOLS = ("TCP", "UDP", "SCTP")


class Worlds:
    """Runs a function once for every sequence of yes-no and which-one choices that it may ask for."""

    def __init__(self):
        self.script = []
        self.at = 0

    def choose(self, options):
        if self.at == len(self.script):
            self.script.append([0, options])
        choice = self.script[self.at][0]
        self.at += 1
        return choice

    def outcomes(self, function):
        found = set()
        while True:
            self.at = 0
            found.add(function(self))
            while self.script and self.script[-1][0] + 1 == self.script[-1][1]:
                self.script.pop()
            if not self.script or len(found) == 2:
                return found
            self.script[-1][0] += 1


class Naive:
    def __init__(self, cluster):
        self.cluster = cluster

    # ends: {"ns","pod"} or {"ip"}; resolved to a dict

    def pod(self, namespace, name):
        pod = next(
            one
            for one in self.cluster["pods"]
            if one["metadata"]["namespace"] == namespace and one["metadata"]["name"] == name
        )
        return self._of_pod(pod)

    def _of_pod(self, pod):
        given = [entry["ip"] for entry in pod["status"].get("podIPs", [])]
        addresses = {ipaddress.ip_address(one).version: ipaddress.ip_address(one) for one in given}
        if not addresses:
            addresses = {family: None for family in self.cluster["families"]}
        return {
            "pod": pod,
            "host": pod["spec"].get("hostNetwork", False),
            "node": pod["spec"].get("nodeName", ""),
            "finished": pod["status"].get("phase") in ("Succeeded", "Failed"),
            "addresses": addresses,
        }

    def address(self, text):
        address = ipaddress.ip_address(text)
        for pod in self.cluster["pods"]:
            end = self._of_pod(pod)
            if address in end["addresses"].values() and not end["host"] and not end["finished"]:
                return dict(end, addresses={address.version: address})
        node = self._node_of(address)
        return {
            "pod": None,
            "host": node is not None,
            "node": node or "",
            "finished": False,
            "addresses": {address.version: address},
        }

    def _node_of(self, address):
        for node in self.cluster["nodes"]:
            if str(address) in [one["address"] for one in node["status"]["addresses"]]:
                return node["metadata"]["name"]
        return None

    # verdict

    def allowed(self, source, destination, port, protocol="TCP"):
        if source["finished"] or destination["finished"]:
            return None
        if source["pod"] is not None and source["pod"] is destination["pod"]:
            return True
        if source["node"] and source["node"] == destination["node"] and (source["host"] or destination["host"]):
            return True
        families = [one for one in source["addresses"] if one in destination["addresses"]]
        answers = {self._in_family(source, destination, port, protocol, family) for family in families}
        return answers.pop() if len(answers) == 1 else None

    def _in_family(self, source, destination, port, protocol, family):
        def both(worlds):
            first = self._direction(worlds, "egress", source, destination, port, protocol, family)
            second = self._direction(worlds, "ingress", destination, source, port, protocol, family)
            return first and second

        found = Worlds().outcomes(both)
        return found.pop() if len(found) == 1 else None

    def _direction(self, worlds, direction, subject, peer, port, protocol, family):
        if subject["pod"] is None or subject["host"]:
            return True
        flow = (direction, subject, peer, port, protocol, family)
        decision = self._tier(worlds, "Admin", flow)
        if decision in ("Accept", "Deny"):
            return decision == "Accept"
        decision = self._network_policies(worlds, flow)
        if decision is not None:
            return decision
        return self._tier(worlds, "Baseline", flow) != "Deny"

    def _network_policies(self, worlds, flow):
        direction, subject, peer, port, protocol, family = flow
        isolated = allowed = False
        for policy in self.cluster["policies"]:
            spec = policy["spec"]
            own = policy["metadata"].get("namespace", "default")
            if subject["pod"]["metadata"]["namespace"] != own:
                continue
            if not self._selects(spec.get("podSelector") or {}, subject["pod"]["metadata"].get("labels", {})):
                continue
            types = spec.get("policyTypes") or (["Ingress"] + (["Egress"] if spec.get("egress") else []))
            if direction.capitalize() not in types:
                continue
            isolated = True
            for rule in spec.get(direction) or []:
                peers = rule.get("from" if direction == "ingress" else "to") or []
                matched = [self._peer(worlds, one, own, peer, family) for one in peers]
                if peers and not any(matched):
                    continue
                destination = subject if direction == "ingress" else peer
                ports = rule.get("ports") or []
                if not ports or any(self._port(one, destination, port, protocol) for one in ports):
                    allowed = True
        return allowed if isolated else None

    def _peer(self, worlds, given, own, end, family):
        if "ipBlock" in given:
            return self._block(worlds, given["ipBlock"], end, family)
        if end["pod"] is None or end["host"]:
            return False
        meta = end["pod"]["metadata"]
        if given.get("namespaceSelector") is None:
            if meta["namespace"] != own:
                return False
        elif not self._selects(given["namespaceSelector"], self._namespace(meta["namespace"])):
            return False
        return self._selects(given.get("podSelector") or {}, meta.get("labels", {}))

    def _namespace(self, name):
        labels = {"kubernetes.io/metadata.name": name}
        for namespace in self.cluster["namespaces"]:
            if namespace["metadata"]["name"] == name:
                labels.update(namespace["metadata"].get("labels", {}))
        return labels

    def _block(self, worlds, given, end, family):
        if self.cluster["ipblock_pods"] == "ignore" and end["pod"] is not None and not end["host"]:
            return False
        network = ipaddress.ip_network(given["cidr"])
        if network.version != family:
            return False
        address = end["addresses"][family]
        if address is None:
            if network.prefixlen == 0 and not given.get("except"):
                return True
            return bool(worlds.choose(2))
        inside = address in network
        for one in given.get("except") or []:
            if address in ipaddress.ip_network(one):
                inside = False
        return inside

    def _port(self, given, destination, port, protocol):
        if given.get("protocol", "TCP") != protocol:
            return False
        wanted = given.get("port")
        if wanted is None:
            return True
        if isinstance(wanted, int):
            return wanted <= port <= given.get("endPort", wanted)
        return (wanted, protocol, port) in self._names(destination)

    def _names(self, end):
        if end["pod"] is None or end["host"]:
            return []
        spec = end["pod"]["spec"]
        sidecars = [one for one in spec.get("initContainers", []) if one.get("restartPolicy") == "Always"]
        return [
            (port["name"], port.get("protocol", "TCP"), port["containerPort"])
            for container in spec["containers"] + sidecars
            for port in container.get("ports", [])
            if "name" in port
        ]

    # admin tiers

    def _tier(self, worlds, tier, flow):
        subject = flow[1]
        chosen = [one for one in self.cluster["admin"] if self._tier_of(one) == tier and self._subject(one, subject)]
        for priority in sorted({one["spec"].get("priority", 0) for one in chosen}):
            decisions = []
            for policy in [one for one in chosen if one["spec"].get("priority", 0) == priority]:
                decision = self._first(worlds, policy, flow)
                if decision is not None:
                    decisions.append(decision)
            if decisions:
                return decisions[worlds.choose(len(decisions))] if len(decisions) > 1 else decisions[0]
        return None

    def _tier_of(self, policy):
        kinds = {"AdminNetworkPolicy": "Admin", "BaselineAdminNetworkPolicy": "Baseline"}
        return kinds.get(policy["kind"]) or policy["spec"]["tier"]

    def _subject(self, policy, end):
        meta = end["pod"]["metadata"]
        subject = policy["spec"]["subject"]
        if "namespaces" in subject:
            return self._selects(subject["namespaces"], self._namespace(meta["namespace"]))
        return self._selects(
            subject["pods"]["namespaceSelector"], self._namespace(meta["namespace"])
        ) and self._selects(subject["pods"]["podSelector"], meta.get("labels", {}))

    def _first(self, worlds, policy, flow):
        direction, subject, peer, port, protocol, family = flow
        for rule in policy["spec"].get(direction) or []:
            action = {"Allow": "Accept"}.get(rule["action"], rule["action"])
            peers = rule["from" if direction == "ingress" else "to"]
            if any(one == {} for one in peers):
                if action == "Accept":
                    continue
                return "Deny"
            if not any([self._admin_peer(worlds, one, subject, peer, family) for one in peers]):
                continue
            destination = subject if direction == "ingress" else peer
            if self._admin_ports(rule, destination, port, protocol):
                return action
        return None

    def _admin_peer(self, worlds, given, subject, end, family):
        if "networks" in given:
            return any([self._block(worlds, {"cidr": one}, end, family) for one in given["networks"]])
        if "nodes" in given:
            if not end["host"]:
                return False
            node = next(one for one in self.cluster["nodes"] if one["metadata"]["name"] == end["node"])
            return self._selects(given["nodes"], node["metadata"].get("labels", {}))
        if "domainNames" in given:
            return end["pod"] is None and not end["host"] and bool(worlds.choose(2))
        if end["pod"] is None or end["host"]:
            return False
        meta = end["pod"]["metadata"]
        namespaces = given["namespaces"] if "namespaces" in given else given["pods"]
        pods = given["pods"]["podSelector"] if "pods" in given else {}
        if "pods" in given and "namespaces" in given["pods"]:
            namespaces = given["pods"]["namespaces"]
        theirs, mine = self._namespace(meta["namespace"]), self._namespace(subject["pod"]["metadata"]["namespace"])
        if "sameLabels" in namespaces:
            keys = namespaces["sameLabels"]
            fits = bool(keys) and all(key in theirs and key in mine and theirs[key] == mine[key] for key in keys)
        elif "notSameLabels" in namespaces:
            keys = namespaces["notSameLabels"]
            fits = bool(keys) and not any(key in theirs for key in keys)
        elif "namespaceSelector" in namespaces:
            fits = self._selects(namespaces["namespaceSelector"], theirs)
        else:
            fits = self._selects(namespaces, theirs)
        return fits and self._selects(pods, meta.get("labels", {}))

    def _admin_ports(self, rule, destination, port, protocol):
        given = (rule.get("ports") or []) + (rule.get("protocols") or [])
        names = self._names(destination)
        return not given or any(self._admin_port(one, names, port, protocol) for one in given)

    def _admin_port(self, given, names, port, protocol):
        name = given.get("namedPort", given.get("destinationNamedPort"))
        if name is not None:
            return (name, protocol, port) in names
        if protocol.lower() in given:
            wanted = given[protocol.lower()].get("destinationPort", {"range": {"start": 1, "end": 65535}})
            span = wanted.get("range") or {"start": wanted["number"], "end": wanted["number"]}
            return span["start"] <= port <= span["end"]
        number, span = given.get("portNumber"), given.get("portRange")
        if number:
            return number.get("protocol", "TCP") == protocol and number["port"] == port
        return bool(span) and span.get("protocol", "TCP") == protocol and span["start"] <= port <= span["end"]

    # labels

    def _selects(self, selector, labels):
        for key, value in (selector.get("matchLabels") or {}).items():
            if key not in labels or labels[key] != value:
                return False
        for term in selector.get("matchExpressions") or []:
            present = term["key"] in labels
            listed = present and labels[term["key"]] in term.get("values", [])
            holds = {
                "In": listed,
                "NotIn": not listed,
                "Exists": present,
                "DoesNotExist": not present,
            }[term["operator"]]
            if not holds:
                return False
        return True
