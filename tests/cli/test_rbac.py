"""netdoc rbac: roles as kubectl takes them."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from netdoc.engine.check import Check, Read
from netdoc.model.kube.meta import Kind, Object
from netdoc.ports import Ports
from tests.calling import netdoc


class Secret(Object, frozen=True):
    KIND = Kind("v1", "Secret", "secrets")


def printed(*arguments: str) -> list[dict[str, Any]]:
    answer = netdoc("rbac", *arguments)
    assert (answer.code, answer.err) == (0, "")
    return list(yaml.safe_load_all(answer.out))


def allowed(role: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


def test_one_cluster_role_that_only_reads() -> None:
    (role,) = printed()
    assert (role["apiVersion"], role["kind"]) == ("rbac.authorization.k8s.io/v1", "ClusterRole")
    assert role["metadata"] == {"name": "netdoc"}
    rights = allowed(role)
    assert {verb for _, _, verb in rights} == {"get", "list"}
    assert not [one for one in rights if one[1] == "secrets" or "*" in one]
    assert {("", "pods", "list"), ("", "pods/log", "get"), ("networking.k8s.io", "networkpolicies", "list")} <= rights


def test_a_namespace_splits_it() -> None:
    (whole,) = printed("--name", "look")
    role, cluster_role = printed("-n", "shop", "--name", "look")
    assert (role["kind"], role["metadata"]) == ("Role", {"name": "look", "namespace": "shop"})
    assert (cluster_role["kind"], cluster_role["metadata"]) == ("ClusterRole", {"name": "look"})
    assert allowed(role) | allowed(cluster_role) == allowed(whole)
    assert {resource for _, resource, _ in allowed(cluster_role)} >= {"nodes", "namespaces"}
    assert not {"nodes", "namespaces"} & {resource for _, resource, _ in allowed(role)}


def test_a_single_check_needs_less() -> None:
    (whole,), (part,) = printed(), printed("--check", "endpoints")
    assert allowed(part) < allowed(whole)


def test_json_says_the_same() -> None:
    answer = netdoc("rbac", "-n", "shop", "-o", "json")
    assert answer.json["items"] == printed("-n", "shop")


def test_a_check_that_is_not_there_is_refused() -> None:
    answer = netdoc("rbac", "--check", "endpoint")
    assert answer.code == 2
    assert 'did you mean "endpoints"' in answer.err


def test_a_target_without_secrets_is_said() -> None:
    answer = netdoc("rbac", "--target", "svc/web.shop")
    assert answer.out.startswith("# No installed check reads Secrets: svc/web.shop ")
    assert list(yaml.safe_load_all(answer.out)) == printed()


def test_a_target_that_does_not_parse_is_refused() -> None:
    assert netdoc("rbac", "--target", "svc/").code == 2


def test_secrets_of_a_target_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    async def observe(ports: Ports, subject: Any) -> None:
        await ports.cluster.get(Secret, "web-tls", "shop")

    reader = Check(id="x", title="X", observe=observe, judge=lambda seen: (), codes=(), reads=(Read(Secret, ("get",)),))
    monkeypatch.setattr("netdoc.cli.commands.rbac.all_checks", lambda: [reader])
    *_, role = printed("--target", "svc/web.shop", "--demo=healthy")
    assert role["metadata"] == {"name": "netdoc-secrets", "namespace": "shop"}
    assert role["rules"] == [
        {"apiGroups": [""], "resources": ["secrets"], "resourceNames": ["web-tls"], "verbs": ["get"]}
    ]


@pytest.mark.parametrize(
    ("consents", "resources"),
    [(("--exec",), {"pods/exec"}), (("--port-forward",), {"pods/portforward"}),
     (("--exec", "--port-forward"), {"pods/exec", "pods/portforward"})],
)  # fmt: skip
def test_a_consent_needs_its_own_rights_and_no_more(consents: tuple[str, ...], resources: set[str]) -> None:
    """`get` for the WebSocket's request, `create` for what it opens (KEP-4006)."""
    (plain,), (role,) = printed(), printed(*consents)
    wanted = {("", resource, verb) for resource in resources for verb in ("get", "create")}
    assert allowed(role) - allowed(plain) == wanted
    inside, outside = printed("-n", "shop", *consents)
    assert wanted <= allowed(inside)
    assert not wanted & allowed(outside)
