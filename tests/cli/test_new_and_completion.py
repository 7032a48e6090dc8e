"""What helps strangers to begin, and everybody to type less."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from netdoc.cli.completing import for_kubectl
from tests.calling import netdoc
from tests.cluster.conftest import write_kubeconfig
from tests.fakes.apiserver import ApiServer, silent
from tests.journal.conftest import documents
from tests.plugins.packages import asked, install


def test_the_skeleton_works_as_it_stands(tmp_path: Path) -> None:
    home = tmp_path / "netdoc-owner-label"
    assert netdoc("new", "check", "owner-label", "--dir", str(home)).code == 0
    env = os.environ | {"PYTHONPATH": str(home)}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", str(home / "tests")]
    done = subprocess.run(command, env=env, cwd=home, capture_output=True, text=True, timeout=100, check=False)
    assert done.returncode == 0, done.stdout
    assert "4 passed" in done.stdout
    module = "netdoc_owner_label"
    install(home, "netdoc-owner-label", {}, checks=f"{module}:CHECKS", playbooks=f"{module}:PLAYBOOKS")
    report = asked(home, "run", "owner-label", "svc/web.shop:80", "--demo=healthy", "-o", "json")
    assert "owner-label.no-owner" in {one["code"] for one in report.json["findings"]}, report.err
    assert asked(home, "playbooks", "lint", "owner-label").code == 0


@pytest.mark.parametrize("name", ["Owner", "9lives", "a b", "../x", "endpoints", "", "x" * 50])
def test_a_name_that_will_not_do_is_refused(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert netdoc("new", "check", name).code == 2
    assert not list(tmp_path.iterdir())


def test_nothing_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    assert netdoc("new", "check", "owner", "--dir", str(tmp_path)).code == 2
    assert [one.name for one in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str) -> None:
    answer = netdoc("completion", shell)
    assert answer.code == 0
    assert f"_NETDOC_COMPLETE={shell}_complete" in answer.out


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (["diag"], {"diagnose"}),
        (["check", "e"], {"endpoints"}),
        (["explain", "pod.crash"], {"pod.crash-looping"}),
        (["run", "conn"], {"connectivity"}),
        (["runs", "res"], {"resume"}),
        (["diagnose", "--demo=healthy", "stateful"], set()),
        (["diagnose", "--demo=healthy", "sv"], {"svc/"}),
        (["diagnose", "--demo=healthy", "-n", "shop", "svc/we"], {"svc/web"}),
        (["diagnose", "--demo=healthy", "svc/web.sho"], {"svc/web.shop"}),
        (["diagnose", "--demo=healthy", "x", "--from", "inter"], {"internet"}),
        (["diagnose", "-o", "mark"], {"markdown"}),
        (["nonsense", "x"], set()),
    ],
)
def test_what_kubectl_is_offered(words: list[str], offered: set[str]) -> None:
    *values, directive = for_kubectl(words)
    assert set(values) == offered
    assert directive == ":4"


def test_names_come_from_the_cluster_as_metadata_alone(tmp_path: Path) -> None:
    with ApiServer(documents("healthy")) as server:
        config = str(write_kubeconfig(tmp_path / "config", server.url))
        assert "svc/web" in for_kubectl(["diagnose", "--kubeconfig", config, "-n", "shop", "svc/w"])
        lists = [one for one in server.requests if one.verb == "list"]
    assert {(one.place["resource"], one.place["ns"]) for one in lists} == {("services", "shop")}
    assert all("PartialObjectMetadataList" in one.header("Accept")[0] for one in lists)


def test_a_cluster_that_is_silent_costs_a_tab_and_no_more(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("netdoc.cli.completing.DEADLINE", 0.2)
    with ApiServer(documents("healthy")) as server:
        server.fail(silent)
        config = str(write_kubeconfig(tmp_path / "config", server.url))
        assert for_kubectl(["diagnose", "--kubeconfig", config, "svc/w"]) == [":4"]


def test_contexts_come_from_the_kubeconfig(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KUBECONFIG", str(write_kubeconfig(tmp_path / "config", "http://127.0.0.1:1")))
    assert for_kubectl(["diagnose", "--context", "te"]) == ["test", ":4"]


def test_a_shell_that_is_missing_is_said_in_plain_words() -> None:
    answer = netdoc("completion")
    assert (answer.code, answer.out) == (2, "")
    (line,) = answer.err.splitlines()
    assert "bash, zsh, fish" in line
    assert "\\" not in line
