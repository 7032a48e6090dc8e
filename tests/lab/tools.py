"""Runs other programs, and says which are missing and which package brings them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tests.lab.parts import LabError

_STARTED = time.monotonic()
# Before a command: the kernel ends it when we end, however that is.
_DIES_WITH_US = ("setpriv", "--pdeathsig", "KILL")
_PACE = threading.Event()  # never set: waiting on it is how a poll gives way


def say(message: str) -> None:
    """Progress, with the seconds since the start, on stderr."""
    print(f"lab {time.monotonic() - _STARTED:6.1f}s  {message}", file=sys.stderr, flush=True)


def call(
    command: Iterable[str | Path],
    *,
    given: str | bytes | None = None,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    timeout: float = 60,
    check: bool = True,
    outlives: bool = False,
) -> str:
    """Runs a command to its end and returns its stdout. It dies with this process, unless it `outlives` it.

    Raises LabError with the end of its stderr where it fails (unless `check` is false) or takes too long.
    """
    words = [str(word) for word in command]
    data = given.encode() if isinstance(given, str) else given
    try:
        done = subprocess.run(
            words if outlives else [*_DIES_WITH_US, *words],
            input=data,
            capture_output=True,
            timeout=timeout,
            cwd=cwd,
            stdin=None if data is not None else subprocess.DEVNULL,
            env={**os.environ, **env} if env else None,
            check=False,
        )
    except subprocess.TimeoutExpired as late:
        raise LabError(f"{' '.join(words[:4])}: no end after {timeout:g} s") from late
    if check and done.returncode:
        told = (done.stderr or done.stdout).decode(errors="replace").strip()[-1500:]
        raise LabError(f"{' '.join(words[:6])}: exit {done.returncode}: {told}")
    return done.stdout.decode(errors="replace")


def wait_for(what: str, true: Callable[[], bool], seconds: float, every: float = 0.1) -> None:
    """Asks until `true` says so; raises LabError naming `what` once `seconds` have passed."""
    end = time.monotonic() + seconds
    while not true():
        if time.monotonic() > end:
            raise LabError(f"{what}: not so after {seconds:g} s")
        _PACE.wait(every)


def require(tools: Mapping[str, str]) -> None:
    """Sees that every tool is there; installs what is missing where that is allowed.

    Raises LabError with the exact apt-get line otherwise. Allowed: NETDOC_LAB_INSTALL=1 or CI=true.
    """
    missing = _missing(tools)
    if missing and _may_install():
        _install(sorted(set(missing.values())))
        missing = _missing(tools)
    if missing:
        named = "\n".join(f"  {tool}: Debian package {package}" for tool, package in sorted(missing.items()))
        packages = " ".join(sorted({package.split()[0] for package in missing.values()}))
        raise LabError(
            f"missing:\n{named}\nInstall with: apt-get update && apt-get install -y "
            f"--no-install-recommends {packages}\n(or let the lab do it: NETDOC_LAB_INSTALL=1)"
        )


def _missing(tools: Mapping[str, str]) -> dict[str, str]:
    path = os.environ.get("PATH", "") + ":/usr/local/go/bin:/usr/local/sbin:/usr/sbin:/sbin"
    return {
        tool: package
        for tool, package in tools.items()
        if not (Path(tool).exists() if tool.startswith("/") else shutil.which(tool, path=path))
    }


def _may_install() -> bool:
    wanted = os.environ.get("NETDOC_LAB_INSTALL") == "1" or os.environ.get("CI") == "true"
    return wanted and os.geteuid() == 0 and shutil.which("apt-get") is not None


def _install(packages: list[str]) -> None:
    """With policy-rc.d's answer 101, so that no service starts (Debian's containerd would)."""
    say(f"installing {' '.join(packages)}")
    refusal = Path("/usr/sbin/policy-rc.d")
    ours = not refusal.exists()
    if ours:
        refusal.write_text("#!/bin/sh\nexit 101\n")
        refusal.chmod(0o755)
    try:
        env = {"DEBIAN_FRONTEND": "noninteractive"}
        call(["apt-get", "update", "-q"], env=env, timeout=300, outlives=True)
        names = [package.split()[0] for package in packages]
        call(["apt-get", "install", "-y", "-q", "--no-install-recommends", *names], env=env, timeout=600, outlives=True)
    finally:
        if ours:
            refusal.unlink()
