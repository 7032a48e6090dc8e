"""Walks a playbook from its first step to its last, never back."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from netdoc.engine.ask import Question, question_of
from netdoc.engine.ledger import Step as Work
from netdoc.engine.playbooks.conditions import Standing, holds
from netdoc.engine.playbooks.inputs import parameters, settled
from netdoc.engine.playbooks.model import Goto, Next, Playbook, Step
from netdoc.engine.playbooks.ways import NOT_WELL, WELL, answer_turn, turn
from netdoc.model.report import CheckStatus

DEEPEST = 5
"""Playbooks within playbooks. Two that run each other end here."""


class Done(msgspec.Struct, frozen=True):
    """How a step ended, and the codes of what it found."""

    status: CheckStatus
    found: frozenset[str] = frozenset()


class Actor(Protocol):
    """Does what a step says. The walk decides which step that is."""

    async def run_step(self, work: Work) -> Done: ...

    async def put(self, question: Question) -> str | None:
        """The answer; None where nobody gave one."""
        ...

    def pass_over(self, work: Work, reason: str) -> None: ...

    def playbook(self, name: str) -> Playbook | None: ...


async def walk(playbook: Playbook, standing: Standing, actor: Actor, *, within: str = "", depth: int = 0) -> Done:
    """Runs the playbook and returns the worst of its steps with all that they found.

    `standing` holds the inputs and is filled as it goes. Raises WrongInput where a playbook within takes none such.
    """
    place = 0
    while place < len(playbook.steps):
        step = playbook.steps[place]
        work = Work(id=within + step.id, check=step.check or step.run, title=step.title, why=step.why)
        if step.when is not None and not holds(step.when, standing):
            standing.statuses[step.id] = "skip"
            _passed(step, work, "it does not apply here", actor)
            place += 1
            continue
        next_ = await _take(step, work, standing, actor, depth)
        place = _onward(playbook, place, next_, within, actor)
    found = frozenset(code for codes in standing.found.values() for code in codes)
    return Done(_worst(list(standing.statuses.values())), found)


async def _take(step: Step, work: Work, standing: Standing, actor: Actor, depth: int) -> Next:
    if step.ask is not None:
        answer = standing.inputs.get(step.id) or await actor.put(question_of(step, work.id))
        standing.statuses[step.id] = "pass" if answer else "skip"
        standing.inputs[step.id] = answer
        return answer_turn(step, answer) if answer else "continue"
    values = parameters(step, standing.inputs)
    if step.check:
        done = await actor.run_step(msgspec.structs.replace(work, parameters=values))
    else:
        done = await _descend(step, work, values, actor, depth)
    standing.statuses[step.id] = done.status
    standing.found[step.id] = done.found
    return turn(step, done.status)


async def _descend(step: Step, work: Work, values: Mapping[str, Any], actor: Actor, depth: int) -> Done:
    inner = actor.playbook(step.run)
    if inner is None or depth >= DEEPEST:
        return await actor.run_step(work)
    return await walk(inner, Standing(inputs=settled(inner, values)), actor, within=f"{work.id}/", depth=depth + 1)


def _onward(playbook: Playbook, place: int, next_: Next, within: str, actor: Actor) -> int:
    """The place of the next step; every step passed over is said."""
    if next_ == "continue":
        return place + 1
    names = [step.id for step in playbook.steps]
    goal = names.index(next_.goto) if isinstance(next_, Goto) and next_.goto in names[place + 1 :] else len(names)
    here = playbook.steps[place]
    for step in playbook.steps[place + 1 : goal]:
        work = Work(id=within + step.id, check=step.check or step.run, title=step.title, why=step.why)
        _passed(step, work, f"passed over after {here.title or here.id}", actor)
    return goal


def _passed(step: Step, work: Work, reason: str, actor: Actor) -> None:
    if step.check:
        actor.pass_over(work, reason)


def _worst(statuses: list[CheckStatus]) -> CheckStatus:
    order: tuple[CheckStatus, ...] = (NOT_WELL[0], NOT_WELL[1], WELL[1], WELL[0], "skip")
    return min(statuses, key=order.index, default="skip")
