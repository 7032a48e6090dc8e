"""A playbook as its author writes it. These structs are the format: the JSON Schema for editors is made from them."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from netdoc.model.report import CheckStatus

InputType = Literal["target", "source", "string", "integer", "number", "boolean"]
Scalar = str | int | float | bool


class Part(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """Base of a playbook's parts: a key that netdoc does not know is a mistake, never ignored."""


class Metadata(Part, frozen=True):
    name: str
    title: str
    summary: str = ""


class Input(Part, frozen=True):
    """What a playbook wants to know. `target` is the command's TARGET, `source` its --from; the rest is --set's."""

    name: str
    type: InputType = "string"
    required: bool = False
    prompt: str = ""
    default: Scalar | None = None
    choices: tuple[Scalar, ...] = ()


class Choice(Part, frozen=True):
    """One answer to a question. `goto` leads to a later step, or ends with `stop`."""

    value: str
    label: str = ""
    goto: str = ""


class Ask(Part, frozen=True):
    """A question that only a person can answer. The answer is an input with the name of the step."""

    question: str
    choices: tuple[str | Choice, ...]
    default: str = ""

    @property
    def answers(self) -> tuple[Choice, ...]:
        return tuple(Choice(value=one) if isinstance(one, str) else one for one in self.choices)


class Condition(Part, frozen=True):
    """One of: all, any, not; a step with the status or the codes it had; an input with the values it may have.

    A code ends in `.*` to mean every code of its area.
    """

    all: tuple[Condition, ...] | None = None
    any: tuple[Condition, ...] | None = None
    not_: Condition | None = msgspec.field(name="not", default=None)
    step: str = ""
    status: tuple[CheckStatus, ...] = ()
    found: tuple[str, ...] = ()
    input: str = ""
    is_: tuple[Scalar, ...] = msgspec.field(name="is", default=())


class Goto(Part, frozen=True):
    goto: str


Next = Literal["continue", "stop"] | Goto


class Turns(Part, frozen=True):
    """Where it goes on. `pass` is for a step that ended pass or warn, `fail` for one that ended fail or unknown:
    what could not be established never takes the way of what is well. A step that was skipped goes on to the next.
    """

    pass_: Next = msgspec.field(name="pass", default="continue")
    fail: Next = "continue"


class Step(Part, frozen=True):
    """One step: a check, a question, or another playbook. `with` gives its parameters, or its inputs."""

    id: str
    title: str = ""
    why: str = ""
    check: str = ""
    ask: Ask | None = None
    run: str = ""
    with_: dict[str, Any] = msgspec.field(name="with", default_factory=dict)
    when: Condition | None = None
    on: Turns = Turns()


class Outcome(Part, frozen=True):
    """What is to be said at the end. The first whose `when` holds (or that has none) is said."""

    say: str
    when: Condition | None = None


class Playbook(Part, frozen=True):
    apiVersion: Literal["netdoc/v1"]
    kind: Literal["Playbook"]
    metadata: Metadata
    steps: tuple[Step, ...]
    inputs: tuple[Input, ...] = ()
    outcomes: tuple[Outcome, ...] = ()

    @property
    def name(self) -> str:
        return self.metadata.name


def single(step: Step) -> Playbook:
    """The playbook of one step, for a command that runs one check. It has no name: no report tells of it."""
    return Playbook(
        apiVersion="netdoc/v1", kind="Playbook", metadata=Metadata(name="", title=step.title), steps=(step,)
    )


def referenced_input(value: Any) -> str | None:
    """`with: {port: {input: port}}` hands an input on: its name, or None for a plain value."""
    if isinstance(value, dict) and list(value) == ["input"] and isinstance(value["input"], str):
        return value["input"]
    return None
