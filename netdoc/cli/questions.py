"""Puts a playbook's questions to whoever is at stdin. Questions go to stderr: stdout is data."""

from __future__ import annotations

import asyncio
import sys
import threading

from netdoc.engine.ask import Question
from netdoc.report.inert import line


async def on_stdin(question: Question) -> str | None:
    """An answer's value, its number in the list, or None at the end of input.

    Where nobody watches (stdin is no terminal) and there is a default, that is taken unasked.
    """
    watched = sys.stdin.isatty()
    if question.default and not watched:
        return None
    if watched:
        _show(question)
    while (answer := await _line()) is not None:
        chosen = _chosen(answer, question)
        if question.accepts(chosen) or (not chosen and question.default):
            return chosen or None
        values = ", ".join(one.value for one in question.choices)
        print(f"netdoc: {line(question.question)} The answers are: {line(values)}", file=sys.stderr)
    return None


def _show(question: Question) -> None:
    if question.why:
        print(line(question.why), file=sys.stderr)
    print(line(question.question), file=sys.stderr)
    for number, one in enumerate(question.choices, start=1):
        mark = " (default)" if one.value == question.default else ""
        print(f"  {number}  {line(one.label or one.value)}{mark}", file=sys.stderr)
    print("> ", end="", file=sys.stderr, flush=True)


def _chosen(answer: str, question: Question) -> str:
    """The value that was typed, or the one whose number was."""
    text = answer.strip()
    if text.isdecimal() and not question.accepts(text) and 0 < int(text) <= len(question.choices):
        return question.choices[int(text) - 1].value
    return text


def _settle(future: asyncio.Future[str], text: str) -> None:
    if not future.done():
        future.set_result(text)


async def _line() -> str | None:
    """One line of stdin, read in a thread that nobody waits for when the run is interrupted."""
    loop = asyncio.get_running_loop()
    future: asyncio.Future[str] = loop.create_future()

    def read() -> None:
        text = sys.stdin.readline()
        try:
            loop.call_soon_threadsafe(_settle, future, text)
        except RuntimeError:  # the loop is gone: nobody waits any more
            return

    threading.Thread(target=read, name="netdoc-stdin", daemon=True).start()
    return await future or None
