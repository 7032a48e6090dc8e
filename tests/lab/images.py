"""Makes the container images: docker-archive tars of one layer each, without a container engine."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import tarfile
import tempfile
from pathlib import Path

from tests.lab.tools import call

_SUITE = "bookworm"
_MIRROR = "http://deb.debian.org/debian"
# What a person debugging from a pod looks for. The real python:3-slim has less; a workload does not mind.
_PACKAGES = (
    "python3",
    "iproute2",
    "iputils-ping",
    "curl",
    "dnsutils",
    "tcpdump",
    "ca-certificates",
    "openssl",
    "netcat-openbsd",
    "procps",
)
_NOT_NEEDED = (
    "usr/share/doc",
    "usr/share/man",
    "usr/share/locale",
    "usr/share/info",
    "usr/share/i18n",
    "var/cache/apt",
    "var/lib/apt/lists",
    "var/cache/debconf",
    "var/log",
    "usr/share/perl",
    "usr/share/lintian",
)
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def pause(source: Path, name: str, place: Path) -> None:
    """The image of every pod's first container, from C."""
    with tempfile.TemporaryDirectory() as root:
        binary = Path(root) / "pause"
        call(["cc", "-Os", "-static", "-s", "-Wall", "-Werror", "-o", binary, source])
        _archive(Path(root), name, {"Entrypoint": ["/pause"], "User": "65535:65535"}, place)


def program(binary: Path, path: str, name: str, place: Path) -> None:
    """An image that holds one static binary and /tmp."""
    with tempfile.TemporaryDirectory(dir=place.parent) as root:
        target = Path(root) / path.lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(binary, target)
        target.chmod(0o755)
        (Path(root) / "tmp").mkdir(mode=0o777)
        _archive(Path(root), name, {"Entrypoint": [path], "Env": [_PATH]}, place)


def python(name: str, place: Path) -> None:
    """The image of a workload: Debian with Python and the usual network tools."""
    with tempfile.TemporaryDirectory(dir=place.parent) as folder:
        root = Path(folder) / "root"
        # Namespaces of its own, so that what debootstrap mounts and starts goes when it goes, however it ends.
        apart = ["unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
        packages = f"--include={','.join(_PACKAGES)}"
        call([*apart, "debootstrap", "--variant=minbase", packages, _SUITE, root, _MIRROR], timeout=900)
        for unwanted in _NOT_NEEDED:
            shutil.rmtree(root / unwanted, ignore_errors=True)
        for directory in ("var/log", "var/lib/apt/lists/partial", "var/cache/apt/archives/partial"):
            (root / directory).mkdir(parents=True, exist_ok=True)
        for command in ("python", "python3"):
            (root / "usr/local/bin" / command).symlink_to("/usr/bin/python3")
        _archive(root, name, {"Cmd": ["python3"], "Env": [_PATH, "LANG=C.UTF-8"]}, place)


def _archive(root: Path, name: str, config: dict[str, object], place: Path) -> None:
    """Writes `place`/image.tar: the layout that `docker save` writes (Docker Image Specification v1.2)."""
    layer = place / "layer.tar"
    call(["tar", "--sort=name", "--mtime=@0", "--numeric-owner", "-C", root, "-cf", layer, "."], timeout=300)
    with layer.open("rb") as content:
        digest = hashlib.file_digest(content, "sha256").hexdigest()
    about = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "created": "1970-01-01T00:00:00Z",
            "config": config,
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
        }
    ).encode()
    config_name = f"{hashlib.sha256(about).hexdigest()}.json"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [name], "Layers": ["layer.tar"]}]).encode()
    with tarfile.open(place / "image.tar", "w") as archive:
        for member, data in ((config_name, about), ("manifest.json", manifest)):
            entry = tarfile.TarInfo(member)
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
        archive.add(layer, "layer.tar")
    layer.unlink()
