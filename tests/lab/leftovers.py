"""Files and mounts: what others' programs write outside the state directory, and how it is taken away again."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from tests.lab.parts import LabError, Places
from tests.lab.tools import call, wait_for

# Paths that are constants in Calico, the kubelet, CNI's library and containerd.
_ELSEWHERE = (
    "/etc/cni",
    "/run/calico",
    "/run/containerd",
    "/run/kubernetes",
    "/run/xtables.lock",
    "/usr/libexec/kubernetes",
    "/var/lib/calico",
    "/var/lib/cni",
    "/var/lib/kubelet",
    "/var/log/calico",
    "/var/log/containers",
    "/var/log/pods",
)
_SOCKETS = Path("/run/containerd/s")  # where shims listen, whatever containerd's own directories are


def remember(places: Places) -> None:
    """Writes down what is there before the lab adds to it; an earlier record (of a crashed start) stands."""
    record = places.run / "paths.json"
    if record.exists():
        return
    places.run.mkdir(parents=True, exist_ok=True)
    fresh = record.with_suffix(".new")
    fresh.write_text(json.dumps({path: sorted(_below(Path(path))) for path in _ELSEWHERE}))
    fresh.rename(record)


def remove_files(places: Places) -> None:
    """Removes what was not there before, directories only once they are empty of others' files."""
    record = places.run / "paths.json"
    if not record.exists():
        return
    before: dict[str, list[str]] = json.loads(record.read_text())
    for top, there in before.items():
        known = set(there)
        for path in sorted(_below(Path(top)) - known, key=len, reverse=True):
            _remove(Path(path))


def _below(top: Path) -> set[str]:
    if not os.path.lexists(top):
        return set()
    found = {str(top)}
    for folder, directories, files in os.walk(top):
        found.update(os.path.join(folder, name) for name in (*directories, *files))
    return found


def _remove(path: Path) -> None:
    if path.parent == _SOCKETS and str(path) in Path("/proc/net/unix").read_text():
        return  # another containerd's shim is listening
    try:
        if path.is_dir() and not path.is_symlink():
            path.rmdir()
        else:
            path.unlink()
    except OSError:
        return  # in use by someone else, who put it there while the lab ran


def mounts(places: Places) -> list[str]:
    """What is mounted below the state directory, the innermost first (proc(5), mountinfo field 5)."""
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    points = [line.split()[4].encode().decode("unicode_escape") for line in lines]
    below = [point for point in points if Path(point).is_relative_to(places.state)]
    return list(reversed(below))


def unmount(places: Places) -> None:
    """Unmounts all of it; lazily where something still holds it. Raises LabError for what stays."""

    def gone() -> bool:
        for point in mounts(places):
            call(["umount", point], check=False)
        for point in mounts(places):
            call(["umount", "--lazy", point], check=False)
        return not mounts(places)

    wait_for(f"unmounting of everything below {places.state}", gone, 20)


def remove_state(places: Places) -> None:
    """The state directory, all of it. Raises LabError where something is still mounted there: others' files, then."""
    if mounts(places):
        raise LabError(f"something is mounted below {places.state}: not removing it")
    if places.state.exists():
        shutil.rmtree(places.state)
