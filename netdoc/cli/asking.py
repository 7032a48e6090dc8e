"""From typed arguments to a request for the engine."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from netdoc.cli.exits import Failure
from netdoc.cli.options import RunOptions, WhereOptions
from netdoc.engine.playbooks.model import Playbook
from netdoc.engine.run import Request
from netdoc.path import TargetError, guessed_source, parse_source, parse_target
from netdoc.path.kinds import BY_KIND


def asked(
    given: dict[str, Any],
    where: WhereOptions,
    run: RunOptions,
    *,
    playbook: Playbook,
    inputs: Mapping[str, Any] | None = None,
) -> Request:
    """The request that a command line makes. Raises Failure for what does not parse."""
    target, sources = given["target"], given["sources"]
    if where.demo and (target is None or where.demo != "healthy"):  # of the healthy network anything may be asked
        own, sources = scenario_asked(where.demo, sources)
        target = own if target is None else target
    if not target:
        raise Failure("TARGET is missing", "name what can't be reached, for example svc/web.shop:80")
    try:
        parsed = parse_target(target)
        specs = tuple(parse_source(source) for source in sources)
    except TargetError as error:
        raise Failure(str(error), error.mend) from error
    if not specs and (guess := guessed_source(parsed)) is not None:
        specs = (guess,)
    if parsed.kind in BY_KIND and BY_KIND[parsed.kind].projection is None:
        raise Failure(f"{target}: this version diagnoses no {parsed.kind}", "name the Service behind it")
    return Request(
        target=parsed,
        sources=specs,
        playbook=playbook,
        inputs=inputs or {},
        playbooks=given.get("playbooks", ""),
        since=run.since,
        repeat=run.repeat,
        timeout=run.timeout.total_seconds() or None,
    )


def scenario_asked(id_: str, sources: tuple[str, ...]) -> tuple[str, tuple[str, ...]]:
    """The scenario's own question, where the command line asks none."""
    from netdoc.demo import assemble

    if id_ not in assemble.scenario_ids():
        return "svc/web.shop:80", sources  # opening the demo says what is wrong with the id
    chosen = assemble.scenario(id_)
    return chosen.target, sources or ((chosen.source,) if chosen.source else ())
