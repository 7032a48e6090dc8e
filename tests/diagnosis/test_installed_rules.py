"""The union of all installed checks' rules: it leads somewhere, speaks of known codes, and never in a circle."""

from __future__ import annotations

from netdoc.diagnosis import cycle_in
from netdoc.engine.check import Check
from netdoc.engine.plugins import all_checks, all_codes


def installed() -> list[Check]:
    found = all_checks()
    assert found
    assert [one for one in found if not isinstance(one, Check)] == [], "a check does not load"
    return [one for one in found if isinstance(one, Check)]


def test_no_chain_of_causes_closes() -> None:
    assert cycle_in([rule for check in installed() for rule in check.rules]) == ()


def test_rules_and_checks_speak_of_codes_that_there_are() -> None:
    checks = installed()
    known = all_codes(tuple(checks))
    for check in checks:
        named = {code if isinstance(code, str) else code.code for code in check.codes}
        assert named <= known.keys()
        assert {code for rule in check.rules for code in (rule.cause, rule.consequence)} <= known.keys()


def test_no_check_names_a_code_twice() -> None:
    for check in installed():
        codes = [code if isinstance(code, str) else code.code for code in check.codes]
        assert len(codes) == len(set(codes)), check.id
