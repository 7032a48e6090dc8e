"""What may be sent to an API server: reads, access reviews and dry runs. Everything else is refused here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

Query = Sequence[tuple[str, str]]

# Reviews that ask about the caller alone; the API has them created, and keeps nothing.
REVIEWS = frozenset(
    {
        "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews",
        "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews",
        "/apis/authentication.k8s.io/v1/selfsubjectreviews",
    }
)

# Subresources that a GET opens a connection through, into a pod or beyond.
_CONNECTS = frozenset({"exec", "attach", "portforward", "proxy"})
_SEGMENT = re.compile(r"[A-Za-z0-9:._-]+")
_RESOURCE = re.compile(
    r"/(?:api/v1|apis/[^/]+/[^/]+)/(?:watch/)?(?:namespaces/[^/]+/)?(?P<resource>[^/]+)(?P<rest>/.*)?"
)


class Refused(Exception):
    """A request that netdoc does not make."""


def check(method: str, path: str, query: Query = (), *, secrets: bool = False) -> None:
    """Raise Refused for a request that does more than read; `secrets` allows a Secret to be read by its name."""
    segments = path.split("/")[1:]
    if not path.startswith("/") or any(not _plain(one) for one in segments):
        raise Refused(f"{method} {path}: not a path of the API")
    if method == "POST" and path in REVIEWS:
        return
    if method != "GET":
        if [value for key, value in query if key == "dryRun"] == ["All"] and method in ("POST", "PUT", "PATCH"):
            return
        raise Refused(f"{method} {path}: netdoc only reads")
    _check_read(path, segments, query, secrets)


def _plain(segment: str) -> bool:
    """No escapes and no dots that another parser may take for a way up."""
    return bool(_SEGMENT.fullmatch(segment)) and segment not in (".", "..") and unquote(segment) == segment


def _check_read(path: str, segments: list[str], query: Query, secrets: bool) -> None:
    if _CONNECTS & set(segments[3:]) and _connects(path):
        raise Refused(f"GET {path}: opens a connection into the cluster")
    match = _RESOURCE.fullmatch(path)
    if match is None or match["resource"] != "secrets":
        return
    watched = "watch" in segments or any(key == "watch" for key, _ in query)
    if not match["rest"] or watched:
        raise Refused(f"GET {path}: Secrets are never listed")
    if not secrets:
        raise Refused(f"GET {path}: Secrets are read only by checks that say so")


def _connects(path: str) -> bool:
    """Whether the path ends in, or passes through, a connecting subresource of an object."""
    match = re.search(r"/(?:pods|services|nodes)/[^/]+/(?P<sub>[^/]+)", path)
    return match is not None and match["sub"] in _CONNECTS
