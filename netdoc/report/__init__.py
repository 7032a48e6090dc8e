"""One renderer per format, all drawing the same report.

Renderers are named here and imported when they are asked for: `json` costs neither yaml nor anything that only
a page needs. A renderer is a function `(report, width, color) -> str`; what it returns holds no control character
of anybody's but its own colours, whatever a cluster put into the report.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:  # the app's first screen needs a page's columns and inert text, and no report
    from netdoc.model.report import Report

Renderer = Callable[["Report", int, bool], str]

FORMATS: dict[str, str] = {
    "table": "netdoc.report.table:draw",
    "short": "netdoc.report.short:draw",
    "json": "netdoc.report.json:draw",
    "jsonl": "netdoc.report.jsonl:draw",
    "yaml": "netdoc.report.yaml:draw",
    "markdown": "netdoc.report.markdown:draw",
    "html": "netdoc.report.html:draw",
    "junit": "netdoc.report.junit:draw",
    "sarif": "netdoc.report.sarif:draw",
}

NARROWEST = 40
"""Columns. Below this a page is drawn as if it had them: a terminal then wraps it, which loses nothing."""


def render(report: Report, format: str, width: int = 100, color: bool = False) -> str:
    """The report in one of FORMATS, ending in a newline. Width and colour change looks, never content.

    Raises KeyError for a format that does not exist.
    """
    module, _, name = FORMATS[format].partition(":")
    draw = cast(Renderer, getattr(import_module(module), name))
    return draw(report, max(width, NARROWEST), color)
