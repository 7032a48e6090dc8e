"""Settings: the theme, and the keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import msgspec
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Label

from netdoc.tui import settings
from netdoc.tui.draw.sheet import ink
from netdoc.tui.keys import Key, all_keys
from netdoc.tui.widgets.rows import Rows

if TYPE_CHECKING:
    from netdoc.tui.app import NetdocApp


class SettingsScreen(ModalScreen[None]):
    """Themes change as the cursor goes; a key is changed by enter and the new key."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q", "app.pop_screen", "Back", id="settings-back")]

    app: NetdocApp

    def compose(self) -> ComposeResult:
        with Vertical(classes="box"):
            yield Label("Theme", classes="title")
            yield Rows[str](self._theme, id="themes")
            yield Label("Keys: enter changes one, backspace gives it back", classes="title")
            yield Rows[Key](self._key, id="keys")
            yield Label(f"kept in {settings.file()}", classes="faint", markup=False)

    def on_mount(self) -> None:
        themes = self.query_one("#themes", Rows)
        themes.show(tuple(settings.THEMES))
        themes.styles.height = len(settings.THEMES)
        themes.cursor = list(settings.THEMES).index(self.app.settings.theme)
        self.query_one("#keys", Rows).show(all_keys())
        themes.focus()

    @on(Rows.Chosen, "#themes")
    @on(Rows.Highlighted, "#themes")
    def _pick_theme(self, event: Rows.Highlighted) -> None:
        if event.item != self.app.settings.theme:
            self.app.save_settings(msgspec.structs.replace(self.app.settings, theme=event.item))

    @on(Rows.Chosen, "#keys")
    def _pick_key(self, event: Rows.Chosen) -> None:
        key: Key = event.item
        self.app.push_screen(KeyScreen(key), lambda pressed: self._bound(key, pressed))

    def _bound(self, key: Key, pressed: str | None) -> None:
        if pressed:
            self._keep({**self.app.settings.keymap, key.id: pressed})

    def on_key(self, event: events.Key) -> None:
        rows = self.query_one("#keys", Rows)
        if event.key == "backspace" and rows.has_focus and rows.current is not None:
            self._keep({id_: keys for id_, keys in self.app.settings.keymap.items() if id_ != rows.current.id})

    def _keep(self, keymap: dict[str, str]) -> None:
        self.app.save_settings(msgspec.structs.replace(self.app.settings, keymap=keymap))
        self.query_one("#keys", Rows).refresh()

    def _theme(self, name: str, width: int) -> Content:
        return Content(f"{'●' if name == self.app.settings.theme else ' '} {name}")

    def _key(self, key: Key, width: int) -> Content:
        mine = self.app.settings.keymap.get(key.id)
        return ink(((mine or key.keys).ljust(22), "strong" if mine else ""), (key.text.ljust(22), ""),
                   (key.id, "faint"), ("  changed" if mine else "", "warn"))  # fmt: skip


class KeyScreen(ModalScreen[str | None]):
    """Takes the next key, whatever it is; esc takes none."""

    def __init__(self, key: Key) -> None:
        super().__init__()
        self._key = key

    def compose(self) -> ComposeResult:
        with Vertical(classes="box -small"):
            yield Label(f"The key for: {self._key.text}", classes="title", markup=False)
            yield Label("press it now; esc leaves it as it is", classes="faint")

    def on_key(self, event: events.Key) -> None:
        event.stop()
        event.prevent_default()
        self.dismiss(None if event.key == "escape" else event.key)
