"""netdoc doctor: versions, reach, privileges: what would not work here, and why."""

from __future__ import annotations

import asyncio
import os
import platform
import sys
from collections.abc import Iterable
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any, Literal

import click
import msgspec
from click.core import ParameterSource

from netdoc import __version__
from netdoc.cli import options
from netdoc.cli.answering import show
from netdoc.cli.consents import RULES
from netdoc.cli.exits import Exit, Failure
from netdoc.cli.options import WhereOptions
from netdoc.cli.output import width
from netdoc.cli.reading import within

if TYPE_CHECKING:  # a cluster is opened where one is looked at, and not for a word of help
    from netdoc.cluster.live import LiveCluster
    from netdoc.ports.vantage import Consent

_LIBRARIES = ("msgspec", "click", "kubernetes", "textual", "rich", "dnspython", "httpx", "scapy")
PATIENCE = timedelta(seconds=2)
"""For one answer of the cluster, unless the user gives more: a doctor's visit is short."""
_MARKS = {"ok": "✓", "note": "·", "fail": "✗"}


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing that was looked at. A note says what would be missing; a failure what does not work."""

    what: str
    status: Literal["ok", "note", "fail"]
    detail: str = ""


@click.command()
@options.where_options
@options.question_options
@click.option(
    "-o", "--output", "format_", type=click.Choice(["table", "json"]), default="table", help="How to print it."
)
def doctor(format_: str, **given: Any) -> Exit:
    """Looks at versions, terminal, privileges, cluster and permissions: what would not work, and why.

    Exit 1 where something fails.
    """
    where, how = options.where(given, many=True), options.question(given)
    if click.get_current_context().get_parameter_source("request_timeout") is ParameterSource.DEFAULT:
        where = msgspec.structs.replace(where, request_timeout=PATIENCE)
    lines = [*_versions(), *_terminal(), *_privileges(), *within(how, _cluster(where))]
    if format_ == "json":
        click.echo(msgspec.json.encode({"apiVersion": "netdoc/v1", "doctor": lines}, order="sorted"))
    else:
        show(_told(lines), how.color)
    return Exit.FOUND if any(one.status == "fail" for one in lines) else Exit.OK


def _told(lines: list[Line]) -> Iterable[str]:
    widest = max(len(one.what) for one in lines)
    for one in lines:
        word = f"{_MARKS[one.status]} {one.status.upper():4}"
        yield f"{word}  {one.what.ljust(widest)}  {one.detail}".rstrip()


def _versions() -> list[Line]:
    lines = [Line("netdoc", "ok", __version__), Line("python", "ok", platform.python_version())]
    for name in _LIBRARIES:
        try:
            lines.append(Line(name, "ok", version(name)))
        except PackageNotFoundError:
            lines.append(Line(name, "fail", "not installed: install netdoc again"))
    return lines


def _terminal() -> list[Line]:
    name, columns = os.environ.get("TERM", ""), os.environ.get("COLUMNS", "")
    if not sys.stdout.isatty():
        wide = width(sys.stdout)
        return [Line("terminal", "note", f"stdout is no terminal: output has {wide} columns and no colour")]
    no_color = "no colour (NO_COLOR)" if os.environ.get("NO_COLOR") else "colour"
    return [Line("terminal", "ok", f"{name or 'unknown'}, {no_color}{', COLUMNS ' + columns if columns else ''}")]


def _privileges() -> list[Line]:
    """What raw packets from this machine would need (CAP_NET_RAW, capability 13 of capabilities(7))."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            mask = next((int(row.split()[1], 16) for row in status if row.startswith("CapEff:")), 0)
    except OSError:
        return [
            Line("raw packets", "note", "cannot be told on this system; nothing that netdoc does by default needs them")
        ]
    if mask >> 13 & 1:
        return [Line("raw packets", "ok", "CAP_NET_RAW")]
    return [Line("raw packets", "note", "no CAP_NET_RAW: only tests with raw packets from here would not work")]


async def _cluster(where: WhereOptions) -> list[Line]:
    from netdoc.cli.sources import open_cluster
    from netdoc.cluster import Unreachable
    from netdoc.cluster.live import LiveCluster

    try:
        cluster = await open_cluster(where, "doctor")
    except Failure as failure:
        return [Line("cluster", "fail", str(failure))]
    if not isinstance(cluster, LiveCluster):
        return [Line("cluster", "ok", f"{cluster.where.type} {cluster.where.path or cluster.where.scenario}")]
    try:
        await cluster.connect()
        lines = [await _reached(cluster), *await _allowed(cluster, where.namespace)]
        lines += [await _consent(cluster, one, where.namespace) for one in RULES]
        return lines + [Line("note", "note", note) for note in cluster.notes]
    except Unreachable as error:
        return [Line("cluster", "fail", f"{error.message}; {error.hint}")]
    finally:
        await cluster.close()


async def _reached(cluster: LiveCluster) -> Line:
    from netdoc.cluster.review import server_version

    place, version_ = cluster.where, await server_version(cluster)
    kubernetes = f", Kubernetes {version_}" if version_ else ""
    return Line("cluster", "ok", f"context {place.context or 'in-cluster'}, {place.server}{kubernetes}")


async def _allowed(cluster: LiveCluster, namespace: str) -> list[Line]:
    """Every read that the checks make, asked of the server at once; of groups that it has alone."""
    from netdoc.cluster.review import may, served_groups
    from netdoc.engine.check import Check
    from netdoc.engine.plugins import all_checks
    from netdoc.engine.reads import rules_for

    rules = rules_for(one for one in all_checks() if isinstance(one, Check))
    served = await served_groups(cluster)
    asked = [(rule, verb) for rule in rules if served is None or rule.group in served for verb in rule.verbs]
    answers = await asyncio.gather(
        *(may(cluster, verb, rule.resource, rule.group, namespace if rule.namespaced else "") for rule, verb in asked)
    )
    refused = [
        f"{verb} {rule.resource}" for (rule, verb), answer in zip(asked, answers, strict=True) if answer is False
    ]
    unsaid = [answer for answer in answers if not isinstance(answer, bool)]
    lines = [Line("permissions", "fail", f"may not {one}: what needs it will be NOT CHECKED") for one in refused]
    if unsaid:
        lines.append(
            Line("permissions", "note", f"{len(unsaid)} of {len(asked)} could not be asked: {unsaid[0].detail}")
        )
    where = f" in {namespace}" if namespace else ""
    return lines or [Line("permissions", "ok", f"all {len(asked)} reads of the checks are allowed{where}")]


async def _consent(cluster: LiveCluster, consent: Consent, namespace: str) -> Line:
    """Whether the user could do what --exec or --port-forward does. That one may not is a note: it is for few."""
    from netdoc.cluster.review import may

    rule = RULES[consent]
    answers = {verb: await may(cluster, verb, rule.resource, rule.group, namespace) for verb in rule.verbs}
    refused = [verb for verb, answer in answers.items() if answer is False]
    unsaid = [answer for answer in answers.values() if not isinstance(answer, bool)]
    if refused:
        return Line(f"--{consent}", "note", f"may not {' and '.join(refused)} {rule.resource}: it would not work")
    if unsaid:
        return Line(f"--{consent}", "note", f"whether it is allowed could not be asked: {unsaid[0].detail}")
    return Line(f"--{consent}", "ok", f"allowed: {' and '.join(rule.verbs)} {rule.resource}")
