"""Corefiles as CoreDNS reads them. Expectations were compared with github.com/coredns/caddy 1.1.4 and CoreDNS 1.15."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdoc.predict.corefile import CorefileError, Surroundings, judge, parse
from netdoc.predict.corefile.lexer import tokens
from netdoc.predict.corefile.model import Origin, Property, Unread
from netdoc.predict.corefile.origins import split_port, zones_of

# What is written, and the words with their lines
WORDS = {
    "blanks": ("a  b\tc\r\nd", [("a", 1), ("b", 1), ("c", 1), ("d", 2)]),
    "byte order mark": ("\ufeffa", [("a", 1)]),
    "comment": ("a # b c\nd", [("a", 1), ("d", 2)]),
    "comment inside a word ends at the next blank": ("a#b c", [("a", 1), ("c", 1)]),
    "quoted": ('"a b" c', [("a b", 1), ("c", 1)]),
    "quoted over lines": ('"a\nb" c', [("a\nb", 1), ("c", 2)]),
    "escaped quote": (r'"a\"b"', [('a"b', 1)]),
    "other backslashes stay": (r'"a\nb" \n', [("a\\nb", 1), ("\\n", 1)]),
    "quote inside a word": ('a"b', [('a"b', 1)]),
    "empty quotes": ('"" a', [("", 1), ("a", 1)]),
    "quote that is not closed": ('"a b', [("a b", 1)]),
    "carriage return inside a word": ("a\rb", [("ab", 1)]),
    "Python's other separators are letters here": ("a\x1cb", [("a\x1cb", 1)]),
}


@pytest.mark.parametrize("case", WORDS)
def test_words(case: str) -> None:
    text, expected = WORDS[case]
    assert [(one.text, one.line) for one in tokens(text)] == expected


# A block's key, and what it answers for
KEYS: dict[str, list[tuple[str, str, str]]] = {
    ".": [(".", "53", "dns")],
    ".:53": [(".", "53", "dns")],
    ":5353": [(".", "5353", "dns")],
    "Example.ORG": [("example.org.", "53", "dns")],
    "dns://a.b:1053": [("a.b.", "1053", "dns")],
    "tls://a.b": [("a.b.", "853", "tls")],
    "quic://a.b": [("a.b.", "853", "quic")],
    "grpc://a.b": [("a.b.", "443", "grpc")],
    "https://a.b:8443": [("a.b.", "8443", "https")],
    "10.0.0.0/8": [("10.in-addr.arpa.", "53", "dns")],
    "10.43.0.0/16:53": [("43.10.in-addr.arpa.", "53", "dns")],
    "10.1.2.3/32": [("3.2.1.10.in-addr.arpa.", "53", "dns")],
    "0.0.0.0/0": [("in-addr.arpa.", "53", "dns")],
    "10.1.2.128/25": [(f"{at}.2.1.10.in-addr.arpa.", "53", "dns") for at in range(128, 256)],
    "172.16.0.0/12": [(f"{at}.172.in-addr.arpa.", "53", "dns") for at in range(16, 32)],
    "2001:db8::/32": [("8.b.d.0.1.0.0.2.ip6.arpa.", "53", "dns")],
    "fd00::/7": [("c.f.ip6.arpa.", "53", "dns"), ("d.f.ip6.arpa.", "53", "dns")],
    "10.0.0.0/33": [("10.0.0.0/33.", "53", "dns")],
}


@pytest.mark.parametrize("key", KEYS)
def test_key(key: str) -> None:
    (block,) = parse(f"{key} {{\n errors\n}}\n").blocks
    assert block.origins == tuple(Origin(*one) for one in KEYS[key])


def test_plugins_with_arguments_and_blocks() -> None:
    text = """
