"""netdoc policy: one question, many, tables, assertions, differences, lint; over the embedded network and files."""

from __future__ import annotations

import copy
import json
import os
import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml

from netdoc.demo import assemble
from tests.calling import Answer, netdoc

GOLDEN = Path(__file__).parent / "golden" / "policy"
UPDATE = bool(os.environ.get("NETDOC_UPDATE_GOLDEN"))  # read before the tests' environment is made clean
CLIENT, WEB = "deploy/client.shop", "svc/web.shop"


def policy(*arguments: str, where: str = "--demo=healthy") -> Answer:
    return netdoc("policy", *arguments, where)


def query(source: str, destination: str, *more: str, where: str = "--demo=healthy") -> Answer:
    return policy("query", "--from", source, "--to", destination, *more, where=where)


def saved(path: Path, documents: list[dict[str, Any]]) -> str:
    path.write_text(yaml.safe_dump_all(documents))
    return str(path)


def network_policy(name: str, spec: dict[str, Any], namespace: str = "shop") -> dict[str, Any]:
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": metadata, "spec": spec}


def pod(name: str, address: str, port: int = 8080, namespace: str = "shop", **labels: str) -> dict[str, Any]:
    container = {"name": "main", "image": "app:1", "ports": [{"containerPort": port, "protocol": "TCP"}]}
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": namespace, "labels": labels},
        "spec": {"containers": [container], "nodeName": "n1"},
        "status": {"phase": "Running", "podIP": address, "podIPs": [{"ip": address}]},
    }


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("query-allowed", ("query", "--from", CLIENT, "--to", WEB, "--port", "80")),
        ("query-denied", ("query", "--from", CLIENT, "--to", "svc/postgres.databases", "--port", "5432")),
        ("query-service-port", ("query", "--from", CLIENT, "--to", "deploy/web.shop", "--port", "80")),
        ("matrix-table", ("matrix", "-n", "databases")),
        ("matrix-csv", ("matrix", "-n", "databases", "-o", "csv")),
        ("matrix-dot", ("matrix", "-n", "databases", "-o", "dot")),
        ("lint", ("lint",)),
    ],
)
def test_what_is_printed_is_as_kept(name: str, arguments: tuple[str, ...]) -> None:
    got, kept = policy(*arguments), GOLDEN / f"{name}.txt"
    if UPDATE:
        kept.write_text(got.out)
    assert got.out == kept.read_text()
    assert got.code == 0, got.err


# query


@pytest.mark.parametrize(
    ("source", "destination", "port", "allowed"),
    [
        (CLIENT, "deploy/web.shop", 8080, True),
        (CLIENT, "shop/deploy/web", 8080, True),
        ("shop/app=client", "shop/app=web", 8080, True),
        ("ns/databases", "deploy/web.shop", 8080, False),
        ("shop/client[Deployment]", "shop/web[Deployment]", 8080, True),
        ("deploy/traefik.traefik", "svc/sonarr.media", 8989, True),
        ("internet", "svc/traefik.traefik", 443, True),
        ("internet", "deploy/web.shop", 8080, False),
        ("192.168.20.60", "svc/jellyfin-lan.media", 8096, True),
        ("192.168.21.60", "svc/jellyfin-lan.media", 8096, False),
        (CLIENT, "203.0.113.9", 443, False),
        ("deploy/jellyfin.media", "203.0.113.9", 443, True),
        ("deploy/jellyfin.media", "10.9.9.9", 443, False),
    ],
)
def test_ends_of_every_kind(source: str, destination: str, port: int, allowed: bool) -> None:
    answer = query(source, destination, "--port", str(port), "-o", "json")
    assert (answer.json["allowed"], answer.code) == (allowed, 0), answer.err
    assert all(one["allowed"] is allowed for one in answer.json["verdicts"])


def test_a_service_is_asked_on_its_backends_ports() -> None:
    told = query(CLIENT, WEB, "-o", "json").json
    assert {one["port"] for one in told["verdicts"]} == {8080}
    assert told["verdicts"][0]["ingress"]["decision"]["path"] == "spec.ingress[0].from[0]"


