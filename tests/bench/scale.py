"""One diagnosis in a cluster of 10,000 pods, 2,000 Services and 500 namespaces against one of 100 pods.

What it asks, reads and takes must follow the path, not the size of the cluster.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time

from tests.bench.reading import _kubeconfig
from tests.bench.sized import cluster
from tests.fakes.apiserver import ApiServer

SIZES = ((100, 20, 5), (10_000, 2_000, 500))


def main() -> None:
    print("one diagnosis (svc/app-1:80 from another workload of its namespace), by size of the cluster")
    for pods, services, namespaces in SIZES:
        with ApiServer(cluster(pods, services, namespaces)) as server:
            config = _kubeconfig(server.url)
            _diagnose(config, namespaces)
            start = time.perf_counter()
            summary = _diagnose(config, namespaces)
            took = time.perf_counter() - start
        print(
            f"  {pods:6} pods, {services:5} Services: {summary['apiRequests']:3} requests, "
            f"{summary['apiBytes'] / 1024:7.1f} kB, {summary['durationMs']:5} ms in the run, {took:.2f} s in all"
        )


def _diagnose(config: str, namespaces: int) -> dict[str, int]:
    other = 1 + namespaces
    command = [sys.executable, "-m", "netdoc", "diagnose", "ns-1/svc/app-1:80", "--from", f"ns-1/deploy/app-{other}",
               "--kubeconfig", config, "-o", "json", "--timeout", "120s"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    report = json.loads(done.stdout)
    if report["status"] != "pass":
        raise SystemExit(f"the healthy cluster is called {report['status']}: {report['headline']}")
    found: dict[str, int] = report["summary"]
    return found


if __name__ == "__main__":
    main()