a.b, c.d:54
e.f {
    errors
    forward . 192.0.2.1 "192.0.2.2" { # comment
        policy sequential

        except x.y z
    }
    template IN A {
        answer "{{ .Name }} 60 IN A 192.0.2.1"
    }
    rewrite {
        a {
            b c
        } d
    }
}
"""
    (block,) = parse(text).blocks
    assert block.keys == ("a.b", "c.d:54")  # a line without a comma at its end is the last one of the keys
    assert [one.name for one in block.plugins] == ["e.f"]
    (block,) = parse(text.replace("c.d:54", "c.d:54,")).blocks
    assert block.keys == ("a.b", "c.d:54", "e.f")
    assert block.line == 2
    errors, forward, template, rewrite = block.plugins
    assert (errors.name, errors.args, errors.line) == ("errors", (), 4)
    assert forward.args == (".", "192.0.2.1", "192.0.2.2")
    assert forward.properties == (Property("policy", ("sequential",), 6), Property("except", ("x.y", "z"), 8))
    assert (forward.line, forward.end) == (5, 9)
    assert template.values("answer") == ("{{ .Name }} 60 IN A 192.0.2.1",)
    assert rewrite.properties[0] == Property("a", (), 14, (Property("b", ("c",), 15),))


def test_a_block_on_one_line_swallows_its_brace() -> None:
    (block,) = parse(". {\n kubernetes a.b { pods insecure }\n}\n").blocks
    assert block.plugins[0].properties == (Property("pods", ("insecure", "}"), 2),)


def test_one_server_may_do_without_braces() -> None:
    (block,) = parse("example.org\nerrors\nwhoami\n").blocks
    assert [one.name for one in block.plugins] == ["errors", "whoami"]


def test_keys_alone_and_nothing_at_all() -> None:
    assert parse("example.org").blocks[0].plugins == ()
    assert parse("").blocks == ()
    assert parse("# nothing\n").blocks == ()


def test_snippets_go_where_they_are_imported() -> None:
    text = """
