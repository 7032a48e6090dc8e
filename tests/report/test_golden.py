"""Each format of each report, compared with the file that was looked at and found good.

NETDOC_UPDATE_GOLDEN=1 writes them anew; look at the difference before it is committed.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from netdoc.model.report import Report
from netdoc.report import FORMATS, render
from tests.report import reports
from tests.report.hostile import uncolored

GOLDEN = Path(__file__).parent / "golden"
SUFFIX = {"short": "short.txt", "markdown": "md", "junit": "junit.xml", "sarif": "sarif.json"}

Make = Callable[[], Report]
each_report = pytest.mark.parametrize("make", reports.ALL, ids=lambda make: make.__name__)


def compare(name: str, output: str) -> None:
    path = GOLDEN / name
    if os.environ.get("NETDOC_UPDATE_GOLDEN"):
        path.write_text(output, encoding="utf-8")
    assert output == path.read_text(encoding="utf-8")


@each_report
@pytest.mark.parametrize("format", [name for name in FORMATS if name != "table"])
def test_format(make: Make, format: str) -> None:
    compare(f"{make.__name__}.{SUFFIX.get(format, format)}", render(make(), format))


@each_report
@pytest.mark.parametrize("width", [80, 120])
def test_table(make: Make, width: int) -> None:
    compare(f"{make.__name__}.{width}.txt", render(make(), "table", width))


def test_table_in_color() -> None:
    compare("selector_typo.80.ansi.txt", render(reports.selector_typo(), "table", 80, True))


@each_report
@pytest.mark.parametrize("format", list(FORMATS))
def test_color_and_width_change_no_content(make: Make, format: str) -> None:
    narrow = render(make(), format, 80)
    assert uncolored(render(make(), format, 80, True)) == narrow
    assert render(make(), format, 140).split() == narrow.split()


@each_report
@pytest.mark.parametrize("width", [50, 60, 80])
def test_the_table_fits_its_width_but_for_commands(make: Make, width: int) -> None:
    report = make()
    commands = {one.command for one in report.evidence}
    for finding in report.findings:
        commands |= {one for part in (finding.fix, finding.mitigation) if part for one in part.commands}
    lines = render(report, "table", width).splitlines()
    wide = {line.strip() for line in lines if len(line) > width}
    patches = {line for line in wide if line.startswith('{"')}
    assert wide - patches <= commands
    assert {one for one in commands if one in "\n".join(lines)} <= {line.strip() for line in lines}


@pytest.mark.parametrize("format", list(FORMATS))
def test_ends_in_one_newline(format: str) -> None:
    output = render(reports.healthy(), format)
    assert output.endswith("\n")
    assert not output.endswith("\n\n")


def test_unknown_format() -> None:
    with pytest.raises(KeyError):
        render(reports.healthy(), "nagios")
