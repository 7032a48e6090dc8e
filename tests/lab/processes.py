"""Starts the lab's programs and ends them again, the machine's other programs never.

Everything runs in control groups of the lab's own, which its children inherit: so the kernel keeps the list of what
the lab started, and a program whose starter was killed is still found. No process is looked for by name.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.lab.parts import LabError, Places
from tests.lab.tools import say, wait_for

GROUP = "netdoc-lab"
_MOUNT = Path("/sys/fs/cgroup")
# Writes the kernel's own line about this process (pid, start time) before it becomes the program: no moment without.
_ENTER = (
    'for group in $GROUPS_OF_LAB; do echo $$ > "$group/cgroup.procs"; done; cat /proc/$$/stat > "$PID_FILE.new"; '
    'mv "$PID_FILE.new" "$PID_FILE"; exec "$@"'
)


def hierarchies() -> list[Path]:
    """The roots below which control groups are made: one on cgroup v2; on v1 one for each controller, and `unified`."""
    if (_MOUNT / "cgroup.controllers").exists():
        return [_MOUNT]
    return sorted(path for path in _MOUNT.iterdir() if (path / "cgroup.procs").exists())


def unified_group() -> str | None:
    """The lab's cgroup v2 group as nftables names it (below /sys/fs/cgroup); None where v2 is not mounted."""
    for root in (_MOUNT, _MOUNT / "unified"):
        if (root / "cgroup.controllers").exists():
            return str((root / GROUP).relative_to(_MOUNT))
    return None


def make_groups() -> None:
    """The lab's group in every hierarchy, with `node` for the programs; the kubelet makes its own beside that."""
    for root in hierarchies():
        for group in (root / GROUP, root / GROUP / "node"):
            group.mkdir(exist_ok=True)
            _copy_cpuset(group)


def _copy_cpuset(group: Path) -> None:
    """On v1 a new cpuset is empty and takes no process until it is given its parent's."""
    for name in ("cpuset.cpus", "cpuset.mems"):
        if (group / name).exists() and not (group / name).read_text().strip():
            (group / name).write_text((group.parent / name).read_text())


def start(places: Places, name: str, command: Iterable[str | Path], env: Mapping[str, str] | None = None) -> None:
    """Starts a program in the background, its output in the lab's logs. One of that name must have ended."""
    places.run.mkdir(parents=True, exist_ok=True)
    places.logs.mkdir(parents=True, exist_ok=True)
    (places.run / f"{name}.pid").unlink(missing_ok=True)  # what ran before would be taken for this, and for dead
    groups = " ".join(str(root / GROUP / "node") for root in hierarchies())
    entering = {"GROUPS_OF_LAB": groups, "PID_FILE": str(places.run / f"{name}.pid")}
    with (places.logs / f"{name}.log").open("ab") as log:
        subprocess.Popen(
            ["/bin/sh", "-ec", _ENTER, name, *map(str, command)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, **(env or {}), **entering},
            cwd="/",
            start_new_session=True,
        )


def alive(places: Places, name: str) -> bool:
    """Whether the program of that pid file runs: the same process, not a later one with its number."""
    pid = _recorded(places.run / f"{name}.pid")
    return pid is not None


def started(places: Places) -> dict[str, bool]:
    """Every program that was started, and whether it runs."""
    return {file.stem: alive(places, file.stem) for file in sorted(places.run.glob("*.pid"))}


def see_alive(places: Places, name: str) -> None:
    """Raises LabError with the end of its log where a program has ended."""
    if (places.run / f"{name}.pid").exists() and not alive(places, name):
        log = places.logs / f"{name}.log"
        raise LabError(
            f"{name} ended; the end of {log}:\n" + "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        )


def stop(places: Places, name: str, seconds: float = 10) -> None:
    """Asks a program (and its children, unless they left its process group as containers do) to end, then makes it."""
    pid = _recorded(places.run / f"{name}.pid")
    if pid is None:
        return
    os.killpg(pid, signal.SIGTERM)  # each program was started as the leader of a session
    try:
        wait_for(f"end of {name}", lambda: not _group_lives(pid), seconds, every=0.05)
    except LabError as late:
        say(f"{late}: killed")
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


def _group_lives(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def _recorded(pid_file: Path) -> int | None:
    """The process id in a pid file, if that very process runs: same id, same start time (proc(5), stat field 22)."""
    try:
        then = pid_file.read_text()
        pid = int(then.split()[0])
        now = Path(f"/proc/{pid}/stat").read_text()
    except (OSError, ValueError, IndexError):
        return None
    after_then, after_now = then.rpartition(")")[2].split(), now.rpartition(")")[2].split()
    same = len(after_then) > 19 and after_then[19] == after_now[19]
    return pid if same and after_now[0] not in "ZX" else None


def kill_all() -> None:
    """Ends every process in the lab's groups, containers and shims too, and removes the groups."""
    wait_for("end of every process of the lab", _all_dead, 30, every=0.05)
    for root in hierarchies():
        wait_for(f"removal of {root / GROUP}", lambda top=root / GROUP: _removed(top), 10)  # type: ignore[misc]


def members() -> set[int]:
    """Process ids in the lab's groups."""
    found: set[int] = set()
    for root in hierarchies():
        for group in _tree(root / GROUP):
            try:
                found.update(map(int, (group / "cgroup.procs").read_text().split()))
            except OSError:
                continue  # the group went away while we looked
    return found


def _all_dead() -> bool:
    pids = members()
    _thaw()
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue
    return not pids


def _thaw() -> None:
    """A paused container cannot die."""
    for group in _tree(_MOUNT / "freezer" / GROUP):
        with contextlib.suppress(OSError):
            (group / "freezer.state").write_text("THAWED")


def _removed(top: Path) -> bool:
    for group in _tree(top):
        try:
            group.rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            return False  # a dying process is still counted
    return not top.exists()


def _tree(top: Path) -> list[Path]:
    """The group and all below it, deepest first."""
    below = sorted((Path(folder) for folder, _, _ in os.walk(top)), key=lambda path: len(path.parts), reverse=True)
    return below
