"""Reading 10,000 pods from a loopback API server: as bytes, as projections, as the client's models.

Each way runs in a process of its own, so that its peak memory is its own. Quote the ratios: machines are noisy.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit

from tests.bench.sized import pod

PODS = 10_000
PAGE = 500

WAYS = {
    "bytes": """
import urllib.request
token, size = "", 0
while True:
    with urllib.request.urlopen(f"{url}/api/v1/pods?limit=500" + (f"&continue={token}" if token else "")) as answer:
        body = answer.read()
    size += len(body)
    at = body.find(b'"continue":')
    token = body[at + 11:].split(b'"')[1].decode() if at >= 0 else ""
    if not token:
        break
""",
    "projections": """
import asyncio
from netdoc.cluster import LiveOptions, open_live
from netdoc.model import kube
async def read():
    cluster = open_live(LiveOptions(kubeconfig=config))
    listing = await cluster.list(kube.Pod)
    assert len(listing.items) == count and listing.gap is None, listing.gap
    await cluster.close()
asyncio.run(read())
""",
    "client models": """
from kubernetes import client, config as configuration
configuration.load_kube_config(config)
api, token, found = client.CoreV1Api(), None, 0
while True:
    page = api.list_pod_for_all_namespaces(limit=500, _continue=token)
    found += len(page.items)
    token = page.metadata._continue
    if not token:
        break
assert found == count
""",
}
FRAME = """
import json, sys, time
url, config, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
start = time.perf_counter()
{body}
took = time.perf_counter() - start
status = dict(line.split(":", 1) for line in open("/proc/self/status"))
print(json.dumps({{"seconds": took, "megabytes": int(status["VmHWM"].split()[0]) / 1024}}))
"""


def main() -> None:
    with _served(_pages()) as url:
        config = _kubeconfig(url)
        rows = {way: _measure(body, url, config) for way, body in WAYS.items()}
    base = rows["bytes"]["seconds"]
    print(f"reading {PODS} pods (with imports, one process each)")
    for way, row in rows.items():
        print(f"  {way:14} {row['seconds']:6.2f} s  {row['seconds'] / base:5.1f} x  {row['megabytes']:6.0f} MB peak")


def _pages() -> dict[str, bytes]:
    """The list in pages of 500, encoded once: the server's own work must not be what is measured."""
    pages = {}
    for start in range(0, PODS, PAGE):
        after = str(start + PAGE) if start + PAGE < PODS else ""
        items = [pod(i, f"ns-{i % 500}", f"app-{i % 2000}") for i in range(start, min(start + PAGE, PODS))]
        metadata = {"resourceVersion": "1"} | ({"continue": after} if after else {})
        page = {"kind": "PodList", "apiVersion": "v1", "metadata": metadata, "items": items}
        pages[str(start) if start else ""] = json.dumps(page, separators=(",", ":")).encode()
    return pages


@contextlib.contextmanager
def _served(pages: dict[str, bytes]) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            query = dict(parse_qsl(urlsplit(self.path).query))
            body = pages[query.get("continue", "")] if "/pods" in self.path else b"{}"
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            """Nothing: the figures alone are printed."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()


def _measure(body: str, url: str, config: str) -> dict[str, float]:
    command = [sys.executable, "-c", FRAME.format(body=body), url, config, str(PODS)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _kubeconfig(url: str) -> str:
    path = tempfile.mkstemp(suffix=".kubeconfig")[1]
    config = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "bench",
        "contexts": [{"name": "bench", "context": {"cluster": "bench", "user": "bench"}}],
        "clusters": [{"name": "bench", "cluster": {"server": url}}],
        "users": [{"name": "bench", "user": {}}],
    }
    with open(path, "w", encoding="utf-8") as file:
        json.dump(config, file)
    return path


if __name__ == "__main__":
    main()
