"""The contexts that one may switch to, by the kubeconfig files that kubectl would read."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import yaml

from netdoc.tui.start import Place


def known_contexts(place: Place) -> tuple[str, ...]:
    """Names in the order of the files, the current one first. A file that cannot be read names none."""
    contents = [_content(path) for path in _paths(place)]
    current = [one.get("current-context") for one in contents]
    named = [entry.get("name") for one in contents for entry in _entries(one)]
    wanted = [name for name in [*current[:1], *named] if isinstance(name, str) and name]
    return tuple(name for name in dict.fromkeys(wanted) if name in named)


def is_configured(place: Place) -> bool:
    """Whether there is any cluster to ask: a kubeconfig with a context, or the pod's own account."""
    in_pod = bool(os.environ.get("KUBERNETES_SERVICE_HOST"))
    return bool(place.demo or place.snapshot or in_pod or known_contexts(place))


def _paths(place: Place) -> list[Path]:
    if place.kubeconfig:
        return [Path(place.kubeconfig).expanduser()]
    listed = [part for part in os.environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    return [Path(part).expanduser() for part in listed] or [Path("~/.kube/config").expanduser()]


def _content(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except (OSError, yaml.YAMLError):
        return {}
    return content if isinstance(content, dict) else {}


def _entries(content: dict[str, Any]) -> list[dict[str, Any]]:
    entries = content.get("contexts")
    return [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []
