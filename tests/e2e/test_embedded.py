"""No object of the embedded network, healthy or broken, is one that Kubernetes would refuse.

Each is created as a dry run with strict field validation, so that unknown and wrongly typed fields, in the status too,
are errors. What only a server can give is taken off before, and what one cluster cannot hold twice.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from functools import cache

import pytest

from netdoc.demo import assemble
from tests.e2e.fault import PREFIX
from tests.e2e.kube import Kube, Object, Refused

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

# Kinds whose definitions the lab does not install.
ABSENT = {
    "cert-manager.io/v1",
    "metallb.io/v1beta1",
    "policy.networking.k8s.io/v1alpha1",
    "policy.networking.k8s.io/v1alpha2",
}


@pytest.fixture(scope="module")
def namespace(kube: Kube) -> Iterator[str]:
    """An empty namespace: all that has one is tried in it."""
    name = f"{PREFIX}embedded-{os.getpid()}"
    document = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    kube.create(document)
    yield name
    kube.delete(document)


def objects() -> dict[str, Object]:
    """Every object of every scenario once, by where it is first seen."""
    found: dict[str, Object] = {}
    seen: set[str] = set()
    for scenario in assemble.scenario_ids():
        for document in assemble.documents(assemble.scenario(scenario)):
            text = json.dumps(document, sort_keys=True)
            if text not in seen:
                seen.add(text)
                metadata = document["metadata"]
                found[f"{scenario}: {document['kind']} {metadata.get('namespace', '')}/{metadata['name']}"] = document
    return found


def acceptable(document: Object, namespace: str, namespaced: bool) -> Object:
    """The object as it can be asked for: without what the server sets, in a namespace without anything else."""
    made = deepcopy(document)
    metadata = made["metadata"]
    for given in ("resourceVersion", "managedFields", "deletionTimestamp", "deletionGracePeriodSeconds"):
        metadata.pop(given, None)
    if namespaced:
        metadata["namespace"] = namespace
    else:
        metadata["name"] = f"embedded-{metadata['name']}"  # its namesake may exist: kube-system does
        metadata.get("labels", {}).pop("kubernetes.io/metadata.name", None)
    match made["kind"]:
        case "Pod":
            # Admission wants the account, the priority class and its number from the cluster itself.
            for given in ("serviceAccountName", "serviceAccount", "priorityClassName", "priority"):
                made["spec"].pop(given, None)
        case "Service":
            _without_addresses(made["spec"])
        case "Job":
            made["spec"].pop("selector", None)  # made of the uid that the server gives
            made["spec"]["template"]["metadata"].pop("labels", None)
        case "Event":
            made["involvedObject"]["namespace"] = namespace  # an Event lies where its object does
    return made


def _without_addresses(spec: Object) -> None:
    """Cluster addresses and node ports are the cluster's to give; a headless Service stays one, with one family."""
    if spec.get("clusterIP") != "None":
        spec.pop("clusterIP", None)
        spec.pop("clusterIPs", None)
    if len(spec.get("ipFamilies", ())) > 1 or spec.get("ipFamilies") == ["IPv6"]:
        spec.pop("clusterIPs", None)
        spec.pop("ipFamilies")  # the lab has IPv4 alone
        spec.pop("ipFamilyPolicy", None)
    spec.pop("healthCheckNodePort", None)
    for port in spec.get("ports", ()):
        port.pop("nodePort", None)


def test_kubernetes_would_take_every_object_of_the_embedded_network(kube: Kube, namespace: str) -> None:
    @cache
    def resources(version: str) -> dict[str, Object] | None:
        group = f"apis/{version}" if "/" in version else f"api/{version}"
        try:
            served = kube.request("GET", group)["resources"]
        except Refused as refused:
            if refused.status != 404:
                raise
            return None
        return {one["kind"]: one | {"group": group} for one in served if "/" not in one["name"]}

    def refusal(place: str, document: Object) -> str:
        kinds = resources(document["apiVersion"])
        if kinds is None:
            return "" if document["apiVersion"] in ABSENT else f"{place}: {document['apiVersion']} is not served"
        resource = kinds[document["kind"]]
        where = f"namespaces/{namespace}/{resource['name']}" if resource["namespaced"] else resource["name"]
        wanted = acceptable(document, namespace, resource["namespaced"])
        try:
            kube.request("POST", f"{resource['group']}/{where}", wanted, dryRun="All", fieldValidation="Strict")
        except Refused as refused:
            return f"{place}: {refused}"
        return ""

    every = objects()
    with ThreadPoolExecutor(4) as pool:
        refused = [one for one in pool.map(lambda item: refusal(*item), every.items()) if one]
    assert not refused, "\n".join(refused)
    assert len(every) > 200
