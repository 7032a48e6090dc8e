"""A pasted error line: its target, the kind of failure, and who wrote it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from netdoc.model.target import SourceSpec, Target
from netdoc.path import TargetError, guessed_source, parse_target
from netdoc.path.typed import MOST_TEXT
from tests.path.pasted_lines import LINES, WITHOUT_TARGET


@pytest.mark.parametrize(("line", "host", "port", "failure", "more"), LINES, ids=[case[0][:60] for case in LINES])
def test_what_a_line_tells(line: str, host: str, port: int | None, failure: str, more: dict[str, Any]) -> None:
    target = parse_target(line)
    assert target.error is not None
    assert (target.host, target.port.number if target.port else None, target.error.failure) == (host, port, failure)
    told = {
        "kind": target.kind,
        "url": target.url,
        "protocol": target.port.protocol if target.port else None,
        "status": target.error.status,
        "address": target.error.address,
        "resolver": target.error.resolver,
        "pod": target.error.pod,
        "namespace": target.error.namespace,
    }
    assert {name: told[name] for name in more} == more


@pytest.mark.parametrize(("line", "told"), WITHOUT_TARGET)
def test_a_line_without_a_target_says_what_was_understood(line: str, told: str) -> None:
    with pytest.raises(TargetError, match="names no host, address or URL") as error:
        parse_target(line)
    assert f"tells of {told}," in str(error.value)
    assert "svc/web.shop:80" in error.value.mend


def test_a_text_that_is_no_error_is_called_neither() -> None:
    with pytest.raises(TargetError, match="neither a target nor an error line"):
        parse_target("good morning everyone")


def test_a_service_by_name() -> None:
    line = 'level=error msg="Skipping service: no endpoints found" namespace=shop serviceName=web servicePort=80'
    assert (parse_target(line).kind, parse_target(line).name) == ("Service", "web")
    named = parse_target('error: no endpoints available for service "web"')
    assert (named.kind, named.name, named.namespace) == ("Service", "web", "")
    exact = parse_target("can't reach svc/web.shop:80 any more")
    assert (exact.kind, exact.name, exact.port and exact.port.number) == ("Service", "web.shop", 80)


def test_the_guessed_source_says_that_it_is_a_guess() -> None:
    target = parse_target('pod=api-0 namespace=shop msg="dial tcp 10.43.7.9:5432: i/o timeout"')
    assert guessed_source(target) == SourceSpec(
        input="pod/api-0.shop (guessed from the pasted line)",
        kind="Pod", name="api-0", namespace="shop", exact=True, guessed=True,
    )  # fmt: skip


def test_no_source_is_guessed_without_a_pod() -> None:
    assert guessed_source(parse_target("dial tcp 10.43.7.9:5432: i/o timeout")) is None
    assert guessed_source(parse_target("svc/web.shop:80")) is None


def test_a_password_is_nowhere_in_the_target() -> None:
    target = parse_target("failed: postgres://app:hunter2@db.databases:5432/shop: connection refused")
    assert target.host == "db.databases"
    assert "hunter2" not in repr(target)


@pytest.mark.parametrize("line", [case[0] for case in LINES])
def test_reading_what_was_understood_again_changes_nothing(line: str) -> None:
    target = parse_target(line)
    assert parse_target(target.input) == target


# Texts made to keep a careless pattern busy: what a pattern repeats, many times over.
STUBBORN = (
    "lookup ", "a-", "a.", "1.", ":", "[", "http://", "://@", "host: ", '"', "pod=", "\x1b[", "upstream: ", ", x", "->",
    "a-bcdfg", "/1.1.1.1:", "connect to a", "[] a:1", " on port ", "0.0.0.0/", "{", "\\", "@", "getaddrinfo E", "for ",
)  # fmt: skip


@pytest.mark.timeout(20)
@pytest.mark.parametrize("part", STUBBORN)
def test_no_text_keeps_it_busy(part: str) -> None:
    _only_target_errors(part * (MOST_TEXT // len(part)) + " refused")


def test_what_comes_after_the_limit_is_not_read() -> None:
    with pytest.raises(TargetError):
        parse_target("x " * MOST_TEXT + "dial tcp 10.43.7.9:5432: i/o timeout")


def _only_target_errors(text: str) -> None:
    target = _target_or_message(text)
    if isinstance(target, str):
        assert target.isprintable()
        assert len(target) < 400
    else:
        assert target.input.isprintable() or target.error is None
        assert parse_target(target.input) == target


def _target_or_message(text: str) -> Target | str:
    try:
        return parse_target(text)
    except TargetError as error:
        return str(error)


pieces = st.lists(
    st.one_of(
        st.sampled_from([word for case in LINES for word in case[0].split()]),
        st.text(max_size=8),
        st.characters(categories=["Cc", "Cf", "Cs", "Zs", "Nd"]),
    ),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(pieces)
def test_any_text_is_a_target_or_a_target_error(parts: list[str]) -> None:
    _only_target_errors(" ".join(parts))


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=60))
def test_arbitrary_text_too(text: str) -> None:
    _only_target_errors(text)


# Line breaks: a terminal wraps in the middle of a word, a program ends a line where it has done


@pytest.mark.parametrize(
    ("wrapped", "plain"),
    [
        ("svc/web.sh\nop:80", "svc/web.shop:80"),
        ("svc/web.shop:8\r\n0", "svc/web.shop:80"),
        ("http://shop.example.com/ca\n  rt", "http://shop.example.com/cart"),
        ("dial tcp 10.43.7.9:54\n32: i/o timeout", "dial tcp 10.43.7.9:5432: i/o timeout"),
        ("dial tcp 10.43.\n7.9:5432: i/o timeout", "dial tcp 10.43.7.9:5432: i/o timeout"),
        ("dial tcp 10.43\n.7.9:5432: i/o timeout", "dial tcp 10.43.7.9:5432: i/o timeout"),
        ("dial tcp 10.43.7.9:\n5432: i/o timeout", "dial tcp 10.43.7.9:5432: i/o timeout"),
        ("could not resolve host: web.\nshop", "could not resolve host: web.shop"),
        ("could not resolve host: web\n.shop", "could not resolve host: web.shop"),
        (
            "ERROR request to the database failed: dia\nl tcp: lookup postgres.databases.svc.clus\n"
            "ter.local on 10.43.0.10:53: no such host",
            "ERROR request to the database failed: dial tcp: lookup postgres.databases.svc.cluster.local "
            "on 10.43.0.10:53: no such host",
        ),
    ],
)
def test_what_a_terminal_wrapped_is_one_word_again(wrapped: str, plain: str) -> None:
    assert parse_target(wrapped) == parse_target(plain)


@pytest.mark.parametrize(
    ("lines", "plain"),
    [
        (
            "curl: (6) Could not resolve host: web.shop\ncommand terminated with exit code 6",
            "curl: (6) Could not resolve host: web.shop command terminated with exit code 6",
        ),
        ("dial tcp 10.43.7.9:5432: i/o timeout\nexit status 1", "dial tcp 10.43.7.9:5432: i/o timeout exit status 1"),
        ("dial tcp 10.43.7.9:5432:\ni/o timeout", "dial tcp 10.43.7.9:5432: i/o timeout"),
        (
            "connection to web.shop:80 failed.\nRetrying in 5 s",
            "connection to web.shop:80 failed. Retrying in 5 s",
        ),
        (
            "dial tcp 10.43.7.9:5432\n2026-11-23T08:00:00Z i/o timeout",
            "dial tcp 10.43.7.9:5432 2026-11-23T08:00:00Z i/o timeout",
        ),
    ],
)
def test_lines_that_ended_by_themselves_stay_apart(lines: str, plain: str) -> None:
    assert parse_target(lines) == parse_target(plain)
