"""netdoc doctor: what would not work here, and why; in a moment, also without a cluster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.calling import netdoc
from tests.cluster.conftest import write_kubeconfig
from tests.cluster.objects import shop
from tests.fakes.apiserver import ApiServer, answers, body, silent


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No proxy, kubeconfig or service account of whoever runs the tests."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


Lines = list[tuple[str, str, str]]


def looked(*arguments: str) -> tuple[Lines, int]:
    """(what, status, detail) of each line, and the exit code."""
    answer = netdoc("doctor", *arguments, "-o", "json")
    assert answer.json["apiVersion"] == "netdoc/v1"
    found: list[dict[str, Any]] = answer.json["doctor"]
    return [(one["what"], one["status"], one.get("detail", "")) for one in found], answer.code


def of(what: str, lines: Lines) -> list[tuple[str, str]]:
    return [(status, detail) for name, status, detail in lines if name == what]


def at(server: ApiServer, folder: Path) -> tuple[str, str]:
    return "--kubeconfig", str(write_kubeconfig(folder / "config", server.url))


def test_versions_of_what_it_is_made_of() -> None:
    lines, code = looked("--demo=healthy")
    assert code == 0
    assert {"netdoc", "python", "kubernetes", "msgspec", "textual"} <= {
        name for name, status, _ in lines if status == "ok"
    }
    assert of("cluster", lines) == [("ok", "demo healthy")]


@pytest.mark.parametrize(("columns", "told"), [("", "100 columns"), ("80", "80 columns")])
def test_how_wide_a_pipe_is(columns: str, told: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", columns)
    lines, _ = looked("--demo=healthy")
    assert of("terminal", lines) == [("note", f"stdout is no terminal: output has {told} and no colour")]


def test_a_cluster_where_everything_is_allowed(tmp_path: Path) -> None:
    with ApiServer(shop()) as server:
        lines, code = looked(*at(server, tmp_path))
        methods = {(one.method, one.path.rpartition("/")[2]) for one in server.requests}
    assert code == 0
    assert of("cluster", lines) == [("ok", f"context test, {server.url}")]
    ((status, detail),) = of("permissions", lines)
    assert (status, detail.startswith("all ")) == ("ok", True)
    assert methods == {("GET", "version"), ("GET", "apis"), ("POST", "selfsubjectaccessreviews")}


def test_the_version_of_the_server(tmp_path: Path) -> None:
    with ApiServer(shop()) as server:
        server.fail(body(json.dumps({"gitVersion": "v1.36.1"}).encode()), verb="other", times=2)
        lines, _ = looked(*at(server, tmp_path))
    assert of("cluster", lines) == [("ok", f"context test, {server.url}, Kubernetes v1.36.1")]


def test_what_is_refused_fails_by_name(tmp_path: Path) -> None:
    with ApiServer(shop()) as server:
        server.forbidden |= {("list", "networkpolicies"), ("get", "nodes")}
        lines, code = looked(*at(server, tmp_path), "-n", "shop")
        reviews = [json.loads(one.body)["spec"]["resourceAttributes"] for one in server.requests if one.body]
    assert code == 1
    assert of("permissions", lines) == [
        ("fail", "may not get nodes: what needs it will be NOT CHECKED"),
        ("fail", "may not list networkpolicies: what needs it will be NOT CHECKED"),
    ]
    assert {one.get("namespace", "") for one in reviews if one["resource"] == "pods"} == {"shop"}
    assert {one.get("namespace", "") for one in reviews if one["resource"] == "nodes"} == {""}
    assert not [one for one in reviews if one.get("group") == "cilium.io"], "a group that is not there needs no right"
    assert {one.get("subresource", "") for one in reviews if one["resource"] == "pods"} == {
        "",
        "log",
        "exec",
        "portforward",
    }


def test_a_server_that_does_not_say_what_is_allowed(tmp_path: Path) -> None:
    with ApiServer(shop()) as server:
        server.fail(answers(403, "Forbidden"), resource="selfsubjectaccessreviews")
        lines, code = looked(*at(server, tmp_path))
    ((status, detail),) = of("permissions", lines)
    assert (code, status) == (0, "note")
    assert "could not be asked" in detail


def test_a_credential_that_is_not_accepted(tmp_path: Path) -> None:
    with ApiServer(shop(), tokens=["right"]) as server:
        lines, code = looked("--kubeconfig", str(write_kubeconfig(tmp_path / "config", server.url, token="wrong")))
    ((status, detail),) = of("cluster", lines)
    assert (code, status) == (1, "fail")
    assert "401" in detail


def test_a_server_that_never_answers_is_not_waited_for(tmp_path: Path) -> None:
    with ApiServer(shop()) as server:
        server.fail(silent)
        lines, code = looked(*at(server, tmp_path), "--request-timeout", "2s")
    ((status, detail),) = of("cluster", lines)
    assert (code, status) == (1, "fail")
    assert "answer in" in detail  # whichever limit is met first says it


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--kubeconfig", "no-such-file"), "no kubeconfig at no-such-file"),
        (("--snapshot", "no-such-file"), "cannot read the snapshot no-such-file"),
        (("--demo=no-such",), "no-such"),
        ((), "kubeconfig"),
    ],
)
def test_without_a_cluster_the_rest_is_told(arguments: tuple[str, ...], words: str) -> None:
    lines, code = looked(*arguments)
    ((status, detail),) = of("cluster", lines)
    assert (code, status) == (1, "fail")
    assert words in detail
    assert of("netdoc", lines)[0][0] == "ok"


def test_a_library_that_is_missing_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netdoc.cli.commands.doctor._LIBRARIES", ("no-such-library",))
    lines, code = looked("--demo=healthy")
    assert (code, of("no-such-library", lines)) == (1, [("fail", "not installed: install netdoc again")])


def test_the_table_says_the_same() -> None:
    answer = netdoc("doctor", "--demo=healthy")
    lines, _ = looked("--demo=healthy")
    assert answer.code == 0
    assert [row.split()[1:3] for row in answer.out.splitlines()] == [
        [status.upper(), name.split()[0]] for name, status, _ in lines
    ]


def test_whether_measuring_is_allowed_is_said(tmp_path: Path) -> None:
    """To may not is a note: consents are for few."""
    with ApiServer(shop()) as server:
        server.forbidden |= {("create", "pods/portforward")}
        lines, code = looked(*at(server, tmp_path))
    assert code == 0
    assert of("--exec", lines) == [("ok", "allowed: create and get pods/exec")]
    assert of("--port-forward", lines) == [("note", "may not create pods/portforward: it would not work")]
