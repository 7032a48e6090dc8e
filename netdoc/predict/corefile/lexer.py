"""Words of a Corefile (github.com/coredns/caddy, caddyfile/lexer.go).

Faithful in its oddities: only a quote can be escaped, a backslash before anything else stays; a `#` inside a word
starts a comment that ends with the next blank.
"""

from __future__ import annotations

from collections.abc import Iterator

from netdoc.predict.corefile.model import Token

# unicode.IsSpace in Go; Python's str.isspace also takes the separators U+001C to U+001F
_SPACE = frozenset("\t\n\v\f\r \x85\xa0\u1680\u2028\u2029\u202f\u205f\u3000") | {
    chr(at) for at in range(0x2000, 0x200B)
}


def tokens(text: str, file: str = "") -> Iterator[Token]:
    """The words in order. Never fails: what is not closed ends with the file."""
    at, line = (1 if text.startswith("\ufeff") else 0), 1
    while at < len(text):
        at, line = _blank(text, at, line)
        if at >= len(text):
            return
        start = line
        if text[at] == '"':
            word, at, line = _quoted(text, at + 1, line)
            if not word and at > len(text):
                return
        else:
            word, at, line = _bare(text, at, line)
        yield Token(word, start, file, word.count("\n"))


def _blank(text: str, at: int, line: int) -> tuple[int, int]:
    """Past blanks and comments."""
    comment = False
    while at < len(text):
        here = text[at]
        if here == "\n":
            line, comment = line + 1, False
        elif here == "#":
            comment = True
        elif not comment and here not in _SPACE:
            break
        at += 1
    return at, line


def _bare(text: str, at: int, line: int) -> tuple[str, int, int]:
    """A word without quotes. A carriage return inside it is dropped."""
    word: list[str] = []
    comment = False
    while at < len(text):
        here = text[at]
        at += 1
        if here in _SPACE and here != "\r":
            line += here == "\n"
            break
        comment = comment or here == "#"
        if not comment and here != "\r":
            word.append(here)
    return "".join(word), at, line


def _quoted(text: str, at: int, line: int) -> tuple[str, int, int]:
    """A word up to its closing quote. One past the text's length is returned where there is none."""
    word: list[str] = []
    while at < len(text):
        here = text[at]
        if here == '"':
            return "".join(word), at + 1, line
        if here == "\\" and at + 1 < len(text):
            at += 1
            word.append('"' if text[at] == '"' else "\\" + text[at])
        elif here != "\\":
            word.append(here)
        line += text[at] == "\n"
        at += 1
    return "".join(word), at + 1, line
