"""A registry that has nothing, on loopback: so a wrong image gives a real ErrImagePull and nobody outside is asked.

`private/...` is refused as a registry refuses those who may not pull. (OCI Distribution Specification 1.1: errors.)
"""

from __future__ import annotations

import json
import socketserver
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Registry(BaseHTTPRequestHandler):
    """Answers /v2/ with 200, private repositories with 401, everything else with 404."""

    def do_GET(self) -> None:
        if self.path.rstrip("/") == "/v2":
            self._answer(200, {})
        elif self.path.startswith("/v2/private/"):
            self._answer(401, {"errors": [{"code": "UNAUTHORIZED", "message": "authentication required"}]})
        else:
            self._answer(404, {"errors": [{"code": "MANIFEST_UNKNOWN", "message": "manifest unknown"}]})

    do_HEAD = do_GET

    def _answer(self, status: int, content: dict[str, object]) -> None:
        body = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


class Server(ThreadingHTTPServer):
    """Without the base class's look-up of its own name, which would ask the machine's resolver."""

    def server_bind(self) -> None:
        socketserver.TCPServer.server_bind(self)
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])


if __name__ == "__main__":
    Server((sys.argv[1], int(sys.argv[2])), Registry).serve_forever()
