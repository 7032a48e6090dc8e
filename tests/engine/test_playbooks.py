"""Playbooks: every mistake at its place, hostile text refused, conditions and ways as they are written."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest

from netdoc.engine.ask import Question
from netdoc.engine.ledger import Step as Work
from netdoc.engine.playbooks.conditions import Standing, holds
from netdoc.engine.playbooks.document import DEEPEST, LARGEST, Wrong, read
from netdoc.engine.playbooks.inputs import WrongInput, settled
from netdoc.engine.playbooks.lint import lint
from netdoc.engine.playbooks.model import Condition, Playbook
from netdoc.engine.playbooks.ways import unreachable
from netdoc.engine.plugins import find_check
from netdoc.engine.walk import Done, walk
from netdoc.model.report import CheckStatus

HEAD = "apiVersion: netdoc/v1\nkind: Playbook\nmetadata: {name: mine, title: Mine}\n"


def problems(steps: str, head: str = HEAD) -> list[str]:
    return [str(one) for one in lint((head + steps).encode(), find_check, lambda name: None)]


MISTAKES = {
    "an unknown key": (
        "steps:\n- {id: a, check: endpoints, wehn: 1}\n",
        '5:29: error: "wehn" is not known here; did you mean "when"?',
    ),
    "a wrong type": ("steps:\n- id: 3\n  check: endpoints\n", "5:3: error: id: expected text, got `int`"),
    "a step that does nothing": (
        "steps:\n- {id: a, title: x}\n",
        "5:3: error: step a does nothing: it needs exactly one of check, ask and run",
    ),
    "a step that does two things": (
        "steps:\n- id: a\n  check: endpoints\n  run: connectivity\n",
        "5:3: error: step a has check and run: it needs exactly one of check, ask and run",
    ),
    "an unknown parameter": (
        "steps:\n- id: a\n  check: endpoints\n  with:\n    port: 80\n",
        '8:5: error: check endpoints has no parameter "port"; it has none',
    ),
    "a way back": (
        "steps:\n- {id: a, check: endpoints}\n- id: b\n  check: endpoints\n  on: {fail: {goto: a}}\n",
        "8:15: error: a stands before it: a step leads forward only",
    ),
    "a way to nowhere": (
        "steps:\n- id: a\n  check: endpoints\n  on: {fail: {goto: nowhere}}\n- {id: b, check: endpoints}\n",
        '7:15: error: there is no step "nowhere"',
    ),
    "a step that no way leads to": (
        "steps:\n- {id: a, check: endpoints, on: {pass: stop, fail: stop}}\n- {id: b, check: endpoints}\n",
        "6:3: error: step b cannot be reached: no way leads here",
    ),
    "a step whose condition cannot hold": (
        "steps:\n- {id: a, check: endpoints, on: {fail: stop}}\n"
        "- {id: b, check: endpoints, when: {step: a, status: [fail]}}\n",
        "6:3: error: step b cannot be reached: no way leads here",
    ),
    "a condition on a later step": (
        "steps:\n- id: a\n  check: endpoints\n  when: {step: b, status: [fail]}\n- {id: b, check: endpoints}\n",
        "7:10: error: b comes later: a condition looks at earlier steps only",
    ),
    "a condition on no step": (
        "steps:\n- {id: a, check: endpoints}\n- id: b\n  check: endpoints\n  when: {step: aa, status: [fail]}\n",
        '8:10: error: there is no step "aa"',
    ),
    "a code that is never reported": (
        "steps:\n- {id: a, check: endpoints}\n- id: b\n  check: endpoints\n  when: {step: a, found: [dns.nxdomain]}\n",
        "8:27: error: check endpoints never reports dns.nxdomain",
    ),
    "an answer that is none": (
        "steps:\n- {id: q, ask: {question: How?, choices: [slow, never]}}\n- id: b\n  check: endpoints\n"
        "  when: {input: q, is: [fast]}\n",
        "8:25: error: q is never fast; it is one of slow, never",
    ),
    "two steps of one name": (
        "steps:\n- {id: a, check: endpoints}\n- {id: a, check: endpoints}\n",
        '6:4: error: there are two steps with the id "a"',
    ),
    "a key twice": ("steps:\n- id: a\n  id: b\n  check: endpoints\n", '6:3: error: "id" stands here twice'),
    "itself": ("steps:\n- {id: a, run: mine}\n", "5:11: error: a playbook cannot run itself"),
}  # fmt: skip


@pytest.mark.parametrize("mistake", MISTAKES)
def test_every_mistake_is_shown_where_it_stands(mistake: str) -> None:
    text, expected = MISTAKES[mistake]
    assert any(one.startswith(expected) for one in problems(text)), problems(text)


def test_all_mistakes_are_shown_not_the_first_alone() -> None:
    text = (
        "steps:\n- {id: a, check: endpoints, wehn: 1}\n- {id: b, check: endpoints, with: {x: 1}}\n"
        "- {id: c, check: endpoints, on: {fail: {goto: a}}}\n"
    )
    assert [one.split(":")[0] for one in problems(text)] == ["5", "6", "7"]


def test_what_is_not_installed_is_a_note() -> None:
    assert problems("steps:\n- {id: a, check: weather}\n- {id: b, run: elsewhere}\n") == [
        "5:11: note: check weather is not installed: the step will be skipped",
        "6:11: note: playbook elsewhere is not installed: the step will be skipped",
    ]


BOMB = "a: &a [x, x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(20)
)
HOSTILE = {
    "an alias bomb": (BOMB.encode(), "anchors and aliases are not allowed"),
    "too deep": (b"[" * (DEEPEST + 1), "nested more than"),
    "endlessly deep": (b"[" * 100_000, "nested more than"),
    "huge": (b"#" * (LARGEST + 1), "more than a playbook may have"),
    "code": (b"!!python/object/apply:os.system ['true']", "not allowed"),
    "not UTF-8": (b"\xff\xfe\xff", "UTF-8"),
    "no mapping": (b"- 1\n- 2\n", "a playbook is a mapping"),
    "nothing": (b"", "a playbook is a mapping"),
    "a word": (b"hello", "a playbook is a mapping"),
    "two documents": (b"a: 1\n---\nb: 2\n", "one document"),
    "a list for a key": (b"? [a, b]\n: c\n", "a key must be a plain word"),
    "a control character": (b"a: \x07\n", "1:"),
    "broken": (b"a: [b\nc: d", "2:"),
}


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_is_refused_with_its_place(text: str) -> None:
    content, why = HOSTILE[text]
    (problem,) = lint(content, find_check, lambda name: None)
    assert why in str(problem)
    assert problem.severity == "error"


def test_on_is_a_key_and_no_is_a_word() -> None:
    assert read(b"on: no\nyes: 08\nx: 1.5\ny: 'true'\nz: true").data == {
        "on": "no", "yes": 8, "x": 1.5, "y": "true", "z": True,
    }  # fmt: skip


def test_no_document_is_wrong_without_a_place() -> None:
    with pytest.raises(Wrong) as wrong:
        read(b"a: b: c")
    assert (wrong.value.problem.line, wrong.value.problem.column) == (1, 5)


STANDING = Standing(
    statuses={"dns": "fail", "policies": "pass"},
    found={"dns": frozenset({"dns.nxdomain"})},
    inputs={"symptom": "slow", "deep": True, "empty": ""},
)


@pytest.mark.parametrize(
    ("condition", "holds_"),
    [
        ({"step": "dns", "status": ["fail", "unknown"]}, True),
        ({"step": "dns", "status": ["pass"]}, False),
        ({"step": "later", "status": ["skip"]}, True),
        ({"step": "dns", "found": ["dns.nxdomain"]}, True),
        ({"step": "dns", "found": ["dns.*"]}, True),
        ({"step": "dns", "found": ["dn.*", "dns.nx"]}, False),
        ({"step": "dns", "status": ["pass"], "found": ["dns.nxdomain"]}, False),
        ({"input": "symptom", "is": ["slow"]}, True),
        ({"input": "deep", "is": [True]}, True),
        ({"input": "deep", "is": ["true"]}, True),
        ({"input": "empty"}, False),
        ({"input": "absent"}, False),
        ({"input": "symptom"}, True),
        ({"not": {"input": "symptom", "is": ["slow"]}}, False),
        ({"any": [{"input": "absent"}, {"step": "dns", "status": ["fail"]}]}, True),
        ({"all": [{"input": "symptom"}, {"step": "dns", "status": ["pass"]}]}, False),
    ],
)
def test_conditions(condition: dict[str, Any], holds_: bool) -> None:
    assert holds(msgspec.convert(condition, Condition), STANDING) is holds_


def book(*steps: dict[str, Any], **more: Any) -> Playbook:
    head = {"apiVersion": "netdoc/v1", "kind": "Playbook", "metadata": {"name": "mine", "title": "Mine"}}
    return msgspec.convert({**head, "steps": list(steps), **more}, Playbook)


class Acted:
    """Plays an engine whose checks end as they are told to, and writes down what was done."""

    def __init__(self, *, answers: Sequence[str] = (), books: dict[str, Playbook] | None = None, **ends: str) -> None:
        self.ends = ends
        self.answers = list(answers)
        self.books = books or {}
        self.done: list[str] = []
        self.given: list[dict[str, Any]] = []
        self.passed: list[str] = []

    async def run_step(self, work: Work) -> Done:
        self.done.append(work.id)
        self.given.append(work.parameters)
        status: CheckStatus = self.ends.get(work.check, "pass")  # type: ignore[assignment]
        return Done(status, frozenset({f"{work.check}.code"}))

    async def put(self, question: Question) -> str | None:
        return self.answers.pop(0) if self.answers else None

    def pass_over(self, work: Work, reason: str) -> None:
        self.passed.append(work.id)

    def playbook(self, name: str) -> Playbook | None:
        return self.books.get(name)


def walked(playbook: Playbook, actor: Acted, **inputs: Any) -> Done:
    return asyncio.run(walk(playbook, Standing(inputs=settled(playbook, inputs)), actor))


@pytest.mark.parametrize(
    ("status", "done"),
    [("pass", ["a", "b", "c"]), ("warn", ["a", "b", "c"]), ("fail", ["a", "c"]), ("unknown", ["a", "c"])],
)
def test_a_step_goes_on_by_how_it_ended(status: str, done: list[str]) -> None:
    actor = Acted(one=status)
    walked(book({"id": "a", "check": "one", "on": {"fail": {"goto": "c"}}}, {"id": "b", "check": "x"},
                {"id": "c", "check": "y"}), actor)  # fmt: skip
    assert actor.done == done
    assert actor.passed == [one for one in ("b",) if one not in done]


def test_stop_ends_it_and_says_what_was_passed_over() -> None:
    actor = Acted(one="fail")
    done = walked(book({"id": "a", "check": "one", "on": {"fail": "stop"}}, {"id": "b", "check": "x"}), actor)
    assert (actor.done, actor.passed, done.status) == (["a"], ["b"], "fail")


def test_an_answer_leads_and_is_an_input() -> None:
    ask = {"question": "How?", "choices": [{"value": "slow", "goto": "c"}, "never"]}
    steps = ({"id": "q", "ask": ask}, {"id": "b", "check": "x"},
             {"id": "c", "check": "y", "with": {"how": {"input": "q"}}})  # fmt: skip
    slow, never, nobody, told = Acted(answers=["slow"]), Acted(answers=["never"]), Acted(), Acted()
    for actor in (slow, never, nobody):
        walked(book(*steps), actor)
    walked(book(*steps), told, q="slow")
    assert [one.done for one in (slow, never, nobody, told)] == [["c"], ["b", "c"], ["b", "c"], ["c"]]
    assert slow.given == [{"how": "slow"}]
    assert nobody.given[-1] == {}


def test_a_playbook_within_a_playbook_has_its_own_inputs() -> None:
    inner = book({"id": "x", "check": "one", "with": {"n": {"input": "count"}}},
                 inputs=[{"name": "count", "type": "integer", "default": 1}])  # fmt: skip
    actor = Acted(books={"inner": inner}, one="fail")
    when = {"step": "a", "status": ["fail"], "found": ["one.code"]}
    outer = book({"id": "a", "run": "inner", "with": {"count": 7}}, {"id": "b", "check": "y", "when": when})
    walked(outer, actor)
    assert actor.done == ["a/x", "b"]
    assert actor.given[0] == {"n": 7}


def test_two_that_run_each_other_come_to_an_end() -> None:
    one, two = book({"id": "a", "run": "two"}), book({"id": "b", "run": "one"})
    actor = Acted(books={"one": one, "two": two})
    walked(one, actor)
    assert len(actor.done) == 1


@pytest.mark.parametrize(
    ("name", "value"), [("count", "many"), ("kind", "c"), ("deep", "perhaps"), ("cuont", "1"), ("q", "maybe")]
)
def test_a_value_that_does_not_fit_is_refused(name: str, value: str) -> None:
    playbook = book(
        {"id": "q", "ask": {"question": "?", "choices": ["yes", "no"]}},
        inputs=[
            {"name": "count", "type": "integer"},
            {"name": "kind", "choices": ["a", "b"]},
            {"name": "deep", "type": "boolean"},
        ],
    )
    with pytest.raises(WrongInput, match=name):
        settled(playbook, {name: value})


def test_every_step_of_a_straight_playbook_can_be_reached() -> None:
    assert unreachable(book(*({"id": str(n), "check": "x"} for n in range(5)))) == ()
