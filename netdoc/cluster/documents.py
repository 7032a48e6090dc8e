"""The objects in a text of YAML or JSON, as raw JSON with what is needed to find them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

import msgspec

from netdoc.cluster.files import File, Unreadable
from netdoc.cluster.kinds import home_group, projection_of

_KINDS = re.compile(r"""(?:^|[\s{,])"?kind"?\s*:\s*"?([A-Z]\w*)""")
_BYTE = re.compile(r"\(byte (\d+)\)")
_VALUE = re.compile(rb"\s*[{\[]")
_LOG = re.compile(
    r"^==== START logs for container (\S+) of pod (\S+)/(\S+) ====\n"
    r"(.*?)^==== END logs for container \1 of pod \2/\3 ====$",
    re.MULTILINE | re.DOTALL,
)


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """One object, undecoded. `stated` says whether it has a status at all."""

    group: str
    kind: str
    name: str
    raw: msgspec.Raw
    namespace: str = ""
    version: int = 0
    stated: bool = False
    file: str = ""
    line: int = 0

    @property
    def where(self) -> str:
        return f"{self.file}:{self.line}" if self.line else self.file


Value = bytes | memoryview | msgspec.Raw
Logs = dict[tuple[str, str, str], str]


class Text(msgspec.Struct, frozen=True):
    """What a file held."""

    documents: tuple[Document, ...] = ()
    unreadable: tuple[Unreadable, ...] = ()
    lists: frozenset[str] = frozenset()
    logs: Logs = {}


class _Meta(msgspec.Struct, rename="camel"):
    name: str | None = None
    namespace: str | None = None
    resource_version: str | None = None


class _Header(msgspec.Struct, rename="camel"):
    api_version: str | None = None
    kind: str | None = None
    metadata: _Meta | None = None
    status: msgspec.Raw = msgspec.Raw()
    items: list[msgspec.Raw] | msgspec.UnsetType | None = msgspec.UNSET


class _Place(msgspec.Struct, frozen=True):
    """Where a raw value stands: the file, its line, and what a list says of its items."""

    file: str
    line: int = 0
    api_version: str = ""
    kind: str = ""
    lines: tuple[int, ...] = ()


_HEADER = msgspec.json.Decoder(_Header)
_RAW = msgspec.json.Decoder(msgspec.Raw)
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])


def read_text(file: File) -> Text:
    """Every object of a file; what could not be read is named with its line."""
    reader = _Reader(file)
    reader.read()
    return Text(tuple(reader.documents), tuple(reader.unreadable), frozenset(reader.lists), reader.logs)


def unicode(data: bytes) -> str:
    """The text of a file, by its byte order mark: a redirect in PowerShell writes UTF-16.

    A byte that is not UTF-8 costs itself alone. Raises UnicodeError for UTF-16 that is none.
    """
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return data.decode("utf-16")
    return data.decode("utf-8-sig", "replace")


