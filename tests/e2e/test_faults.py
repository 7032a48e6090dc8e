"""Each fault, broken for real: netdoc names its cause on the cluster, and on a snapshot of that moment."""

from __future__ import annotations

import string

import pytest

from tests.e2e.conftest import Plays, on_lab, without
from tests.e2e.fault import Fault, Verdict, load

pytestmark = [pytest.mark.lab, pytest.mark.timeout(900)]

# By module, so that both tests of a fault come one after the other, and it is broken once, by one worker.
FAULTS = pytest.mark.parametrize("fault", [pytest.param(one, id=one.id) for one in load()], scope="module")


@FAULTS
def test_the_cause_is_named(fault: Fault, plays: Plays) -> None:
    _only_where_allowed(fault)
    outcome = plays.outcome(fault)
    expect(fault, outcome.live, outcome.words)


@FAULTS
def test_a_snapshot_of_that_moment_says_the_same(fault: Fault, plays: Plays) -> None:
    _only_where_allowed(fault)
    outcome = plays.outcome(fault)
    expect(fault, outcome.saved, outcome.words)
    # The roots alone: what a cause brings about may come and go between the two looks (a loop's next start).
    assert _roots(outcome.saved) == _roots(outcome.live), outcome.live.told() + "\n" + outcome.saved.told()


def _only_where_allowed(fault: Fault) -> None:
    if fault.lab and not on_lab():
        without("it touches more than a namespace, which is done on the lab alone")


def expect(fault: Fault, verdict: Verdict, words: dict[str, str]) -> None:
    told = verdict.told()
    if fault.cause is None:
        assert not [one for one in verdict.report.get("findings", []) if one["severity"] != "info"], told
        assert (verdict.exit, verdict.report["status"]) == (0, "pass"), told
        return
    assert verdict.roots, told
    first = verdict.roots[0]
    got = (first["code"], first["object"].get("kind"), first["object"].get("name"), first["severity"])
    name = string.Template(fault.cause.name).safe_substitute(words)
    assert got == (fault.cause.code, fault.cause.kind, name, fault.severity), told
    assert fault.title in first["title"], told
    assert verdict.exit == (1 if fault.severity == "error" else 0), told
    if fault.impact is not None:
        assert verdict.report["impact"] == fault.impact, told


def _roots(verdict: Verdict) -> set[tuple[str, str, str]]:
    return {(one["code"], one["severity"], one["object"].get("name", "")) for one in verdict.roots}
