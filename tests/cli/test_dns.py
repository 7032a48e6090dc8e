"""netdoc dns: answers from objects, one or many, and what it says where it cannot know."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from netdoc.demo import assemble
from tests.calling import netdoc

WEB = "web.shop.svc.cluster.local"


def batch(tmp_path: Path, *lines: str, where: str = "--demo=healthy") -> tuple[list[dict[str, object]], int]:
    file = tmp_path / "questions.jsonl"
    file.write_text("\n".join(lines) + "\n")
    answer = netdoc("dns", "predict", "--batch", str(file), where)
    return [json.loads(line) for line in answer.out.splitlines()], answer.code


def snapshot(tmp_path: Path, corefile: str | None) -> str:
    """The healthy network with another Corefile, or with none."""
    kept = []
    for one in assemble.network():
        if one["kind"] == "ConfigMap" and one["metadata"]["name"] == "coredns":
            if corefile is None:
                continue
            one = {**one, "data": {"Corefile": corefile}}
        kept.append(one)
    path = tmp_path / "all.yaml"
    path.write_text(yaml.dump_all(kept, Dumper=yaml.CSafeDumper))
    return f"--snapshot={path}"


def address_of(namespace: str, name: str) -> str:
    found = [one for one in assemble.network() if one["kind"] == "Service" and one["metadata"]["name"] == name]
    return next(str(o["spec"]["clusterIP"]) for o in found if o["metadata"]["namespace"] == namespace)


def test_a_service_has_the_address_of_its_object() -> None:
    answer = netdoc("dns", "predict", WEB, "--demo", "-o", "json")
    assert (answer.json["rcode"], answer.json["answers"]) == ("NOERROR", [f"A {address_of('shop', 'web')}"])
    assert answer.code == 0


@pytest.mark.parametrize(
    ("name", "type_", "rcode"),
    [
        (WEB, "AAAA", "NOERROR"),
        ("nobody.shop.svc.cluster.local", "A", "NXDOMAIN"),
        ("web.nowhere.svc.cluster.local", "A", "NXDOMAIN"),
        ("svc.cluster.local", "A", "NOERROR"),
    ],
)
def test_a_name_without_records_is_told_from_none(name: str, type_: str, rcode: str) -> None:
    answer = netdoc("dns", "predict", name, type_, "--demo", "-o", "json")
    assert (answer.json["rcode"], answer.json["answers"], answer.code) == (rcode, [], 0)


def test_a_batch_is_answered_one_for_one_and_in_order(tmp_path: Path) -> None:
    names = [WEB, "nobody.shop.svc.cluster.local", "example.com", "kubernetes.default.svc.cluster.local"]
    told, code = batch(
        tmp_path, *(json.dumps({"name": name, "type": "A", "mine": at}) for at, name in enumerate(names))
    )
    assert [one["name"] for one in told] == names
    assert [one["mine"] for one in told] == [0, 1, 2, 3]
    assert [one.get("rcode", "error") for one in told] == ["NOERROR", "NXDOMAIN", "error", "NOERROR"]
    assert code == 0


@pytest.mark.parametrize("line", ["{", "[]", '"x"', '{"type": "A"}', '{"name": 3}', '{"name": "a..b"}',
                                  '{"name": "a.b", "type": "NONSENSE"}', '{"name": ""}'])  # fmt: skip
def test_a_line_that_is_no_question_is_said_and_costs_itself_alone(tmp_path: Path, line: str) -> None:
    told, code = batch(tmp_path, line, json.dumps({"name": WEB}))
    assert told[0]["error"]
    assert told[1]["rcode"] == "NOERROR"
    assert code == 2


def test_the_corefile_of_the_cluster_decides_the_domain(tmp_path: Path) -> None:
    where = snapshot(tmp_path, ".:53 {\n kubernetes corp.example\n forward . 192.0.2.1\n}\n")
    answer = netdoc("dns", "predict", "web.shop.svc.corp.example", "-o", "json", where)
    assert answer.json["answers"] == [f"A {address_of('shop', 'web')}"]
    other = netdoc("dns", "predict", WEB, "-o", "json", where)
    assert "error" in other.json
    assert other.json["forwardedTo"] == ["192.0.2.1"]


def test_without_a_corefile_that_is_said(tmp_path: Path) -> None:
    answer = netdoc("dns", "predict", WEB, snapshot(tmp_path, None))
    assert "NOERROR" in answer.out
    assert "assumed" in answer.err


def test_a_corefile_that_coredns_refuses_is_no_answer(tmp_path: Path) -> None:
    answer = netdoc("dns", "predict", WEB, snapshot(tmp_path, ".:53 {\n kubernetes cluster.local\n"))
    assert answer.code == 3
    assert "Corefile" in answer.err
    assert answer.out == ""


def test_what_stands_before_the_objects_is_said(tmp_path: Path) -> None:
    text = ".:53 {\n rewrite name web.shop.svc.cluster.local other.example\n kubernetes cluster.local\n}\n"
    answer = netdoc("dns", "predict", WEB, snapshot(tmp_path, text))
    assert "unless the plugin rewrite" in answer.out


def test_a_name_or_a_batch_and_not_both(tmp_path: Path) -> None:
    assert netdoc("dns", "predict", "--demo").code == 2
    assert netdoc("dns", "predict", WEB, "--batch", str(tmp_path), "--demo").code == 2
    assert netdoc("dns", "predict", "a..b", "--demo").code == 2


def test_a_name_shows_no_escape_of_its_own() -> None:
    answer = netdoc("dns", "predict", "a\x1b[31m.shop.svc.cluster.local", "--demo")
    assert "\x1b" not in answer.out + answer.err
