"""No secret passes: whatever its shape, wherever it stands. What is no secret is left as it was."""

from __future__ import annotations

import base64
import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from netdoc.cluster.recorded import decode_answer, encode_answer
from netdoc.journal.redaction import MARK, redacted, redacted_answer, text
from netdoc.model import kube
from netdoc.ports import Listing
from tests.journal.secrets import PLANTED, SHAPES


@pytest.mark.parametrize("shape", SHAPES, ids=list(SHAPES))
def test_no_shape_passes(shape: str) -> None:
    assert PLANTED in SHAPES[shape]
    assert PLANTED not in text(SHAPES[shape])
    assert PLANTED not in text(f"container web said: {SHAPES[shape]}\nand went on")


@pytest.mark.parametrize("shape", SHAPES, ids=list(SHAPES))
def test_json_within_json_hides_nothing(shape: str) -> None:
    inner = json.dumps({"message": SHAPES[shape]})
    for _ in range(3):
        assert PLANTED not in text(inner)
        assert PLANTED not in text(f"said {inner} to me")
        inner = json.dumps({"wrapped": inner})


@pytest.mark.parametrize("shape", SHAPES, ids=list(SHAPES))
def test_to_redact_twice_is_to_redact_once(shape: str) -> None:
    once = text(SHAPES[shape])
    assert text(once) == once


@pytest.mark.parametrize(
    "harmless",
    [
        'MountVolume.SetUp failed for volume "db-secret" : secret "db-password" not found',
        "couldn't find key password in Secret shop/db",
        'secret "db-auth" not found',
        "bearer token expired",
        "basic authentication failed",
        "secretName: shop-tls",
        "image registry.example/web@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
        "kubectl --context lab -n shop get secret db -o yaml",
        "http://web.shop:8080/healthz",
        "service.no-ready-endpoint",
        '{"selector": {"app": "web"}, "ports": [80, 443]}',
        "dial tcp 10.43.7.9:5432: i/o timeout",
        "[FATAL] plugin/kubernetes: open /var/run/secrets/kubernetes.io/serviceaccount/token: permission denied",
        "open /etc/app/password: no such file or directory",
    ],
)
def test_what_is_no_secret_stays(harmless: str) -> None:
    assert text(harmless) == harmless


def test_what_a_flag_announces_goes_from_a_list_of_arguments() -> None:
    assert redacted(["serve", "--db-password", PLANTED, "--port", "80"]) == [
        "serve",
        "--db-password",
        MARK,
        "--port",
        "80",
    ]
    key = ["-----BEGIN PRIVATE KEY-----", f"MII{PLANTED}", "-----END PRIVATE KEY-----", "after"]
    assert PLANTED not in repr(redacted(key))
    assert redacted(key)[-1] == "after"


def test_a_key_whose_head_is_cut_off_goes() -> None:
    assert PLANTED not in text(f"MIIEvQIBADANBg\n{PLANTED}\n-----END PRIVATE KEY-----\nready")


def test_the_data_of_a_secret_goes_and_its_keys_stay() -> None:
    secret = {"kind": "Secret", "metadata": {"name": "db"}, "data": {"user": "YQ=="}, "stringData": {"x": "y"}}
    assert redacted(secret) == secret | {"data": {"user": MARK}, "stringData": {"x": MARK}}


def test_environment_values_go_and_proxies_lose_their_password() -> None:
    pod = {"env": [{"name": "GREETING", "value": "hello"}, {"name": "HTTPS_PROXY", "value": "http://u:pw123@proxy:1"}]}
    assert redacted(pod) == {
        "env": [{"name": "GREETING", "value": MARK}, {"name": "HTTPS_PROXY", "value": f"http://u:{MARK}@proxy:1"}]
    }


def test_applied_manifests_go() -> None:
    notes = {"kubectl.kubernetes.io/last-applied-configuration": '{"kind":"Service"}', "team": "shop"}
    assert redacted({"annotations": notes})["annotations"] == notes | {
        "kubectl.kubernetes.io/last-applied-configuration": MARK
    }


def test_a_certificate_in_base64_stays_and_a_key_goes() -> None:
    def encoded(what: str) -> str:
        return base64.b64encode(f"-----BEGIN {what}-----\nMIIB{'A' * 60}\n-----END {what}-----\n".encode()).decode()

    assert text(f"x {encoded('CERTIFICATE')} y") == f"x {encoded('CERTIFICATE')} y"
    assert text(f"x {encoded('EC PRIVATE KEY')} y") == f"x {MARK} y"


def test_labels_are_judged_by_again_and_stay() -> None:
    labels = {"auth": "on", "token": "short", "app": "web"}
    pod = msgspec.convert({"metadata": {"name": "web", "namespace": "shop", "labels": labels}}, kube.Pod)
    back = decode_answer(redacted_answer(encode_answer(Listing((pod,)))), kube.Pod)
    assert back.items[0].metadata.labels == labels


def test_names_of_secrets_stay_in_what_is_judged_again() -> None:
    volume = {"name": "c", "secret": {"secretName": "client-token"}}
    pod = msgspec.convert({"metadata": {"name": "web"}, "spec": {"volumes": [volume]}}, kube.Pod)
    back = decode_answer(redacted_answer(encode_answer(pod)), kube.Pod)
    assert back == pod


def test_the_values_of_a_config_map_are_judged_by_their_keys() -> None:
    config = msgspec.convert(
        {"metadata": {"name": "c"}, "data": {"db-password": "x1y2z3", "Corefile": ".:53 {\n}"}}, kube.ConfigMap
    )
    back = decode_answer(redacted_answer(encode_answer(config)), kube.ConfigMap)
    assert back.data == {"db-password": MARK, "Corefile": ".:53 {\n}"}


JSONS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(JSONS)
def test_any_data_keeps_its_shape(data: Any) -> None:
    clean = redacted(data)
    assert type(clean) is type(data)
    assert redacted(clean) == clean
    assert msgspec.json.encode(clean)


@given(st.text(max_size=200))
def test_any_text_is_redacted_once_and_for_all(anything: str) -> None:
    assert text(text(anything)) == text(anything)
