"""Codes, paths, ports and reports: the shapes that others rely on."""

from __future__ import annotations

import json
import re

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdoc.model.codes import known_codes
from netdoc.model.finding import Evidence
from netdoc.model.path import Hop, Path
from netdoc.model.report import Report, ReportEvidence, encode
from netdoc.model.target import Port, Target
from tests.report import reports


def test_codes_have_their_form() -> None:
    for code, one in known_codes().items():
        assert re.fullmatch(r"[a-z]+\.[a-z][a-z0-9-]+", code), code
        assert one.code == code
        assert one.title


def test_hygiene_is_never_an_error() -> None:
    """An audit code breaks nothing by itself; what it explains weighs for it."""
    assert [code for code, one in known_codes().items() if one.audit and one.severity == "error"] == []


def chain(*links: tuple[str, tuple[str, ...]]) -> Path:
    hops = tuple(Hop(id=id_, kind="pod", next=after) for id_, after in links)
    return Path(target=Target(input="", kind=""), hops=hops)


def test_downstream_is_everything_after_a_hop() -> None:
    path = chain(("a", ("b", "c")), ("b", ("d",)), ("c", ("d",)), ("d", ()))
    assert path.downstream("a") == {"b", "c", "d"}
    assert path.downstream("d") == frozenset()
    assert path.downstream("gone") == frozenset()


@given(st.dictionaries(st.sampled_from("abcdef"), st.lists(st.sampled_from("abcdef"), max_size=4)))
def test_downstream_ends_in_circles_too_and_is_closed(links: dict[str, list[str]]) -> None:
    path = chain(*((id_, tuple(after)) for id_, after in links.items()))
    for id_ in links:
        after = path.downstream(id_)
        assert all(path.downstream(one) <= after for one in after)


@pytest.mark.parametrize(
    ("port", "text"),
    [
        (Port(80), "80"),
        (Port(53, protocol="UDP"), "53/udp"),
        (Port(name="http"), "http"),
        (Port(80, protocol="TCP"), "80"),
    ],
)
def test_a_port_as_typed(port: Port, text: str) -> None:
    assert str(port) == text


@pytest.mark.parametrize("make", reports.ALL, ids=lambda make: make.__name__)
def test_a_report_reads_back_as_it_was_written(make: object) -> None:
    report: Report = make()  # type: ignore[operator]
    assert msgspec.json.decode(encode(report), type=Report) == report


@pytest.mark.parametrize("make", reports.ALL, ids=lambda make: make.__name__)
def test_what_readers_rely_on_is_always_written(make: object) -> None:
    told = json.loads(encode(make()))  # type: ignore[operator]
    assert {
        "apiVersion",
        "kind",
        "tool",
        "run",
        "status",
        "basis",
        "headline",
        "rootCauses",
        "path",
        "checks",
        "findings",
        "evidence",
        "changes",
        "comparisons",
        "notChecked",
        "summary",
    } <= told.keys()
    for hop in told["path"]:
        assert {"id", "kind", "next", "status"} <= hop.keys()
    for finding in told["findings"]:
        assert {"id", "code", "severity", "title", "object", "evidence", "proven"} <= finding.keys()
    for evidence in told["evidence"]:
        assert {"id", "kind"} <= evidence.keys()
    assert set(told["summary"]["checks"]) == {"pass", "warn", "fail", "unknown", "skip"}


def test_the_commonest_kind_of_evidence_is_written_as_well() -> None:
    assert json.loads(encode(ReportEvidence(id="E1"))) == {"id": "E1", "kind": "object"}
    assert ReportEvidence(id="E1").kind == Evidence().kind


def test_absent_is_omitted_never_null() -> None:
    def refuse_null(pairs: list[tuple[str, object]]) -> dict[str, object]:
        assert None not in [value for _, value in pairs]
        return dict(pairs)

    for make in reports.ALL:
        json.loads(encode(make()), object_pairs_hook=refuse_null)
