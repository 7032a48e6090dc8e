"""Playbooks on the command line: finds the one that is named, and fits what was --set to it."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from netdoc.cli.exits import Failure
from netdoc.engine.playbooks.find import Source, Unloadable, Unsound, load, source_of, sources
from netdoc.engine.playbooks.inputs import TYPED_ELSEWHERE, WrongInput, missing, settled
from netdoc.engine.playbooks.model import Input, Playbook
from netdoc.path.kinds import nearest


def source_named(name: str, folder: str = "") -> Source:
    """Raises Failure where there is none."""
    try:
        found = source_of(name, folder)
        names = sources(folder) if found is None else {}
    except OSError as error:
        raise Failure(f"cannot read {error.filename or folder}: {error.strerror}") from error
    if found is None:
        near = nearest(name, names, most=1)
        mend = f'did you mean "{near[0]}"?' if near else f"there are {', '.join(names) or 'none'}"
        raise Failure(f'there is no playbook "{name}"', mend)
    return found


def named(name: str, folder: str = "") -> Playbook:
    """The playbook of that name, or in that file. Raises Failure for one that is not sound."""
    source = source_named(name, folder)
    try:
        return load(source)
    except Unsound as unsound:
        more = len(unsound.problems) - 1
        mend = f"{more} more: netdoc playbooks lint {name}" if more else ""
        raise Failure(f"{source.origin}:{unsound.problems[0]}", mend) from unsound
    except Unloadable as error:
        raise Failure(f"playbook {name} could not be loaded: {error}") from error
    except OSError as error:
        raise Failure(f"cannot read {error.filename or source.origin}: {error.strerror}") from error


def given_inputs(settings: tuple[str, ...]) -> dict[str, str]:
    """`--set NAME=VALUE` as a mapping. Raises Failure for one without `=`."""
    pairs = [one.partition("=") for one in settings]
    for name, equals, _ in pairs:
        if not (name and equals):
            raise Failure(f"--set {name}: it takes NAME=VALUE")
    return {name: value for name, _, value in pairs}


def settle(playbook: Playbook, given: Mapping[str, Any]) -> dict[str, Any]:
    """Every input, asked for on stdin where it is required and was not given. Raises Failure where it stays so."""
    try:
        values = settled(playbook, given)
        lacking = [one for one in missing(playbook, values) if one.type not in TYPED_ELSEWHERE]
        return settled(playbook, {**given, **{one.name: _asked(one) for one in lacking}})
    except WrongInput as error:
        raise Failure(str(error)) from error


def _asked(input_: Input) -> str:
    prompt = input_.prompt or input_.name
    if sys.stdin.isatty():
        print(f"{prompt} ", end="", file=sys.stderr, flush=True)
    answer = sys.stdin.readline().strip()
    if not answer:
        raise Failure(f"{input_.name} is missing: {prompt}", f"give it with --set {input_.name}=..")
    return answer
