"""From a plan to the engine's request, and what is wrong with a plan before anything is asked."""

from __future__ import annotations

from typing import Any

import msgspec

from netdoc.engine.playbooks.find import Unloadable, Unsound, load, source_of
from netdoc.engine.playbooks.inputs import WrongInput, settled
from netdoc.engine.playbooks.model import Playbook, Step, single
from netdoc.engine.plugins import Broken, find_check
from netdoc.engine.run import Request
from netdoc.model.target import SourceSpec, Target
from netdoc.path import TargetError, guessed_source, parse_source, parse_target
from netdoc.path.kinds import BY_KIND
from netdoc.tui.opening import NotOpened
from netdoc.tui.start import Plan


def request_for(plan: Plan) -> Request:
    """Raises NotOpened, with the mend, for what does not parse or is not installed."""
    playbook = playbook_of(plan)
    try:
        target = parse_target(plan.target)
        inputs = settled(playbook, plan.inputs)
        sources = tuple(parse_source(one) for one in plan.sources) or _guessed(target)
    except TargetError as error:
        raise NotOpened(str(error), error.mend) from error
    except WrongInput as error:
        raise NotOpened(str(error)) from error
    if target.kind in BY_KIND and BY_KIND[target.kind].projection is None:
        raise NotOpened(f"this version does not diagnose a {target.kind}", "name the Service behind it")
    return Request(
        target=target,
        sources=sources,
        playbook=playbook,
        inputs=inputs,
        since=plan.limits.since,
        repeat=plan.limits.repeat,
        consents=plan.limits.consents,
        timeout=plan.limits.timeout.total_seconds() or None,
    )


def playbook_named(name: str) -> Playbook:
    """Raises NotOpened where there is none, or none that can be read."""
    source = source_of(name)
    if source is None:
        raise NotOpened(f'there is no playbook "{name}"', "netdoc playbooks lists them")
    try:
        return load(source)
    except (Unsound, Unloadable, OSError) as error:
        raise NotOpened(f"playbook {name} cannot be used: {error}") from error


def playbook_of(plan: Plan) -> Playbook:
    """The playbook that the plan names, or one of the checks that it names. Raises NotOpened."""
    if plan.checks:
        steps = tuple(_step(one, {}) for one in plan.checks)
        return msgspec.structs.replace(single(steps[0]), steps=steps)
    return single(_step(plan.check, plan.parameters)) if plan.check else playbook_named(plan.playbook)


def _step(id_: str, parameters: dict[str, Any]) -> Step:
    check = find_check(id_)
    if check is None or isinstance(check, Broken):
        reason = f": {check.reason}" if isinstance(check, Broken) else ""
        raise NotOpened(f"check {id_} is not installed{reason}", "netdoc checks lists them")
    return Step(id=check.id, check=check.id, title=check.title, with_=parameters)


def _guessed(target: Target) -> tuple[SourceSpec, ...]:
    guess = guessed_source(target)
    return (guess,) if guess is not None else ()
