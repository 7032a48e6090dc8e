"""10,000 pods on a real cluster: reading them against kubectl, and one diagnosis with and without them.

    python -m tests.bench.live KUBECONFIG KUBECTL TARGET

Makes pods that no scheduler takes in a namespace of its own, and removes them. Quote the ratios.
"""

from __future__ import annotations

import concurrent.futures
import json
import os
import subprocess
import sys
import time
from typing import Any

PODS = 10_000
SPACE = "netdoc-bench-pods"

READ = """
import asyncio, sys
from netdoc.cluster import LiveOptions, open_live
from netdoc.model import kube
async def read():
    cluster = open_live(LiveOptions(kubeconfig=sys.argv[1], request_timeout=120))
    listing = await cluster.list(kube.Pod)
    print(len(listing.items), listing.gap)
    await cluster.close()
asyncio.run(read())
"""


def main() -> None:
    if len(sys.argv) != 4:
        print("needs a cluster: python -m tests.bench.live KUBECONFIG KUBECTL TARGET")
        return
    config, kubectl, target = sys.argv[1:]
    before = _diagnose(config, target)
    api = _client(config)
    api.create_namespace({"metadata": {"name": SPACE}})
    try:
        _make(api)
        rows = {
            "netdoc, projections": _timed([sys.executable, "-c", READ, config]),
            "kubectl get --raw": _timed([kubectl, "--kubeconfig", config, "get", "--raw", "/api/v1/pods"]),
            "kubectl get -o json": _timed([kubectl, "--kubeconfig", config, "get", "pods", "-A", "-o", "json"]),
        }
        after = _diagnose(config, target)
    finally:
        api.delete_namespace(SPACE)
    base = rows["netdoc, projections"][0]
    for name, (seconds, megabytes) in rows.items():
        print(f"{name:20} {seconds:6.2f} s  {seconds / base:5.1f} x  {megabytes:6.0f} MB peak")
    for name, one in (("without", before), ("with", after)):
        print(f"one diagnosis {name} them: {one['apiRequests']} requests, {one['apiBytes'] / 1024:.1f} kB")


def _client(config: str) -> Any:
    from kubernetes import client
    from kubernetes import config as configuration

    configuration.load_kube_config(config)
    return client.CoreV1Api()


def _make(api: Any) -> None:
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        for done in pool.map(
            lambda i: api.create_namespaced_pod(SPACE, _pod(i), _preload_content=False).data, range(PODS)
        ):
            assert done


def _pod(i: int) -> dict[str, Any]:
    container = {
        "name": "app",
        "image": "registry.example/app:1.4",
        "ports": [{"name": "http", "containerPort": 8080}],
        "env": [{"name": f"SETTING_{n}", "value": "x" * 40} for n in range(10)],
        "readinessProbe": {"httpGet": {"path": "/ready", "port": "http"}},
    }
    return {
        "metadata": {"name": f"pod-{i}", "labels": {"app": f"app-{i % 200}"}},
        "spec": {"schedulerName": "nobody", "containers": [container], "automountServiceAccountToken": False},
    }


def _timed(command: list[str]) -> tuple[float, float]:
    """Seconds and peak memory of a whole process, as the kernel counts them (wait4)."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command[0]} ended with {status}")
    return time.perf_counter() - start, usage.ru_maxrss / 1024


def _diagnose(config: str, target: str) -> dict[str, int]:
    command = [sys.executable, "-m", "netdoc", "diagnose", target, "--kubeconfig", config, "-o", "json", "--no-journal"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    found: dict[str, int] = json.loads(done.stdout)["summary"]
    return found


if __name__ == "__main__":
    main()
