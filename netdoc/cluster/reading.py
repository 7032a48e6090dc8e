"""Opens `--snapshot PATH`: reads every file, and tells who wrote them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import msgspec

from netdoc.cluster.decode import collected_later
from netdoc.cluster.documents import Document, read_text
from netdoc.cluster.errors import ClusterError
from netdoc.cluster.files import File, Unreadable, read_files
from netdoc.cluster.holdings import Holdings
from netdoc.cluster.kinds import projection_of
from netdoc.cluster.knowledge import Foreign
from netdoc.cluster.logfiles import LogKey, logs_of
from netdoc.cluster.saved import Manifest, Saved, manifest_of
from netdoc.cluster.snapshot import SnapshotCluster
from netdoc.model.record import Gap
from netdoc.ports.cluster import Where

# Only a dump names a file so; must-gathers write replicationcontrollers.yaml.
_DUMP_FILE = re.compile(r"(?:^|/)replication-controllers\.(?:json|yaml)$")
# What a support bundle could not collect (replicatedhq/troubleshoot, cluster-resources).
_BUNDLE_ERRORS = re.compile(r"(?:^|/)cluster-resources/(?:.*/)?([a-z-]+)-errors\.json$")


class Read(msgspec.Struct):
    """Everything that the files held."""

    documents: list[Document] = []
    unreadable: list[Unreadable] = []
    logs: dict[LogKey, str] = {}
    dump: bool = False
    lists: set[str] = set()


def open_snapshot(path: str | Path, *, namespace: str = "") -> SnapshotCluster:
    """The cluster that a file, folder or archive describes. Raises ClusterError where nothing can be read.

    `namespace` is where names without one are looked for; a saved snapshot knows the one it was taken from.
    """
    with collected_later():
        read = read_all(read_files(Path(path)))
    if not read.documents:
        raise _nothing(Path(path), read)
    manifest = manifest_of(read.documents)
    return _foreign(path, namespace, read) if manifest is None else _saved(path, namespace, read, manifest)


def _foreign(path: str | Path, namespace: str, read: Read) -> SnapshotCluster:
    where = Where(type="snapshot", path=str(path), namespace=namespace or "default")
    holdings = Holdings(read.documents)
    lists = frozenset(one.removesuffix("List") for one in read.lists) - {""}
    knowledge = Foreign(holdings, tuple(read.unreadable), read.dump, lists)
    unreadable = (*read.unreadable, *_twice(holdings))
    return SnapshotCluster(holdings, knowledge, where, logs=read.logs, unreadable=unreadable)


def _saved(path: str | Path, namespace: str, read: Read, manifest: Manifest) -> SnapshotCluster:
    home = namespace or manifest.namespace or manifest.home
    where = Where(type="snapshot", path=str(path), context=manifest.context, server=manifest.server, namespace=home)
    holdings = Holdings(one for one in read.documents if one.group != "netdoc")
    named = "; ".join(str(one) for one in read.unreadable[:3])
    damaged = Gap(what="snapshot", reason="incomplete", detail=f"damaged: {named}") if named else None
    unreadable = tuple(read.unreadable)
    knowledge = Saved(manifest, holdings, damaged)
    return SnapshotCluster(holdings, knowledge, where, now=manifest.taken, logs=read.logs, unreadable=unreadable)


def read_all(files: Iterable[File | Unreadable]) -> Read:
    read = Read()
    for one in files:
        if isinstance(one, Unreadable):
            read.unreadable.append(one)
        else:
            _take(read, one)
    return read


def _take(read: Read, file: File) -> None:
    if file.name.endswith((".log", "logs.txt")):
        read.logs.update(logs_of(file))
        return
    if (match := _BUNDLE_ERRORS.search(file.name)) is not None:
        read.unreadable.extend(_uncollected(file, match[1]))
        return
    text = read_text(file)
    read.documents.extend(text.documents)
    read.unreadable.extend(text.unreadable)
    read.lists.update(text.lists)
    read.logs.update({(*key, False): log for key, log in text.logs.items()})
    # On stdout a dump is one stream of typed lists and logs.
    stream = bool(text.logs) or ("ReplicationControllerList" in text.lists and "NodeList" in text.lists)
    read.dump = read.dump or stream or _DUMP_FILE.search(file.name) is not None


def _uncollected(file: File, name: str) -> Iterable[Unreadable]:
    """Kinds that the bundle says it could not collect."""
    kind = projection_of(name)
    said = file.data.strip()
    if said not in (b"", b"{}", b"[]", b"null"):
        kinds = frozenset({kind.KIND.kind}) if kind else frozenset()
        why = f"the bundle could not collect it: {said[:200].decode('utf-8', 'replace')}"
        yield Unreadable(where=file.name, why=why, kinds=kinds)


def _twice(holdings: Holdings) -> Iterable[Unreadable]:
    for old, new in holdings.twice:
        place = f"{new.kind.lower()}/{new.name}" + (f".{new.namespace}" if new.namespace else "")
        yield Unreadable(where=new.where, why=f"{place} stands in {old.where} too, and differs: the later is taken")


def _nothing(path: Path, read: Read) -> ClusterError:
    if read.unreadable:
        more = f" (and {len(read.unreadable) - 1} more)" if len(read.unreadable) > 1 else ""
        first = read.unreadable[0]
        why = f"it {first.why}" if first.where == path.name else str(first)
        return ClusterError(f"nothing could be read from the snapshot {path}: {why}{more}", _MEND)
    return ClusterError(f"the snapshot {path} holds no Kubernetes object", _MEND)


_MEND = "give a file, folder or .tar.gz of what `kubectl get -o yaml` or `netdoc snapshot save` wrote"
