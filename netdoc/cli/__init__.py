"""The command line. Importing it loads the parser and nothing else; each command loads what it needs."""

from __future__ import annotations

import sys


def main() -> None:
    """The console script `netdoc` (and `kubectl-netdoc`). Ends the process with the contract's exit code."""
    from netdoc.cli.entry import run

    sys.exit(run(sys.argv))


def complete() -> None:
    """The script `kubectl_complete-netdoc`, which kubectl runs for `kubectl netdoc <Tab>`."""
    from netdoc.cli.completing import for_kubectl

    print("\n".join(for_kubectl(sys.argv[1:])))
