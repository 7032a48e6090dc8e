"""What every question of the cluster takes: -q, -v, --color, --timeout, and -A where it means something."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from netdoc.demo import assemble
from tests.calling import netdoc

QUERY = ("policy", "query", "--from", "deploy/client.shop", "--to", "svc/web.shop")
QUESTIONS = [
    QUERY,
    ("policy", "matrix", "-n", "shop"),
    ("policy", "lint"),
    ("policy", "batch", "/dev/null"),
    ("dns", "predict", "web.shop.svc.cluster.local"),
    ("dns", "lookup", "web", "--from", "deploy/client.shop"),
]
LISTS = [
    ("checks",),
    ("codes", "dns"),
    ("playbooks",),
    ("playbooks", "list"),
    ("explain", "endpoints"),
    ("schema",),
    ("completion", "bash"),
]
ASSERTIONS = "- {from: deploy/client.shop, to: svc/web.shop, port: 80, expect: allowed}\n"


def named(arguments: tuple[str, ...]) -> str:
    return " ".join(arguments[:2])


@pytest.fixture
def silent(tmp_path: Path) -> Iterator[str]:
    """A kubeconfig of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        path = tmp_path / "kubeconfig"
        path.write_text(yaml.safe_dump({
            "apiVersion": "v1", "kind": "Config", "current-context": "c",
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "clusters": [{"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.getsockname()[1]}"}}],
            "users": [{"name": "u", "user": {}}],
        }))  # fmt: skip
        yield str(path)


@pytest.mark.parametrize("asked", QUESTIONS, ids=named)
def test_every_question_takes_what_all_commands_take(asked: tuple[str, ...]) -> None:
    plain = netdoc(*asked, "--demo")
    told = netdoc(*asked, "--demo", "-q", "--color", "never", "--timeout", "1m", "-v")
    assert told.out == plain.out
    assert told.code == plain.code == 0


@pytest.mark.parametrize("asked", LISTS, ids=named)
def test_every_list_takes_what_all_commands_take(asked: tuple[str, ...]) -> None:
    told = netdoc(*asked, "-q", "-v", "--color", "never")
    assert (told.code, told.err) == (0, "")
    assert told.out == netdoc(*asked).out


@pytest.mark.parametrize("asked", QUESTIONS, ids=named)
def test_what_is_asked_of_the_cluster_is_told_to_who_wants_it(asked: tuple[str, ...]) -> None:
    assert netdoc(*asked, "--demo").err == ""
    assert "netdoc: list services: " in netdoc(*asked, "--demo", "-v").err


def test_a_diagnosis_tells_it_too() -> None:
    asked = ("diagnose", "svc/web.shop", "--from", "deploy/client.shop", "--demo")
    plain, told = netdoc(*asked), netdoc(*asked, "-v")
    assert plain.err == ""
    assert "netdoc: get services web in shop: found" in told.err
    assert "netdoc: list endpointslices.discovery.k8s.io in shop (kubernetes.io/service-name=web): 1" in told.err


@pytest.mark.parametrize("asked", QUESTIONS[:5], ids=named)
def test_a_question_ends_with_its_time(asked: tuple[str, ...], silent: str) -> None:
    answer = netdoc(*asked, "--kubeconfig", silent, "--timeout", "300ms")
    assert (answer.code, answer.out) == (4, "")
    (line,) = answer.err.splitlines()
    assert "--timeout" in line


@pytest.mark.parametrize(
    ("asked", "colored"),
    [(QUERY, "\x1b[32mALLOWED\x1b[0m"), (("policy", "lint"), "\x1b["), (("doctor",), "\x1b[32m✓ OK  \x1b[0m")],
    ids=lambda one: named(one) if isinstance(one, tuple) else "",
)
def test_answers_have_colour_where_it_is_wanted(asked: tuple[str, ...], colored: str) -> None:
    where = "--demo=healthy"
    assert "\x1b[" not in netdoc(*asked, where).out
    assert colored in netdoc(*asked, where, "--color", "always").out


def test_assertions_have_colour_too(tmp_path: Path) -> None:
    file = tmp_path / "assertions.yaml"
    file.write_text(ASSERTIONS)
    assert "\x1b[32m✓ PASS\x1b[0m" in netdoc("policy", "test", str(file), "--demo", "--color", "always").out


def test_quiet_leaves_out_notes_and_keeps_reasons(tmp_path: Path) -> None:
    """A policy that takes no part is a note; a kind that could not be read is the reason of the exit code."""
    wrong = {
        "apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "odd", "namespace": "shop"},
        "spec": {"podSelector": {}, "ingress": [{"from": [{"ipBlock": {"cidr": "10.0.0.0/33"}}]}]},
    }  # fmt: skip
    path = tmp_path / "all.yaml"
    path.write_text(yaml.safe_dump_all([*assemble.network(), wrong]))
    asked = (*QUERY, f"--snapshot={path}")
    assert "NetworkPolicy shop/odd would be refused" in netdoc(*asked).err
    assert netdoc(*asked, "-q").err == ""


# -A


@pytest.mark.parametrize(
    "asked",
    [("diagnose", "svc/web.shop"), ("check", "endpoints", "svc/web.shop"), ("run", "connectivity", "svc/web.shop"),
     QUERY, ("policy", "batch", "/dev/null"), ("dns", "predict", "web.shop.svc.cluster.local")],
    ids=named,
)  # fmt: skip
def test_all_namespaces_is_refused_where_it_would_mean_nothing(asked: tuple[str, ...]) -> None:
    answer = netdoc(*asked, "-A", "--demo")
    assert (answer.code, answer.out) == (2, "")
    (line,) = answer.err.splitlines()
    assert line.startswith("netdoc: -A ")


@pytest.mark.parametrize("asked", [("policy", "matrix"), ("policy", "lint"), ("rbac",)], ids=named)
def test_all_namespaces_wins_over_one_as_in_kubectl(asked: tuple[str, ...]) -> None:
    everywhere = netdoc(*asked, "--demo")
    assert netdoc(*asked, "--demo", "-n", "shop", "-A").out == everywhere.out
    assert asked[1:] == ("lint",) or netdoc(*asked, "--demo", "-n", "shop").out != everywhere.out


def test_here_is_whoever_asks_and_no_pod() -> None:
    """A record cannot say what this machine's resolver would; of a live cluster it is asked anyway."""
    answer = netdoc("dns", "lookup", "web.shop", "--from", "here", "--demo")
    assert (answer.code, answer.out) == (2, "")
    assert "a recorded cluster has no resolver that this machine could ask" in answer.err
