"""Which Corefile CoreDNS runs with: the hash that its plugin `reload` logs, and what it logs where a reload fails.

Source: CoreDNS plugin/reload/reload.go; what is hashed are the words of the file (caddyfile.ServerBlock) as Go's
encoding/json writes them, so that comments and blanks count for nothing, and line numbers do.
"""

from __future__ import annotations

import hashlib
import json
import re

import msgspec

from netdoc.predict.corefile.model import CorefileError, Token
from netdoc.predict.corefile.parser import words

_RUNNING = re.compile(r"plugin/reload: Running configuration SHA512 = ([0-9a-f]{128})\b")
_FAILED = re.compile(r"plugin/reload: Corefile (?:changed but reload failed|parse failed): .*")
_GO = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"})


class Running(msgspec.Struct, frozen=True):
    """What a log tells last: the hash of what runs, and the line about a reload that failed since. "" for nothing."""

    digest: str = ""
    failed: str = ""


def running(log: str) -> Running:
    """What the last lines of a log say of the configuration."""
    told = Running()
    for line in log.splitlines():
        if match := _RUNNING.search(line):
            told = Running(match[1])
        elif match := _FAILED.search(line):
            told = msgspec.structs.replace(told, failed=match[0])
    return told


def digest(text: str) -> str | None:
    """The hash that CoreDNS logs for this Corefile; None where it cannot be told: the file is refused, or what it
    imports or takes from the environment is not known."""
    try:
        blocks = words(text)
    except CorefileError:
        return None
    if blocks is None:
        return None
    told = [{"Keys": list(keys), "Tokens": _tokens(found)} for keys, found in blocks]
    written = json.dumps(told, ensure_ascii=False, separators=(",", ":")).translate(_GO)
    return hashlib.sha512(written.encode("utf-8", "replace")).hexdigest()


def _tokens(found: dict[str, list[Token]]) -> dict[str, list[dict[str, str | int]]]:
    """By plugin in the order of their names, as Go writes maps. Words of the file itself name no file."""
    return {
        name: [{"File": one.file, "Line": one.line, "Text": one.text} for one in found[name]]
        for name in sorted(found, key=lambda name: name.encode("utf-8", "replace"))
    }
