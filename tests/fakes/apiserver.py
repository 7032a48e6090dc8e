"""A loopback Kubernetes API server over given documents, which misbehaves on demand.

It lists with limit, continue and selectors, answers 404 and 403 as the real one does, asks for a token or a client
certificate, and keeps every request that it saw. Faults wait on events and end with the server; nothing sleeps.
The keys in `tls/` were made for these tests and guard nothing.
"""

from __future__ import annotations

import contextlib
import functools
import json
import re
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterable
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from netdoc.cluster.selection import label_selector

TLS = Path(__file__).parent / "tls"

Document = dict[str, Any]
Fault = Callable[["Handler"], None]

_PATH = re.compile(
    r"/(?:api/(?P<core>v1)|apis/(?P<group>[^/]+)/(?P<version>[^/]+))"
    r"(?:/namespaces/(?P<ns>[^/]+)(?=/))?/(?P<resource>[^/]+)(?:/(?P<name>[^/]+))?(?:/(?P<sub>[^/]+))?"
)
PLURALS = {"NetworkPolicy": "networkpolicies", "Ingress": "ingresses"}


class Request:
    """One request as it came in."""

    def __init__(self, method: str, target: str, headers: list[tuple[str, str]], body: bytes) -> None:
        self.method = method
        split = urlsplit(target)
        self.path = unquote(split.path)
        self.query = dict(parse_qsl(split.query, keep_blank_values=True))
        self.headers = headers
        self.body = body
        match = _PATH.fullmatch(self.path)
        self.place = match.groupdict() if match else {}
        self.verb = self._verb()

    def _verb(self) -> str:
        if self.method != "GET" or not self.place:
            return "other"
        if self.place["sub"]:
            return str(self.place["sub"])
        return "get" if self.place["name"] else "list"

    def header(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key.lower() == name.lower()]


class _Rule:
    def __init__(self, fault: Fault, verb: str, resource: str, times: int) -> None:
        self.fault, self.verb, self.resource, self.left = fault, verb, resource, times

    def takes(self, request: Request) -> bool:
        return (
            self.left > 0 and self.verb in ("*", request.verb) and self.resource in ("*", request.place.get("resource"))
        )


class ApiServer:
    """Use as a context manager; `url` is where it listens."""

    def __init__(
        self,
        documents: Iterable[Document] = (),
        *,
        tls: bool = False,
        client_ca: bool = False,
        tokens: Iterable[str] = (),
    ) -> None:
        self.documents = list(documents)
        self.tokens = set(tokens)
        self.requests: list[Request] = []
        self.logs: dict[tuple[str, str, str], str] = {}
        self.forbidden: set[tuple[str, str]] = set()
        self.groups: dict[str, list[str]] = {}
        self.stopped = threading.Event()
        self.skew = 0.0
        self.in_flight = 0
        self.most_in_flight = 0
        self.lock = threading.Lock()
        self._rules: list[_Rule] = []
        handler = type("BoundHandler", (Handler,), {"api": self})
        self._server = _Server(("127.0.0.1", 0), handler)
        if tls:
            self._server.socket = _context(client_ca).wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False
            )
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> ApiServer:
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.stopped.set()
        self._server.shutdown()
        self._server.server_close()

    def fail(self, fault: Fault, *, verb: str = "*", resource: str = "*", times: int = 1_000_000) -> None:
        """Answer the next `times` requests of a verb and resource with a fault."""
        self._rules.append(_Rule(fault, verb, resource, times))

    def fault_for(self, request: Request) -> Fault | None:
        with self.lock:
            rule = next((one for one in self._rules if one.takes(request)), None)
            if rule is not None:
                rule.left -= 1
            return rule.fault if rule else None

    def find(self, place: dict[str, str | None]) -> list[Document]:
        return [one for one in self.documents if _is_of(one, place)]

    def serves(self, place: dict[str, str | None]) -> bool:
        group = place["group"] or ""
        return group in _BUILT_IN or any(
            _group(one) == group and plural(one) == place["resource"] for one in self.documents
        )


_BUILT_IN = {"", "apps", "batch", "discovery.k8s.io", "networking.k8s.io", "coordination.k8s.io"}


def plural(document: Document) -> str:
    kind = str(document["kind"])
    return PLURALS.get(kind, kind.lower() + "s")


def _group(document: Document) -> str:
    return str(document["apiVersion"]).rpartition("/")[0]


