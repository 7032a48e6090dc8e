"""The embedded network and what a scenario makes of it: documents in, documents out.

The network is ordinary Kubernetes manifests with status, in `network/`; a scenario in `scenarios/` is a list of
operations on them. Nothing here knows what a fault is: the files say it.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.resources
import re
import string
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
import yaml

Object = dict[str, Any]


class Mismatch(ValueError):
    """An operation names something that the documents do not hold (or already hold)."""


class Match(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"with_": "with"}):
    """Which documents: all that is given must hold; `node` is a pod's spec.nodeName."""

    kind: str
    namespace: str = ""
    name: str = ""
    labels: dict[str, str] = {}
    node: str = ""


class Merge(Match, frozen=True, forbid_unknown_fields=True, rename={"with_": "with"}, kw_only=True):
    """The documents that match, and the patch for them (see `merge`)."""

    with_: Object


class Copy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"of": "from", "with_": "with"}):
    """A new document from one that exists; the patch must name it anew and give it a uid of its own."""

    of: Match
    with_: Object


class Event(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One core/v1 Event for each document that `about` matches; `source` is the component that reports it."""

    about: Match
    reason: str
    message: str
    source: str
    first: str
    last: str
    count: int = 1
    type: str = "Warning"
    field: str = ""


class Operation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Exactly one of these. `merge` and `delete` of a name hit one document, `each` hits one or more."""

    merge: Merge | None = None
    each: Merge | None = None
    create: Object | None = None
    copy: Copy | None = None
    delete: Match | None = None
    event: Event | None = None

    def __post_init__(self) -> None:
        if sum(getattr(self, field) is not None for field in self.__struct_fields__) != 1:
            raise ValueError("an operation is exactly one of " + ", ".join(self.__struct_fields__))


class Cause(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The finding code that must come first, and the object it is about."""

    code: str
    object: dict[str, str]


class Log(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a container wrote; `previous` as in `kubectl logs --previous`."""

    namespace: str
    pod: str
    container: str
    text: str
    previous: bool = False


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"source": "from"}):
    """One way in which the network is broken; `healthy` has neither cause nor patch."""

    id: str
    story: str
    target: str
    source: str
    cause: Cause | None = None
    patch: tuple[Operation, ...] = ()
    logs: tuple[Log, ...] = ()


class Route(msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"source": "from", "target": "to"}):
    """A connection that the network is documented to allow."""

    source: str
    target: str


class Host(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A machine beside the cluster: its open TCP ports, and whether it answers for names."""

    address: str
    ports: tuple[int, ...] = ()
    resolves: bool = False


class Internet(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody out there, and the resolver that they ask."""

    address: str
    resolver: str


class Outside(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is beside the cluster. `resolver` is the one in the nodes' own resolv.conf."""

    resolver: str
    internet: Internet
    hosts: tuple[Host, ...]


class Meta(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The instant at which the network is seen (RFC 3339, UTC), its documented routes, and what is beside it."""

    now: str
    routes: tuple[Route, ...]
    outside: Outside


class _Loader(yaml.CSafeLoader):
    """YAML 1.2's core schema, as Kubernetes reads manifests: times, `on` and `yes` are strings."""


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|false", "tf"),
    ("null", r"null|~|", "n~"),
    ("int", r"[-+]?[0-9]+", "-+0123456789"),
    ("float", r"[-+]?[0-9]+\.[0-9]+", "-+0123456789"),
):
    _Loader.add_implicit_resolver(
        f"tag:yaml.org,2002:{_tag}",
        re.compile(rf"^(?:{_pattern})$"),
        [*_first, *([""] if _tag == "null" else [])],
    )


def meta() -> Meta:
    """When the network is seen, and which routes it documents."""
    return msgspec.convert(next(_load("network", "meta.yaml")), Meta)


def internet_zone() -> str:
    """The names outside the cluster, as a master file (RFC 1035, section 5)."""
    return (importlib.resources.files("netdoc.demo") / "network" / "internet.zone").read_text()


@functools.cache
def network() -> tuple[Object, ...]:
    """The documents of the healthy network. Read once and shared: never change them in place."""
    folder = importlib.resources.files("netdoc.demo") / "network"
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".yaml") and file.name != "meta.yaml")
    return tuple(document for name in names for document in _load("network", name))


def scenario_ids() -> tuple[str, ...]:
    """The scenarios that there are: `healthy` first, then by name."""
    folder = importlib.resources.files("netdoc.demo") / "scenarios"
    ids = {file.name.removesuffix(".yaml") for file in folder.iterdir() if file.name.endswith(".yaml")}
    return ("healthy", *sorted(ids - {"healthy"}))


def scenario(name: str) -> Scenario:
    """One scenario; KeyError if there is none of this name."""
    if name not in scenario_ids():
        raise KeyError(name)
    return msgspec.convert(next(_load("scenarios", f"{name}.yaml")), Scenario)


def documents(broken: Scenario) -> tuple[Object, ...]:
    """The network as the scenario has it; Mismatch if an operation finds nothing to work on."""
    return apply(network(), broken.patch)


def apply(docs: Iterable[Object], patch: Iterable[Operation]) -> tuple[Object, ...]:
    """The documents after the operations, in order. The given ones stay as they are."""
    result = tuple(docs)
    for operation in patch:
        result = _apply(result, operation)
    return result


def merge(target: Any, patch: Any) -> Any:
    """A JSON merge patch (RFC 7386) with one addition: an object laid on a list patches the items that its keys name.

    An item is named by its name, type, targetRef, first address or nodeName; `*` names all; null removes the item.
    (By the RFC the object would replace the list, which no Kubernetes field wants.)
    """
    if not isinstance(patch, Mapping):
        return patch
    if isinstance(target, list):
        return _merge_items(target, patch)
    merged = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), value)
    return merged


