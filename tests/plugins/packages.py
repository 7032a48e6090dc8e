"""Packages of strangers, installed in an environment of their own: a folder as `pip install --target` leaves it."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path

from tests.calling import Answer, netdoc_alone

GOOD = Path(__file__).parent / "almanac"
"""A whole package: a check with codes and causal rules, a playbook, a command."""


def install(home: Path, package: str, modules: dict[str, str], **groups: str) -> Path:
    """Lays a distribution down with its entry points, as an installer does (PEP 376, PEP 427)."""
    home.mkdir(exist_ok=True)
    for name, text in modules.items():
        file = home / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))
    info = home / f"{package.replace('-', '_')}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    points = (f"[netdoc.{group}]\n{package.replace('-', '_')} = {value}\n" for group, value in groups.items())
    (info / "entry_points.txt").write_text("\n".join(points))
    (info / "INSTALLER").write_text("test\n")
    return home


def install_good(home: Path) -> Path:
    files = {f"almanac/{one.name}": one.read_text() for one in GOOD.iterdir() if one.suffix in (".py", ".yaml")}
    points = {"checks": "almanac:CHECKS", "playbooks": "almanac:PLAYBOOKS", "commands": "almanac:COMMANDS"}
    return install(home, "netdoc-almanac", files, **points)


def asked(home: Path, *arguments: str) -> Answer:
    """netdoc in a process of its own, in which the packages of `home` are installed."""
    paths = [str(home), *filter(None, [os.environ.get("PYTHONPATH")])]
    return netdoc_alone(*arguments, env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)})
