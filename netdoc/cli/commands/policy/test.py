"""netdoc policy test: assertions about policies, for CI."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Literal
from xml.sax.saxutils import escape, quoteattr

import click
import msgspec

from netdoc.cli import options
from netdoc.cli.answering import show
from netdoc.cli.commands.policy.ends import Served, destinations, served, sources
from netdoc.cli.commands.policy.gather import Gathered, gather, ipblock_option, verdict_exit
from netdoc.cli.exits import Exit, Failure
from netdoc.predict.policy import between


class Assertion(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"source": "from", "destination": "to"}
):
    """One line of the file: `{from: .., to: .., port: 5432, expect: allowed}`."""

    source: str
    destination: str
    port: int | str
    expect: Literal["allowed", "denied"]
    protocol: Literal["TCP", "UDP", "SCTP"] | None = None
    name: str = ""

    @property
    def served(self) -> Served:
        """Raises Failure for what is no port."""
        return served(str(self.port), self.protocol)

    @property
    def title(self) -> str:
        return self.name or f"{self.source} -> {self.destination} on {self.served} is {self.expect}"


class Outcome(msgspec.Struct, frozen=True):
    assertion: Assertion
    passed: bool
    detail: str = ""


@click.command()
@click.argument("file")
@click.option("-o", "--output", "format_", type=click.Choice(["table", "json", "junit"]), default="table")
@ipblock_option
@options.where_options
@options.question_options
def test(file: str, format_: str, **given: Any) -> Exit:
    """Holds the policies to the assertions in FILE (YAML). Exit 1 where one fails.

    \b
    - {from: deploy/client.shop, to: svc/web.shop, port: 80, expect: allowed}
    - {from: internet, to: "databases/postgres[StatefulSet]", port: 5432, expect: denied}
    """
    assertions = _read(file)
    how = options.question(given)
    gathered = gather(options.where(given), how, given["ipblock_pods"])
    outcomes = [_judge(one, gathered) for one in assertions]
    if format_ == "table":
        show(_lines(outcomes), how.color)
    else:
        click.echo(_DRAW[format_](outcomes), nl=False)
    if any(not one.passed for one in outcomes):
        return Exit.FOUND
    return verdict_exit(gathered, how)


def _read(file: str) -> list[Assertion]:
    """The assertions. A mistake is named with file and line."""
    import yaml

    try:
        with open(file, "rb") as stream:
            node = yaml.compose(stream, Loader=yaml.CSafeLoader)
    except OSError as error:
        raise Failure(f"cannot read {file}: {error.strerror}") from error
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f":{mark.line + 1}" if mark is not None else ""
        raise Failure(f"{file}{where}: {getattr(error, 'problem', None) or error}") from error
    if not isinstance(node, yaml.SequenceNode) or not node.value:
        raise Failure(f"{file}:1: a list of assertions is wanted", "begin each with - {from: .., to: .., ..}")
    return [_assertion(file, item) for item in node.value]


def _assertion(file: str, node: Any) -> Assertion:
    import yaml

    constructor = yaml.SafeLoader("")
    try:
        assertion = msgspec.convert(constructor.construct_object(node, deep=True), Assertion)
        if not assertion.served.known:
            raise Failure("port is empty")
        return assertion
    except (msgspec.ValidationError, yaml.YAMLError, Failure) as error:
        raise Failure(f"{file}:{node.start_mark.line + 1}: {error}") from error
    finally:
        constructor.dispose()


def _judge(assertion: Assertion, gathered: Gathered) -> Outcome:
    """Passed where every pair of pods is as expected; what cannot be known has not passed."""
    want = assertion.expect == "allowed"
    try:
        callers = sources(assertion.source, gathered)
        verdicts = [
            verdict
            for backends in destinations(assertion.destination, assertion.served, gathered)
            for verdict in between(
                gathered.policies, callers, backends.ends, backends.port or 0, assertion.served.protocol
            )
        ]
    except Failure as failure:
        return Outcome(assertion, False, str(failure))
    wrong = [one for one in verdicts if one.allowed is not want]
    if not wrong:
        return Outcome(assertion, True)
    first = wrong[0]
    said = {True: "allowed", False: "denied", None: "not known"}[first.allowed]
    why = f": {first.reason}" if first.reason else ""
    return Outcome(assertion, False, f"{first.source} -> {first.destination} on {first.port} is {said}{why}")


def _lines(outcomes: list[Outcome]) -> Iterable[str]:
    for one in outcomes:
        yield f"{'✓ PASS' if one.passed else '✗ FAIL'}  {one.assertion.title}"
        if one.detail:
            yield f"        {one.detail}"
    failed = sum(not one.passed for one in outcomes)
    yield f"{len(outcomes) - failed} passed, {failed} failed"


def _json(outcomes: list[Outcome]) -> str:
    from netdoc.report.json import indented

    rows = [
        msgspec.to_builtins(one.assertion)
        | {"protocol": one.assertion.served.protocol, "passed": one.passed}
        | ({"detail": one.detail} if one.detail else {})
        for one in outcomes
    ]
    return indented({"apiVersion": "netdoc/v1", "kind": "PolicyTest", "results": rows})


def _junit(outcomes: list[Outcome]) -> str:
    failed = sum(not one.passed for one in outcomes)
    head = f'<testsuite name="netdoc policy test" tests="{len(outcomes)}" failures="{failed}" errors="0">'
    cases = "".join(_case(one) for one in outcomes)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n{head}\n{cases}</testsuite>\n</testsuites>\n'


def _case(one: Outcome) -> str:
    from netdoc.report.inert import line

    name = quoteattr(line(one.assertion.title))
    if one.passed:
        return f'<testcase classname="policy" name={name}/>\n'
    detail = line(one.detail)
    failure = f"<failure message={quoteattr(detail)}>{escape(detail)}</failure>"
    return f'<testcase classname="policy" name={name}>{failure}</testcase>\n'


_DRAW: Any = {"json": _json, "junit": _junit}
