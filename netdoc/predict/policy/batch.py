"""Many questions at once, as `netdoc policy batch` reads and writes them, and questions between workloads."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from netdoc.model.kube import ObjectRef
from netdoc.predict.policy.explain import evaluate
from netdoc.predict.policy.index import PolicySet
from netdoc.predict.policy.model import DirectionVerdict, End, UnknownEnd, Verdict, agreed
from netdoc.predict.policy.peers import Directory, Owners


def between(
    policies: PolicySet, sources: Sequence[End], destinations: Sequence[End], port: int, protocol: str = "TCP"
) -> tuple[Verdict, ...]:
    """A verdict for each pair of pods that may differ; a pod with itself is left out where there are others.

    Pods differ by what policies see of them, and by their nodes where one of the pair is on a node's network.
    """
    return tuple(
        evaluate(policies, source, destination, port, protocol)
        for source, destination in _distinct(sources, destinations)
    )


def _distinct(sources: Sequence[End], destinations: Sequence[End]) -> Iterator[tuple[End, End]]:
    by_node = any(end.on_host for end in (*sources, *destinations))
    seen: set[object] = set()
    pairs = [(one, other) for one in sources for other in destinations if one.pod is None or one.pod is not other.pod]
    for source, destination in pairs or [(sources[0], destinations[0])]:
        same = by_node and source.node == destination.node
        key = (source.profile, destination.profile, same)
        if key not in seen:
            seen.add(key)
            yield source, destination


def batch(
    policies: PolicySet, lines: Iterable[Mapping[str, Any]], owners: Owners | None = None
) -> Iterator[dict[str, Any]]:
    """An answer for each line, in order."""
    directory = Directory(policies, owners)
    return (answer(directory, line) for line in lines)


def answer(directory: Directory, line: Mapping[str, Any]) -> dict[str, Any]:
    """The line with its answer; with `error`, and no verdict, where the line is wrong."""
    try:
        verdicts = _asked(directory, line)
    except (UnknownEnd, ValueError, TypeError) as error:
        return {**line, "error": str(error)}
    result = {**line, "allowed": agreed([one.allowed for one in verdicts])}
    for direction in ("egress", "ingress"):
        judged = [one for verdict in verdicts if (one := getattr(verdict, direction)) is not None]
        if judged:
            result[direction] = _direction(judged)
    reason = _reason(verdicts)
    return {**result, "reason": reason} if result["allowed"] is None and reason else result


def _asked(directory: Directory, line: Mapping[str, Any]) -> tuple[Verdict, ...]:
    source, destination, port = line.get("from"), line.get("to"), line.get("port")
    if not isinstance(source, str) or not isinstance(destination, str):
        raise ValueError("`from` and `to` must be strings")
    if not isinstance(port, int) or isinstance(port, bool):
        raise ValueError("`port` must be a number")
    protocol = line.get("protocol", "TCP")
    if protocol not in ("TCP", "UDP", "SCTP"):
        raise ValueError(f"`protocol` must be TCP, UDP or SCTP, not {protocol!r}")
    return between(directory.policies, directory.find(source), directory.find(destination), port, protocol)


def _reason(verdicts: Sequence[Verdict]) -> str:
    found = {one.allowed for one in verdicts}
    if len(found) > 1:
        return "the pods differ: " + ", ".join(
            f"{one.source} to {one.destination} is {_word(one.allowed)}" for one in verdicts[:4]
        )
    return verdicts[0].reason if verdicts else ""


def _word(allowed: bool | None) -> str:
    return "not known" if allowed is None else "allowed" if allowed else "denied"


def _direction(judged: Sequence[DirectionVerdict]) -> dict[str, Any]:
    telling = next((one for one in judged if one.allowed is not True), judged[0])
    result: dict[str, Any] = {"allowed": agreed([one.allowed for one in judged])}
    if telling.decision is not None:
        result["by"] = _by(telling.decision.policy) | {"rule": telling.decision.rule}
    elif telling.isolating:
        result["by"] = _by(telling.isolating[0])
    return result


def _by(ref: ObjectRef) -> dict[str, Any]:
    where = {"namespace": ref.namespace} if ref.namespace else {}
    return {"kind": ref.kind, **where, "name": ref.name}
