"""What the user set: the theme and the keys. One JSON file in the user's configuration folder."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

THEMES = {
    "dark": "netdoc-dark",
    "light": "netdoc-light",
    "ansi-dark": "ansi-dark",
    "ansi-light": "ansi-light",
    "high-contrast": "netdoc-high-contrast",
}


class Settings(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """`keymap` maps the id of a binding (see help) to its keys, separated by commas."""

    theme: str = "dark"
    keymap: dict[str, str] = {}


def file() -> Path:
    """XDG_CONFIG_HOME/netdoc/app.json, by default ~/.config."""
    import platformdirs

    return Path(platformdirs.user_config_dir("netdoc", appauthor=False)) / "app.json"


def load() -> tuple[Settings, str]:
    """(settings, what is wrong with the file). A file that is wrong is said and changes nothing."""
    try:
        settings = msgspec.json.decode(file().read_bytes(), type=Settings)
    except FileNotFoundError:
        return Settings(), ""
    except (OSError, msgspec.MsgspecError) as error:
        return Settings(), f"{file()} is not read: {error}"
    if settings.theme not in THEMES:
        return msgspec.structs.replace(settings, theme="dark"), f'{file()}: there is no theme "{settings.theme}"'
    return settings, ""


def save(settings: Settings) -> None:
    """Raises OSError."""
    target = file()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    text = msgspec.json.format(msgspec.json.encode(settings), indent=2)
    beside = target.with_suffix(".new")
    beside.write_bytes(text + b"\n")
    os.replace(beside, target)
