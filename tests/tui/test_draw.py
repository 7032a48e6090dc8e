"""What is drawn: the field that tells and no line more, columns that fit, commands that ask the same."""

from __future__ import annotations

import msgspec
import pytest

from netdoc.model.kube import Service
from netdoc.model.kube.meta import ObjectRef, TrackedMeta
from netdoc.model.record import Ask
from netdoc.model.report import Report, ReportEvidence
from netdoc.tui.complete import best
from netdoc.tui.draw.dig import draw_dig
from netdoc.tui.draw.excerpt import draw_excerpt, lines_of, yaml_of
from netdoc.tui.draw.lists import EndpointRow, EndpointTable, command_of, span
from netdoc.tui.draw.sheet import Sheet
from netdoc.tui.draw.verdict import draw as draw_verdict
from tests.report.reports import healthy, one_of_three_sources, same_from_both

TEXT = """\
metadata:
  name: web
spec:
  ports:
  - name: http
    port: 80
  - name: admin
    port: 81
  selector:
    app: web
    tier: front
  type: ClusterIP
status: {}
"""


@pytest.mark.parametrize(
    ("field", "lines"),
    [
        ("spec.selector", (8, 10)),
        ("spec.selector.app", (9, 9)),
        ("spec.ports", (3, 7)),
        ("spec.ports[1]", (6, 7)),
        ("spec.ports[admin].port", (7, 7)),
        ("spec.type", (11, 11)),
        ("status", (12, 12)),
        ("metadata", (0, 1)),
        ("spec.none", None),
        ("spec.ports[7]", None),
        ("spec.ports[none]", None),
        ("endpoints", None),
        ("spec.type.further", None),
    ],
)
def test_the_lines_of_a_field(field: str, lines: tuple[int, int] | None) -> None:
    assert lines_of(TEXT, field) == lines


def test_an_excerpt_marks_the_field_and_nothing_else() -> None:
    service = Service(metadata=TrackedMeta(name="web", namespace="shop", labels={"app": "web"}))
    sheet = Sheet(60)
    assert draw_excerpt(sheet, service, "metadata.labels")
    marked = [line.plain for line in sheet.lines if "▶" in line.plain]
    assert [line.split()[-1] for line in marked] == ["labels:", "web"]
    assert not draw_excerpt(Sheet(60), service, "spec.nothing")


def test_yaml_is_what_kubectl_would_write_without_secrets() -> None:
    annotations = {"token": "abcdefgh12345678"}
    text = yaml_of(Service(metadata=TrackedMeta(name="web", annotations=annotations)))
    assert text.startswith("apiVersion: v1\nkind: Service\n")
    assert "abcdefgh12345678" not in text


def test_prose_hangs_below_its_lead_and_never_exceeds_the_sheet() -> None:
    sheet = Sheet(30)
    sheet.prose("one two three four five six seven eight", indent=2, lead="where  ")
    assert all(line.cell_length <= 30 for line in sheet.lines)
    assert len(sheet.lines) > 1
    assert all(line.plain.startswith(" " * 9) for line in sheet.lines[1:])


@pytest.mark.parametrize("width", [36, 44, 60, 80, 120])
def test_a_table_of_endpoints_fits(width: int) -> None:
    rows = tuple(
        EndpointRow(status="fail", pod=f"a-very-long-pod-name-{n}", node="node-a", zone="zone-a", revision="7f9c",
                    age="3d", ready="no", tried="3/3")
        for n in range(3)
    )  # fmt: skip
    table = EndpointTable(rows)
    assert table.head(width).cell_length <= width
    assert all(table.row(row, width).cell_length <= width for row in rows)
    assert "✗ FAIL" in table.row(rows[0], width).plain


