"""Each format costs what it needs: seen in `sys.modules` of a fresh interpreter."""

from __future__ import annotations

import subprocess
import sys

import pytest

DRAW = """
import sys, pathlib
import msgspec
from netdoc.model.report import Report
from netdoc.report import render
render(msgspec.json.decode(sys.stdin.buffer.read(), type=Report), sys.argv[1])
print(" ".join(sys.modules))
"""


@pytest.mark.parametrize("format", ["table", "short", "json", "jsonl", "markdown", "html", "junit"])
def test_a_format_loads_no_more_than_it_needs(format: str) -> None:
    from netdoc.report import render
    from tests.report.reports import selector_typo

    done = subprocess.run(
        [sys.executable, "-c", DRAW, format],
        input=render(selector_typo(), "json").encode(),
        capture_output=True,
        check=True,
    )
    loaded = set(done.stdout.decode().split())
    assert not loaded & {"rich", "yaml", "textual", "kubernetes", "click", "jinja2"}
    others = {"table", "short", "jsonl", "markdown", "html", "junit", "sarif", "yaml"} - {format}
    assert not loaded & {f"netdoc.report.{name}" for name in others}
