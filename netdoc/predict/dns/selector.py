"""Label selectors in text form, as the options `labels` and `namespace_labels` hold them."""

from __future__ import annotations

import re

from netdoc.model.kube import LabelSelector, Requirement

_IN = re.compile(r"(?P<key>\S+)\s+(?P<operator>in|notin)\s*\((?P<values>[^()]*)\)")
_EQUALS = re.compile(r"(?P<key>[^\s=!]+)\s*(?P<operator>==|=|!=)\s*(?P<values>[^\s=!]*)")
_EXISTS = re.compile(r"(?P<operator>!?)\s*(?P<key>[^\s=!,()]+)")
_COMMA = re.compile(r",(?![^(]*\))")  # not the commas between parentheses
_OPERATORS = {"in": "In", "=": "In", "==": "In", "notin": "NotIn", "!=": "NotIn", "": "Exists", "!": "DoesNotExist"}


class BadSelector(ValueError):
    """The text is no label selector."""


def parse(text: str) -> LabelSelector:
    """`a=b,c!=d,e in (f,g),h,!i` (k8s.io/apimachinery/pkg/labels, Parse). Raises BadSelector."""
    if not text.strip():
        return LabelSelector()
    return LabelSelector(match_expressions=tuple(_requirement(part.strip()) for part in _COMMA.split(text)))


def _requirement(text: str) -> Requirement:
    match = _IN.fullmatch(text) or _EQUALS.fullmatch(text) or _EXISTS.fullmatch(text)
    if match is None:
        raise BadSelector(f"{text!r} is no label requirement")
    values = match.groupdict().get("values")
    return Requirement(
        key=match["key"],
        operator=_OPERATORS[match["operator"]],
        values=() if values is None else tuple(value.strip() for value in values.split(",")),
    )
