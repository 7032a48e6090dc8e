"""The terminal app. Importing this package loads neither Textual nor anything of a cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from netdoc.tui.start import Start


def open_app(start: Start) -> int:
    """Runs the app until the user leaves it; returns the exit code."""
    from netdoc.tui.app import NetdocApp

    app = NetdocApp(start)
    app.run()
    return app.return_code or 0
