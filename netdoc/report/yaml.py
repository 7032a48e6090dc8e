"""YAML: the same document as the JSON, in the block style that kubectl writes."""

from __future__ import annotations

from typing import Any

import msgspec
import yaml

from netdoc.model.report import Report
from netdoc.report.inert import UNSAFE, data, escaped_yaml

Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


class _Inert(Dumper):  # type: ignore[misc]
    """Quotes each string that holds an unsafe character, since only there an escape means the character."""

    def ignore_aliases(self, data: Any) -> bool:
        """An anchor would make the reader jump; kubectl writes none."""
        return True


def _string(dumper: Any, text: str) -> Any:
    style = None
    if UNSAFE.search(text.replace("\n", "")):
        style = '"'
    elif "\n" in text:
        style = "|"
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Inert.add_representer(str, _string)


def draw(report: Report, width: int, color: bool) -> str:
    return document(report)


def document(value: Any) -> str:
    """Any data of ours as a YAML document: the form of every `-o yaml`."""
    plain = msgspec.to_builtins(data(value), order="sorted", builtin_types=(), str_keys=True)
    text = yaml.dump(plain, Dumper=_Inert, allow_unicode=True, sort_keys=True, width=1 << 16)
    return escaped_yaml(text)
