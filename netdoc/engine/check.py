"""What a check is: what it states of itself, and its two halves.

`observe` asks the ports for what the check needs and returns plain data; `judge` is a pure function from that
data to findings. Nothing else of a check is ever called.
"""

from __future__ import annotations

import shlex
from collections.abc import Awaitable, Callable, Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any, Literal

import msgspec

from netdoc.model.finding import CausalRule, Code, Judgement
from netdoc.model.kube.meta import Object
from netdoc.model.path import Path
from netdoc.ports import Ports

Verb = Literal["get", "list", "log"]


class NoParameters(msgspec.Struct, frozen=True):
    """For checks that have none."""


class Read(msgspec.Struct, frozen=True):
    """One kind of read that a check may make, for the least ClusterRole and for saying what a refusal costs."""

    kind: type[Object]
    verbs: tuple[Verb, ...] = ("get", "list")


class Kubectl(msgspec.Struct, frozen=True):
    """Writes kubectl commands that pin context and namespace, and that quote what a cluster may call itself."""

    context: str = ""

    def __call__(self, *words: str, namespace: str = "") -> str:
        pinned = ["--context", self.context] if self.context else []
        pinned += ["-n", namespace] if namespace else []
        return shlex.join(["kubectl", *pinned, *words])


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What a check is asked about: the path, its parameters, and how far back and how often to look."""

    path: Path
    kubectl: Kubectl
    now: datetime
    since: timedelta = timedelta(hours=2)
    repeat: int = 3
    parameters: Any = NoParameters()


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """A check. `parameters` is a msgspec struct whose fields become options, form fields and a playbook's `with:`.

    `codes` are those it may report: names of netdoc's own, or its own with what they say. `rules` are the causal
    rules that its findings bring. `consents` name what a measurement of it needs beyond reading.
    """

    id: str
    title: str
    observe: Callable[[Ports, Subject], Awaitable[Any]]
    judge: Callable[[Any], Iterable[Judgement]]
    codes: tuple[str | Code, ...]
    hops: tuple[str, ...] = ()
    parameters: type[msgspec.Struct] = NoParameters
    reads: tuple[Read, ...] = ()
    consents: tuple[str, ...] = ()
    rules: tuple[CausalRule, ...] = ()
    step: str = ""
    doc: Mapping[str, str] = {}
