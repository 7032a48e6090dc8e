"""Questions that only a person can answer, on their way to whoever can ask one: stdin, the app, nobody."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

from netdoc.engine.playbooks.model import Choice, Step


class Question(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a step asks: the step's id, the words, the answers that there are, and the one that is taken unasked."""

    step: str
    question: str
    choices: tuple[Choice, ...]
    why: str = ""
    default: str = ""

    def accepts(self, answer: str | None) -> bool:
        return any(one.value == answer for one in self.choices)


Asker = Callable[[Question], Awaitable[str | None]]
"""Puts a question to a person; None where nobody answers."""


async def nobody(question: Question) -> str | None:
    return None


def question_of(step: Step, id_: str) -> Question:
    assert step.ask is not None
    ask = step.ask
    return Question(step=id_, question=ask.question, choices=ask.answers, why=step.why, default=ask.default)


def as_event(question: Question) -> dict[str, Any]:
    """A question as the event `asked` carries it."""
    plain: dict[str, Any] = msgspec.to_builtins(question)
    return plain
