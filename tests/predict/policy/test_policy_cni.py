"""Policies of the plugins' own kinds: whom they select, as far as that can be told."""

import pytest

from netdoc.model.kube import LabelSelector
from netdoc.predict.policy import read_foreign
from netdoc.predict.policy.cni import calico_selector


def raw(api_version, kind, spec, namespace="x"):
    return {"apiVersion": api_version, "kind": kind, "metadata": {"name": "f", "namespace": namespace}, "spec": spec}


def only(*args, **more):
    (found,) = read_foreign(raw(*args, **more))
    return found


def test_cilium_policies_by_endpoint_selector_and_direction():
    found = only(
        "cilium.io/v2", "CiliumNetworkPolicy", {"endpointSelector": {"matchLabels": {"k8s:app": "a"}}, "egress": []}
    )
    assert found.selector == LabelSelector(match_labels={"app": "a"})
    assert (found.namespace, found.directions, str(found.ref)) == ("x", ("egress",), "ciliumnetworkpolicy/f.x")


def test_what_cannot_be_told_may_select_any_pod():
    labels = {"k8s:io.kubernetes.pod.namespace": "y"}
    wide = only(
        "cilium.io/v2", "CiliumClusterwideNetworkPolicy", {"endpointSelector": {"matchLabels": labels}}, namespace=""
    )
    assert (wide.selector, wide.namespace, wide.directions) == (None, None, ("ingress", "egress"))


def test_cilium_policies_about_nodes_select_no_pod():
    assert (
        read_foreign(raw("cilium.io/v2", "CiliumClusterwideNetworkPolicy", {"nodeSelector": {}, "ingress": []})) == ()
    )


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("", {}),
        ("all()", {}),
        ("app == 'a'", {"app": "a"}),
        ('app == "a" && k8s.io/tier == "b"', {"app": "a", "k8s.io/tier": "b"}),
    ],
)
def test_calico_selectors_that_are_read(text, labels):
    assert calico_selector(text) == LabelSelector(match_labels=labels)


@pytest.mark.parametrize(
    "text", ["has(app)", "app != 'a'", "app == 'a' || app == 'b'", "app == 'a' && app == 'b'", "!all()"]
)
def test_calico_selectors_that_are_not(text):
    assert calico_selector(text) is None


def test_calico_types_and_scope():
    found = only(
        "crd.projectcalico.org/v1", "GlobalNetworkPolicy", {"selector": "all()", "types": ["Ingress"]}, namespace=""
    )
    assert (found.namespace, found.directions, found.selector) == (None, ("ingress",), LabelSelector())
    spaces = only(
        "projectcalico.org/v3",
        "GlobalNetworkPolicy",
        {"selector": "all()", "namespaceSelector": "a == 'b'"},
        namespace="",
    )
    assert spaces.selector is None


def test_antrea_policies_apply_to_each_of_their_targets():
    targets = [{"podSelector": {"matchLabels": {"app": "a"}}}, {"serviceAccount": {"name": "s"}}]
    found = read_foreign(raw("crd.antrea.io/v1beta1", "NetworkPolicy", {"appliedTo": targets, "ingress": []}))
    assert [one.selector for one in found] == [LabelSelector(match_labels={"app": "a"}), None]


def test_egress_firewalls_are_about_every_pod_of_their_namespace():
    found = only("k8s.ovn.org/v1", "EgressFirewall", {"egress": []})
    assert (found.selector, found.namespace, found.directions) == (LabelSelector(), "x", ("egress",))


def test_other_kinds_are_no_policies():
    assert read_foreign(raw("networking.k8s.io/v1", "NetworkPolicy", {})) == ()
    assert read_foreign({}) == ()
