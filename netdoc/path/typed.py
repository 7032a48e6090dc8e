"""What was typed or pasted, made one clean line. No pattern of an error line is loaded for it: few targets are one."""

from __future__ import annotations

import re
from itertools import pairwise

from netdoc.path.places import without_userinfo

MOST_TEXT = 16_384  # characters that are read: a stack trace says it at its head
_ESCAPES = re.compile(r"\x1b\[[0-9;?]{0,16}[ -/]{0,4}[@-~]|\x1b\][^\x07\x1b]{0,2048}(?:\x07|\x1b\\)")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f]+")

# Line breaks: a terminal breaks a long line inside a word, a program ends one where it has done.
_BREAK = re.compile(r"\r\n|[\r\n]")
_NARROWEST = 40  # columns: terminals have no fewer, and shorter lines are of equal length by chance

# Breaks that stand inside a host, address, port or URL whatever comes around them: punctuation that something of the
# same word must precede or follow. Names of hosts are small letters, and sentences begin with a capital.
_OPEN_END = re.compile(r"(?:[a-z0-9][.@-]|[a-z]/)\Z")
_OPEN_START = re.compile(r"[.-][a-z0-9]|:\d")
_ADDRESS_END = re.compile(r"\d[.:]\d+\Z")  # 10.43.7.9:54
_ADDRESS_START = re.compile(r"[\d.]*\d(?:[:.,;)\]\"']|\s|\Z)")  # 32: i/o timeout
_PORT_START = re.compile(r"\d+(?:\D|\Z)")


def is_pasted(typed: str) -> bool:
    """Whether it is an error line and no target of another form: those hold no white space, and are no JSON."""
    return any(one.isspace() for one in typed) or typed.startswith("{")


def cleaned(typed: str) -> str:
    """What was pasted as one line without terminal escapes, unprintable characters and passwords, and cut."""
    words = _CONTROLS.sub(" ", _ESCAPES.sub("", typed[:MOST_TEXT])).split()
    return without_userinfo("".join(one if one.isprintable() else "\ufffd" for one in " ".join(words)))


def unwrapped(text: str) -> str:
    """The text with the breaks gone that stand inside a word; those between words stay."""
    lines = _BREAK.split(text[:MOST_TEXT])
    if len(lines) == 1:
        return text
    bare = [line.strip() for line in lines]
    if not any(one.isspace() for line in bare for one in line):
        return "".join(bare)
    if _is_block(lines):
        return "".join(lines)
    whole = lines[0]
    for before, after in pairwise(lines):
        whole += ("" if _inside_a_word(before, after) else "\n") + after
    return whole


def _is_block(lines: list[str]) -> bool:
    """Whether all lines but the last are equally long, as those are that a terminal broke at its edge."""
    *full, last = lines
    width = len(full[0])
    return len(full) > 1 and width >= _NARROWEST and len(last) <= width and all(len(one) == width for one in full)


def _inside_a_word(before: str, after: str) -> bool:
    if not before or not after or before[-1].isspace() or after[0].isspace():
        return False
    if before.endswith(":"):
        return before[-2:-1].isdigit() and bool(_PORT_START.match(after))
    if _ADDRESS_END.search(before) and after[0].isdigit():
        return bool(_ADDRESS_START.match(after))
    return bool((_OPEN_END.search(before) and re.match(r"[a-z0-9]", after)) or _OPEN_START.match(after))
