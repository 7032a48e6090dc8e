"""How long a command takes against `python -c pass`: the best of several tries each, taken in turns.

python tests/bench/startup.py [TRIES]
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from netdoc.demo import assemble

TRIES = 7
NETDOC = ("-m", "netdoc")
COMMANDS: dict[str, tuple[str, ...]] = {
    "python -c pass": ("-c", "pass"),
    "netdoc --version": (*NETDOC, "--version"),
    "netdoc --help": (*NETDOC, "--help"),
    "netdoc checks": (*NETDOC, "checks"),
    "netdoc codes": (*NETDOC, "codes"),
    "netdoc check endpoints (snapshot)": (*NETDOC, "check", "endpoints", "svc/web.shop:80", "--snapshot", "{snapshot}"),
    "netdoc diagnose (snapshot)": (*NETDOC, "diagnose", "svc/web.shop:80", "--from", "deploy/client.shop",
                                   "--snapshot", "{snapshot}"),
    "netdoc diagnose --demo=crash-loop": (*NETDOC, "diagnose", "--demo=crash-loop"),
}  # fmt: skip


def main(tries: int = TRIES) -> None:
    with tempfile.TemporaryDirectory() as folder:
        snapshot = _snapshot(Path(folder))
        commands = {name: [one.format(snapshot=snapshot) for one in words] for name, words in COMMANDS.items()}
        environment = os.environ | {"XDG_STATE_HOME": folder}
        best = dict.fromkeys(commands, float("inf"))
        for _ in range(tries):
            for name, words in commands.items():
                best[name] = min(best[name], _took(words, environment))
    base = next(iter(best.values()))
    for name, seconds in best.items():
        print(f"{name:36} {seconds * 1000:7.0f} ms  {seconds / base:5.1f} x")


def _snapshot(folder: Path) -> Path:
    path = folder / "network.json"
    path.write_text(json.dumps({"apiVersion": "v1", "kind": "List", "items": list(assemble.network())}))
    return path


def _took(words: list[str], environment: dict[str, str]) -> float:
    start = time.perf_counter()
    done = subprocess.run([sys.executable, *words], capture_output=True, env=environment, check=False)
    took = time.perf_counter() - start
    if done.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(words)}: {done.stderr.decode()}")
    return took


if __name__ == "__main__":
    main(int(sys.argv[1]) if sys.argv[1:] else TRIES)