@pytest.mark.parametrize(
    ("ask", "command"),
    [
        (Ask(verb="get", resource="services", namespace="shop", name="web"), "kubectl -n shop get services web"),
        (Ask(verb="list", resource="pods", labels="app=web"), "kubectl get pods -l app=web -A"),
        (Ask(verb="list", resource="ingressroutes", group="traefik.io", namespace="a"),
         "kubectl -n a get ingressroutes.traefik.io"),
        (Ask(verb="log", resource="pods/log", namespace="a", name="p", container="c", previous=True),
         "kubectl -n a logs p -c c --previous"),
        (Ask(verb="get", resource="services", namespace="a", name="$(id)"), "kubectl -n a get services '$(id)'"),
    ],
)  # fmt: skip
def test_what_was_asked_as_a_command(ask: Ask, command: str) -> None:
    assert command_of(ask) == command


def test_completion_puts_beginnings_before_what_only_holds_the_letters() -> None:
    assert best("we", ("owner", "web", "weather-api", "redis")) == ("web", "weather-api", "owner")
    assert best("web", ("web",)) == ()


def test_spans_are_short() -> None:
    assert [span(one) for one in (0.04, 1.25, 75)] == ["40ms", "1.2s", "1m"]


def test_an_endpoint_that_nobody_read_is_not_made_up() -> None:
    row = EndpointRow(status="unknown", pod="web-0", ref=ObjectRef(api_version="v1", kind="Pod", name="web-0"))
    assert (row.node, row.zone, row.ready, row.revision) == ("?", "?", "?", "?")


def answer(**data: object) -> ReportEvidence:
    return ReportEvidence(
        id="E1", kind="dns", observed="NOERROR 10.43.7.9", vantage="exec:shop/client", data=dict(data)
    )


def drawn(evidence: ReportEvidence) -> list[str]:
    sheet = Sheet(90)
    draw_dig(sheet, evidence)
    return [" ".join(line.plain.split()) for line in sheet.lines]


def test_an_answer_is_drawn_as_dig_writes_it() -> None:
    record = {"name": "web.shop.svc.cluster.local.", "type": "A", "ttl": 5, "data": "10.43.7.9"}
    told = answer(
        server="10.43.0.10", name=record["name"], type="A", transport="udp", rcode="NOERROR",
        flags=["QR", "AA", "RD"], answer=[record, {**record, "data": "\x1b[2J[bold]x[/]"}], ms=3.2,
    )  # fmt: skip
    assert drawn(told) == [
        ";; status: NOERROR; flags: qr aa rd",
        ";; QUESTION SECTION:",
        ";web.shop.svc.cluster.local. IN A",
        ";; ANSWER SECTION: 2 records",
        "web.shop.svc.cluster.local. 5 IN A 10.43.7.9",
        "web.shop.svc.cluster.local. 5 IN A \\x1b[2J[bold]x[/]",
        ";; Query time: 3 ms SERVER: 10.43.0.10 (UDP)",
    ]


def test_a_question_without_an_answer_is_drawn_with_how_it_failed() -> None:
    told = answer(server="10.43.0.10", name="web.shop.svc.cluster.local.", type="A", transport="udp")
    lines = drawn(msgspec.structs.replace(told, observed="2 of 2 without an answer: no answer came"))
    assert lines == [
        ";; QUESTION SECTION:",
        ";web.shop.svc.cluster.local. IN A",
        ";; 2 of 2 without an answer: no answer came",
        ";; SERVER: 10.43.0.10 (UDP)",
    ]


@pytest.mark.parametrize("width", [40, 100])
def test_several_sources_are_held_against_each_other(width: int) -> None:
    sheet = Sheet(width)
    report = one_of_three_sources()
    draw_verdict(sheet, report, lambda ref: None)
    lines = [line.strip() for line in sheet.content.plain.split("\n")]
    start = lines.index("SEEN FROM EACH SOURCE")
    told = " ".join(lines[start:])
    assert all(one.from_.called in told for one in report.comparisons)
    assert "first differs at" in told
    assert lines[start + 1].startswith("✗ FAIL")


def test_sources_that_fare_alike_are_one_line_and_one_alone_is_none() -> None:
    def drawn(report: Report) -> str:
        sheet = Sheet(100)
        draw_verdict(sheet, report, lambda ref: None)
        return sheet.content.plain

    assert "the same from both" in drawn(same_from_both())
    assert "SEEN FROM" not in drawn(healthy())
