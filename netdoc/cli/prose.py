"""Codes, checks and playbooks as a person reads them: headed, wrapped, each part where one looks for it."""

from __future__ import annotations

import shlex
import sys
import textwrap
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from netdoc.cli.output import width
from netdoc.engine.check import Check
from netdoc.engine.playbooks.conditions import written
from netdoc.engine.playbooks.model import Condition, Goto, Next, Playbook, Step
from netdoc.engine.plugins import Broken
from netdoc.report.inert import line

READABLE = 100
"""Columns beyond which a line of prose is hard to read."""

FindCheck = Callable[[str], Check | Broken | None]


def wrapped(text: str, indent: int = 0, lead: str = "") -> str:
    """Text in lines of the terminal's width; `lead` stands before the first, and the rest is set below it."""
    columns = min(width(sys.stdout), READABLE)
    first = " " * indent + lead
    return textwrap.fill(
        line(text),
        columns,
        initial_indent=first,
        subsequent_indent=" " * len(first),
        break_long_words=False,
        break_on_hyphens=False,
    )


def section(title: str, *parts: str) -> str:
    body = "\n".join(part for part in parts if part)
    return f"\n{title}\n{body}" if body else ""


def code_text(row: dict[str, Any]) -> str:
    """All about a code, from its meaning to where one can read on."""
    marks = [row["severity"]] + (["audit"] if row.get("audit") else [])
    confused = (wrapped(f"{one['with']}: {one['tell']}", 2) for one in row.get("confused", ()))
    return _joined(
        f"{row['code']}  ({', '.join(marks)})",
        wrapped(row["title"], 2),
        section("WHAT IT MEANS", wrapped(row.get("meaning", ""), 2)),
        section("HOW IT IS PROVEN", wrapped(row.get("proof", ""), 2)),
        section("WHAT IT IS CONFUSED WITH", *confused),
        section("HOW TO MEND IT", wrapped(row.get("mend", ""), 2)),
        section("COMMANDS THAT SHOW IT", *(f"  {line(one)}" for one in row.get("commands", ()))),
        section("SOURCES", *(f"  {line(one)}" for one in row.get("sources", ()))),
        section("REPORTED BY", *(f"  check {one}" for one in row.get("checks", ()))),
    )


def check_text(row: dict[str, Any]) -> str:
    options = (
        wrapped(f"{one.get('doc') or one['type']}{_default(one)}", 2, f"--{one['name'].replace('_', '-')}  ")
        for one in row.get("parameters", ())
    )
    reads = ", ".join(f"{_resource(one)} ({'/'.join(one['verbs'])})" for one in row.get("reads", ()))
    codes = (wrapped(one["title"], 2, f"{one['code']}  ") for one in row.get("codes", ()))
    rules = (wrapped(f"{one['cause']} is {one['relation']} {one['consequence']}", 2) for one in row.get("rules", ()))
    return _joined(
        f"{row['id']}  ({row['package']})",
        wrapped(row["title"], 2),
        section("WHAT IT TELLS", *(wrapped(f"{key}: {text}", 2) for key, text in row.get("doc", {}).items())),
        section("RUN IT ALONE", f"  netdoc check {row['id']} TARGET [--from SOURCE]"),
        section("ITS OPTIONS", *options),
        section("WHAT IT READS", wrapped(reads, 2)),
        section("CONSENT IT NEEDS TO MEASURE", wrapped(", ".join(row.get("consents", ())), 2)),
        section("CODES THAT IT REPORTS", *codes),
        section("WHAT EXPLAINS WHAT", *list(rules)[:12]),
    )


def _resource(read: dict[str, Any]) -> str:
    """As kubectl takes it: several groups have networkpolicies of their own."""
    return f"{read['resource']}.{read['group']}" if "group" in read else str(read["resource"])


def _default(parameter: dict[str, Any]) -> str:
    return f" (default {written(parameter['default'])})" if "default" in parameter else ""


def playbook_text(playbook: Playbook, find_check: FindCheck) -> str:
    """A playbook as one would tell it to a colleague."""
    inputs = (
        wrapped(
            f"{one.prompt or one.name}{'' if one.required else ' (optional)'}{_choices(map(written, one.choices))}",
            2,
            f"{one.name}  ",
        )
        for one in playbook.inputs
    )
    steps = [text for number, step in enumerate(playbook.steps, 1) for text in _step(step, number, find_check)]
    outcomes = (wrapped(f"{_if(one.when)}{one.say}", 2) for one in playbook.outcomes)
    return _joined(
        f"{playbook.name}  {playbook.metadata.title}",
        wrapped(playbook.metadata.summary, 2),
        section("WHAT IT ASKS FIRST", *inputs),
        section("ITS STEPS", *steps),
        section("WHAT IT CONCLUDES", *outcomes),
    )


def _step(step: Step, number: int, find_check: FindCheck) -> Iterator[str]:
    lead = f"{number}  "
    yield wrapped(step.title or step.id, 2, lead)
    inside = 2 + len(lead)
    if step.why:
        yield wrapped(step.why, inside)
    if step.when is not None:
        yield wrapped(f"only if {condition_text(step.when)}", inside)
    if step.ask is not None:
        yield wrapped(
            f"asks: {step.ask.question}{_choices(one.label or one.value for one in step.ask.answers)}", inside
        )
    elif step.run:
        yield wrapped(f"runs the playbook {step.run}", inside)
    else:
        yield wrapped(f"runs the check {step.check}{_installed(step.check, find_check)}{_with(step)}", inside)
    for word, next_ in (("if no fault is found", step.on.pass_), ("if it fails or cannot be told", step.on.fail)):
        if next_ != "continue":
            yield wrapped(f"{word}: {_next(next_)}", inside)
    yield ""


def condition_text(condition: Condition) -> str:
    """A condition in words."""
    for word, parts in (("and", condition.all), ("or", condition.any)):
        if parts is not None:
            return f" {word} ".join(
                f"({condition_text(one)})" if one.all or one.any else condition_text(one) for one in parts
            )
    if condition.not_ is not None:
        return f"not ({condition_text(condition.not_)})"
    if condition.input:
        values = " or ".join(written(one) for one in condition.is_)
        return f"{condition.input} is {values}" if values else f"{condition.input} is given"
    parts_ = [f"{condition.step} ended {' or '.join(condition.status)}" if condition.status else ""]
    parts_ += [f"{condition.step} found {' or '.join(condition.found)}" if condition.found else ""]
    return " and ".join(part for part in parts_ if part)


def _if(condition: Condition | None) -> str:
    return f"if {condition_text(condition)}: " if condition is not None else "else: "


def _next(next_: Next) -> str:
    return f"go on to {next_.goto}" if isinstance(next_, Goto) else str(next_)


def _with(step: Step) -> str:
    return f" with {shlex.join(f'{name}={written(value)}' for name, value in step.with_.items())}" if step.with_ else ""


def _installed(check: str, find_check: FindCheck) -> str:
    found = find_check(check)
    if found is None:
        return ", which is not installed: the step is skipped"
    return f", which could not be loaded: {found.reason}" if isinstance(found, Broken) else ""


def _choices(choices: Iterable[str]) -> str:
    names = ", ".join(choices)
    return f" [{names}]" if names else ""


def _joined(*parts: str) -> str:
    return "\n".join(part for part in parts if part).rstrip()
