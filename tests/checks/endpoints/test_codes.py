"""No code without a test: each that the check states is looked for in some table here."""

from __future__ import annotations

from pathlib import Path

from netdoc_checks.endpoints import CHECK
from netdoc_checks.endpoints.rules import RULES

HERE = Path(__file__).parent
TABLES = "".join(path.read_text() for path in sorted(HERE.glob("test_*.py")) if path.name != Path(__file__).name)


def test_every_code_is_looked_for() -> None:
    codes = [code if isinstance(code, str) else code.code for code in CHECK.codes]
    assert [code for code in codes if f'"{code}"' not in TABLES] == []


def test_every_rule_speaks_of_codes_that_the_check_states() -> None:
    codes = {code if isinstance(code, str) else code.code for code in CHECK.codes}
    assert {code for rule in RULES for code in (rule.cause, rule.consequence)} <= codes


def test_no_rule_is_said_twice() -> None:
    said = [(rule.cause, rule.relation, rule.consequence) for rule in RULES]
    assert len(said) == len(set(said))
