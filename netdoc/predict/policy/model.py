"""What goes into the evaluator and what comes out: ends of connections, decisions, verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from netdoc.model.kube import LabelSelector, ObjectRef, Pod
from netdoc.predict.policy.addresses import Address, Family
from netdoc.predict.policy.rules import Direction

IPBlockMode = Literal["match", "ignore"]


class UnknownEnd(LookupError):
    """No such pod, workload or address in the policy set."""


class End(msgspec.Struct, frozen=True):
    """One end of a connection, found in a policy set.

    `pod` None is an address of no pod. `on_host` is a node, or a pod in its network. `addresses` holds, for each
    family that the end has, its address, None where that is not known. `profile` is its place in the set's index.
    """

    id: str
    pod: Pod | None
    node: str
    on_host: bool
    finished: bool
    addresses: Mapping[Family, Address | None]
    families: tuple[Family, ...]
    profile: int

    @property
    def selectable(self) -> bool:
        """Whether policies can select it: a running pod outside its node's network."""
        return self.pod is not None and not self.on_host and not self.finished


class ForeignPolicy(msgspec.Struct, frozen=True):
    """A policy of the CNI's own kind, as far as it can be told whom it selects.

    `namespace` None is every namespace; `selector` None: it cannot be told which pods, so any. Directions are
    those that it may decide.
    """

    ref: ObjectRef
    namespace: str | None = None
    selector: LabelSelector | None = None
    directions: tuple[Direction, ...] = ("ingress", "egress")


class Problem(msgspec.Struct, frozen=True):
    """Why the API server refuses an object: the field (`spec.ingress[0].ports[1].endPort`), and what is wrong."""

    path: str
    text: str


class Refused(msgspec.Struct, frozen=True):
    """A policy that the API server would refuse; it takes no part in any verdict."""

    ref: ObjectRef
    problems: tuple[Problem, ...]


class Decision(msgspec.Struct, frozen=True):
    """The rule that decided. `tier` is Admin, NetworkPolicy or Baseline."""

    tier: str
    policy: ObjectRef
    rule: int
    peer: int | None
    action: str
    path: str


Term = Literal["peer", "port", "named-port", "family", "address", "not-isolating"]


class Miss(msgspec.Struct, frozen=True):
    """A rule, or a policy without rules, that did not match: the one term that fails, and where it stands."""

    tier: str
    policy: ObjectRef
    path: str
    term: str
    text: str


Why = Literal["rule", "isolated", "default", "no-subject", "own-node", "own-address", "unknown"]


class DirectionVerdict(msgspec.Struct, frozen=True):
    """What is decided at one end.

    `why`: a rule decided (`decision`); policies isolate the subject and no rule matched (`isolating`, `walk`);
    nothing selects it (default); the end is no subject of policies; its own node or address; or `reason` says
    why it cannot be known, `also` which policies it hangs on. Where a rule decided, `also` are those of the same
    priority that decide alike.
    """

    direction: Direction
    allowed: bool | None
    why: Why
    decision: Decision | None = None
    isolating: tuple[ObjectRef, ...] = ()
    walk: tuple[Miss, ...] = ()
    reason: str = ""
    also: tuple[ObjectRef, ...] = ()


class FamilyVerdict(msgspec.Struct, frozen=True):
    family: Family
    allowed: bool | None
    egress: DirectionVerdict
    ingress: DirectionVerdict


class Verdict(msgspec.Struct, frozen=True):
    """Whether a connection is allowed. `families` has one entry for each address family that both ends share.

    Where families differ, `allowed` is None and `reason` says so. `egress` and `ingress` are those of the first
    family that is not allowed, else of the first.
    """

    source: str
    destination: str
    port: int
    protocol: str
    allowed: bool | None
    families: tuple[FamilyVerdict, ...]
    reason: str = ""

    @property
    def egress(self) -> DirectionVerdict | None:
        return self._telling.egress if self.families else None

    @property
    def ingress(self) -> DirectionVerdict | None:
        return self._telling.ingress if self.families else None

    @property
    def _telling(self) -> FamilyVerdict:
        return next((one for one in self.families if one.allowed is not True), self.families[0])


def both(egress: bool | None, ingress: bool | None) -> bool | None:
    """Both must allow; one that denies decides, whatever is not known of the other."""
    if egress is False or ingress is False:
        return False
    return None if egress is None or ingress is None else True


def agreed(verdicts: list[bool | None]) -> bool | None:
    """The verdict that all have in common, None where they differ or there is none."""
    return verdicts[0] if verdicts and all(one is verdicts[0] for one in verdicts) else None


Manifest = dict[str, Any]
