"""Answers that a shell's tool measured: busybox's nslookup tells no time."""

from __future__ import annotations

from typing import Any

from tests.checks.connect.scene import WEB, Fake, Question, answers, noerror, tried


def untimed(question: Question, at: int) -> dict[str, Any]:
    told = noerror(WEB) if question["name"].startswith("web.") else answers(question, at)
    return {key: value for key, value in told.items() if key != "ms"}


async def test_answers_without_a_time_are_judged_by_what_they_say() -> None:
    outcome = await tried(fake=Fake(name=[WEB], answers=untimed), target="svc/web.shop:80")
    assert not [code for code in outcome.codes if code.startswith("dns.")]
