"""Which steps of a playbook can be reached, and from where to where a step may lead. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from netdoc.engine.playbooks.conditions import possible
from netdoc.engine.playbooks.model import Goto, Next, Playbook, Step
from netdoc.model.report import CheckStatus

Statuses = dict[str, frozenset[str]]

WELL: tuple[CheckStatus, ...] = ("pass", "warn")
NOT_WELL: tuple[CheckStatus, ...] = ("fail", "unknown")


def turn(step: Step, status: CheckStatus) -> Next:
    """Where a step leads by how it ended; a skipped one to the next."""
    if status == "skip":
        return "continue"
    return step.on.pass_ if status in WELL else step.on.fail


def answer_turn(step: Step, answer: str) -> Next:
    """Where an answer leads."""
    chosen = next((one for one in step.ask.answers if one.value == answer), None) if step.ask else None
    if chosen is None or not chosen.goto:
        return "continue"
    return "stop" if chosen.goto == "stop" else Goto(goto=chosen.goto)


def gotos(step: Step) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Every `goto` of a step: where it stands in the step, and the step that it names."""
    for key, next_ in (("pass", step.on.pass_), ("fail", step.on.fail)):
        if isinstance(next_, Goto):
            yield ("on", key, "goto"), next_.goto
    for index, choice in enumerate(step.ask.choices if step.ask else ()):
        if not isinstance(choice, str) and choice.goto not in ("", "stop"):
            yield ("ask", "choices", index, "goto"), choice.goto


def unreachable(playbook: Playbook) -> tuple[int, ...]:
    """The places of steps that no way leads to, or whose `when` cannot hold on any way there."""
    order = {step.id: place for place, step in enumerate(playbook.steps)}
    arriving: list[list[Statuses]] = [[] for _ in range(len(playbook.steps) + 1)]
    arriving[0].append({})
    lost: list[int] = []
    for place, step in enumerate(playbook.steps):
        before = _joined(arriving[place])
        can, cannot = possible(step.when, before) if step.when is not None else (True, False)
        if not arriving[place] or not can:
            lost.append(place)
        if not arriving[place]:
            continue
        if cannot:
            arriving[place + 1].append(before | {step.id: frozenset({"skip"})})
        if can:
            for next_, statuses in _leads(step):
                _lead(next_, place, before | {step.id: statuses}, order, arriving)
    return tuple(lost)


def _lead(next_: Next, place: int, statuses: Statuses, order: dict[str, int], arriving: list[list[Statuses]]) -> None:
    to = place + 1 if next_ == "continue" else order.get(next_.goto, -1) if isinstance(next_, Goto) else -1
    if to <= place:
        return
    passed = {id_: frozenset({"skip"}) for id_, at in order.items() if place < at < to}
    arriving[to].append(statuses | passed)


def _leads(step: Step) -> Iterator[tuple[Next, frozenset[str]]]:
    """Each way out of a step that is run, with the statuses that take it."""
    if step.ask is not None:
        for choice in step.ask.answers:
            yield answer_turn(step, choice.value), frozenset({"pass"})
        return
    yield step.on.pass_, frozenset(WELL)
    yield step.on.fail, frozenset(NOT_WELL)


def _joined(ways: list[Statuses]) -> Statuses:
    """Every status that a step may have, by whichever way one came."""
    joined: Statuses = {}
    for way in ways:
        for id_, statuses in way.items():
            joined[id_] = joined.get(id_, frozenset()) | statuses
    return joined
