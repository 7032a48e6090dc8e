"""getaddrinfo in the agent: a try that libc would not come to an end with."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from netdoc.vantage.agent import PROGRAM

# In a network and a mount namespace of its own: a server on its loopback that takes questions and says nothing.
SILENT = """
set -e
ip link set lo up
mount --bind "$1" /etc/resolv.conf
exec "$2" -c '
import socket, subprocess, sys
server = socket.create_server(("127.0.0.1", 53)) # TCP, for use-vc: the connection stands, and no answer comes
agent = subprocess.run([sys.executable, "-I", sys.argv[1]], input=sys.argv[2], capture_output=True, text=True)
print(agent.stdout)
' "$3" "$4"
"""


def test_a_try_that_comes_to_no_end_is_given_up(tmp_path: Path) -> None:
    conf = tmp_path / "resolv.conf"
    conf.write_text("nameserver 127.0.0.1\noptions use-vc timeout:30\n")
    question = json.dumps({"id": 1, "kind": "getaddrinfo", "parameters": {"name": "web.example", "timeout": 0.2}})
    program = [conf, sys.executable, PROGRAM / "__main__.py", question]
    done = subprocess.run(
        ["unshare", "--net", "--mount", "sh", "-c", SILENT, "sh", *map(str, program)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    told = json.loads(done.stdout.strip().splitlines()[-1])["result"]
    assert told["failures"] == 1
    assert told["tries"][0]["failure"] == {"kind": "no-answer", "detail": "libc came to no end within 0.2 s"}
    assert told["conf"]["options"] == ["use-vc", "timeout:30"]
