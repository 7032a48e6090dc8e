"""netdoc snapshot: what is written, what is refused, and how it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.calling import netdoc
from tests.cluster.conftest import write_kubeconfig
from tests.cluster.objects import shop
from tests.fakes.apiserver import ApiServer, answers

NOBODY = "http://127.0.0.1:1"


def save(*arguments: str) -> tuple[int, list[str]]:
    answer = netdoc("snapshot", "save", *arguments)
    assert answer.out == ""
    return answer.code, answer.err.splitlines()


def test_a_server_that_is_not_there_is_said_once_and_nothing_is_written(tmp_path: Path) -> None:
    file = tmp_path / "now.tar.gz"
    code, lines = save(str(file), "--kubeconfig", str(write_kubeconfig(tmp_path / "config", NOBODY)))
    assert code == 3
    (line,) = lines
    assert NOBODY in line
    assert "is not written" in line
    assert not file.exists()


def test_what_fails_in_one_way_is_said_in_one_line(tmp_path: Path) -> None:
    file = tmp_path / "now.tar.gz"
    with ApiServer(shop()) as server:
        for resource in ("services", "nodes", "events"):
            server.fail(answers(500), resource=resource)
        code, lines = save(str(file), "--kubeconfig", str(write_kubeconfig(tmp_path / "config", server.url)))
    assert (code, file.exists()) == (3, True)
    (line,) = [one for one in lines if one.startswith("not read: ")]
    assert all(word in line for word in ("services", "nodes", "events", "injected 500"))


@pytest.mark.parametrize("name", ["now.tar.gz", "now.json", "now"])
def test_what_is_there_is_not_overwritten_unasked(name: str, tmp_path: Path) -> None:
    file = tmp_path / name
    if file.suffix:
        file.write_text("mine")
    else:
        file.mkdir()
        (file / "mine").write_text("mine")
    code, (line,) = save(str(file), "--demo")
    assert code == 2
    assert str(file) in line
    assert (file if file.suffix else file / "mine").read_text() == "mine"


def test_a_file_is_overwritten_where_that_is_asked_for(tmp_path: Path) -> None:
    file = tmp_path / "now.tar.gz"
    file.write_text("mine")
    assert save(str(file), "--demo", "--force")[0] == 0
    assert netdoc("snapshot", "show", str(file)).code == 0


def test_what_was_saved_is_shown_in_the_same_words(tmp_path: Path) -> None:
    file = tmp_path / "now.tar.gz"
    _, told = save(str(file), "--demo=selector-typo")
    assert netdoc("snapshot", "show", str(file)).out.splitlines() == list(told)


def test_a_folder_with_something_in_it_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    code, (line,) = save(str(tmp_path), "--demo", "--force")
    assert (code, "is not an empty folder" in line) == (2, True)


def test_a_folder_that_is_not_there_is_said_before_anything_is_read(tmp_path: Path) -> None:
    with ApiServer(shop()) as server:
        where = str(write_kubeconfig(tmp_path / "config", server.url))
        code, (line,) = save(str(tmp_path / "no" / "now.tar.gz"), "--kubeconfig", where)
        assert server.requests == []
    assert (code, "No such file or directory" in line) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("snapshot", "diff", "a", "b"), ("netdoc snapshot diff", "is not in this version")),
        (("snapshot", "sav", "a"), ('no command "sav"', 'did you mean "save"?')),
        (("runs", "lst"), ('no command "lst"', 'did you mean "list"?')),
        (("policy", "querry"), ('netdoc policy has no command "querry"', 'did you mean "query"?')),
        (("dns", "xyz"), ("lookup, predict",)),
        (("ingress", "match"), ("netdoc ingress", "is not in this version: a later one brings the route matcher")),
        (("playbooks", "xyz"), ('no command "xyz"', "lint, list, show")),
    ],
)
def test_a_word_that_is_no_command(arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    answer = netdoc(*arguments)
    assert (answer.code, answer.out) == (2, "")
    (line,) = answer.err.splitlines()
    assert all(word in line for word in words)