def _is_of(document: Document, place: dict[str, str | None]) -> bool:
    if plural(document) != place["resource"] or _group(document) != (place["group"] or ""):
        return False
    return place["ns"] in (None, document["metadata"].get("namespace"))


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what these tests are about."""


def _context(client_ca: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.pem", TLS / "server.key")
    if client_ca:
        context.load_verify_locations(TLS / "ca.pem")
        context.verify_mode = ssl.CERT_REQUIRED
    return context


class Handler(BaseHTTPRequestHandler):
    api: ApiServer
    protocol_version = "HTTP/1.1"
    asked: Request

    def log_message(self, format: str, *args: Any) -> None:
        """Silence: tests read `requests`."""

    def do_GET(self) -> None:
        self._serve("GET")

    def do_POST(self) -> None:
        self._serve("POST")

    def date_time_string(self, timestamp: float | None = None) -> str:
        import time

        return formatdate((timestamp or time.time()) + self.api.skew, usegmt=True)

    def _serve(self, method: str) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.asked = Request(method, self.path, list(self.headers.items()), body)
        with self.api.lock:
            self.api.requests.append(self.asked)
            self.api.in_flight += 1
            self.api.most_in_flight = max(self.api.most_in_flight, self.api.in_flight)
        try:
            with contextlib.suppress(OSError):
                self._answer()
        finally:
            with self.api.lock:
                self.api.in_flight -= 1

    def _answer(self) -> None:
        if self.api.tokens and not self._known():
            return self.status(401, "Unauthorized", "Unauthorized")
        fault = self.api.fault_for(self.asked)
        if fault is not None:
            return fault(self)
        if self.asked.path == "/version":
            return self.send({"major": "1", "minor": "36"})
        if self.asked.method == "POST":
            return self._review()
        if self.asked.path == "/apis":
            return self._groups()
        if not self.asked.place or not self.api.serves(self.asked.place):
            return self.raw(404, b"404 page not found\n", "text/plain")
        if (self.asked.verb, self.asked.place["resource"]) in self.api.forbidden:
            return self.status(403, "Forbidden", f'cannot {self.asked.verb} resource "{self.asked.place["resource"]}"')
        return {"get": self._get, "list": self._list, "log": self._log}[self.asked.verb]()

    def _known(self) -> bool:
        given = [value.partition(" ")[2] for value in self.asked.header("Authorization")]
        return bool(self.api.tokens.intersection(given))

    def _review(self) -> None:
        review = json.loads(self.asked.body)
        wanted = review.get("spec", {}).get("resourceAttributes", {})
        resource = "/".join(one for one in (wanted.get("resource"), wanted.get("subresource")) if one)
        denied = (wanted.get("verb"), resource) in self.api.forbidden
        self.send(review | {"status": {"allowed": not denied}}, 201)

    def _groups(self) -> None:
        groups = {group: ["v1"] for group in _BUILT_IN if group}
        for api_version in sorted({one["apiVersion"] for one in self.api.documents}):
            group, _, version = api_version.rpartition("/")
            groups.setdefault(group, []).append(version)
        given = (groups | self.api.groups).items()
        served = [
            {"name": name, "versions": [{"version": one} for one in versions]} for name, versions in given if name
        ]
        self.send({"kind": "APIGroupList", "apiVersion": "v1", "groups": served})

    def _get(self) -> None:
        place = self.asked.place
        found = [one for one in self.api.find(place) if one["metadata"]["name"] == place["name"]]
        if not found:
            return self.status(404, "NotFound", f'{place["resource"]} "{place["name"]}" not found', name=place["name"])
        self.send(found[0])

    def _list(self) -> None:
        found = [one for one in self.api.find(self.asked.place) if _selected(one, self.asked.query)]
        start = int(self.asked.query.get("continue") or 0)
        limit = int(self.asked.query.get("limit") or 0) or len(found)
        self.send(listing(self.asked, found[start : start + limit], start + limit if start + limit < len(found) else 0))

    def _log(self) -> None:
        place = self.asked.place
        text = self.api.logs.get((place["ns"] or "", place["name"] or "", self.asked.query.get("container", "")))
        if text is None:
            return self.status(400, "BadRequest", f"container is not valid for pod {place['name']}")
        lines = text.splitlines(keepends=True)[-int(self.asked.query.get("tailLines", 1_000)) :]
        self.raw(200, "".join(lines).encode(), "text/plain")

    # Answers

    def send(self, value: Any, status: int = 200) -> None:
        self.raw(status, json.dumps(value).encode(), "application/json")

    def status(
        self, code: int, reason: str, message: str, *, name: str | None = None, headers: dict[str, str] | None = None
    ) -> None:
        details = {"name": name} if name else {}
        value = {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": reason, "code": code}
        self.raw(
            code, json.dumps(value | {"message": message, "details": details}).encode(), "application/json", headers
        )

    def raw(self, code: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        for key, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(key, value)
        self.end_headers()
        self.wfile.write(body)

    def proper(self) -> bytes:
        """The body that would have been right, for faults that spoil it."""
        found = self.api.find(self.asked.place)
        if self.asked.verb == "get":
            found = [one for one in found if one["metadata"]["name"] == self.asked.place["name"]]
            return json.dumps(found[0] if found else {}).encode()
        return json.dumps(listing(self.asked, found, 0)).encode()

    def hang_up(self) -> None:
        """End the connection by a reset (RST), as a crashed load balancer does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()


