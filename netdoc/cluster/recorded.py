"""A Cluster that answers from a record: the same checks over it are a replay. What was not recorded is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

import msgspec

from netdoc.cluster.decode import UNREADABLE, Misfit, decode_object, misfit_gap
from netdoc.cluster.fields import fields_of, keepable
from netdoc.cluster.kinds import resource_name
from netdoc.cluster.logfiles import tail
from netdoc.model.kube.meta import Object, ObjectRef
from netdoc.model.record import Ask, Gap
from netdoc.ports.cluster import K, Listing, Traffic, Where

Form = Literal["object", "list", "gap", "absent", "log", "measured"]


class Kept(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """An answer on disk: its form, what it held, and which fields were read of it."""

    form: Form
    projection: str = ""
    fields: tuple[str, ...] = ()
    items: tuple[msgspec.Raw, ...] = ()
    gap: Gap | None = None
    text: str = ""


def encode_answer(answer: Any) -> bytes:
    """Any answer of a Cluster as JSON, without applied manifests. Raises TypeError for what is no answer."""
    match answer:
        case None:
            kept = Kept(form="absent")
        case Gap():
            kept = Kept(form="gap", gap=answer)
        case str():
            kept = Kept(form="log", text=answer)
        case dict():
            kept = Kept(form="measured", text=msgspec.json.encode(answer, order="deterministic").decode())
        case Object():
            kept = _of_objects("object", (answer,), None)
        case Listing():
            kept = _of_objects("list", answer.items, answer.gap)
        case _:
            raise TypeError(f"{type(answer).__name__} is no answer of a cluster")
    return msgspec.json.encode(kept, order="deterministic")


def _of_objects(form: Form, items: tuple[Object, ...], gap: Gap | None) -> Kept:
    raws = tuple(msgspec.Raw(msgspec.json.encode(keepable(one), order="deterministic")) for one in items)
    kind = type(items[0]) if items else None
    return Kept(
        form=form,
        projection=kind.__name__ if kind else "",
        fields=tuple(sorted(fields_of(kind))) if kind else (),
        items=raws,
        gap=gap,
    )


def decode_answer(data: bytes, kind: type[Object] | None = None) -> Any:
    """The answer that was encoded, its objects in the projection `kind` (None for a log).

    A field that `kind` reads and the record does not hold makes it a blocking gap: absent is not the same as unread.
    """
    try:
        kept = msgspec.json.decode(data, type=Kept)
    except UNREADABLE as error:
        return Gap(what="record", reason="incomplete", detail=f"the record cannot be read: {error}")
    match kept.form:
        case "absent":
            return None
        case "gap":
            return kept.gap or Gap(what="record", reason="incomplete", detail="the record says no more")
        case "log":
            return kept.text
        case "measured":
            return msgspec.json.decode(kept.text)
    if kind is None:
        return Gap(what="record", reason="incomplete", detail="the record holds objects where a log was asked for")
    return _objects(kept, kind)


def _objects(kept: Kept, kind: type[Object]) -> Any:
    what = resource_name(kind.KIND)
    unread = sorted(fields_of(kind) - set(kept.fields)) if kept.items else []
    if unread:
        detail = f"recorded by a netdoc that did not read {', '.join(unread[:3])}"
        gap = Gap(what=what, reason="incomplete", detail=detail)
        return gap if kept.form == "object" else Listing(gap=gap)
    decoded = [decode_object(kind, raw) for raw in kept.items]
    misfits = tuple(one for one in decoded if isinstance(one, Misfit))
    items = tuple(one for one in decoded if not isinstance(one, Misfit))
    if kept.form == "object":
        return items[0] if items else misfit_gap(what, misfits) or Gap(what=what, reason="incomplete")
    return Listing(items, misfit_gap(what, misfits) or kept.gap)


class RecordedCluster:
    """Answers from encoded answers by what was asked; `now` is the recorded run's."""

    def __init__(self, answers: Mapping[Ask, bytes], *, where: Where, now: datetime) -> None:
        self._answers = answers
        self._where = where
        self._now = now

    @property
    def where(self) -> Where:
        return self._where

    @property
    def traffic(self) -> Traffic:
        return Traffic()

    async def now(self) -> datetime:
        return self._now

    async def get(self, kind: type[K], name: str, namespace: str = "") -> K | Gap | None:
        ask = _ask("get", kind, namespace, name=name)
        data = self._answers.get(ask)
        if data is None:
            return await self._from_lists(kind, name, ask.namespace)
        answer: K | Gap | None = decode_answer(data, kind)
        return answer

    async def list(self, kind: type[K], namespace: str = "", *, labels: str = "", fields: str = "") -> Listing[K]:
        data = self._answers.get(_ask("list", kind, namespace, labels=labels, fields=fields))
        if data is None:
            return Listing(gap=_unrecorded(f"list {resource_name(kind.KIND)}"))
        answer = decode_answer(data, kind)
        return answer if isinstance(answer, Listing) else Listing(gap=answer)

    async def log(self, pod: ObjectRef, container: str, *, previous: bool = False, lines: int = 20) -> str | Gap:
        ask = Ask(
            verb="log",
            resource="pods/log",
            namespace=pod.namespace,
            name=pod.name,
            container=container,
            previous=previous,
        )
        data = self._answers.get(ask)
        if data is None:
            return _unrecorded(f"get pods/log of {container} in {pod}")
        answer = decode_answer(data)
        return tail(answer, lines) if isinstance(answer, str) else answer or _unrecorded("get pods/log")

    def measured(self, ask: Ask) -> dict[str, Any] | Gap | None:
        """What was measured then; in place of what was not, that it is not known: a record measures nothing."""
        data = self._answers.get(ask)
        if data is None:
            return _unrecorded(f"{ask.resource} from {ask.name}")
        answer = decode_answer(data)
        return answer if isinstance(answer, dict | Gap) else _unrecorded(f"{ask.resource} from {ask.name}")

    async def close(self) -> None:
        return None

    async def _from_lists(self, kind: type[K], name: str, namespace: str) -> K | Gap | None:
        """An object that was not asked for by name may be in a whole list that was recorded."""
        for scope in dict.fromkeys((namespace, "")):
            data = self._answers.get(_ask("list", kind, scope))
            listing = decode_answer(data, kind) if data is not None else None
            if isinstance(listing, Listing):
                place = namespace if kind.KIND.namespaced else ""
                found = next((one for one in listing.items if (one.name, one.namespace) == (name, place)), None)
                if found is not None or listing.complete:
                    return found
        return _unrecorded(f"get {resource_name(kind.KIND)}/{name}")


def _unrecorded(what: str) -> Gap:
    return Gap(what=what, reason="incomplete", detail=f"not recorded: {what}")


def _ask(verb: str, kind: type[Object], namespace: str, *, name: str = "", labels: str = "", fields: str = "") -> Ask:
    """The question as the recorder writes it (netdoc.ports.recorder)."""
    place = kind.KIND
    return Ask(
        verb=verb,
        resource=place.plural,
        group=place.group,
        projection=kind.__name__,
        namespace=namespace if place.namespaced else "",
        name=name,
        labels=labels,
        fields=fields,
    )
