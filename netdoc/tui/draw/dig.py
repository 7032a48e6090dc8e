"""What a name server said, as dig(1) writes it: status and flags, question, answer, time, server."""

from __future__ import annotations

from typing import Any

from netdoc.model.report import ReportEvidence
from netdoc.report import inert, phrases
from netdoc.tui.draw.sheet import Sheet

MOST = 20
"""Records of an answer that are drawn."""


def draw_dig(sheet: Sheet, one: ReportEvidence) -> None:
    """A whole answer where the evidence holds one; else the question, and how it came to none."""
    told = one.data
    if "rcode" in told:
        flags = " ".join(str(flag) for flag in _items(told.get("flags"))).lower()
        sheet.line(("  ;; status: ", "faint"), (_text(told["rcode"]), _style(one)), (f"; flags: {flags}", "faint"))
    if "name" in told:
        _question(sheet, told)
    if "rcode" in told:
        _answer(sheet, [item for item in _items(told.get("answer")) if isinstance(item, dict)])
    else:
        for line in one.observed.split("\n")[:MOST]:
            sheet.prose(line, indent=2, lead=";; ", lead_style="faint", style=_style(one))
    _footer(sheet, one)
    if one.expected:
        sheet.field("expected", one.expected, style="pass")


def _question(sheet: Sheet, told: dict[str, Any]) -> None:
    sheet.line(("  ;; QUESTION SECTION:", "faint"))
    sheet.line((f"  ;{_text(told['name'])}  IN  {_text(told.get('type', 'A'))}", ""))


def _answer(sheet: Sheet, records: list[dict[str, Any]]) -> None:
    sheet.line(
        (f"  ;; ANSWER SECTION: {len(records)} records" if len(records) != 1 else "  ;; ANSWER SECTION:", "faint")
    )
    names = max((len(_text(record.get("name", ""))) for record in records[:MOST]), default=0)
    for record in records[:MOST]:
        name, ttl, type_, data = (_text(record.get(key, "")) for key in ("name", "ttl", "type", "data"))
        lead = f"  {name.ljust(names)}  {ttl:>4}  IN  {type_.ljust(5)}  "
        sheet.prose(data, lead=lead, style="strong")
    if len(records) > MOST:
        sheet.prose(f"{len(records) - MOST} more records", indent=2, style="faint")


def _footer(sheet: Sheet, one: ReportEvidence) -> None:
    told = one.data
    server, transport = _text(told.get("server", "")), _text(told.get("transport", "")).upper()
    took = f"Query time: {told['ms']:.0f} ms" if isinstance(told.get("ms"), int | float) else ""
    by = f"SERVER: {server}{f' ({transport})' if transport else ''}" if server else ""
    when = f"WHEN: {phrases.utc(one.at)}" if one.at else ""
    said = "  ".join(part for part in (took, by, when) if part)
    if said:
        sheet.prose(said, indent=2, lead=";; ", lead_style="faint", style="faint")


def _style(one: ReportEvidence) -> str:
    return "fail" if one.data.get("rcode", "") != "NOERROR" else "strong"


def _items(value: Any) -> list[Any]:
    return list(value) if isinstance(value, list | tuple) else []


def _text(value: Any) -> str:
    return inert.line(str(value), 300)
