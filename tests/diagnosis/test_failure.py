"""A cause fits the error that was seen, does not, or nobody can say."""

from __future__ import annotations

from typing import get_args

import pytest

from netdoc.diagnosis.failure import _ROWS, fits, judged_codes
from netdoc.model.codes import known_codes
from netdoc.model.target import Failure

FAILURES: tuple[Failure, ...] = get_args(Failure)


@pytest.mark.parametrize(
    ("failure", "code", "expected"),
    [
        ("refused", "service.no-ready-endpoint", True),
        ("refused", "service.target-port-mismatch", True),
        ("refused", "pod.port-closed", True),
        ("refused", "policy.ingress-denied", False),
        ("refused", "policy.egress-denied", False),
        ("refused", "service.internal-local-no-endpoint", None),
        ("refused", "tls.expired", False),
        ("refused", "dns.nxdomain", False),
        ("timeout", "policy.ingress-denied", True),
        ("timeout", "policy.dns-egress-denied", True),
        ("timeout", "node.not-ready", True),
        ("timeout", "service.internal-local-no-endpoint", True),
        ("timeout", "service.no-ready-endpoint", None),
        ("timeout", "tls.name-mismatch", False),
        ("nxdomain", "dns.nxdomain", True),
        ("nxdomain", "target.not-found", True),
        ("nxdomain", "target.namespace-not-found", True),
        ("nxdomain", "policy.ingress-denied", False),
        ("nxdomain", "service.target-port-mismatch", False),
        ("nxdomain", "policy.dns-egress-denied", False),
        ("dns", "policy.dns-egress-denied", True),
        ("dns", "dns.server-down", True),
        ("reset", "mesh.mode-conflict", True),
        ("reset", "pod.crash-looping", True),
        ("no-route", "node.cni-down", True),
        ("no-route", "service.app-protocol-mismatch", False),
        ("tls", "tls.untrusted", True),
        ("tls", "policy.ingress-denied", False),
        ("http", "service.no-ready-endpoint", True),
        ("http", "ingress.no-route", True),
        ("http", "dns.nxdomain", False),
        ("other", "service.no-ready-endpoint", None),
        ("refused", "strangers.own-code", None),
    ],
)
def test_fits(failure: Failure, code: str, expected: bool | None) -> None:
    assert fits(failure, code) is expected


def test_every_code_is_one_that_exists() -> None:
    assert set(judged_codes()) <= set(known_codes())


def test_no_code_is_judged_twice() -> None:
    codes = list(judged_codes())
    assert len(codes) == len(set(codes))


def test_every_word_is_a_failure() -> None:
    words = {word for _, usual, sometimes in _ROWS for word in (*usual.split(), *sometimes.split())}
    assert words == set(FAILURES) - {"other"}


def test_what_is_usual_is_not_also_in_doubt() -> None:
    assert [codes for codes, usual, sometimes in _ROWS if set(usual.split()) & set(sometimes.split())] == []


def test_hygiene_and_what_breaks_nothing_is_not_judged() -> None:
    audited = {code.code for code in known_codes().values() if code.audit}
    assert not audited & set(judged_codes())


@pytest.mark.parametrize("failure", [one for one in FAILURES if one != "other"])
def test_every_failure_fits_some_cause_and_not_another(failure: Failure) -> None:
    verdicts = {fits(failure, code) for code in judged_codes()}
    assert {True, False} <= verdicts