def test_the_port_of_a_service_asked_of_its_pods_is_noticed() -> None:
    told = query(CLIENT, "deploy/web.shop", "--port", "80", "-o", "json").json
    assert told["allowed"] is False
    assert "80 is the port of svc/web.shop" in told["notes"][0]
    assert "8080" in told["notes"][0]
    assert "notes" not in query(CLIENT, "deploy/web.shop", "--port", "8080", "-o", "json").json


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("deploy/clint.shop", WEB), 'there is Deployment "client"'),
        ((CLIENT, "svc/wbe.shop"), 'there is "web"'),
        (("deploy/web.media", WEB), "there is one in shop"),
        (("deploy/client.shop", "shop/app=nobody"), "no pod in shop has the labels app=nobody"),
        ((CLIENT, "deploy/web.shop"), "--port is missing"),
        ((CLIENT, "example.org"), "a host name is no end of a policy"),
        ((CLIENT, "svc/web.shop", "--port", "81"), "its ports are 80/TCP"),
    ],
)
def test_what_is_not_there_is_named_with_what_is_near(arguments: tuple[str, ...], words: str) -> None:
    answer = query(*arguments)
    assert (answer.code, answer.out) == (2, "")
    assert words in answer.err


def test_the_change_that_is_proposed_brings_what_it_says(tmp_path: Path) -> None:
    change = query(CLIENT, "svc/postgres.databases", "-o", "json").json["verdicts"][0]["change"]
    edits = {(one["ref"]["namespace"], one["ref"]["name"]): one["after"] for one in change["edits"]}
    assert set(edits) == {("shop", "client"), ("databases", "postgres")}
    documents = []
    for one in copy.deepcopy(list(assemble.network())):
        place = one["metadata"].get("namespace", ""), one["metadata"]["name"]
        if one["kind"] == "NetworkPolicy" and place in edits:
            one["spec"] = edits[place]["spec"]
        documents.append(one)
    path = saved(tmp_path / "after.yaml", documents)
    assert query(CLIENT, "svc/postgres.databases", "-o", "json", where=f"--snapshot={path}").json["allowed"] is True
    before = saved(tmp_path / "before.yaml", list(assemble.network()))
    changed = policy("diff", before, path, "-o", "json").json["changes"]
    ends = {(one["source"], one["destination"]) for one in changed}
    assert ends == {("shop/client[Deployment]", "databases/postgres[StatefulSet]")}


def test_commands_are_printed_whole() -> None:
    commands = [line for line in query(CLIENT, "svc/postgres.databases").out.splitlines() if "kubectl " in line]
    assert len(commands) == 2
    assert all(one.endswith("}'") for one in commands)


