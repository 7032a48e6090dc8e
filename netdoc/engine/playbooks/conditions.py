"""Whether a step's `when` holds. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from netdoc.engine.playbooks.model import Condition
from netdoc.model.report import CheckStatus


class Standing(msgspec.Struct):
    """How far a walk has come: each step's status, the codes it found, and what is known of the inputs."""

    statuses: dict[str, CheckStatus] = {}
    found: dict[str, frozenset[str]] = {}
    inputs: dict[str, Any] = {}


def holds(condition: Condition, standing: Standing) -> bool:
    """A step that was not run has the status skip and found nothing; an input without a value equals nothing."""
    if condition.all is not None:
        return all(holds(one, standing) for one in condition.all)
    if condition.any is not None:
        return any(holds(one, standing) for one in condition.any)
    if condition.not_ is not None:
        return not holds(condition.not_, standing)
    if condition.input:
        return _is(standing.inputs.get(condition.input), condition.is_)
    return _step_holds(condition, standing)


def _step_holds(condition: Condition, standing: Standing) -> bool:
    status = standing.statuses.get(condition.step, "skip")
    if condition.status and status not in condition.status:
        return False
    return not condition.found or _found(condition.found, standing.found.get(condition.step, frozenset()))


def _found(wanted: Iterable[str], codes: frozenset[str]) -> bool:
    return any(
        code.startswith(one.removesuffix("*")) if one.endswith(".*") else code == one
        for one in wanted
        for code in codes
    )


def _is(value: Any, wanted: tuple[Any, ...]) -> bool:
    """Without `is`: whether there is a value. Words and numbers are compared as they are written."""
    if not wanted:
        return value is not None and value != ""
    return any(written(value) == written(one) for one in wanted)


def written(value: Any) -> str:
    """A value as its author writes it: true, not True."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def possible(condition: Condition, statuses: Mapping[str, frozenset[str]]) -> tuple[bool, bool]:
    """Whether the condition can be true and whether it can be false, given the statuses that each step may have."""
    if condition.all is not None:
        each = [possible(one, statuses) for one in condition.all]
        return all(can for can, _ in each), any(cannot for _, cannot in each)
    if condition.any is not None:
        each = [possible(one, statuses) for one in condition.any]
        return any(can for can, _ in each), all(cannot for _, cannot in each)
    if condition.not_ is not None:
        can, cannot = possible(condition.not_, statuses)
        return cannot, can
    if condition.input or condition.step not in statuses:
        return True, True
    return _step_possible(condition, statuses[condition.step])


def _step_possible(condition: Condition, may: frozenset[str]) -> tuple[bool, bool]:
    wanted = frozenset(condition.status) or may
    if condition.found:
        return bool(may & wanted - {"skip"}), True
    return bool(may & wanted), bool(may - wanted)
