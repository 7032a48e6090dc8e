"""netdoc new: the skeleton of a check of one's own, that works as it stands."""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path
from string import Template
from typing import Any

import click

from netdoc.cli import options
from netdoc.cli.exits import Failure
from netdoc.engine.plugins import find

_NAME = re.compile(r"[a-z][a-z0-9]*(-[a-z0-9]+)*")


@click.group()
def new() -> None:
    """Writes the skeleton of a plugin."""


@new.command()
@click.argument("name")
@click.option("--dir", "folder", default="", metavar="DIR", help="Where to write it (default: ./netdoc-NAME).")
@options.message_options
def check(name: str, folder: str, quiet: bool, **given: Any) -> None:
    """Writes a package with the check NAME, its playbook and its test."""
    if not _NAME.fullmatch(name) or len(name) > 40:
        raise Failure(f'"{name}" is no name for a check', "small letters, digits and hyphens, as in certificate-age")
    if find("netdoc.checks", name) is not None:
        raise Failure(f'there is a check "{name}" already', "netdoc's own come first: choose another name")
    home = Path(folder or f"netdoc-{name}")
    module = f"netdoc_{name.replace('-', '_')}"
    names = {"id": name, "package": f"netdoc-{name}", "module": module, "code": f"{name}.no-owner"}
    _write(home, _files(module, name), names)
    if not quiet:
        click.echo(f"wrote {home}: pip install -e {home}, then netdoc check {name} TARGET", err=True)


def _files(module: str, name: str) -> dict[str, str]:
    """Each file of the package, and the template that it is made from."""
    return {
        "pyproject.toml": "pyproject.toml.txt",
        "README.md": "README.md.txt",
        f"{module}/__init__.py": "init.py.txt",
        f"{module}/check.py": "check.py.txt",
        f"{module}/{name}.yaml": "playbook.yaml.txt",
        f"tests/test_{name.replace('-', '_')}.py": "test.py.txt",
    }


def _write(home: Path, files: dict[str, str], names: dict[str, str]) -> None:
    templates = resources.files("netdoc.cli").joinpath("skeleton")
    try:
        if home.exists() and any(home.iterdir()):
            raise Failure(f"{home} exists and is not empty", "name another with --dir")
        for file, template in files.items():
            path = home / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(Template(templates.joinpath(template).read_text()).substitute(names), encoding="utf-8")
    except OSError as error:
        raise Failure(f"cannot write {error.filename or home}: {error.strerror}") from error
