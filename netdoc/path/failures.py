"""The kind of failure that an error line tells, in the words of those who write such lines.

Sources: errno(3) and its numbers on Linux, getaddrinfo(3) and gai_strerror(3), Go's net and crypto/tls, java.net,
libuv's names, curl and wget, libpq, nginx's and Envoy's log formats and Envoy's response flags.
"""

from __future__ import annotations

import re

from netdoc.model.target import Failure


def _any(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE | re.ASCII)


# What looks like a kind of failure and is not: settings, and the names of HTTP statuses.
_NOISE = _any(
    r"\b(?:connect|read|request)?_?timeout(?:ms|_ms|seconds)?[\"']?\s{0,2}[=:]\s{0,2}[\"']?\d",
    r"gateway time-?out",
    r"upstream request timeout",
    r"reset/before headers|disconnect/reset",
    r"\bssl:(?:default|true|false)",
)

# The first that is found is told: a lookup's timeout is a lookup's failure, a reset in a handshake is a reset.
_KINDS: tuple[tuple[Failure, re.Pattern[str]], ...] = (
    (
        "dns",
        _any(
            "temporary failure in name resolution", "EAI_AGAIN", "SERVFAIL", "server misbehaving", r"errno -3\b",
            r"lookup (?!error)[\w.-]+(?: on \S+)?: (?!no such host)", "no servers could be reached",
            r"plugin/errors: \d", "no address associated with hostname", "EAI_NODATA",
            r"query\w* (?:ETIMEOUT|EREFUSED)",
            r"could not be resolved \((?!3)", r"ENODATA\b", "status: REFUSED",
        ),
    ),
    (
        "nxdomain",
        _any(
            "no such host", "NXDOMAIN", "ENOTFOUND", "name or service not known", r"errno -2\b",
            "nodename nor servname", "domain name not found", "name does not resolve", "UnknownHost", "unknown host",
            "host not found", "unknown mysql server host", "non-existent domain",
        ),
    ),
    (
        "dns",
        _any(
            "could(?: not|n't) resolve", "unable to resolve", "cannot resolve", "can't resolve", "failed to resolve",
            "name resolution", "dns resolution failed", "dns error", "could not translate host", "bad address '",
            "could not be resolved", "dns_resolution_failure", "failed to lookup address", r"response_flags\W+DF\b",
            "name resolver error",
        ),
    ),
    (
        "refused",
        _any(
            "connection refused", "ECONNREFUSED", "actively refused", r"\(111[):]", r"err(?:no|or):? -?111\b",
            r"connection to \S+ refused", "couldn't connect to server", "refused to connect", "connect_refused",
            # kube-proxy rejects what has no endpoint, and curl says no more than that it could not connect.
        ),
    ),
    (
        "no-route",
        _any(
            "no route to host", "EHOSTUNREACH", "ENETUNREACH", "network is unreachable", "host is unreachable",
            "host unreachable", "network unreachable", "NoRouteToHost", r"\(113[):]", r"err(?:no|or):? -?(?:113|101)\b",
        ),
    ),
    (
        "tls",
        _any(
            "x509", r"\btls: ", "tls handshake", "tls_error", "tls error", "tls alert", r"\[ssl[:\]]", "sslerror",
            "ssl certificate", "sslhandshake", "ssl_error_(?!syscall)", "ssl routines", "ssl3_", "ssl_do_handshake",
            "certificate", "PKIX", r"\bCERT_", "EPROTO", "altnames", "http response to https client", "tlsv1",
            "plain http request was sent to https", "wrong version number", "handshake.failure", r"\bssl_connect",
            "unable_to_verify", "self[- _]signed", "alternative certificate subject name",
        ),
    ),
    (
        "reset",
        _any(
            "reset by peer", "ECONNRESET", "connection reset", "broken pipe", "EPIPE", "socket hang up",
            "empty reply from server", "prematurely closed", "remote end closed", "remotedisconnected",
            "unexpected eof",
            r": EOF\b", "other side closed", "connection closed", "server closed the connection", "connection aborted",
            r"reset reason: (?:remote reset|connection termination|local reset)", "lost connection to mysql",
            r"upstream_reset_before_response_started\{(?:remote_reset|connection_termination)", r"\(104[):]",
            r"err(?:no|or):? -?104\b", "nohttpresponse", "failed to respond", "server disconnected", r"\" 50[0-9] UC\b",
        ),
    ),
    (
        "timeout",
        _any(
            r"time[sd]?[- ]?out\b", "timeout", "deadline[ _]?exceeded", "ETIMEDOUT", "ESOCKETTIMEDOUT", r"\(110[):]",
            r"err(?:no|or):? -?110\b", "no response from", r"\" 50[0-9] UT\b",
        ),
    ),
)  # fmt: skip

# Where a status stands: in a response's or a request's line, before its name, behind a word for it.
_STATUS = (
    re.compile(r"HTTP/\d(?:\.\d)?\"? (?P<status>[45]\d\d)\b", re.ASCII),
    re.compile(
        r"\b(?P<status>[45]\d\d)\b:? (?:bad gateway|service (?:temporarily )?unavailable|gateway time-?out|"
        r"internal server error|server error|client error|not found|forbidden|unauthorized|too many requests|"
        r"bad request|page not found)",
        re.IGNORECASE | re.ASCII,
    ),
    re.compile(
        r"(?:status|code|error|returned|response|responded with|got)(?: code)?(?: an?)?[\"']?[ :=]{1,3}[\"']?"
        r"(?P<status>[45]\d\d)\b(?![.:])",
        re.IGNORECASE | re.ASCII,
    ),
)
_NAMED_STATUS = (
    ("bad gateway", 502),
    ("service unavailable", 503),
    ("service temporarily unavailable", 503),
    ("gateway timeout", 504),
    ("gateway time-out", 504),
    ("upstream request timeout", 504),  # Envoy's body of a 504
    ("upstream connect error", 503),  # Envoy's body of a 503
    ("no healthy upstream", 503),  # Envoy's too
    ("no available server", 503),  # Traefik's body where a service has no server
    ("no live upstreams", 502),  # nginx's log line for one
)
_FAILED = _any(
    r"\b(?:error|errors|fail|fails|failed|failure|failing|exception|cannot|can't|can not|unable|"
    r"unavailable|unreachable|unhealthy|refused|denied|fatal|panic|could not|couldn't|no endpoints)\b",
    r"(?:Error|Exception)\b",
)


def status_of(text: str) -> int | None:
    """The HTTP error status (4xx, 5xx) that the text tells."""
    for pattern in _STATUS:
        if (found := pattern.search(text)) is not None:
            return int(found["status"])
    lower = text.lower()
    return next((status for words, status in _NAMED_STATUS if words in lower), None)


def failure_of(text: str) -> Failure | None:
    """The kind of failure, the most telling first; None where the text speaks of no failure at all."""
    bare = _NOISE.sub(" ", text)
    for kind, words in _KINDS:
        if words.search(bare):
            return kind
    if status_of(text) is not None:
        return "http"
    return "other" if _FAILED.search(bare) else None