def listing(asked: Request, items: list[Document], token: int) -> Document:
    """A list as the server writes it: the items without kind and apiVersion of their own."""
    kind = items[0]["kind"] if items else "Thing"
    bare = [{key: value for key, value in one.items() if key not in ("kind", "apiVersion")} for one in items]
    meta = {"resourceVersion": "1", **({"continue": str(token)} if token else {})}
    return {"kind": f"{kind}List", "apiVersion": "v1", "metadata": meta, "items": bare}


def _selected(document: Document, query: dict[str, str]) -> bool:
    """Equality alone: enough to see that a selector was sent, and that what it chose came back."""
    labels = document["metadata"].get("labels", {})
    fields = [part.split("=", 1) for part in query.get("fieldSelector", "").split(",") if part]
    return _wanted(query.get("labelSelector", ""))(labels) and all(
        _field(document, key) == value for key, value in fields
    )


@functools.cache
def _wanted(text: str) -> Callable[[Any], bool]:
    """A label selector, set-based terms too; by netdoc's own reader, which is tested against the server's rules."""
    return label_selector(text)


def _field(document: Document, path: str) -> Any:
    value: Any = document
    for part in path.split("."):
        value = value.get(part, {}) if isinstance(value, dict) else {}
    return value


# Faults


def answers(code: int, reason: str = "InternalError", headers: dict[str, str] | None = None) -> Fault:
    return lambda handler: handler.status(code, reason, f"injected {code}", headers=headers)


def reset(handler: Handler) -> None:
    handler.hang_up()


def reset_in_body(handler: Handler) -> None:
    body = handler.proper()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.wfile.flush()
    handler.hang_up()


def silent(handler: Handler) -> None:
    """Takes the request and never answers."""
    handler.api.stopped.wait()
    handler.close_connection = True


def stalls_in_body(handler: Handler) -> None:
    """Answers half, and then nothing more."""
    body = handler.proper()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body[: len(body) // 2])
    handler.wfile.flush()
    silent(handler)


def endless(handler: Handler) -> None:
    """A body that goes on for ever, a little at a time: no single read of it is ever late."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    while not handler.api.stopped.wait(0.01):
        handler.wfile.write(b"1\r\n \r\n")
        handler.wfile.flush()


def truncated(handler: Handler) -> None:
    """Promises more than it sends, and closes."""
    body = handler.proper()
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(body) + 100))
    handler.end_headers()
    handler.wfile.write(body)
    handler.close_connection = True


def body(content: bytes, kind: str = "application/json", headers: dict[str, str] | None = None) -> Fault:
    return lambda handler: handler.raw(200, content, kind, headers)


def half_json(handler: Handler) -> None:
    proper = handler.proper()
    handler.raw(200, proper[: len(proper) // 2], "application/json")


def wrong_types(handler: Handler) -> None:
    """The right objects, the first of them with a field of the wrong type."""
    value = json.loads(handler.proper())
    first = value["items"][0] if "items" in value else value
    first["metadata"]["labels"] = "not a map"
    handler.send(value)


def endless_pages(handler: Handler) -> None:
    """Every page says that there is another."""
    value = json.loads(handler.proper())
    value["metadata"]["continue"] = str(len(handler.api.requests))
    handler.send(value)
