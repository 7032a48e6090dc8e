"""The one boundary for secrets: what a journal keeps and what a report shows has passed through here.

It knows secrets by their place (the data of a Secret, environment values, fields with a telling name, applied
manifests) and by their shape (tokens, keys, passwords in URLs and command lines), also in JSON within text. What it
takes out is replaced by MARK; to redact twice is to redact once, so that a record judged again reads the same.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

import msgspec

from netdoc.model.record import Ask

T = TypeVar("T")

MARK = "[redacted]"
DEEPEST = 8
"""JSON in JSON in JSON: beyond this many layers it is taken out whole."""

APPLIED = frozenset({"kubectl.kubernetes.io/last-applied-configuration", "objectset.rio.cattle.io/applied"})
LABELS = frozenset({"labels", "matchLabels", "selector", "nodeSelector", "podSelector", "namespaceSelector"})
REFERENCES = ("/auth-secret", "/auth-tls-secret", "/proxy-ssl-secret")
"""Annotations of ingress controllers that name a Secret."""
_PROXIES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"})

_NAME = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|secrets?|token|api[-_.]?key|access[-_.]?key(?:[-_.]?id)?|private[-_.]?key|"
    r"secret[-_.]?key|auth[-_.]?key|signing[-_.]?key|encryption[-_.]?key|client[-_.]?key(?:[-_.]data)?|key[-_.]data|"
    r"credentials?|authorization|auth|cookie|session[-_.]?id|signature|sig|dsn|\.?dockerconfigjson|dockercfg)"
)
_KEY = re.compile(rf"(?:[\w.\-/]*[\w.\-/_])??{_NAME}", re.IGNORECASE)
"""A whole name that says that its value is a secret: DB_PASSWORD, clientSecret, x-api-key."""

_VALUE = r"(?:\\?\"(?:[^\"\\]|\\.)*\\?\"|'[^']*'|[^\s\"'&,;}\])]+)"
_PATTERNS: tuple[tuple[re.Pattern[str], str], ...] = (
    # PEM blocks with a private key, whole or cut short (RFC 7468), newlines written out or not.
    (
        re.compile(
            r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----|\Z)",
            re.DOTALL,
        ),
        MARK,
    ),
    # The rest of one whose head is cut off.
    (re.compile(r"(?:[A-Za-z0-9+/=]{8,}\s+)+-----END [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----"), MARK),
    # A JSON Web Token (RFC 7519), also an unsigned or truncated one.
    (re.compile(r"\beyJ[\w-]{6,}\.[\w-]+(?:\.[\w-]*)*"), MARK),
    # Authorization schemes (RFC 7235, 7617, 6750).
    (
        re.compile(
            r"\b(Bearer|Basic|Digest|Negotiate|ApiKey|Token)(\s+)(?!\[redacted\])(?=[\w.~+/=:-]*[\d=+/._-]|[\w-]{16})"
            r"[\w.~+/=:-]{6,}",
            re.IGNORECASE,
        ),
        rf"\1\2{MARK}",
    ),
    # Cookies to the end of the line.
    (re.compile(r"\b((?:Set-)?Cookie:\s*)[^\r\n\"']+", re.IGNORECASE), rf"\1{MARK}"),
    # user:password@ in a URL or a data source name (RFC 3986, 3.2.1).
    (re.compile(r"\b([a-z][a-z0-9+.-]*://)([^\s/@:\"'<>]*):([^\s/\"'<>]*)@", re.IGNORECASE), rf"\1\2:{MARK}@"),
    (re.compile(r"\b([a-z][a-z0-9+.-]*://)(?!\[redacted\])([\w.~%+-]{16,})@", re.IGNORECASE), rf"\1{MARK}@"),
    (re.compile(r"(?<![\w/])([\w.-]+):([^\s:@/\"']+)@(tcp|unix|udp)\("), rf"\1:{MARK}@\3("),
    # Keys of well-known makers, by their published prefixes.
    (
        re.compile(
            r"\b(?:(?:AKIA|ASIA)[0-9A-Z]{16}|gh[pousr]_\w{20,}|github_pat_\w{20,}|glpat-[\w-]{16,}|xox[abeprs]-[\w-]{10,}|"
            r"AIza[\w-]{30,}|[sr]k_(?:live|test)_\w{10,}|npm_\w{20,}|dop_v1_\w{20,}|hvs\.[\w-]{20,}|s\.\w{24}|"
            r"SG\.[\w-]{16,}\.[\w-]{16,}|ya29\.[\w-]{10,}|sha256~[\w-]{20,}|K10[0-9a-f]{40,}(?:::\S+)?)"
        ),
        MARK,
    ),
    # curl -u user:password
    (re.compile(r"((?:^|\s)(?:-u|--user)[ =]?)([\w.@-]+):(?!\[redacted\])(\S+)"), rf"\1\2:{MARK}"),
)
_QUOTED = re.compile(rf"(\\*[\"'])([\w.\-/]*{_NAME})(\\*[\"']\s*[:=]\s*)(\\*[\"'])(.*?)(?<!\\)(\4)", re.IGNORECASE)
_NUMERIC = re.compile(rf"(\\*[\"'])([\w.\-/]*{_NAME})(\\*[\"']\s*[:=]\s*)(\d+)\b", re.IGNORECASE)
_SAID = r"(?:permission denied|no such file or directory|(?:is|not) a directory)\b"
"""What the system says of a file (errno(3)), whose path may end in `token`: this is no value of it."""
_PLAIN = re.compile(rf"(?<![\w])([\w.\-/]*{_NAME})(\s?=\s?|: ?)(?!\[redacted\]|\s|{_SAID})({_VALUE})", re.IGNORECASE)
_FLAG = re.compile(rf"(--?[\w-]*{_NAME})(\s+)(?!\[redacted\]|-)({_VALUE})", re.IGNORECASE)
_FLAG_ALONE = re.compile(rf"--?[\w-]*{_NAME}|-u|--user", re.IGNORECASE)
_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY[A-Z ]*-----")
_BASE64 = re.compile(r"LS0tLS1CRUdJTi[A-Za-z0-9+/=]{20,}")
_TRIGGER = re.compile(
    r"eyJ|-----BEGIN|-----END|LS0tLS1CRUdJTi|@|Bearer|Basic|Digest|Negotiate|ApiKey|Token|Cookie|AKIA|ASIA|gh[pousr]_|github_pat_"
    rf"|glpat-|xox|AIza|[sr]k_|npm_|dop_v1_|hvs\.|s\.\w{{24}}|SG\.|ya29\.|sha256~|K10|(?:^|\s)(?:-u|--user)|{_NAME}\W",
    re.IGNORECASE,
)


def redacted(value: T, depth: int = 0, known: frozenset[str] = frozenset()) -> T:
    """The same data without secrets, of the same types. Plain data, structs, and text.

    `known` are names of fields whose values are no secrets whatever they are called: `secretName`, `secret` of a
    Traefik middleware and their like name a Secret, and what they name is judged again from the record.
    """
    done: Any
    match value:
        case str():
            done = text(value, depth)
        case msgspec.Struct():
            done = _struct(value, depth)
        case dict():
            done = _mapping(value, depth, known)
        case tuple() | list():
            done = type(value)(_sequence(value, depth, known))
        case _:
            done = value
    return done  # type: ignore[no-any-return]


def _sequence(values: Iterable[Any], depth: int, known: frozenset[str]) -> Iterator[Any]:
    """The members of a list, of which one may say what the next one is: `--token`, or the head of a key."""
    flagged = within = False
    for one in values:
        if not isinstance(one, str):
            flagged = within = False
            yield redacted(one, depth, known)
            continue
        yield MARK if (flagged and not one.startswith("-")) or within else text(one, depth)
        flagged = _FLAG_ALONE.fullmatch(one) is not None
        within = (within or _KEY_BEGINS.search(one) is not None) and "-----END" not in one


def redacted_answer(answer: bytes) -> bytes:
    """An encoded answer of a cluster (netdoc.cluster.recorded) without secrets.

    The fields of a projection are known by name; what their authors named (ConfigMap keys, annotations) is not.
    """
    kept = msgspec.json.decode(answer)
    known = frozenset(field.rpartition(".")[2] for field in kept.get("fields", ()))
    clean = {key: one if key == "fields" else redacted(one, 0, known) for key, one in kept.items()}
    return answer if clean == kept else msgspec.json.encode(clean)


def text(value: str, depth: int = 0) -> str:
    """The text without secrets. Text that is JSON is redacted as data, and stays JSON."""
    if len(value) < 6 or value == MARK:
        return value
    stripped = value.strip()
    if stripped[:1] in ("{", "[") and stripped[-1:] in ("}", "]"):
        inner = _json(stripped, depth)
        if inner is not None:
            return inner
    return _shapes(value) if _TRIGGER.search(value) else value


def _json(value: str, depth: int) -> str | None:
    """JSON redacted as data; None where it is not JSON."""
    try:
        data = msgspec.json.decode(value)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return None
    if depth >= DEEPEST:
        return f'"{MARK}"'
    clean = redacted(data, depth + 1)
    return value if clean == data else msgspec.json.encode(clean).decode()


def _shapes(value: str) -> str:
    value = _BASE64.sub(_encoded_key, _tokens(value))
    value = _QUOTED.sub(rf"\1\2\3\4{MARK}\6", value)
    value = _NUMERIC.sub(rf'\1\2\3"{MARK}"', value)
    value = _PLAIN.sub(_kept_quotes, value)
    return _FLAG.sub(rf"\1\2{MARK}", value)


def _kept_quotes(match: re.Match[str]) -> str:
    scheme = match[3].lower() in ("bearer", "basic", "digest", "negotiate", "token", "apikey")
    return match[0] if scheme else f"{match[1]}{match[2]}{MARK}"


def _encoded_key(match: re.Match[str]) -> str:
    """A PEM block in base64, as a kubeconfig has it: a certificate is public, a key is not."""
    body = match[0].rstrip("=")
    try:
        plain = base64.b64decode(body[: len(body) // 4 * 4], validate=False)
    except (binascii.Error, ValueError):
        return MARK
    return MARK if b"PRIVATE KEY" in plain else match[0]


def _struct(value: msgspec.Struct, depth: int) -> msgspec.Struct:
    """A struct with its strings redacted; the very struct where nothing had to be."""
    if isinstance(value, Ask):
        return _ask(value)
    changed: dict[str, Any] = {}
    for name in value.__struct_fields__:
        old = getattr(value, name)
        if isinstance(old, bool | int | float | datetime) or old is None:
            continue
        new = MARK if _secret_name(name) and isinstance(old, str) and old else redacted(old, depth)
        if new != old:
            changed[name] = new
    return msgspec.structs.replace(value, **changed) if changed else value


def _ask(ask: Ask) -> Ask:
    """What was asked, less what is a secret by its shape. `auth=on` in a selector is a label: the answer is found
    by it again.
    """
    changed = {name: _tokens(getattr(ask, name)) for name in ("namespace", "name", "labels", "fields", "container")}
    return msgspec.structs.replace(ask, **changed)


def _tokens(value: str) -> str:
    for pattern, put in _PATTERNS:
        value = pattern.sub(put, value)
    return value


def _mapping(value: Mapping[Any, Any], depth: int, known: frozenset[str]) -> dict[Any, Any]:
    if value.get("kind") in ("Secret", "SecretList"):
        value = {key: _emptied(one) if key in ("data", "stringData") else one for key, one in value.items()}
    if isinstance(value.get("name"), str) and isinstance(value.get("value"), str) and _secret_name(value["name"]):
        value = {**value, "value": MARK}
    return {redacted(key, depth): _member(key, one, depth, known) for key, one in value.items()}


def _member(key: Any, value: Any, depth: int, known: frozenset[str]) -> Any:
    """A member of a mapping, judged by its name too. Labels are no secrets: policies and Services match by them."""
    if key in LABELS and isinstance(value, dict):
        return {redacted(name, depth): redacted(one, depth) for name, one in value.items()}
    if key == "env" and isinstance(value, list):
        return [redacted(_variable(one), depth, known) for one in value]
    if isinstance(key, str) and isinstance(value, str | int | float) and not isinstance(value, bool):
        named = _secret_name(key) and key not in known and not key.endswith(REFERENCES)
        if key in APPLIED or (named and value != ""):
            return MARK
    return redacted(value, depth, known)


def _variable(one: Any) -> Any:
    """An environment variable: only where a request goes through is told, and that without its password."""
    if not isinstance(one, dict) or not one.get("value") or str(one.get("name", "")).upper() in _PROXIES:
        return one
    return {**one, "value": MARK}


def _emptied(data: Any) -> Any:
    """A Secret's data with its keys: they are named in pods, their values nowhere."""
    return dict.fromkeys(data, MARK) if isinstance(data, dict) else MARK


def _secret_name(name: str) -> bool:
    return _KEY.fullmatch(name) is not None
