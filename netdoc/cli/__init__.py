"""The command line. Importing it loads the parser and nothing else; each command loads what it needs."""

from __future__ import annotations

import sys


def main() -> None:
    """The console script `netdoc` (and `kubectl-netdoc`). Ends the process with the contract's exit code."""
    from netdoc.cli.entry import run

    sys.exit(run(sys.argv))