def test_whether_blocks_match_pods_is_an_option(tmp_path: Path) -> None:
    block = {"podSelector": {"matchLabels": {"app": "b"}}, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/8"}}]}]}
    documents = [pod("a", "10.0.0.1", app="a"), pod("b", "10.0.0.2", app="b"), network_policy("by-block", block)]
    where = f"--snapshot={saved(tmp_path / 'all.yaml', documents)}"
    asked = ("pod/a.shop", "pod/b.shop", "--port", "8080", "-o", "json")
    assert query(*asked, where=where).json["allowed"] is True
    assert query(*asked, "--ipblock-pods=match", where=where).json["allowed"] is True
    assert query(*asked, "--ipblock-pods=ignore", where=where).json["allowed"] is False


def test_a_policy_that_the_server_would_refuse_is_named_and_takes_no_part(tmp_path: Path) -> None:
    wrong = {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/33"}}]}]}
    documents = [pod("a", "10.0.0.1"), pod("b", "10.0.0.2"), network_policy("wrong", wrong)]
    answer = query(
        "pod/a.shop", "pod/b.shop", "--port", "80", where=f"--snapshot={saved(tmp_path / 'x.yaml', documents)}"
    )
    assert answer.out.startswith("ALLOWED")
    assert "NetworkPolicy shop/wrong would be refused" in answer.err
    assert "spec.ingress[0].from[0].ipBlock.cidr" in answer.err


def test_a_policy_of_no_shape_is_named_with_file_object_and_field(tmp_path: Path) -> None:
    wrong = network_policy("odd", {"podSelector": {}, "ingress": [{"ports": [{"port": True}]}]})
    where = f"--snapshot={saved(tmp_path / 'all.yaml', [pod('a', '10.0.0.1'), pod('b', '10.0.0.2'), wrong])}"
    answer = query("pod/a.shop", "pod/b.shop", "--port", "80", where=where)
    assert answer.code == 3
    assert all(word in answer.err for word in ("all.yaml", "networkpolicy/odd.shop", "spec.ingress[0].ports[0].port"))


def test_policies_of_kinds_that_are_not_evaluated_leave_it_unknown(tmp_path: Path) -> None:
    foreign = {
        "apiVersion": "cilium.io/v2",
        "kind": "CiliumNetworkPolicy",
        "metadata": {"name": "l7", "namespace": "shop"},
        "spec": {"endpointSelector": {}, "ingress": [{}]},
    }
    where = f"--snapshot={saved(tmp_path / 'all.yaml', [pod('a', '10.0.0.1'), pod('b', '10.0.0.2'), foreign])}"
    answer = query("pod/a.shop", "pod/b.shop", "--port", "80", where=where)
    assert answer.out.startswith("NOT KNOWN")
    assert "l7" in answer.out


# matrix


def test_the_matrix_is_the_contracts() -> None:
    told = policy("matrix", "-o", "json").json
    assert set(told) == {"apiVersion", "kind", "peers", "connections", "uncertain"}
    assert (told["apiVersion"], told["kind"]) == ("netdoc/v1", "PolicyMatrix")
    ids = [one["id"] for one in told["peers"]]
    assert "shop/web[Deployment]" in ids
    assert any(re.fullmatch(r"[\d.]+/\d+", one) for one in ids)
    for one in told["connections"]:
        assert {"from", "to", "allowed"} <= set(one) <= {"from", "to", "allowed", "unknown"}
        assert {one["from"], one["to"]} <= set(ids)
        assert set(one["allowed"]) == {"TCP", "UDP", "SCTP"}
        assert any(one["allowed"].values())
    # Pods of one DaemonSet in their nodes' networks: each reaches the pods of its own node, and no others.
    assert all(any(one["unknown"].values()) and not any(one["allowed"].values()) for one in told["uncertain"])
    pairs = {(one["from"], one["to"]): one["allowed"] for one in told["connections"]}
    assert pairs["shop/client[Deployment]", "shop/web[Deployment]"] == {"TCP": [[8080, 8080]], "UDP": [], "SCTP": []}
    assert ("shop/client[Deployment]", "databases/postgres[StatefulSet]") not in pairs


def test_the_matrix_of_pods_has_every_pod() -> None:
    told = policy("matrix", "--pods", "-o", "json").json
    pods = [
        one["metadata"] for one in assemble.network() if one["kind"] == "Pod" and one["status"]["phase"] == "Running"
    ]
    assert {f"{one['namespace']}/{one['name']}[Pod]" for one in pods} <= {one["id"] for one in told["peers"]}


def test_the_page_of_the_matrix_holds_names_as_text(tmp_path: Path) -> None:
    page = policy("matrix", "-o", "html").out
    assert page.startswith("<!doctype html>")
    assert "<script" not in page
    assert "shop/client[Deployment]" in page


# batch


def test_a_batch_answers_one_for_one(tmp_path: Path) -> None:
    lines = [
        {"from": "shop/client[Deployment]", "to": "shop/web[Deployment]", "port": 8080, "protocol": "TCP"},
        {"from": "shop/client[Deployment]", "to": "databases/postgres[StatefulSet]", "port": 5432, "protocol": "TCP"},
        {"from": "192.168.20.60", "to": "media/jellyfin[Deployment]", "port": 8096, "protocol": "TCP", "id": 7},
    ]
    file = tmp_path / "asked.jsonl"
    file.write_text("".join(json.dumps(one) + "\n" for one in lines))
    answer = policy("batch", str(file))
    told = [json.loads(line) for line in answer.out.splitlines()]
    assert [one["allowed"] for one in told] == [True, False, True]
    assert answer.code == 0
    for asked, one in zip(lines, told, strict=True):
        assert asked.items() <= one.items()
    by = {"kind": "NetworkPolicy", "namespace": "shop", "name": "client", "rule": 0}
    assert told[0]["egress"] == {"allowed": True, "by": by}


def test_wrong_lines_of_a_batch_say_so_after_all_lines(tmp_path: Path) -> None:
    file = tmp_path / "asked.jsonl"
    good = '{"from": "shop/client[Deployment]", "to": "shop/web[Deployment]", "port": 8080}'
    file.write_text(f'nonsense\n{good}\n{{"from": "shop/none", "to": "10.0.0.1", "port": 1}}\n[1]\n{good}\n')
    answer = policy("batch", str(file))
    told = [json.loads(line) for line in answer.out.splitlines()]
    assert [("error" in one, one.get("allowed")) for one in told] == [
        (True, None),
        (False, True),
        (True, None),
        (True, None),
        (False, True),
    ]
    assert answer.code == 2


# diff, test, lint


def test_a_diff_of_policy_files_is_laid_over_the_pods_of_a_cluster(tmp_path: Path) -> None:
    policies = [one for one in assemble.network() if one["kind"] == "NetworkPolicy"]
    narrowed = [
        one for one in policies if (one["metadata"]["namespace"], one["metadata"]["name"]) != ("shop", "client")
    ]
    before, after = saved(tmp_path / "a.yaml", policies), saved(tmp_path / "b.yaml", narrowed)
    pods = saved(tmp_path / "pods.yaml", [one for one in assemble.network() if one["kind"] != "NetworkPolicy"])
    answer = netdoc("policy", "diff", before, after, "--snapshot", pods)
    assert "- denied   shop/client[Deployment] -> shop/web[Deployment]  TCP 8080" in answer.out
    assert "+ allowed" not in answer.out
    assert answer.code == 0
    alone = netdoc("policy", "diff", before, after)
    assert alone.code == 2
    assert "neither A nor B holds pods" in alone.err


def test_a_set_does_not_differ_from_itself(tmp_path: Path) -> None:
    path = saved(tmp_path / "a.yaml", list(assemble.network()))
    answer = netdoc("policy", "diff", path, path)
    assert (answer.out, answer.code) == ("no connection changes\n", 0)


def assertions(tmp_path: Path, *lines: str) -> str:
    file = tmp_path / "assert.yaml"
    file.write_text("".join(f"- {one}\n" for one in lines))
    return str(file)


HOLDS = "{from: deploy/client.shop, to: svc/web.shop, port: 80, expect: allowed}"
FAILS = "{name: 'the <world>', from: internet, to: deploy/web.shop, port: 8080, expect: allowed}"
DENIES = "{from: deploy/client.shop, to: 'databases/postgres[StatefulSet]', port: 5432, expect: denied}"


def test_assertions_that_hold_pass(tmp_path: Path) -> None:
    answer = policy("test", assertions(tmp_path, HOLDS, DENIES))
    assert answer.code == 0
    assert answer.out.endswith("2 passed, 0 failed\n")


def test_an_assertion_that_fails_ends_with_one_and_is_in_junit(tmp_path: Path) -> None:
    file = assertions(tmp_path, HOLDS, FAILS, "{from: deploy/none.shop, to: svc/web.shop, port: 80, expect: denied}")
    assert policy("test", file).code == 1
    answer = policy("test", file, "-o", "junit")
    assert answer.code == 1
    suite = ElementTree.fromstring(answer.out).find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures")) == ("3", "2")
    names = [case.get("name") for case in suite.iter("testcase") if case.find("failure") is not None]
    assert names[0] == "the <world>"
    results = policy("test", file, "-o", "json").json["results"]
    assert [one["passed"] for one in results] == [True, False, False]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("- {from: a, to: b, port: 1, expect: maybe}\n", "assert.yaml:1:"),
        (f"- {HOLDS}\n- {{from: a}}\n", "assert.yaml:2:"),
        ("a: b\n", "a list of assertions is wanted"),
        ("- [\n", "assert.yaml:"),
    ],
)
def test_a_wrong_file_of_assertions_is_named_with_its_line(text: str, words: str, tmp_path: Path) -> None:
    file = tmp_path / "assert.yaml"
    file.write_text(text)
    answer = policy("test", str(file))
    assert answer.code == 2
    assert words in answer.err


