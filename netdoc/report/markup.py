"""Text that a chat or a Markdown reader shows as it stands.

Escaping by backslash differs between dialects, and mentions, links and emoji names are made after it is undone.
So nothing is escaped: a word with any character that could mean something becomes a code span, where no dialect
interprets anything (CommonMark 6.1; GitHub, GitLab, Slack and Mattermost make no mention or link there).
"""

from __future__ import annotations

import re

_PLAIN = re.compile(r"[^\W_](?:[^\W_]|[.,;:()/'\"%=→…?-])*|[(\"'](?:[^\W_]|[.,;:/'\")%-])+|[→=;:…✓✗?-]")
"""A word that no dialect reads as markup. Underscores, stars, brackets, @, #, <, &, |, ~, $, backslashes are not in."""
_MEANING = re.compile(r"://|www\.|:[^:]*[^\W\d][^:]*:", re.IGNORECASE)
"""Links that are made of bare text, and the names of emoji."""
_LEADING = re.compile(r"[0-9]+[.)]|[-=]+")
"""What would make a list, a rule or a heading's underline of the line that it opens."""


def prose(text: str) -> str:
    """One line; words that could be markup are code spans, neighbours sharing one."""
    spans: list[
        tuple[str, list[str], str]
    ] = []  # what opens it, the words of a code span or a plain one, what closes it
    joining = False
    for number, word in enumerate(text.split()):
        if _is_plain(word) and not (number == 0 and _LEADING.fullmatch(word)):
            spans.append((word, [], ""))
            joining = False
            continue
        opening, core, closing = _peeled(word)
        before, words, _ = spans.pop() if joining and not opening else (opening, [], "")
        spans.append((before, [*words, core], closing))
        joining = not closing
    return " ".join(before + code(" ".join(words)) + after for before, words, after in spans)


def _peeled(word: str) -> tuple[str, str, str]:
    """A word without the punctuation of the sentence around it; a bracket that the word opens itself is its own."""
    core = word.lstrip("(")
    opening = word[: len(word) - len(core)]
    bare = core.rstrip(").,;:")
    closing = core[len(bare) :]
    while closing.startswith(")") and bare.count("(") > bare.count(")"):
        bare, closing = bare + ")", closing[1:]
    return (opening, bare, closing) if bare else ("", word, "")


def code(text: str) -> str:
    """A code span in every dialect: backticks inside are written out, since not all know longer fences."""
    return f"`{text.replace('`', chr(92) + 'x60')}`" if text.strip() else ""


def fence(text: str, language: str = "") -> str:
    """A code block whose fence is longer than any run of backticks in it (CommonMark 4.5)."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    ticks = "`" * max(3, longest + 1)
    return f"{ticks}{language}\n{text}\n{ticks}"


def _is_plain(word: str) -> bool:
    return bool(_PLAIN.fullmatch(word)) and not _MEANING.search(word)
