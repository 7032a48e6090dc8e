"""The hash of a running configuration, against what CoreDNS 1.15.0 itself logged for these files."""

from __future__ import annotations

import pytest

from netdoc.predict.corefile import Running, digest, running

KUBEADM = """\
.:53 {
    errors
    health
    ready
    kubernetes cluster.local in-addr.arpa ip6.arpa {
       pods insecure
       fallthrough in-addr.arpa ip6.arpa
    }
    prometheus :9153
    forward . /etc/resolv.conf {
       max_concurrent 1000
    }
    cache 30
    loop
    reload 2s 1s
    loadbalance
}
"""
ODD = r"""# comment
(stub) {
    errors
    forward . 127.0.0.2 127.0.0.3 {
        max_fails 1
    }
}
test.example:5399, other.example:5399 {
    bind 127.0.0.1
    import stub
    cache 30
    reload 5s
    log . "a <b> & \"c\" ü"
}
.:5398 {
  bind 127.0.0.1
  template ANY ANY x.example {
     answer "{{ .Name }} 60 IN A 127.0.0.9"
  }
  template ANY ANY y.example {
     rcode NXDOMAIN
  }
  reload
}
"""
LOGGED = {
    KUBEADM: "eed9dc0e6c17fc97d8aa20a955ef2cae61cae54ed703d8130fa2e3f397976dacb"
    "b2d6a583f95969d3c0d07b707d2f97d0fe4c133d7a793ec79da28f24770e9e8",
    ODD: "b54a9d51ccd8f0c0d8df0519f452510a32908911f50a165816ccebe5abbc1df39"
    "46029097d52fc7774d4688e5fe681f923edde4067d73e7208d7dd2bc014a306",
}


@pytest.mark.parametrize("text", LOGGED)
def test_the_hash_is_coredns_own(text: str) -> None:
    assert digest(text) == LOGGED[text]


def test_blanks_and_comments_count_for_nothing_and_lines_do() -> None:
    assert digest(KUBEADM.replace("errors", "  errors # all of them")) == LOGGED[KUBEADM]
    assert digest("\n" + KUBEADM) != LOGGED[KUBEADM]


@pytest.mark.parametrize(
    "text", [".:53 {", "import others/*.conf\n.:53 {\n}\n", ".:53 {\n forward . {$UPSTREAM}\n}\n", "(a) {\n"]
)
def test_what_is_not_known_has_no_hash(text: str) -> None:
    assert digest(text) is None


A, B = "a" * 128, "b" * 128
READ = "[INFO] plugin/reload: Running configuration SHA512 = "
FAILED = "plugin/reload: Corefile changed but reload failed: plugin/cache: unknown property"


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("", Running()),
        (f".:53\n{READ}{A}\nCoreDNS-1.15.0\n", Running(A)),
        (f"{READ}{A}\n[INFO] Reloading\n{READ}{B}\n[INFO] Reloading complete\n", Running(B)),
        (f"{READ}{A}\n[ERROR] {FAILED}\n", Running(A, FAILED)),
        (f"[ERROR] {FAILED}\n{READ}{B}\n", Running(B)),  # mended since
        (f"[ERROR] {FAILED}\n[INFO] 10.0.0.1:1 - 7 A IN x. udp\n", Running("", FAILED)),
        (f"{READ}abc\n", Running()),
    ],
)
def test_what_the_log_says_last(log: str, told: Running) -> None:
    assert running(log) == told
