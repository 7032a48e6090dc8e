"""Random sets of NetworkPolicies, all of them such as the API server takes, in which the hard cases are common."""

from __future__ import annotations

import ipaddress
import random
from typing import Any

NAME = "kubernetes.io/metadata.name"


class Draw:
    """Policies drawn for three namespaces whose pods have these addresses."""

    def __init__(self, chance: random.Random, namespaces: list[str], addresses: list[str]) -> None:
        self.chance, self.namespaces, self.addresses = chance, namespaces, addresses

    def policies(self) -> list[dict[str, Any]]:
        return [self._policy(at) for at in range(self.chance.randint(1, 8))]

    def _policy(self, at: int) -> dict[str, Any]:
        chance = self.chance
        spec: dict[str, Any] = {"podSelector": {} if chance.random() < 0.35 else self._selector(("app", "tier"))}
        for word in ("ingress", "egress"):
            if chance.random() < 0.6:
                spec[word] = [self._rule(word) for _ in range(chance.choice((0, 1, 1, 2)))]
        if chance.random() < 0.7:
            spec["policyTypes"] = chance.choice((["Ingress"], ["Egress"], ["Ingress", "Egress"]))
        metadata = {"name": f"np{at}", "namespace": chance.choice(self.namespaces)}
        return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}

    def _rule(self, word: str) -> dict[str, Any]:
        chance = self.chance
        rule: dict[str, Any] = {}
        if chance.random() < 0.6:
            rule["ports"] = [self._port() for _ in range(chance.choice((0, 1, 1, 2)))]
        if chance.random() < 0.8:
            rule["from" if word == "ingress" else "to"] = [self._peer() for _ in range(chance.choice((0, 1, 1, 2)))]
        return rule

    def _port(self) -> dict[str, Any]:
        chance = self.chance
        port: dict[str, Any] = {}
        if chance.random() < 0.6:
            port["protocol"] = chance.choice(("TCP", "TCP", "UDP", "UDP", "SCTP"))
        match chance.choice(("number", "number", "range", "name", "name", "none")):
            case "number":
                port["port"] = chance.choice((53, 80, 81, 443, 8080, 9999))
            case "range":
                port["port"] = chance.choice((53, 80, 81, 400))
                port["endPort"] = port["port"] + chance.choice((0, 1, 43, 8000))
            case "name":
                port["port"] = chance.choice(("http", "http", "dns", "absent"))
        return port

    def _peer(self) -> dict[str, Any]:
        match self.chance.choice(("pod", "pod", "namespace", "both", "both", "block")):
            case "pod":
                return {"podSelector": self._selector(("app", "tier"))}
            case "namespace":
                return {"namespaceSelector": self._selector(("team", "env", NAME))}
            case "both":
                namespaces = self._selector(("team", "env", NAME))
                return {"namespaceSelector": namespaces, "podSelector": self._selector(("app", "tier"))}
            case _:
                return {"ipBlock": self._block()}

    def _block(self) -> dict[str, Any]:
        chance = self.chance
        length = chance.choice((0, 8, 24, 28, 30, 32))
        cidr = _around(chance.choice(self.addresses), length)
        block: dict[str, Any] = {"cidr": cidr}
        inner = ipaddress.ip_network(cidr)
        if chance.random() < 0.5:
            within = [one for one in self.addresses if ipaddress.ip_address(one) in inner]
            narrower = chance.choice([one for one in (24, 29, 31, 32) if one > length] or [0])
            if within and narrower:
                block["except"] = [_around(chance.choice(within), narrower)]
        return block

    def _selector(self, keys: tuple[str, ...]) -> dict[str, Any]:
        chance = self.chance
        selector: dict[str, Any] = {}
        if chance.random() < 0.45:
            key = chance.choice([one for one in keys if one != NAME])
            selector["matchLabels"] = {key: chance.choice("ab")}
        if chance.random() < 0.45:
            selector["matchExpressions"] = [self._term(keys) for _ in range(chance.choice((1, 1, 2)))]
        return selector

    def _term(self, keys: tuple[str, ...]) -> dict[str, Any]:
        chance = self.chance
        term: dict[str, Any] = {
            "key": chance.choice([*keys, "absent"]),
            "operator": chance.choice(("In", "NotIn", "Exists", "DoesNotExist")),
        }
        if term["operator"] in ("In", "NotIn"):
            values = self.namespaces if term["key"] == NAME else ["a", "b", "c"]
            term["values"] = chance.sample(values, chance.choice((1, 2)))
        return term


def _around(address: str, length: int) -> str:
    return str(ipaddress.ip_network(f"{address}/{length}", strict=False))
