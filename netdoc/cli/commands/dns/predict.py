"""netdoc dns predict: what cluster DNS answers to a name, by its objects; one name, or many as JSON lines."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import click
import msgspec

from netdoc.cli import options
from netdoc.cli.commands.dns.gather import Gathered, gather, say
from netdoc.cli.exits import Exit, Failure
from netdoc.predict.corefile import Served
from netdoc.predict.dns import names

WRONG = ("is not a DNS type", "not a domain name")


class Line(msgspec.Struct, frozen=True):
    """One question of a batch. Other fields come back as they are."""

    name: str
    type: str = "A"


@click.command()
@click.argument("name", required=False)
@click.argument("type_", metavar="[TYPE]", default="A")
@click.option("--batch", metavar="FILE", type=click.File("rb"), help="JSON lines of questions; - for stdin.")
@click.option("-o", "--output", "format_", type=click.Choice(["table", "json"]), default="table", help="Its form.")
@options.where_options
@options.question_options
def predict(name: str | None, type_: str, batch: Any, format_: str, **given: Any) -> Exit:
    """What does cluster DNS answer to NAME? By Services, EndpointSlices, pods and its Corefile; nothing is asked of it.

    \b
    netdoc dns predict web.shop.svc.cluster.local
    netdoc dns predict _http._tcp.web.shop.svc.cluster.local SRV
    netdoc dns predict --batch questions.jsonl

    Names are absolute: no search list is applied. A line of a batch is {"name": "..", "type": "A"} and comes back
    with "rcode" and "answers", or with "error".
    """
    if (name is None) == (batch is None):
        raise Failure("one of NAME and --batch is needed", "netdoc dns predict web.shop.svc.cluster.local")
    where, how = options.where(given), options.question(given)
    gathered = gather(where, how)
    say(gathered, how)
    if batch is not None:
        return _batch(batch, gathered)
    assert name is not None
    return _single(name, type_, format_, gathered)


def _single(name: str, type_: str, format_: str, gathered: Gathered) -> Exit:
    served = gathered.server.answer(name, type_)
    if _wrong(served):
        raise Failure(served.answer.error)
    if format_ == "json":
        from netdoc.report.json import indented

        told = {"apiVersion": "netdoc/v1", "kind": "DNSPrediction", "name": name, "type": type_.upper()}
        click.echo(indented(told | _document(served)), nl=False)
    else:
        from netdoc.report.inert import line

        for text in _lines(name, type_, served):
            click.echo(line(text))
    return _exit(served, gathered)


def _exit(served: Served, gathered: Gathered) -> Exit:
    """0 once answered; 3 where what could not be read keeps the answer from being known."""
    return Exit.UNKNOWN if gathered.gaps and (served.answer.error or not served.answer.rcode) else Exit.OK


def _wrong(served: Served) -> bool:
    return any(sign in served.answer.error for sign in WRONG)


def _document(served: Served) -> dict[str, Any]:
    answer = served.answer
    found: dict[str, Any] = {"error": answer.error} if answer.error else {}
    if not answer.error:
        found = {"rcode": answer.rcode, "answers": list(answer.answers)}
    if answer.continues:
        found["continues"] = answer.continues
    if served.forward is not None:
        found["forwardedTo"] = [one.address or one.file for one in served.forward.upstreams]
    if served.doubts:
        found["doubts"] = [{"plugin": d.plugin, "line": d.line, "reason": d.reason} for d in served.doubts]
    return found


def _lines(name: str, type_: str, served: Served) -> Iterable[str]:
    answer = served.answer
    asked = f"{names.text_of(names.parse(name))} {type_.upper()}"
    if answer.error:
        yield f"{asked}  not known: {answer.error}"
    else:
        yield f"{asked}  {answer.rcode}{'' if answer.answers or answer.rcode != 'NOERROR' else ' (no record)'}"
    for record in answer.answers:
        yield f"  {record}"
    if answer.continues:
        yield f"  {answer.continues} is outside the cluster's zones: its own answer follows"
    if served.forward is not None:
        upstreams = ", ".join(one.address or one.file for one in served.forward.upstreams)
        yield f"  passed on to {upstreams} (Corefile line {served.forward.line})"
    for doubt in served.doubts:
        yield f"  unless the plugin {doubt.plugin} (Corefile line {doubt.line}) decides otherwise: {doubt.reason}"


def _batch(file: Any, gathered: Gathered) -> Exit:
    """One answer for each line, in order. 2 where a line was no question, after all lines."""
    wrong = unknown = False
    write = sys.stdout.write
    for raw in file:
        if not raw.strip():
            continue
        told, bad = _answered(raw, gathered)
        wrong = wrong or bad
        unknown = unknown or "error" in told
        write(msgspec.json.encode(told, order="sorted").decode() + "\n")
    if wrong:
        return Exit.USAGE
    return Exit.UNKNOWN if unknown and gathered.gaps else Exit.OK


def _answered(raw: bytes, gathered: Gathered) -> tuple[dict[str, Any], bool]:
    """The line with its answer, and whether it was no question at all."""
    try:
        given = msgspec.json.decode(raw, type=dict[str, Any])
    except msgspec.DecodeError as error:
        return {"error": f"not a JSON object: {error}"}, True
    try:
        line = msgspec.convert(given, Line)
    except msgspec.ValidationError as error:
        return given | {"error": str(error)}, True
    served = gathered.server.answer(line.name, line.type)
    return given | _document(served), _wrong(served)
