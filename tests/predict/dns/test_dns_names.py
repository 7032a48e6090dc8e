"""Names in presentation form (RFC 1035 section 5.1), and addresses as names."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdoc.predict.dns import names

READ = {
    "a.b": ("a", "b"),
    "a.b.": ("a", "b"),
    ".": (),
    "A.B": ("a", "b"),
    r"a\.b.c": (r"a\.b", "c"),
    r"a\046b": (r"a\.b",),
    r"\065": ("a",),
    r"a\000": (r"a\000",),
    "a b": (r"a\ b",),
    "_http._tcp": ("_http", "_tcp"),
}


@pytest.mark.parametrize("text", READ)
def test_read(text: str) -> None:
    assert names.parse(text) == READ[text]


@pytest.mark.parametrize(
    "text", ["", "..", ".a", "a..b", "a..", "\\", "a\\1", "a\\12", "\\300", "ä", "x" * 64, "x." * 128]
)
def test_refused(text: str) -> None:
    with pytest.raises(names.NotAName):
        names.parse(text)


@given(st.text())
def test_text_is_a_name_or_refused_and_reading_again_changes_nothing(text: str) -> None:
    try:
        labels = names.parse(text)
    except names.NotAName:
        return
    assert names.parse(names.text_of(labels)) == labels


@given(st.ip_addresses())
def test_reverse_names_lead_back(address: IPv4Address | IPv6Address) -> None:
    assert names.reverse_of(names.parse(names.reverse_name(str(address)))) == names.canonical(str(address))


@pytest.mark.parametrize(
    ("name", "address"),
    [
        ("1.2.in-addr.arpa", ""),
        ("1.2.3.4.5.in-addr.arpa", ""),
        ("256.2.3.4.in-addr.arpa", ""),
        ("in-addr.arpa", ""),
        ("1.ip6.arpa", ""),
        ("example.org", ""),
        ("9." + "0." * 31 + "1.ip6.arpa", "1000::"),  # one nibble too many: the last is ignored
    ],
)
def test_odd_reverse_names(name: str, address: str) -> None:
    assert names.reverse_of(names.parse(name)) == address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("10.0.0.1", "10.0.0.1"),
        ("010.0.0.1", ""),
        ("::ffff:10.0.0.1", "10.0.0.1"),
        ("FD00::0:1", "fd00::1"),
        ("fe80::1%eth0", ""),
        ("x", ""),
        ("", ""),
    ],
)
def test_canonical_addresses(text: str, address: str) -> None:
    assert names.canonical(text) == address


@pytest.mark.parametrize(("name", "zone", "holds"), [("a.b", ".", True), ("a.b", "b", True), ("ab", "b", False)])
def test_within(name: str, zone: str, holds: bool) -> None:
    assert names.within(names.parse(name), names.parse(zone)) is holds