def _load(folder: str, name: str) -> Iterator[Any]:
    file = importlib.resources.files("netdoc.demo") / folder / name
    return iter([document for document in yaml.load_all(file.read_bytes(), _Loader) if document is not None])


def _apply(docs: tuple[Object, ...], operation: Operation) -> tuple[Object, ...]:
    if operation.create is not None:
        return _add(docs, operation.create)
    if operation.copy is not None:
        copied = operation.copy
        return _add(docs, merge(_find(docs, copied.of, one=True)[0], copied.with_))
    if operation.event is not None:
        event = operation.event
        return docs + tuple(_event(event, about) for about in _find(docs, event.about))
    if operation.delete is not None:
        gone = {id(doc) for doc in _find(docs, operation.delete, one=bool(operation.delete.name))}
        return tuple(doc for doc in docs if id(doc) not in gone)
    change = operation.merge or operation.each
    assert change is not None
    hit = {id(doc) for doc in _find(docs, change, one=operation.merge is not None)}
    return tuple(merge(doc, _fill(change.with_, doc)) if id(doc) in hit else doc for doc in docs)


def _add(docs: tuple[Object, ...], new: Object) -> tuple[Object, ...]:
    """Appended; a second object of one name or uid is an error, as it would be in a cluster."""
    key, uid = _key(new), new["metadata"]["uid"]
    if any(_key(doc) == key or doc["metadata"]["uid"] == uid for doc in docs):
        raise Mismatch(f"there is already {' '.join(key)} or its uid {uid}")
    return (*docs, new)


def _find(docs: Iterable[Object], match: Match, *, one: bool = False) -> list[Object]:
    found = [doc for doc in docs if _matches(doc, match)]
    if not found or (one and len(found) > 1):
        raise Mismatch(f"{match} matches {len(found)} documents")
    return found


def _matches(doc: Object, match: Match) -> bool:
    metadata = doc["metadata"]
    labels = metadata.get("labels", {})
    return (
        doc["kind"] == match.kind
        and match.namespace in ("", metadata.get("namespace", ""))
        and match.name in ("", metadata["name"])
        and all(labels.get(key) == value for key, value in match.labels.items())
        and match.node in ("", doc.get("spec", {}).get("nodeName", ""))
    )


def _key(doc: Object) -> tuple[str, str, str, str]:
    metadata = doc["metadata"]
    return doc["apiVersion"].partition("/")[0], doc["kind"], metadata.get("namespace", ""), metadata["name"]


def _merge_items(items: list[Any], patch: Mapping[str, Any]) -> list[Any]:
    for name in patch:
        if name != "*" and not any(name in _names(item) for item in items):
            raise Mismatch(f"no item is named {name}")
    kept = []
    for item in items:
        changes = [change for name, change in patch.items() if name == "*" or name in _names(item)]
        if None not in changes:
            kept.append(functools.reduce(merge, changes, item))
    return kept


def _names(item: Mapping[str, Any]) -> tuple[Any, ...]:
    """What an item of a Kubernetes list can be called: a container, condition, port or endpoint."""
    target, addresses = item.get("targetRef", {}), item.get("addresses") or [None]
    return item.get("name"), item.get("type"), target.get("name"), addresses[0], item.get("nodeName")


def _fill(value: Any, about: Object) -> Any:
    """`${name}`, `${uid}`, `${node}` and `${ip}` in the strings of a patch stand for those of its document."""
    if isinstance(value, Mapping):
        return {key: _fill(item, about) for key, item in value.items()}
    if isinstance(value, list):
        return [_fill(item, about) for item in value]
    if not isinstance(value, str) or "${" not in value:
        return value
    return string.Template(value).safe_substitute(
        name=about["metadata"]["name"],
        uid=about["metadata"]["uid"],
        node=about.get("spec", {}).get("nodeName", ""),
        ip=about.get("status", {}).get("podIP", ""),
    )


def _event(event: Event, about: Object) -> Object:
    """The Event as client-go's recorder writes it: those about cluster-scoped objects live in `default`."""
    metadata, name = about["metadata"], about["metadata"]["name"]
    digest = hashlib.sha256(f"{metadata['uid']} {event.reason} {event.message}".encode()).hexdigest()
    namespace = metadata.get("namespace", "default")
    host = about.get("spec", {}).get("nodeName", name) if event.source == "kubelet" else ""
    involved = {
        "apiVersion": about["apiVersion"],
        "kind": about["kind"],
        "name": name,
        "namespace": metadata.get("namespace"),
        "uid": metadata["uid"],
        "resourceVersion": metadata["resourceVersion"],
        "fieldPath": event.field or None,
    }
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {
            "name": f"{name}.{digest[:16]}",
            "namespace": namespace,
            "uid": f"{digest[:8]}-{digest[8:12]}-4{digest[13:16]}-a{digest[17:20]}-{digest[20:32]}",
            "resourceVersion": str(900000 + int(digest[:4], 16)),
            "creationTimestamp": event.first,
        },
        "involvedObject": {key: value for key, value in involved.items() if value},
        "type": event.type,
        "reason": event.reason,
        "message": _fill(event.message, about),
        "count": event.count,
        "firstTimestamp": event.first,
        "lastTimestamp": event.last,
        "source": {"component": event.source, **({"host": host} if host else {})},
        "reportingComponent": event.source,
        "reportingInstance": host,
    }
