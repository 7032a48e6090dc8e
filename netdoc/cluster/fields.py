"""Which fields a projection reads, so that what was kept by one version is not misread by another."""

from __future__ import annotations

import types
import typing
from collections.abc import Iterator
from functools import cache
from typing import Any

import msgspec

from netdoc.model.kube.meta import Object

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


@cache
def fields_of(kind: type[Object]) -> frozenset[str]:
    """Every field that a projection reads, as paths on the wire: `spec.ports.targetPort`. Lists add no step."""
    return frozenset(_paths(kind, "", ()))


def _paths(struct: type[msgspec.Struct], prefix: str, above: tuple[type, ...]) -> Iterator[str]:
    hints = typing.get_type_hints(struct)
    for field in msgspec.structs.fields(struct):
        path = f"{prefix}{field.encode_name}"
        inner = [one for one in _structs(hints[field.name]) if one not in above]
        for one in inner:
            yield from _paths(one, f"{path}.", (*above, struct))
        if not inner:
            yield path


def _structs(hint: Any) -> Iterator[type[msgspec.Struct]]:
    """The structs within a type: `tuple[ServicePort, ...] | None` holds one."""
    if isinstance(hint, type) and not isinstance(hint, types.GenericAlias) and issubclass(hint, msgspec.Struct):
        yield hint
    for part in typing.get_args(hint):
        yield from _structs(part)


def keepable(item: Object) -> Object:
    """The object without what repeats it whole: the applied manifest holds environment values."""
    if LAST_APPLIED not in item.metadata.annotations:
        return item
    annotations = {key: value for key, value in item.metadata.annotations.items() if key != LAST_APPLIED}
    return msgspec.structs.replace(item, metadata=msgspec.structs.replace(item.metadata, annotations=annotations))