def test_lint_ends_with_one_where_an_error_is_found() -> None:
    answer = policy("lint", "-n", "shop", "-o", "json", where="--demo=policy-service-port")
    codes = [one["code"] for one in answer.json["findings"]]
    assert (codes[0], answer.code) == ("policy.service-port-confused", 1)
    assert policy("lint", "-n", "shop", "--fail-on", "never", where="--demo=policy-service-port").code == 0


def test_lint_knows_rules_that_others_contain_or_shadow(tmp_path: Path) -> None:
    peer = {"podSelector": {"matchLabels": {"app": "a"}}}
    contained = {"podSelector": {}, "ingress": [{"from": [peer]}, {"from": [{"podSelector": {}}]}]}
    rules = [{"action": "Deny", "from": [{"namespaces": {}}]}, {"action": "Accept", "from": [{"namespaces": {}}]}]
    admin = {
        "apiVersion": "policy.networking.k8s.io/v1alpha2",
        "kind": "ClusterNetworkPolicy",
        "metadata": {"name": "all"},
        "spec": {"tier": "Admin", "priority": 1, "subject": {"namespaces": {}}, "ingress": rules},
    }
    path = saved(tmp_path / "all.yaml", [pod("a", "10.0.0.1", app="a"), network_policy("np", contained), admin])
    answer = policy("lint", "-o", "json", where=f"--snapshot={path}")
    found = {(one["code"], one["ref"]["name"], one["path"], one["severity"]) for one in answer.json["findings"]}
    assert ("policy.rule-contained", "np", "spec.ingress[0]", "warning") in found
    assert ("policy.rule-shadowed", "all", "spec.ingress[1]", "warning") in found
    assert policy("lint", "--fail-on", "warning", where=f"--snapshot={path}").code == 1


