"""The looks of statuses. Every one has a glyph and a word too, so that none hangs on colour alone."""

from __future__ import annotations

from netdoc.report.page import GLYPHS

STYLES = {
    "pass": "$text-success",
    "fail": "bold $text-error",
    "warn": "bold $text-warning",
    "unknown": "bold $text-accent",
    "skip": "$foreground-muted",
    "waiting": "$foreground-muted",
    "absent": "$foreground-muted",
    "running": "bold $text-primary",
    "strong": "bold",
    "faint": "$foreground-muted",
    "command": "$text-primary",
    "mark": "bold $text-error",
    "": "",
}

_WORDS = {
    "waiting": ("·", "NOT YET"),
    "running": ("▶", "RUNNING"),
    "absent": ("-", "ABSENT"),
    "skip": ("·", "SKIPPED"),
}


def badge(state: str) -> str:
    """Glyph and word of a status, of a step's state, or of a hop that was not judged yet."""
    if state in _WORDS:
        return " ".join(_WORDS[state])
    return f"{GLYPHS[state]} {state.upper()}"  # type: ignore[index]


BADGE = 9
"""Columns that the longest badge takes."""
