"""Bytes to projections, straight through msgspec.

A list is decoded in one go. Only where that fails is it taken item by item: nulls are dropped (the API server
writes `null` for absent), and an item that still does not fit is named with its field and costs itself alone.
"""

from __future__ import annotations

import contextlib
import gc
import threading
from collections.abc import Iterator
from functools import cache
from typing import Any, Generic, TypeVar

import msgspec

from netdoc.model.kube.meta import Object
from netdoc.model.record import Gap

K = TypeVar("K", bound=Object)

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises for bytes that are not JSON: broken, not UTF-8, nested without end."""


_MEETING = threading.Lock()
"""Held while msgspec meets a type: the app reads a cluster in several threads, and two of them that look into one type
at the same time end the process (msgspec 0.22)."""


class Misfit(msgspec.Struct, frozen=True, kw_only=True):
    """An object whose fields are not of the types that the API gives them."""

    kind: str
    namespace: str = ""
    name: str = ""
    why: str = ""

    def __str__(self) -> str:
        place = f".{self.namespace}" if self.namespace else ""
        return f"{self.kind.lower()}/{self.name or '?'}{place}: {self.why}"


class Page(msgspec.Struct, Generic[K], frozen=True, kw_only=True):
    """One answer to a list."""

    items: tuple[K, ...]
    misfits: tuple[Misfit, ...] = ()
    token: str = ""
    remaining: int = 0
    resource_version: str = ""


class NotAList(ValueError):
    """The answer is JSON, and not a list of objects: nothing may be concluded from it."""


class _Name(msgspec.Struct):
    name: Any = ""
    namespace: Any = ""


class _Named(msgspec.Struct):
    metadata: _Name | None = None


class _ListMeta(msgspec.Struct, rename="camel"):
    # `continue` is a keyword here; its absence, null and "" all mean the last page.
    token: str | None = msgspec.field(default=None, name="continue")
    remaining_item_count: int | None = None
    resource_version: str | None = None


class _Raw(msgspec.Struct):
    kind: str = ""
    metadata: _ListMeta | None = None
    items: list[msgspec.Raw] | msgspec.UnsetType | None = msgspec.UNSET


@cache
def decoder(of: type[K]) -> msgspec.json.Decoder[K]:
    with _MEETING:
        return msgspec.json.Decoder(of)


@cache
def _list_decoder(kind: type[Object]) -> msgspec.json.Decoder[Any]:
    fields: list[tuple[str, Any, Any]] = [
        ("kind", str, ""),
        ("metadata", _ListMeta | None, None),
        ("items", tuple[kind, ...] | None | msgspec.UnsetType, msgspec.UNSET),  # type: ignore[valid-type]
    ]
    with _MEETING:
        return msgspec.json.Decoder(msgspec.defstruct(f"{kind.__name__}Page", fields))


@contextlib.contextmanager
def collected_later() -> Iterator[None]:
    """Many objects are made and none dropped: the collector would walk them all again and again (3 times the time)."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def decode_page(kind: type[K], data: bytes) -> Page[K]:
    """Decode a list as the API server answers it.

    Raises one of UNREADABLE for what is not JSON, NotAList for what is not a list.
    """
    try:
        with collected_later():
            answer: Any = _list_decoder(kind).decode(data)
        items, misfits = answer.items, []
    except msgspec.ValidationError:
        answer = _raw_list(data)
        items, misfits = _one_by_one(kind, answer.items or []) if answer.items else (answer.items, [])
    if items is msgspec.UNSET or not answer.kind.endswith("List"):
        raise NotAList(f"expected a list of {kind.KIND.plural}, got {answer.kind or 'JSON without a kind'}")
    meta = answer.metadata or _ListMeta()
    return Page(
        items=tuple(items or ()),
        misfits=tuple(misfits),
        token=meta.token or "",
        remaining=meta.remaining_item_count or 0,
        resource_version=meta.resource_version or "",
    )


def _raw_list(data: bytes) -> _Raw:
    try:
        return msgspec.json.decode(data, type=_Raw)
    except msgspec.ValidationError as error:
        raise NotAList(str(error)) from None


def _one_by_one(kind: type[K], raws: list[msgspec.Raw]) -> tuple[list[K], list[Misfit]]:
    decoded = [decode_object(kind, raw) for raw in raws]
    items = [one for one in decoded if not isinstance(one, Misfit)]
    return items, [one for one in decoded if isinstance(one, Misfit)]


def decode_object(kind: type[K], raw: bytes | msgspec.Raw) -> K | Misfit:
    """Decode one object, or say which field does not fit."""
    try:
        item: K = decoder(kind).decode(raw)
    except msgspec.ValidationError:
        return _leniently(kind, raw)
    except UNREADABLE as error:
        return Misfit(kind=kind.KIND.kind, why=str(error))
    return item


def _leniently(kind: type[K], raw: bytes | msgspec.Raw) -> K | Misfit:
    try:
        plain = without_nulls(msgspec.json.decode(raw))
        item: K = msgspec.convert(plain, kind)
    except UNREADABLE as error:
        namespace, name = name_of(raw)
        return Misfit(kind=kind.KIND.kind, namespace=namespace, name=name, why=str(error))
    return item


def without_nulls(value: Any) -> Any:
    """The same with null members absent. A null in a list is a zero value to the API server: an empty object."""
    if isinstance(value, dict):
        return {key: without_nulls(one) for key, one in value.items() if one is not None}
    if isinstance(value, list):
        return [{} if one is None else without_nulls(one) for one in value]
    return value


def name_of(raw: bytes | msgspec.Raw) -> tuple[str, str]:
    """Namespace and name, however little else of the object is right."""
    try:
        meta = msgspec.json.decode(raw, type=_Named).metadata or _Name()
    except UNREADABLE:
        return "", ""
    return str(meta.namespace or ""), str(meta.name or "")


def misfit_gap(what: str, misfits: tuple[Misfit, ...]) -> Gap | None:
    """The gap that unreadable objects leave: they exist, and what they say is unknown."""
    if not misfits:
        return None
    named = "; ".join(str(one) for one in misfits[:3])
    more = f" and {len(misfits) - 3} more" if len(misfits) > 3 else ""
    return Gap(what=what, reason="incomplete", detail=f"cannot read {named}{more}")