(common) {
    errors
    cache 30 {
        success 100
    }
}
(upstream) {
    policy sequential
}
. {
    import common
    forward . 192.0.2.1 {
        import upstream
        max_fails 3
    }
}
a.b {
    import common
}
"""
    first, second = parse(text).blocks
    assert [one.name for one in first.plugins] == ["errors", "cache", "forward"]
    assert [one.name for one in first.plugins[2].properties] == ["policy", "max_fails"]
    assert second.first("cache") == first.first("cache")
    assert not parse(text).unread


FILES = {
    "/etc/coredns/custom/a.override": "log\nforward . 192.0.2.1\n",
    "/etc/coredns/custom/b.override": "errors",
    "/etc/coredns/custom/c.server": "c.d {\n whoami\n}\n",
    "/elsewhere/zone.conf": "import below.conf",
    "/elsewhere/below.conf": "loop",
}
AKS = ".:53 {\n ready\n import custom/*.override\n}\nimport custom/*.server\n"


def test_files_are_imported_in_the_order_of_their_names() -> None:
    first, second = parse(AKS, files=FILES).blocks
    assert [one.name for one in first.plugins] == ["ready", "log", "forward", "errors"]
    assert second.origins == (Origin("c.d."),)


def test_files_import_files_beside_them() -> None:
    (block,) = parse(". {\n import /elsewhere/zone.conf\n}\n", files=FILES).blocks
    assert [one.name for one in block.plugins] == ["loop"]


def test_a_pattern_may_match_nothing_and_a_file_must_be_there() -> None:
    assert len(parse(AKS, files={}).blocks) == 1
    with pytest.raises(CorefileError, match=r"Corefile:2 - .*File to import not found: x\.conf"):
        parse(". {\n import x.conf\n}\n", files={})


def test_files_that_were_not_read_are_said() -> None:
    assert parse(AKS).unread == (
        Unread("file", "/etc/coredns/custom/*.override", 3),
        Unread("file", "/etc/coredns/custom/*.server", 5),
    )


def test_environment() -> None:
    text = "{$ZONE}:{%PORT%} {\n forward . {$UP}\n root {$}\n}\n"
    (block,) = parse(text, environment={"ZONE": "a.b", "PORT": "54"}).blocks
    assert block.origins == (Origin("a.b.", "54"),)
    assert block.plugins[0].args == (".", "")  # a variable that is not set is nothing
    assert block.plugins[1].args == ("{$}",)
    unread = parse(". {\n forward . {$UP} {$UP}\n}\n")
    assert unread.unread == (Unread("variable", "UP", 2),)
    assert unread.blocks[0].plugins[0].args == (".", "{$UP}", "{$UP}")


# Corefile -> CoreDNS's own words
ERRORS = {
    ". {\n errors\n": ":2 - Syntax error: Unexpected token 'errors', expecting '}'",
    ". {\n forward . {\n": ":2 - Error during parsing: Unexpected EOF",
    ". {\n errors }\n}\n": ":2 - Error during parsing: Unexpected '}' because no matching opening brace",
    "a, {\n}\n": ":1 - Error during parsing: Expected another address but had '{' - check for extra comma",
    "a,": ":1 - Error during parsing: Unexpected EOF",
    ". {\n import\n}\n": ":2 - Error during parsing: Wrong argument count or unexpected line ending after 'import'",
    ". {\n import a b\n}\n": ":2 - Error during parsing: Import takes only one argument (glob pattern or file)",
    '. {\n import ""\n}\n': ":2 - Error during parsing: Import requires a non-empty filepath",
    ". {\n import */*\n}\n": "Glob pattern may only contain one wildcard (*), but has others",
    "(a) {\n}\n(a) {\n}\n": ":3 - Error during parsing: redeclaration of previously declared snippet a",
    "(a) {\n errors\n": ":2 - Syntax error: Unexpected token 'errors', expecting '}'",
    "(a)\nerrors\n": ":2 - Syntax error: Unexpected token 'errors', expecting '{'",
    "(a) {\n import a\n}\n. {\n import a\n}\n": "maximum snippet import depth (10000) exceeded",
    "a.b: {\n}\n": 'expecting data after last colon: "a.b:"',
    "a..b {\n}\n": "zone is not a valid domain name: a..b",
    "::/8 {\n}\n": "invalid CIDR ::/8",
}


@pytest.mark.parametrize("text", ERRORS)
def test_error(text: str) -> None:
    with pytest.raises(CorefileError) as raised:
        parse(text)
    assert ERRORS[text] in str(raised.value)


def test_errors_name_the_file_that_was_imported() -> None:
    with pytest.raises(CorefileError, match=r"^/etc/coredns/x\.conf:1 - ") as raised:
        parse(". {\n import x.conf\n}\n", files={"/etc/coredns/x.conf": "errors }"})
    assert (raised.value.file, raised.value.line) == ("/etc/coredns/x.conf", 1)


def test_snippets_that_double_each_other_end() -> None:
    text = "".join(f"(s{at}) {{\n import s{at + 1}\n import s{at + 1}\n}}\n" for at in range(39, -1, -1))
    with pytest.raises(CorefileError, match="exceeded"):
        parse("(s40) {\n errors\n}\n" + text + ". {\n import s0\n}\n")


def test_braces_without_end_are_refused() -> None:
    deep = ". {\n x " + "{\n a " * 500 + "\n}" * 500 + "\n}\n"
    with pytest.raises(CorefileError, match="braces too deep"):
        parse(deep)


def test_zones_of_a_plugin_pass_over_what_is_none() -> None:
    assert zones_of(("A.b", "x..y", "10.0.0.0/8"), ("z.",)) == ("a.b.", "10.in-addr.arpa.")
    assert zones_of((), ("z.",)) == ("z.",)


PIECE = st.sampled_from(
    [
        ". {\n",
        "}\n",
        "{",
        "}",
        "import",
        "s",
        "(s) {\n",
        "errors",
        "forward . 1",
        '"',
        "#",
        "\n",
        " ",
        "{$A}",
        "{%B%}",
        ",",
    ]
)


@given(st.text() | st.lists(PIECE, max_size=30).map(" ".join) | st.lists(PIECE, max_size=30).map("".join))
def test_any_text_is_a_corefile_or_a_corefile_error(text: str) -> None:
    for environment, files in ((None, None), ({"A": "a b"}, {"/etc/coredns/s": "errors {\n import s\n}"})):
        with suppress(CorefileError):
            parsed = parse(text, environment, files)
            assert all(block.origins for block in parsed.blocks)
            assert isinstance(judge(parsed, Surroundings("cluster.local", ("10.43.0.10",))), tuple)


@given(st.text(max_size=40))
def test_any_key_is_zones_or_a_corefile_error(key: str) -> None:
    try:
        zones, _ = split_port(key)
    except CorefileError:
        return
    assert all(zone.endswith(".") for zone in zones)