class _Reader:
    def __init__(self, file: File) -> None:
        self._file = file
        self.documents: list[Document] = []
        self.unreadable: list[Unreadable] = []
        self.lists: set[str] = set()
        self.logs: Logs = {}

    def read(self) -> None:
        data = self._file.data
        try:
            plain = data if data.isascii() else unicode(data).encode()
        except UnicodeError as error:
            self._name(0, f"is not text ({error})", "")
            return
        if b"==== START logs for container " in plain:
            plain = self._without_logs(plain.decode("utf-8", "replace")).encode()
        if _VALUE.match(plain) and (not self._file.name.endswith((".yaml", ".yml")) or _is_json(plain)):
            self._json(plain)
        else:
            self._yaml(plain.decode("utf-8", "replace"))

    def _without_logs(self, text: str) -> str:
        """Takes out the logs that `kubectl cluster-info dump` writes between the objects, keeping the lines' count."""

        def take(match: re.Match[str]) -> str:
            container, namespace, pod, log = match.groups()
            self.logs[namespace, pod, container] = log
            return "\n" * match[0].count("\n")

        return _LOG.sub(take, text)

    def _name(self, line: int, why: str, text: str) -> None:
        where = f"{self._file.name}:{line}" if line else self._file.name
        self.unreadable.append(Unreadable(where=where, why=why, kinds=self._suspects(text)))

    def _suspects(self, text: str) -> frozenset[str]:
        """The kinds that a text which cannot be parsed may hold, by its own words and by its name."""
        kinds = {kind.removesuffix("List") or "List" for kind in _KINDS.findall(text)} - {"List"}
        named = self._kind_of_name()
        return frozenset(kinds | ({named} if named else set()))

    def _kind_of_name(self) -> str:
        """`pods.json`, `pods/shop.json`: dumps and bundles name files and folders by the resource."""
        path = PurePosixPath(self._file.name)
        named = projection_of(path.stem) or projection_of(path.parent.name)
        return named.KIND.kind if named else ""

    # JSON: one value, or several one after another

    def _json(self, data: bytes) -> None:
        done, line = 0, 1
        while (opening := _VALUE.match(data, done)) is not None:
            line += data.count(b"\n", done, opening.end() - 1)
            done = opening.end() - 1
            end = self._json_value(data, done, _Place(self._file.name, line))
            line += data.count(b"\n", done, end)
            done = end
        if data[done:].strip():
            line += data.count(b"\n", done, len(data) - len(data[done:].lstrip()))
            self._name(line, "what follows is not JSON", data[done:].decode("utf-8", "replace"))

    def _json_value(self, data: bytes, start: int, place: _Place) -> int:
        """Takes the value that starts at `start`; returns where it ends."""
        end = len(data)
        try:
            end = _end_of_value(data, start)
            self._value(memoryview(data)[start:end], place)
        except msgspec.ValidationError as error:
            why = f"is not a Kubernetes object ({error})"
            self._name(place.line, why, data[start : start + 100_000].decode("utf-8", "replace"))
        except (msgspec.DecodeError, RecursionError) as error:
            at = _BYTE.search(str(error))
            line = place.line + data.count(b"\n", start, start + int(at[1]) if at else len(data))
            self._name(line, str(error), data[start:].decode("utf-8", "replace"))
        return end

    # YAML: documents between lines of ---

    def _yaml(self, text: str) -> None:
        # Not at the top: reading JSON alone, as the tests of start-up see to, loads no yaml.
        from netdoc.cluster import yamltext

        found = False
        for line, chunk in yamltext.chunks(text):
            found = True
            try:
                tree = yamltext.parse(chunk, line)
                if tree is not None and tree.value is not None:
                    place = _Place(self._file.name, tree.line, lines=tree.items)
                    self._value(msgspec.json.encode(tree.value), place)
            except yamltext.BadYAML as error:
                self._name(error.line, str(error), chunk)
            except (msgspec.ValidationError, RecursionError) as error:
                self._name(line, f"is not a Kubernetes object ({error})", chunk)
        if not found and not text.strip():
            self._name(0, "is empty", "")

    # Values to documents

    def _value(self, raw: Value, place: _Place) -> None:
        if bytes(memoryview(raw)[:1]) == b"[":
            self._items(_ARRAY.decode(raw), place)
            return
        header = _HEADER.decode(raw)
        kind = header.kind or place.kind
        if header.items is not msgspec.UNSET and (kind.endswith("List") or not kind):
            self.lists.add(kind)
            inner = kind.removesuffix("List")
            api_version = (header.api_version or "") if inner else ""
            self._items(header.items or [], _Place(place.file, place.line, api_version, inner, place.lines))
        else:
            self._object(raw, header, place)

    def _items(self, raws: list[msgspec.Raw], place: _Place) -> None:
        for index, raw in enumerate(raws):
            line = place.lines[index] if index < len(place.lines) else place.line
            try:
                self._value(raw, _Place(place.file, line, place.api_version, place.kind))
            except msgspec.ValidationError as error:
                why = f"item {index} is not a Kubernetes object ({error})"
                self._name(line, why, bytes(memoryview(raw)[:100_000]).decode("utf-8", "replace"))

    def _object(self, raw: Value, header: _Header, place: _Place) -> None:
        kind = header.kind or place.kind or self._kind_of_name()
        meta = header.metadata or _Meta()
        api_version = header.api_version or place.api_version
        if not kind or (not api_version and projection_of(kind) is None):
            self._name(place.line, "is not a Kubernetes object (no apiVersion and kind)", "")
            return
        if not meta.name and api_version.partition("/")[0] != "netdoc":
            self._name(place.line, f"{kind} without a name", f"kind: {kind}" if projection_of(kind) else "")
            return
        self.documents.append(self._document(raw, header, place, (api_version, kind)))

    def _document(self, raw: Value, header: _Header, place: _Place, named: tuple[str, str]) -> Document:
        api_version, kind = named
        meta = header.metadata or _Meta()
        projection = projection_of(kind)
        if not api_version and projection is not None:
            api_version = projection.KIND.api_version
        namespaced = projection is None or projection.KIND.namespaced
        version = meta.resource_version or ""
        if api_version.startswith("events.k8s.io/"):
            raw = _as_core_event(raw)
        return Document(
            group=home_group(api_version, kind),
            kind=kind,
            namespace=(meta.namespace or ("default" if projection else "")) if namespaced else "",
            name=meta.name or "",
            raw=raw if isinstance(raw, msgspec.Raw) else msgspec.Raw(raw),
            version=int(version) if version.isdecimal() else 0,
            stated=bytes(header.status).strip() not in (b"", b"null", b"{}"),
            file=place.file,
            line=place.line,
        )


# events.k8s.io/v1 names the fields of the same object otherwise (k8s.io/api/events/v1, core/v1 conversion).
_EVENT_FIELDS = {
    "regarding": "involvedObject",
    "note": "message",
    "deprecatedCount": "count",
    "deprecatedFirstTimestamp": "firstTimestamp",
    "deprecatedLastTimestamp": "lastTimestamp",
    "deprecatedSource": "source",
    "reportingController": "reportingComponent",
}


def _as_core_event(raw: Value) -> msgspec.Raw:
    fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    return msgspec.Raw(msgspec.json.encode({_EVENT_FIELDS.get(key, key): value for key, value in fields.items()}))


def _is_json(data: bytes) -> bool:
    """Whether a text with a bracket first is JSON, and not YAML in flow style."""
    try:
        _end_of_value(data, 0)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _end_of_value(data: bytes, start: int) -> int:
    """Where the JSON value at `start` ends: msgspec names the first byte (from 1) that follows a whole value."""
    try:
        _RAW.decode(memoryview(data)[start:])
    except msgspec.DecodeError as error:
        at = _BYTE.search(str(error))
        if at is None or "trailing characters" not in str(error):
            raise
        return start + int(at[1]) - 1
    return len(data)


def documents_of(values: Iterator[Any]) -> Text:
    """The objects among values that are in memory already."""
    return read_text(File("documents", b"[" + b",".join(msgspec.json.encode(one) for one in values) + b"]"))
