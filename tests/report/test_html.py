"""The HTML page: one file, no script, nothing loaded, nothing of theirs as markup."""

from __future__ import annotations

import base64
import hashlib
import re
from html.parser import HTMLParser
from typing import Any

import pytest

from netdoc.report import render
from tests.report import reports
from tests.report.hostile import PLANTED_IN, SHAPES, plant

each_report = pytest.mark.parametrize("make", reports.ALL, ids=lambda make: make.__name__)
OURS = {"class", "charset", "http-equiv", "content", "name", "lang"}
VOID = {"meta"}


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: set[str] = set()
        self.open: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.open.extend([tag] if tag not in VOID else [])

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    assert reader.open == []
    return reader


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
@pytest.mark.parametrize("make", PLANTED_IN, ids=lambda make: make.__name__)
def test_no_markup_of_theirs(make: Any, shape: str) -> None:
    planted = read(render(plant(make(), shape), "html"))
    assert planted.tags == read(render(make(), "html")).tags
    assert planted.attributes <= OURS


@each_report
def test_nothing_runs_and_nothing_is_loaded(make: Any) -> None:
    html = render(make(), "html")
    assert not {"script", "link", "img", "iframe", "object", "form", "a"} & set(read(html).tags)
    assert not re.search(r"url\(|@import|src=|href=", html)


def test_the_policy_allows_the_page_its_own_style_and_nothing_else() -> None:
    html = render(reports.healthy(), "html")
    style = re.search(r"<style>(.*)</style>", html, re.DOTALL)
    assert style
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'sha256-{digest}'" in html


@each_report
def test_says_what_the_report_says(make: Any) -> None:
    report, text = make(), read(render(make(), "html")).text
    assert report.headline in text
    for finding in report.findings:
        assert finding.title in text
        for remedy in (finding.fix, finding.mitigation):
            assert all(command in text for command in (remedy.commands if remedy else ()))
    for one in report.not_checked:
        assert one.what in text
