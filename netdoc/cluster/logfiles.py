"""Where dumps, must-gathers, support bundles and netdoc's own captures keep the logs of containers."""

from __future__ import annotations

import re

from netdoc.cluster.files import File

LogKey = tuple[str, str, str, bool]
"""Namespace, pod, container, and whether it is the log of the container before the restart."""

_LAYOUTS = (
    # must-gather: namespaces/NS/pods/POD/CONTAINER/CONTAINER/logs/current.log
    re.compile(
        r"namespaces/(?P<ns>[^/]+)/pods/(?P<pod>[^/]+)/(?P<c>[^/]+)/[^/]+/logs/(?:current|(?P<old>previous))\.log$"
    ),
    # a support bundle: cluster-resources/pods/logs/NS/POD/CONTAINER.log, CONTAINER-previous.log
    re.compile(r"pods/logs/(?P<ns>[^/]+)/(?P<pod>[^/]+)/(?P<c>[^/]+?)(?P<old>-previous)?\.log$"),
    # netdoc's own: logs/NS/POD/CONTAINER.log, CONTAINER.previous.log
    re.compile(r"(?:^|/)logs/(?P<ns>[^/]+)/(?P<pod>[^/]+)/(?P<c>[^/.]+)(?P<old>\.previous)?\.log$"),
)
_DUMP = re.compile(r"(?:^|/)(?P<ns>[^/]+)/(?P<pod>[^/]+)/logs\.txt$")
_SECTION = re.compile(r"^==== (?:START|END) logs for container (\S+) of pod \S+ ====$", re.MULTILINE)


def log_key(name: str) -> LogKey | None:
    """Whose log a file is, by its path; None where it is nobody's."""
    for layout in _LAYOUTS:
        if (match := layout.search(name)) is not None:
            return match["ns"], match["pod"], match["c"], bool(match["old"])
    return None


def logs_of(file: File) -> dict[LogKey, str]:
    """The logs that a file holds: one, or as `cluster-info dump` writes them one for each container."""
    text = file.data.decode("utf-8", "replace")
    if (key := log_key(file.name)) is not None:
        return {key: text}
    if (match := _DUMP.search(file.name)) is None:
        return {}
    parts = _SECTION.split(text)
    sections = zip(parts[1::2], parts[2::2], strict=False)
    return {(match["ns"], match["pod"], name, False): log.strip("\n") for name, log in sections if log.strip()}


def tail(text: str, lines: int) -> str:
    return "\n".join(text.splitlines()[-lines:]) if lines > 0 else ""
