"""Makes hostile text inert, visibly.

Whatever a cluster can say (names, annotations, messages, log lines) may hold terminal escapes, carriage returns,
bidirectional overrides, invisible characters. None of it reaches a reader as itself: each is written out as the
escape that Python would use for it (`\\x1b`, `\\u202e`), so that nothing is hidden and nothing acts.

Sources: ECMA-48 (C0, C1 and escape sequences), Unicode TR9 and TR36 (bidirectional controls, invisible
characters; "Trojan Source", CVE-2021-42574), Unicode's Default_Ignorable_Code_Point, XML 1.0 section 2.2.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, TypeVar

import msgspec

T = TypeVar("T")

LINE = 600
"""Characters that a one-line field may have on a page; machine formats cut nothing."""
BLOCK = 4000
"""Characters of a block (a detail, an observed value) on a page."""

COMMAND = 16000
"""Characters of a command, which is of no use in part: beyond this it is no command."""

COMMANDS = frozenset({"command", "commands"})
BLOCKS = frozenset({"detail", "observed", "expected"})
"""Fields that may have several lines. Every other string is one line."""

# Categories Cc, Cf, Cs, Zl, Zp, the default-ignorable code points, and what XML and YAML refuse.
_CONTROLS = (
    r"\x00-\x1f\x7f-\x9f\xad\u034f\u0600-\u0605\u061c\u06dd\u070f\u0890\u0891\u08e2\u115f\u1160\u17b4\u17b5"
    r"\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u2800\u3164\ud800-\udfff\ufe00-\ufe0f\ufeff\uffa0"
    r"\ufff0-\ufffb\ufffe\uffff\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
_MARKS = r"\u0300-\u036f\u0483-\u0489\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"

# A mark that opens the text would sit on our own glyph; a pile of them spills over the neighbouring lines.
UNSAFE = re.compile(rf"[{_CONTROLS}]|\A[{_MARKS}]|(?<=[{_MARKS}]{{4}})[{_MARKS}]")
_CONTROL = re.compile(f"[{_CONTROLS}]")
_SURROGATE = re.compile(r"[\ud800-\udfff]")
_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}


def line(text: str, limit: int = LINE) -> str:
    """One line, inert: newlines and tabs are written out too, what exceeds `limit` characters is counted."""
    return UNSAFE.sub(_written, _cut(text.rstrip("\r\n"), limit))


def block(text: str, limit: int = BLOCK) -> str:
    """Several lines, inert: newlines stay, tabs become spaces."""
    lines = text.replace("\r\n", "\n").rstrip("\n").expandtabs(4).split("\n")
    return "\n".join(UNSAFE.sub(_written, one) for one in _cut("\n".join(lines), limit).split("\n"))


def page(value: T) -> T:
    """The same data with every string inert and short enough to be read on a page."""
    return _mapped(value, _readable)


def data(value: T) -> T:
    """The same data, fit to be encoded: an unpaired surrogate, which no encoding carries (RFC 8259, 8.2), is U+FFFD."""
    return _mapped(value, lambda text, _: _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", text))


def escaped_json(text: str) -> str:
    """JSON text with each unsafe character, which can only stand in a string, as an escape of the same meaning.

    Newlines are left alone: those of values are escaped by the encoder, so these end the text's own lines.
    """
    return _CONTROL.sub(lambda match: "\n" if match[0] == "\n" else _utf16(match[0]), text)


def escaped_yaml(text: str) -> str:
    """YAML text with each unsafe character, which must stand in double quotes, as an escape of the same meaning."""
    return _CONTROL.sub(lambda match: "\n" if match[0] == "\n" else f"\\U{ord(match[0]):08x}", text)


def _readable(text: str, field: str) -> str:
    if field in BLOCKS:
        return block(text)
    return line(text, COMMAND if field in COMMANDS else LINE)


def _utf16(char: str) -> str:
    units = char.encode("utf-16-be", "surrogatepass").hex()
    return "".join(f"\\u{units[i : i + 4]}" for i in range(0, len(units), 4))


def _written(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    if char in _NAMED:
        return _NAMED[char]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else f"{text[:limit]}… [{len(text) - limit} more characters]"


def _mapped(value: T, change: Callable[[str, str], str], name: str = "") -> T:
    """Every string in structs, dicts and sequences through `change`, which is told the field's name; times in UTC."""
    mapped: Any
    match value:
        case str():
            mapped = change(value, name)
        case datetime():
            mapped = value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC)
        case msgspec.Struct():
            fields = {field: _mapped(getattr(value, field), change, field) for field in value.__struct_fields__}
            mapped = type(value)(**fields)
        case tuple() | list():
            mapped = type(value)(_mapped(one, change, name) for one in value)
        case dict():
            mapped = {_mapped(key, change): _mapped(one, change) for key, one in value.items()}
        case _:
            mapped = value
    return mapped  # type: ignore[no-any-return]
