"""What the app is opened with, and what one run in it is asked. Plain data: the command line makes it too."""

from __future__ import annotations

import shlex
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:  # the app is opened with it: it must not bring the ports along
    from netdoc.ports.vantage import Consent


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where the cluster is: the fields of the command line's options, by the same names."""

    kubeconfig: str = ""
    context: str = ""
    namespace: str = ""
    all_namespaces: bool = False
    as_user: str = ""
    as_groups: tuple[str, ...] = ()
    request_timeout: timedelta = timedelta(seconds=10)
    snapshot: str = ""
    demo: str = ""

    @property
    def label(self) -> str:
        """The place in a few words, as far as it is known before anything is opened."""
        if self.demo:
            return f"demo {self.demo}"
        return f"snapshot {self.snapshot}" if self.snapshot else f"context {self.context}" if self.context else ""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How far a run goes, as the command line has it. `keep` writes it to the journal.

    What `consents` name is asked for once more, command by command, before anything is run.
    """

    timeout: timedelta = timedelta(seconds=30)
    since: timedelta = timedelta(hours=2)
    repeat: int = 3
    keep: bool = True
    consents: tuple[Consent, ...] = ()


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """What `netdoc [TARGET]` was given. With a target it is asked at once."""

    place: Place = Place()
    limits: Limits = Limits()
    target: str = ""
    sources: tuple[str, ...] = ()


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One run: of what, where, by which playbook, single check or several. `resumes`, `rechecks`: an earlier run."""

    target: str
    sources: tuple[str, ...] = ()
    place: Place = Place()
    limits: Limits = Limits()
    playbook: str = "connectivity"
    check: str = ""
    checks: tuple[str, ...] = ()
    parameters: dict[str, Any] = {}
    inputs: dict[str, Any] = {}
    resumes: str = ""
    rechecks: str = ""

    @property
    def command(self) -> tuple[str, ...]:
        """The linear command that does the same; for several checks one after the other, as a shell takes it."""
        if self.checks:
            alone = (msgspec.structs.replace(self, checks=(), check=one).command for one in self.checks)
            return ("sh", "-c", "; ".join(shlex.join(one) for one in alone))
        words = ["netdoc", *_what(self), *([self.target] if self.target else [])]
        for source in self.sources:
            words += ["--from", source]
        words += [f"--{consent}" for consent in self.limits.consents]
        return (*words, *where_words(self.place))


def _what(plan: Plan) -> list[str]:
    if plan.check:
        options = [f"--{name.replace('_', '-')}={value}" for name, value in plan.parameters.items()]
        return ["check", plan.check, *options]
    return ["diagnose"] if plan.playbook == "connectivity" else ["run", plan.playbook]


def where_words(place: Place) -> list[str]:
    """The options that name the place on a command line."""
    words = [f"--demo={place.demo}"] if place.demo else []
    for flag, value in (
        ("--snapshot", place.snapshot),
        ("--kubeconfig", place.kubeconfig),
        ("--context", place.context),
        ("-n", place.namespace),
        ("--as", place.as_user),
    ):
        words += [flag, value] if value else []
    for group in place.as_groups:
        words += ["--as-group", group]
    return words
