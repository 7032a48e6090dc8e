"""The inputs of a playbook: what was given, fitted to what is declared. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from netdoc.engine.playbooks.conditions import written
from netdoc.engine.playbooks.model import Input, Playbook, Step, referenced_input
from netdoc.path.kinds import nearest

_TYPES: dict[str, type] = {"integer": int, "number": float, "boolean": bool}
TYPED_ELSEWHERE = ("target", "source")
"""Inputs that the command line's TARGET and --from give."""


class WrongInput(ValueError):
    """A value that no input takes, or that is missing; the message says which."""


def settled(playbook: Playbook, given: Mapping[str, Any]) -> dict[str, Any]:
    """Every input's value: given, else its default. Raises WrongInput for an unknown name or a value that misfits.

    The answer to a question may be given as well, by the id of its step.
    """
    inputs = {one.name: one for one in playbook.inputs}
    questions = {one.id: one for one in playbook.steps if one.ask is not None}
    for name in given:
        if name not in inputs and name not in questions:
            near = nearest(name, [*inputs, *questions], most=1)
            told = f'did you mean "{near[0]}"?' if near else f"it has {', '.join([*inputs, *questions]) or 'none'}"
            raise WrongInput(f'playbook {playbook.name} has no input "{name}"; {told}')
    values = {one.name: one.default for one in playbook.inputs if one.default is not None}
    values |= {name: _fitted(inputs[name], value) for name, value in given.items() if name in inputs}
    return values | {name: _answer(questions[name], value) for name, value in given.items() if name in questions}


def missing(playbook: Playbook, values: Mapping[str, Any]) -> tuple[Input, ...]:
    """The inputs that are required and have no value."""
    return tuple(one for one in playbook.inputs if one.required and values.get(one.name) in (None, ""))


def parameters(step: Step, inputs: Mapping[str, Any]) -> dict[str, Any]:
    """A step's `with`, each reference to an input replaced by its value; one without a value is left out."""
    named = {name: (referenced_input(value), value) for name, value in step.with_.items()}
    filled = {name: value if input_ is None else inputs.get(input_) for name, (input_, value) in named.items()}
    return {name: value for name, value in filled.items() if value is not None}


def _fitted(input_: Input, value: Any) -> Any:
    try:
        fitted: Any = msgspec.convert(value, _TYPES.get(input_.type, str), strict=False)
    except msgspec.ValidationError as error:
        raise WrongInput(f"{input_.name}={value}: it takes {_article(input_.type)}") from error
    choices = [written(one) for one in input_.choices]
    if choices and written(fitted) not in choices:
        raise WrongInput(f"{input_.name}={value}: it is one of {', '.join(choices)}")
    return fitted


def _article(type_: str) -> str:
    return f"an {type_}" if type_[0] in "aeiou" else f"a {type_}"


def _answer(step: Step, value: Any) -> str:
    assert step.ask is not None
    answers = [one.value for one in step.ask.answers]
    if written(value) not in answers:
        raise WrongInput(f"{step.id}={value}: the answers are {', '.join(answers)}")
    return written(value)
