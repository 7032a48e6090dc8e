"""Writes the report to a file, in each format that the command line has."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import ClassVar

from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Label

from netdoc.report import FORMATS, render
from netdoc.tui.session import Session
from netdoc.tui.widgets.rows import Rows

ENDINGS = {"table": "txt", "short": "txt", "markdown": "md", "junit": "junit.xml", "sarif": "sarif"}
SAID = {
    "table": "the page that the command line prints",
    "short": "a few lines to paste in a chat",
    "markdown": "for an issue or a post-mortem, with your notes",
    "html": "one file that opens anywhere",
    "json": "for scripts: the whole report",
}
WIDTH = 100


class ExportScreen(ModalScreen[None]):
    """Enter writes the format under the cursor; the file's name can be changed before."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "app.pop_screen", "Back", id="export-back")]

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self._format = "markdown"

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -small"):
            yield Label("Write the report", classes="title")
            yield Rows[str](_line, id="formats")
            yield Label("to this file:", classes="faint")
            yield Input(id="file", classes="field")
            yield Label("enter writes it, tab goes to the name; secrets are taken out", classes="faint")

    def on_mount(self) -> None:
        rows = self.query_one("#formats", Rows)
        rows.show(tuple(FORMATS))
        rows.styles.height = len(FORMATS)
        rows.cursor = list(FORMATS).index(self._format)
        rows.focus()
        self._suggest()

    @on(Rows.Highlighted)
    def _suggest(self) -> None:
        self._format = self.query_one("#formats", Rows).current or self._format
        self.query_one("#file", Input).value = f"netdoc-{self.session.run}.{ENDINGS.get(self._format, self._format)}"

    @on(Rows.Chosen)
    @on(Input.Submitted)
    def _taken(self) -> None:
        name = self.query_one("#file", Input).value.strip()
        if name:
            self._write(Path(name).expanduser(), self._format)

    @work(exclusive=True, group="export", exit_on_error=False)
    async def _write(self, file: Path, format_: str) -> None:
        try:
            written = await asyncio.to_thread(write, self.session, format_, file)
        except FileExistsError:
            self.notify(f"{file} exists already: choose another name", severity="error", markup=False)
        except OSError as error:
            self.notify(f"cannot write {file}: {error.strerror}", severity="error", markup=False)
        else:
            self.notify(f"written: {written}", markup=False)
            self.app.pop_screen()


def write(session: Session, format_: str, file: Path) -> Path:
    """The whole path of what was written. Raises OSError; a file that is there already is left alone."""
    report = session.report
    assert report is not None
    text = render(report, format_, width=WIDTH)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644), "w", encoding="utf-8") as out:
        out.write(text)
    return file.absolute()


def _line(format_: str, width: int) -> Content:
    return Content(f"{format_.ljust(10)}{SAID.get(format_, '')}")
