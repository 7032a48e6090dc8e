"""What is wrong with a playbook, each mistake at its line and column. What is merely not installed is a note."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from netdoc.engine.check import Check
from netdoc.engine.playbooks.conditions import written
from netdoc.engine.playbooks.document import Document, Path, Problem, Wrong
from netdoc.engine.playbooks.model import Condition, Input, Playbook, Step, referenced_input
from netdoc.engine.playbooks.reading import parse
from netdoc.engine.playbooks.ways import gotos, unreachable
from netdoc.engine.plugins import Broken
from netdoc.model.finding import Code
from netdoc.path.kinds import nearest

FindCheck = Callable[[str], Check | Broken | None]
FindPlaybook = Callable[[str], Playbook | None]


def lint(text: bytes, find_check: FindCheck, find_playbook: FindPlaybook) -> tuple[Problem, ...]:
    """Every problem, in the order of the text."""
    try:
        told = parse(text)
    except Wrong as wrong:
        return (wrong.problem,)
    if told.playbook is None:
        return told.problems
    problems = Linter(told.document, told.playbook, find_check, find_playbook).problems()
    return tuple(sorted({*told.problems, *problems}))


class Linter:
    """One playbook under examination."""

    def __init__(
        self, document: Document, playbook: Playbook, find_check: FindCheck, find_playbook: FindPlaybook
    ) -> None:
        self._at = document.problem
        self._playbook = playbook
        self._find_check = find_check
        self._find_playbook = find_playbook
        self._order = {step.id: place for place, step in reversed(list(enumerate(playbook.steps)))}
        self._inputs: dict[str, Input | Step] = {one.name: one for one in playbook.inputs}

    def problems(self) -> Iterator[Problem]:
        if not self._playbook.name:
            yield self._at(("metadata", "name"), "a playbook needs a name")
        if not self._playbook.steps:
            yield self._at(("steps",), "a playbook needs a step")
            return
        yield from self._twice("inputs", "name", [one.name for one in self._playbook.inputs])
        yield from self._twice("steps", "id", [one.id for one in self._playbook.steps])
        for place, input_ in enumerate(self._playbook.inputs):
            yield from self._input(input_, ("inputs", place))
        for place, step in enumerate(self._playbook.steps):
            yield from self._step(step, place)
            if step.ask is not None:
                self._inputs.setdefault(step.id, step)
        for place, outcome in enumerate(self._playbook.outcomes):
            if outcome.when is not None:
                yield from self._condition(outcome.when, ("outcomes", place, "when"), len(self._playbook.steps))
        for place in unreachable(self._playbook):
            yield self._at(
                ("steps", place), f"step {self._playbook.steps[place].id} cannot be reached: no way leads here"
            )

    def _twice(self, part: str, key: str, names: list[str]) -> Iterator[Problem]:
        for place, name in enumerate(names):
            if not name:
                yield self._at((part, place, key), f"{key} is empty")
            elif name in names[:place]:
                yield self._at((part, place, key), f'there are two {part} with the {key} "{name}"')

    def _input(self, input_: Input, at: Path) -> Iterator[Problem]:
        if input_.default is not None and input_.required:
            yield self._at((*at, "required"), f"{input_.name} has a default, so nobody has to give it")
        if input_.choices and input_.default is not None and input_.default not in input_.choices:
            yield self._at((*at, "default"), f"the default of {input_.name} is none of its choices")

    def _step(self, step: Step, place: int) -> Iterator[Problem]:
        at: Path = ("steps", place)
        acts = [name for name, given in (("check", step.check), ("ask", step.ask), ("run", step.run)) if given]
        if len(acts) != 1:
            told = f"has {' and '.join(acts)}" if acts else "does nothing"
            yield self._at(at, f"step {step.id} {told}: it needs exactly one of check, ask and run")
        elif step.check:
            yield from self._check(step, at)
        elif step.ask is not None:
            yield from self._ask(step, at)
        else:
            yield from self._run(step, at)
        if step.when is not None:
            yield from self._condition(step.when, (*at, "when"), place)
        yield from self._gotos(step, place)

    def _check(self, step: Step, at: Path) -> Iterator[Problem]:
        check = self._find_check(step.check)
        if check is None:
            yield self._at((*at, "check"), f"check {step.check} is not installed: the step will be skipped", "note")
        elif isinstance(check, Broken):
            yield self._at((*at, "check"), f"check {step.check} could not be loaded: {check.reason}", "note")
        else:
            fields = {field.name: field for field in msgspec.structs.fields(check.parameters)}
            for name, value in step.with_.items():
                yield from self._parameter(name, value, fields, f"check {step.check}", (*at, "with", name))
            missing = [one.name for one in fields.values() if one.required and one.name not in step.with_]
            for name in missing:
                yield self._at((*at, "check"), f"check {step.check} needs the parameter {name}")

    def _parameter(self, name: str, value: Any, fields: dict[str, Any], of: str, at: Path) -> Iterator[Problem]:
        if name not in fields:
            near = nearest(name, fields, most=1)
            told = f'did you mean "{near[0]}"?' if near else f"it has {', '.join(fields) or 'none'}"
            yield self._at(at, f'{of} has no parameter "{name}"; {told}')
        elif (input_ := referenced_input(value)) is not None:
            yield from self._known_input(input_, (*at, "input"))
        else:
            try:
                msgspec.convert(value, fields[name].type)
            except msgspec.ValidationError as error:
                yield self._at(at, f"{name}: {error}")

    def _run(self, step: Step, at: Path) -> Iterator[Problem]:
        if step.run == self._playbook.name:
            yield self._at((*at, "run"), "a playbook cannot run itself")
            return
        other = self._find_playbook(step.run)
        if other is None:
            yield self._at((*at, "run"), f"playbook {step.run} is not installed: the step will be skipped", "note")
            return
        names = {one.name for one in other.inputs}
        for name, value in step.with_.items():
            if name not in names:
                told = f"it has {', '.join(sorted(names)) or 'none'}"
                yield self._at((*at, "with", name), f'playbook {step.run} has no input "{name}"; {told}')
            elif (input_ := referenced_input(value)) is not None:
                yield from self._known_input(input_, (*at, "with", name, "input"))

    def _ask(self, step: Step, at: Path) -> Iterator[Problem]:
        assert step.ask is not None
        values = [one.value for one in step.ask.answers]
        if not values:
            yield self._at((*at, "ask"), f"the question of step {step.id} has no choices")
        for place, value in enumerate(values):
            if value in values[:place]:
                yield self._at((*at, "ask", "choices", place), f'the choice "{value}" stands there twice')
        if step.ask.default and step.ask.default not in values:
            yield self._at((*at, "ask", "default"), f'the default "{step.ask.default}" is none of the choices')
        if step.with_:
            yield self._at((*at, "with"), "a question has no parameters")

    def _gotos(self, step: Step, place: int) -> Iterator[Problem]:
        for inside, goal in gotos(step):
            where: Path = ("steps", place, *inside)
            if goal not in self._order:
                yield self._at(where, f'there is no step "{goal}"{self._near(goal)}')
            elif self._order[goal] <= place:
                yield self._at(where, f"{goal} stands {_before(self._order[goal], place)}: a step leads forward only")

    def _condition(self, condition: Condition, at: Path, place: int) -> Iterator[Problem]:
        forms = [
            name
            for name, given in (
                ("all", condition.all is not None),
                ("any", condition.any is not None),
                ("not", condition.not_ is not None),
                ("step", bool(condition.step)),
                ("input", bool(condition.input)),
            )
            if given
        ]
        if len(forms) != 1:
            yield self._at(at, f"a condition is exactly one of all, any, not, step, input; here: {forms or 'none'}")
            return
        for key, inner in (("all", condition.all), ("any", condition.any)):
            if inner == ():
                yield self._at((*at, key), f"{key} is empty")
            for index, one in enumerate(inner or ()):
                yield from self._condition(one, (*at, key, index), place)
        if condition.not_ is not None:
            yield from self._condition(condition.not_, (*at, "not"), place)
        if forms[0] in ("step", "input"):
            yield from self._plain(condition, at, place)

    def _plain(self, condition: Condition, at: Path, place: int) -> Iterator[Problem]:
        if condition.input:
            yield from self._known_input(condition.input, (*at, "input"))
            yield from self._values(condition, at)
            return
        if condition.step not in self._order:
            yield self._at((*at, "step"), f'there is no step "{condition.step}"{self._near(condition.step)}')
        elif self._order[condition.step] >= place:
            yield self._at((*at, "step"), f"{condition.step} comes later: a condition looks at earlier steps only")
        else:
            yield from self._codes(condition, at)
        if not condition.status and not condition.found:
            yield self._at(at, f"say which status of {condition.step}, or what it found")

    def _codes(self, condition: Condition, at: Path) -> Iterator[Problem]:
        """Codes that the step's check does not report can never be found by it."""
        step = self._playbook.steps[self._order[condition.step]]
        check = self._find_check(step.check) if step.check else None
        if not isinstance(check, Check):
            return
        codes = {one.code if isinstance(one, Code) else one for one in check.codes}
        for index, one in enumerate(condition.found):
            known = any(code.startswith(one[:-1]) for code in codes) if one.endswith(".*") else one in codes
            if not known:
                near = nearest(one, codes, most=1)
                told = f'; did you mean "{near[0]}"?' if near else ""
                yield self._at((*at, "found", index), f"check {step.check} never reports {one}{told}")

    def _values(self, condition: Condition, at: Path) -> Iterator[Problem]:
        known = self._inputs.get(condition.input)
        if isinstance(known, Step) and known.ask is not None:
            values = [one.value for one in known.ask.answers]
        else:
            values = [written(one) for one in known.choices] if isinstance(known, Input) else []
        for index, one in enumerate(condition.is_):
            if values and written(one) not in values:
                yield self._at(
                    (*at, "is", index), f"{condition.input} is never {written(one)}; it is one of {', '.join(values)}"
                )

    def _known_input(self, name: str, at: Path) -> Iterator[Problem]:
        if name in self._inputs:
            return
        later = name in self._order and self._playbook.steps[self._order[name]].ask is not None
        near = nearest(name, self._inputs, most=1)
        told = "; it is asked for later" if later else f'; did you mean "{near[0]}"?' if near else ""
        yield self._at(at, f'there is no input "{name}"{told}')

    def _near(self, id_: str) -> str:
        near = nearest(id_, self._order, most=1)
        return f'; did you mean "{near[0]}"?' if near else ""


def _before(goal: int, place: int) -> str:
    return "here itself" if goal == place else "before it"
