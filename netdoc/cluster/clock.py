"""The time of a snapshot that does not state its own: the latest that something in it happened."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import msgspec

from netdoc.cluster.decode import UNREADABLE
from netdoc.ports.cluster import NO_TIME

# Times at which something happened. Others (notAfter, deletionTimestamp, a schedule's next run) may lie ahead.
_HAPPENED = frozenset(
    {
        "creationTimestamp",
        "lastTransitionTime",
        "lastHeartbeatTime",
        "lastUpdateTime",
        "lastProbeTime",
        "firstTimestamp",
        "lastTimestamp",
        "eventTime",
        "lastObservedTime",
        "renewTime",
        "acquireTime",
        "startTime",
        "completionTime",
        "startedAt",
        "finishedAt",
        "time",
    }
)

NEVER = NO_TIME

Time = str | None


class _Meta(msgspec.Struct, rename="camel"):
    creation_timestamp: Time = None


class _Condition(msgspec.Struct, rename="camel"):
    last_transition_time: Time = None
    last_heartbeat_time: Time = None
    last_update_time: Time = None
    last_probe_time: Time = None


class _Moment(msgspec.Struct, rename="camel"):
    started_at: Time = None
    finished_at: Time = None


class _State(msgspec.Struct, rename="camel"):
    running: _Moment | None = None
    terminated: _Moment | None = None


class _Container(msgspec.Struct, rename="camel"):
    state: _State | None = None
    last_state: _State | None = None


class _Status(msgspec.Struct, rename="camel"):
    start_time: Time = None
    completion_time: Time = None
    conditions: list[_Condition] | None = None
    container_statuses: list[_Container] | None = None
    init_container_statuses: list[_Container] | None = None


class _Series(msgspec.Struct, rename="camel"):
    last_observed_time: Time = None


class _Spec(msgspec.Struct, rename="camel"):
    renew_time: Time = None


class _Times(msgspec.Struct, rename="camel"):
    """The usual places, in one typed pass: the objects may be tens of megabytes."""

    metadata: _Meta | None = None
    spec: _Spec | None = None
    status: _Status | None = None
    series: _Series | None = None
    first_timestamp: Time = None
    last_timestamp: Time = None
    event_time: Time = None


_DECODER = msgspec.json.Decoder(_Times)


def latest(raws: Iterable[msgspec.Raw]) -> datetime:
    """The latest time at which something in these objects happened; NEVER where they state none."""
    texts = (text for raw in raws for text in _texts(raw))
    newest = max((moment for moment in map(_moment, _newest(texts)) if moment is not None), default=None)
    return newest or NEVER


def _newest(texts: Iterator[str]) -> set[str]:
    """At most one text per day: RFC 3339 in UTC sorts as text."""
    days: dict[str, str] = {}
    for text in texts:
        day = text[:10]
        if text > days.get(day, ""):
            days[day] = text
    return set(days.values())


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment if moment.tzinfo else None


def _texts(raw: msgspec.Raw) -> Iterator[str]:
    try:
        yield from _strings(_DECODER.decode(raw))
    except msgspec.ValidationError:
        yield from _anywhere(_plain(raw))
    except UNREADABLE:
        return  # named where the object is decoded


def _plain(raw: msgspec.Raw) -> Any:
    try:
        return msgspec.json.decode(raw)
    except UNREADABLE:
        return None


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for one in value:
            yield from _strings(one)
    elif isinstance(value, msgspec.Struct):
        for name in value.__struct_fields__:
            if (one := getattr(value, name)) is not None:
                yield from _strings(one)


def _anywhere(value: Any, key: str = "") -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _anywhere(one, name)
    elif isinstance(value, list):
        for one in value:
            yield from _anywhere(one)
    elif isinstance(value, str) and key in _HAPPENED:
        yield value
