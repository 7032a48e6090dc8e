"""Label and field selectors as strings, decided as the API server decides them.

Labels: k8s.io/apimachinery/pkg/labels, Parse. Fields: k8s.io/apimachinery/pkg/fields, and per kind the fields that
the server can select by; any other it refuses with 400, and so does this (ValueError).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from netdoc.model.kube import Namespace
from netdoc.model.kube.meta import Object

Predicate = Callable[[Object], bool]

_KEY = r"[A-Za-z0-9](?:[-A-Za-z0-9_./]*[A-Za-z0-9])?"
_VALUE = r"[-A-Za-z0-9_.]*"
_TERM = re.compile(
    rf"""\s*(?:
      !\s*(?P<absent>{_KEY})
    | (?P<set>{_KEY})\s+(?P<how>in|notin)\s*\((?P<values>[^()]*)\)
    | (?P<key>{_KEY})\s*(?P<sign>==|=|!=|>|<)\s*(?P<value>{_VALUE})
    | (?P<present>{_KEY})
    )\s*(?:,|$)""",
    re.VERBOSE,
)

_ANY_KIND = frozenset({"metadata.name", "metadata.namespace"})
_FIELDS: Mapping[str, frozenset[str]] = {
    "Pod": frozenset(
        {
            "spec.nodeName",
            "spec.restartPolicy",
            "spec.serviceAccountName",
            "spec.hostNetwork",
            "status.phase",
            "status.podIP",
        }
    ),
    "Event": frozenset(
        {
            "involvedObject.kind",
            "involvedObject.namespace",
            "involvedObject.name",
            "involvedObject.uid",
            "involvedObject.fieldPath",
            "reason",
            "type",
            "source",
            "reportingComponent",
        }
    ),
    "Service": frozenset({"spec.clusterIP", "spec.type"}),
    "Node": frozenset({"spec.unschedulable"}),
    "Namespace": frozenset({"status.phase"}),
    "ReplicaSet": frozenset({"status.replicas"}),
}


@lru_cache(maxsize=256)
def label_selector(text: str) -> Callable[[Mapping[str, str]], bool]:
    """A predicate on labels. Raises ValueError for what the API server would refuse."""
    terms = tuple(_label_term(match) for match in _terms(text))
    return lambda labels: all(term(labels) for term in terms)


def _terms(text: str) -> list[re.Match[str]]:
    found, at = [], 0
    while at < len(text.rstrip()):
        match = _TERM.match(text, at)
        if match is None:
            raise ValueError(f"{text!r} is not a label selector (at {text[at:]!r})")
        found.append(match)
        at = match.end()
    return found


def _label_term(match: re.Match[str]) -> Callable[[Mapping[str, str]], bool]:
    part = match.groupdict()
    if part["absent"]:
        return lambda labels: part["absent"] not in labels
    if part["present"]:
        return lambda labels: part["present"] in labels
    if part["set"]:
        values = frozenset(one.strip() for one in part["values"].split(","))
        wanted = part["how"] == "in"
        return lambda labels: (labels.get(part["set"]) in values) is wanted
    return _compared(part["key"], part["sign"], part["value"])


def _compared(key: str, sign: str, value: str) -> Callable[[Mapping[str, str]], bool]:
    if sign in ("=", "=="):
        return lambda labels: labels.get(key) == value
    if sign == "!=":
        return lambda labels: labels.get(key) != value
    bound = int(value)
    return lambda labels: _ordered(labels.get(key, ""), sign, bound)


def _ordered(text: str, sign: str, bound: int) -> bool:
    try:
        number = int(text)
    except ValueError:
        return False
    return number > bound if sign == ">" else number < bound


def field_selector(kind: type[Object], text: str) -> Predicate:
    """A predicate on objects of a kind. Raises ValueError for a field that the API server cannot select by."""
    terms = tuple(_field_term(kind, part.strip()) for part in text.split(",") if part.strip())
    return lambda item: all(term(item) for term in terms)


def _field_term(kind: type[Object], text: str) -> Predicate:
    match = re.fullmatch(r"([\w.]+)(!=|==|=)(.*)", text)
    if match is None:
        raise ValueError(f"{text!r} is not a field selector")
    path, sign, value = match.groups()
    if path not in _ANY_KIND | _FIELDS.get(kind.KIND.kind, frozenset()):
        raise ValueError(f"{kind.KIND.plural} cannot be selected by the field {path}")
    return lambda item: (_field(item, path) == value) is (sign != "!=")


def _field(item: Object, path: str) -> str:
    value: Any = item
    for part in ("source.component" if path == "source" else path).split("."):
        value = getattr(value, _snake(part), None)
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


@lru_cache(maxsize=64)
def _snake(camel: str) -> str:
    return re.sub(r"(?<=[a-z])([A-Z]+)", lambda match: "_" + match[1].lower(), camel)


def selects(kind: type[Object], labels: str, fields: str) -> Predicate:
    """Both selectors as one predicate; an empty one selects everything. Raises ValueError."""
    by_label = label_selector(labels)
    by_field = field_selector(kind, fields)
    return lambda item: by_label(_labels(item)) and by_field(item)


def _labels(item: Object) -> Mapping[str, str]:
    """With the name label that every Namespace has, also where a file leaves it out."""
    return item.labels if isinstance(item, Namespace) else item.metadata.labels
