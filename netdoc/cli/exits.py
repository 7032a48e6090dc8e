"""Exit codes: the contract's table, and which of them a report means."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:  # the parser is loaded for every word of help: it must not bring the report along
    from netdoc.model.report import Report


class Exit(IntEnum):
    OK = 0
    FOUND = 1
    USAGE = 2
    UNKNOWN = 3
    TIMEOUT = 4
    INTERRUPTED = 130


class Failure(Exception):
    """Ends a command with one line for the user: what is wrong, and the mend."""

    def __init__(self, message: str, mend: str = "", code: Exit = Exit.USAGE) -> None:
        super().__init__(message)
        self.mend = mend
        self.code = code

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message}; {self.mend}" if self.mend else message


def exit_code(report: Report, ending: str, *, fail_on: str, require_measured: bool) -> Exit:
    """The first that holds of 130, 4, 1, 3, 0 (2 is said before anything runs)."""
    if ending == "interrupted":
        return Exit.INTERRUPTED
    if ending == "timeout":
        return Exit.TIMEOUT
    counts = report.summary.findings
    worst = {"error": counts.error, "warning": counts.error + counts.warning, "never": 0}[fail_on]
    if worst:
        return Exit.FOUND
    if report.status == "unknown" or (require_measured and report.basis != "measured"):
        return Exit.UNKNOWN
    return Exit.OK
