"""Hostile text in every field that a cluster can fill comes out inert, in every format, through the whole program."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from netdoc.cluster import SnapshotCluster
from netdoc.demo import assemble
from netdoc.ports import Where
from netdoc.report import FORMATS
from tests.asking import MOMENT
from tests.calling import netdoc
from tests.report.hostile import SHAPES, active, uncolored

MARK = "pLaNt"  # shows that what was planted does reach the output
SCENARIOS = ("crash-loop", "image-pull", "selector-typo", "readiness-failing", "bad-rollout", "quota-exceeded",
             "alias-to-nowhere", "unschedulable", "config-missing", "node-not-ready", "evicted",
             "load-balancer-pool-exhausted")  # fmt: skip

# What a cluster cannot fill with anything: the API server checks it, or netdoc finds objects by it.
FIXED = frozenset(
    {"apiVersion", "kind", "name", "namespace", "uid", "resourceVersion", "type", "status", "phase", "time", "protocol",
     "addressType", "clusterIP", "nodeName", "podIP", "hostIP", "ip", "ips", "restartPolicy", "reason", "operation",
     "fieldPath", "scheme", "targetPort", "port", "policyTypes", "externalTrafficPolicy", "internalTrafficPolicy",
     "ipFamilyPolicy", "sessionAffinity", "effect", "operator", "imagePullPolicy", "generateName", "manager",
     "subresource"}
)  # fmt: skip
# Where a plant would change which objects belong together: those are planted beside, by a key of their own.
WIRING = frozenset({"labels", "selector", "matchLabels", "nodeSelector", "addresses", "podIPs", "hostIPs", "clusterIPs",
                    "externalIPs", "podCIDRs", "ipFamilies", "ingress", "capacity", "allocatable", "resources",
                    "hard", "used", "matchExpressions", "loadBalancerSourceRanges"})  # fmt: skip


def planted(value: Any, text: str, key: str = "") -> Any:
    """Every free string of a document with the text behind it; annotations and labels gain a hostile one."""
    if isinstance(value, dict):
        made = {k: v if k in WIRING else planted(v, text, k) for k, v in value.items()}
        if key == "metadata":
            made["annotations"] = {**made.get("annotations", {}), "note": text, "a" + text: "x"}
            made["labels"] = {**made.get("labels", {}), "zz" + text: text}
        return made
    if isinstance(value, list):
        return [planted(one, text, key) for one in value]
    if isinstance(value, str) and key not in FIXED and not _is_time(value) and not value.isdecimal():
        return value + text
    return value


def _is_time(value: str) -> bool:
    return bool(re.match(r"\d{4}-\d\d-\d\dT", value))


def cluster(id_: str, text: str) -> SnapshotCluster:
    scenario = assemble.scenario(id_)
    logs = {(one.namespace, one.pod, one.container, one.previous): one.text + text for one in scenario.logs}
    documents = [planted(one, text) for one in assemble.documents(scenario)]
    return SnapshotCluster.from_documents(documents, where=Where(type="demo", scenario=id_), now=MOMENT, logs=logs)


# Half a surrogate pair is no text: whoever reads documents refuses it (RFC 8259, section 8.2).
ALL_AT_ONCE = f" {MARK} " + " ".join(text for shape, text in SHAPES.items() if shape != "surrogate")


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch) -> None:
    def opened(scenario: str, namespace: str = "") -> SnapshotCluster:
        return cluster(scenario, ALL_AT_ONCE)

    monkeypatch.setattr("netdoc.demo.open_demo", opened)


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("id_", SCENARIOS)
def test_nothing_that_a_terminal_acts_on_comes_out(id_: str, tmp_path: Path) -> None:
    files = {one: tmp_path / one for one in FORMATS if one not in ("table",)}
    outputs = [word for one, path in files.items() for word in ("-o", f"{one}={path}")]
    answer = netdoc("diagnose", f"--demo={id_}", "-o", "table", *outputs)
    assert answer.code in (0, 1, 3), answer.err
    texts = {"table": answer.out, "stderr": answer.err} | {one: path.read_text() for one, path in files.items()}
    for format_, text in texts.items():
        assert active(text) == [], (format_, active(text))
    shown = {format_ for format_, text in texts.items() if MARK in text}
    assert {"table", "json", "jsonl", "yaml", "html"} <= shown, "nothing was planted where it is shown"


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("id_", SCENARIOS[:4])
def test_colour_is_ours_alone(id_: str) -> None:
    out = netdoc("diagnose", f"--demo={id_}", "--color", "always").out
    assert "\x1b[" in out
    assert active(uncolored(out)) == []


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("id_", SCENARIOS[:4])
def test_markup_of_theirs_is_text(id_: str) -> None:
    html = netdoc("diagnose", f"--demo={id_}", "-o", "html").out
    assert "<script" not in html
    assert not re.search(r"<[^>]*\son\w+\s*=", html)
    assert "<img" not in html
    assert 'href="http://evil' not in html
    markdown = netdoc("diagnose", f"--demo={id_}", "-o", "markdown").out
    made = {one.type for one in _tokens(MarkdownIt("commonmark", {"html": True}).parse(markdown))}
    assert made.isdisjoint({"link_open", "image", "html_inline", "html_block"})


def _tokens(tokens: list[Token]) -> list[Token]:
    return [one for token in tokens for one in (token, *_tokens(token.children or []))]


@pytest.mark.usefixtures("hostile")
def test_the_verdict_is_the_same_whatever_is_written_beside_it() -> None:
    """Decoration changes no cause: where the plant is not itself what is judged."""
    for id_ in ("crash-loop", "selector-typo", "node-not-ready"):
        told = netdoc("diagnose", f"--demo={id_}", "-o", "json").json
        cause = assemble.scenario(id_).cause
        assert cause is not None
        first = next(one for one in told["findings"] if one["id"] == told["rootCauses"][0])
        assert first["code"] == cause.code


NAMES = ("web\x1b[2J", "web\nPASS", "web\u202e", "[red]web[/]", "<b>web</b>", "web\u200b")
TYPED: tuple[tuple[str, ...], ...] = (
    ("diagnose", "svc/{}", "--demo"),
    ("diagnose", "svc/web.shop", "--from", "pod/{}", "--demo"),
    ("diagnose", "svc/web.shop", "--demo", "-o", "{}"),
    ("diagnose", "svc/web.shop", "--snapshot", "/nowhere/{}"),
    ("diagnose", "svc/web.shop", "--kubeconfig", "/nowhere/{}"),
    ("check", "{}"),
    ("explain", "{}"),
    ("codes", "{}"),
    ("demo", "{}"),
    ("schema", "{}"),
    ("{}",),
)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("form", TYPED, ids=" ".join)
def test_what_is_typed_comes_out_inert_too(form: tuple[str, ...], name: str) -> None:
    answer = netdoc(*(word.replace("{}", name) for word in form))
    assert answer.code in (1, 2)
    assert active(answer.out + answer.err) == []
    assert len(answer.err.splitlines()) <= 1


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_a_snapshots_own_name_and_words(shape: str, tmp_path: Path) -> None:
    """A file that cannot be read is named with what is wrong in it: both may be anybody's."""
    text = SHAPES[shape].replace("\x00", "").replace("/", "_").encode("utf-8", "replace").decode()
    path = tmp_path / f"x{text[:40]}.yaml"
    path.write_text("kind: [" + text, encoding="utf-8")
    answer = netdoc("diagnose", "svc/web", "--snapshot", str(path))
    assert answer.code == 2
    assert active(answer.err) == []


def test_inert_is_not_lost() -> None:
    """What a container wrote is quoted: the words are there, only what acts is gone."""
    log = next(one for one in assemble.scenario("crash-loop").logs)
    told = netdoc("diagnose", "--demo=crash-loop", "-o", "json").json
    quoted = "\n".join(one["observed"] for one in told["evidence"] if one["kind"] == "log")
    assert log.text.strip().splitlines()[-1] in quoted
