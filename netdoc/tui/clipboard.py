"""Copies: to the terminal's clipboard by OSC 52, and to a file for terminals that take none."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

    from textual.app import App

LIMIT = 74_994
"""Bytes that common terminals take in one OSC 52 sequence, before base64."""


def copy(app: App[Any], text: str) -> str:
    """Copies, and says where it went."""
    whole = len(text.encode(errors="replace")) <= LIMIT
    if whole:
        app.copy_to_clipboard(text)
    file = _saved(text)
    said = f"copied {len(text.splitlines()) or 1} lines" if "\n" in text else f"copied: {text[:60]}"
    said = said if whole else "too long for the terminal's clipboard"
    tmux = "; tmux needs: set -g set-clipboard on" if os.environ.get("TMUX") and whole else ""
    return f"{said}{f' (also in {file})' if file else ''}{tmux}"


def _saved(text: str) -> Path | None:
    """The file beside the clipboard, for its owner alone; None where none can be written."""
    import platformdirs

    try:
        folder = Path(platformdirs.user_state_dir("netdoc", appauthor=False))
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = folder / "clipboard"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(text)
    except (OSError, UnicodeEncodeError):
        return None
    return file