# Ports by name, and ends that policies do not know


@pytest.mark.parametrize(
    ("destination", "port", "more", "asked"),
    [
        ("deploy/web.shop", "http", (), (8080, "TCP")),
        ("deploy/web.shop", "8080/tcp", (), (8080, "TCP")),
        ("deploy/web.shop", "8080", ("--protocol", "tcp"), (8080, "TCP")),
        ("svc/web.shop", "http", (), (8080, "TCP")),
        ("svc/web.shop", "http", ("--protocol", "TCP"), (8080, "TCP")),
        ("svc/kube-dns.kube-system", "dns", ("--protocol", "Udp"), (53, "UDP")),
        ("svc/kube-dns.kube-system", "dns/udp", (), (53, "UDP")),
        ("svc/kube-dns.kube-system", "53/udp", ("--protocol", "udp"), (53, "UDP")),
    ],
)
def test_ports_have_names_too(destination: str, port: str, more: tuple[str, ...], asked: tuple[int, str]) -> None:
    answer = query(CLIENT, destination, "--port", port, *more, "-o", "json")
    assert answer.code == 0, answer.err
    assert {(one["port"], one["protocol"]) for one in answer.json["verdicts"]} == {asked}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((CLIENT, "deploy/web.shop", "--port", "htp"), "no pod of deploy/web.shop declares a port htp/TCP"),
        ((CLIENT, "svc/web.shop", "--port", "htp"), "svc/web has no port htp/TCP; its ports are 80/TCP (http)"),
        ((CLIENT, "svc/web.shop", "--protocol", "udp"), "svc/web has no UDP port"),
        ((CLIENT, "10.9.9.9", "--port", "http"), "give a number"),
        ((CLIENT, "deploy/web.shop", "--port", "0"), "ports go from 1 to 65535"),
        ((CLIENT, "deploy/web.shop", "--port", "80/icmp"), 'no protocol "icmp"'),
        ((CLIENT, "deploy/web.shop", "--port", "53/udp", "--protocol", "tcp"), "name different protocols"),
        (("here", "deploy/web.shop", "--port", "80"), "which address of this machine"),
        (("svc/web.shop", "deploy/web.shop", "--port", "80"), "name the workload behind it"),
        ((CLIENT, "ingress/web", "--port", "80"), "policies know no Ingress"),
        (("node/worker-9", "deploy/web.shop", "--port", "80"), "there is no node worker-9"),
    ],
)
def test_what_is_no_port_or_no_end_is_said_in_a_line(arguments: tuple[str, ...], words: str) -> None:
    answer = query(*arguments)
    assert (answer.code, answer.out) == (2, "")
    (line,) = answer.err.splitlines()
    assert words in line


def test_no_change_is_proposed_for_an_example_of_the_internet() -> None:
    for source, destination in (("internet", "deploy/web.shop"), ("deploy/web.shop", "internet")):
        answer = query(source, destination, "--port", "443")
        assert answer.out.startswith("DENIED  ")
        assert "internet (" in answer.out.splitlines()[0]
        assert "smallest change" not in answer.out


def test_a_node_is_an_end() -> None:
    node = next(one["metadata"]["name"] for one in assemble.network() if one["kind"] == "Node")
    answer = query(f"node/{node}", "deploy/web.shop", "--port", "8080", "-o", "json")
    assert (answer.code, answer.json["verdicts"][0]["source"]) == (0, f"node/{node}")


def test_assertions_name_ports_too(tmp_path: Path) -> None:
    file = tmp_path / "assertions.yaml"
    file.write_text(
        f"- {{from: {CLIENT}, to: {WEB}, port: http, expect: allowed}}\n"
        "- {from: ns/shop, to: svc/kube-dns.kube-system, port: dns/udp, expect: allowed}\n"
    )
    answer = policy("test", str(file), "-o", "json")
    assert answer.code == 0, answer.out
    assert [(one["port"], one["protocol"]) for one in answer.json["results"]] == [("http", "TCP"), ("dns/udp", "UDP")]
    file.write_text(f"- {{from: {CLIENT}, to: {WEB}, port: '', expect: allowed}}\n")
    answer = policy("test", str(file))
    assert (answer.code, f"{file}:1: port is empty" in answer.err) == (2, True)
