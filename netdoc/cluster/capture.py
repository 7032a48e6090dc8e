"""`netdoc snapshot save` and `show`: the state of a cluster in a file, as far as netdoc reads it.

What is written are the projections: no Secret, no environment value, no applied manifest, and of a ConfigMap its
name alone unless it configures the network itself.
"""

from __future__ import annotations

import asyncio
import errno
import gzip
import io
import os
import tarfile
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

import netdoc
from netdoc.cluster import clock
from netdoc.cluster.errors import ClusterError, Unreachable
from netdoc.cluster.fields import fields_of, keepable
from netdoc.cluster.kinds import kind_name, projections, resource_name
from netdoc.cluster.reading import open_snapshot
from netdoc.cluster.saved import FORMAT, NAME, Manifest, Read, Saved
from netdoc.model.kube import ConfigMap, ConfigMapMeta, Pod
from netdoc.model.kube.meta import Object
from netdoc.model.record import Gap
from netdoc.ports import Cluster

# ConfigMaps that configure cluster DNS and kube-proxy: read whole, and saved whole.
NETWORK_CONFIG = tuple(
    f"kube-system/{name}" for name in ("coredns", "coredns-custom", "kube-dns", "kube-proxy", "node-local-dns")
)
LOG_LINES = 20
MOST_LOGS = 100


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """What a snapshot holds. `taken` None where nothing in it tells a time."""

    path: str
    taken: datetime | None
    server: str = ""
    context: str = ""
    namespace: str = ""
    own: bool = False
    counts: dict[str, int] = {}
    logs: int = 0
    gaps: tuple[Gap, ...] = ()
    unreadable: tuple[str, ...] = ()

    @property
    def complete(self) -> bool:
        """Whether everything that was wanted could be read."""
        return not self.unreadable and not any(gap.blocking for gap in self.gaps)

    def text(self) -> str:
        when = self.taken.strftime("%Y-%m-%d %H:%M:%S UTC") if self.taken else "at an unknown time"
        writer = "saved by netdoc" if self.own else "written by others"
        of = f" of {self.context or self.server}" if self.server else ""
        scope = f", namespace {self.namespace} only" if self.namespace else ""
        lines = [f"{self.path}: {writer}{of}, {when}{scope}"]
        lines += [f"  {count:6} {name}" for name, count in sorted(self.counts.items())]
        lines += [f"  {self.logs:6} logs"] if self.logs else []
        lines += _not_read(self.gaps)
        return "\n".join(lines + [f"unreadable: {one}" for one in self.unreadable])


def _not_read(gaps: Iterable[Gap]) -> list[str]:
    """What fell short, in one line for each way in which it did: a server that is gone is gone for every kind."""
    together: dict[str, list[str]] = {}
    for gap in gaps:
        if gap.reason != "not-installed":
            together.setdefault(gap.detail or gap.reason, []).append(gap.what.removeprefix("list "))
    return [f"not read: {', '.join(dict.fromkeys(what))}: {why}" for why, what in together.items()]


class _Taken(msgspec.Struct, kw_only=True):
    """What was read, ready to be written: items by resource, logs by file name."""

    manifest: Manifest
    items: dict[str, list[bytes]]
    logs: dict[str, str]


async def save(
    cluster: Cluster, file: str | Path, *, namespace: str = "", kinds: Iterable[type[Object]] = ()
) -> Summary:
    """Write all that netdoc reads of the cluster, in one namespace or all (""). Raises OSError.

    Raises Unreachable where nothing at all could be read: nothing is written then.

    `kinds` are read beside netdoc's own: those of other people's checks. The form follows the name: .tar.gz, .json,
    .yaml, or else a folder.
    """
    taken = await _take(cluster, namespace, _widest((*projections(), *kinds)))
    path = Path(file)
    _see_that_it_holds_something(taken, path)
    await asyncio.to_thread(_write, taken, path)
    counts = {one.resource: one.count for one in taken.manifest.reads if one.names is None and one.count}
    return _summary(str(path), taken.manifest, counts, len(taken.logs), ())


def _see_that_it_holds_something(taken: _Taken, path: Path) -> None:
    gaps = [one.gap for one in taken.manifest.reads if one.names is None]
    first = next((one for one in gaps if one is not None and one.blocking), None)
    if first is not None and all(gaps) and not any(taken.items.values()):
        raise Unreachable(f"nothing could be read: {first.detail or first.what}", f"{path} is not written")


def summary(path: str | Path) -> Summary:
    """What the snapshot at `path` holds. Raises ClusterError where nothing can be read."""
    snapshot = open_snapshot(path)
    documents = list(snapshot.holdings.everything())
    counts = Counter(kind_name(one.group, one.kind) for one in documents)
    unreadable = tuple(str(one) for one in snapshot.unreadable)
    if isinstance(snapshot.knowledge, Saved):
        manifest = snapshot.knowledge.manifest
        return _summary(str(path), manifest, dict(counts), len(snapshot.logs), unreadable)
    latest = clock.latest(one.raw for one in documents)
    when = latest if latest != clock.NEVER else None
    return Summary(path=str(path), taken=when, counts=dict(counts), logs=len(snapshot.logs), unreadable=unreadable)


def _summary(path: str, manifest: Manifest, counts: dict[str, int], logs: int, unreadable: tuple[str, ...]) -> Summary:
    return Summary(
        path=path,
        taken=manifest.taken,
        server=manifest.server,
        context=manifest.context,
        namespace=manifest.namespace,
        own=True,
        counts=counts,
        logs=logs,
        gaps=tuple(one.gap for one in manifest.reads if one.gap is not None),
        unreadable=unreadable,
    )


# Reading


def _widest(kinds: Iterable[type[Object]]) -> list[type[Object]]:
    """One projection for each resource, the one that reads most; of ConfigMaps the names."""
    chosen: dict[str, type[Object]] = {}
    for kind in kinds:
        resource = resource_name(kind.KIND)
        if resource not in chosen or fields_of(kind) > fields_of(chosen[resource]):
            chosen[resource] = kind
    return list((chosen | {resource_name(ConfigMap.KIND): ConfigMapMeta}).values())


async def _take(cluster: Cluster, namespace: str, kinds: list[type[Object]]) -> _Taken:
    listings = await asyncio.gather(*(cluster.list(kind, namespace) for kind in kinds))
    items: dict[str, list[bytes]] = {}
    reads = []
    for kind, listing in zip(kinds, listings, strict=True):
        resource = resource_name(kind.KIND)
        items[resource] = [_document(one) for one in listing.items]
        scope = namespace if kind.KIND.namespaced else ""
        reads.append(_read(kind, scope, len(listing.items), gap=listing.gap))
    pods = tuple(one for listing in listings for one in listing.items if isinstance(one, Pod))
    whole = await _network_config(cluster, namespace)
    _replace(items[resource_name(ConfigMap.KIND)], whole)
    reads.append(_read(ConfigMap, "", len(whole), names=tuple(sorted(whole))))
    manifest = Manifest(
        api_version="netdoc/v1",
        kind="Snapshot",
        format=FORMAT,
        taken=(await cluster.now()).astimezone(UTC),
        tool=f"netdoc/{netdoc.__version__}",
        server=cluster.where.server,
        context=cluster.where.context,
        namespace=namespace,
        home=cluster.where.namespace,
        reads=tuple(sorted(reads, key=lambda one: (one.resource, one.names is not None))),
    )
    return _Taken(manifest=manifest, items=items, logs=await _crash_logs(cluster, pods))


def _read(kind: type[Object], namespace: str, count: int, **more: Any) -> Read:
    fields = tuple(sorted(fields_of(kind)))
    return Read(resource=resource_name(kind.KIND), fields=fields, namespace=namespace, count=count, **more)


def _document(item: Object) -> bytes:
    """The object as a manifest: what was read of it, with its kind."""
    plain = msgspec.to_builtins(keepable(item))
    place = item.KIND
    return msgspec.json.encode({"apiVersion": place.api_version, "kind": place.kind, **plain}, order="deterministic")


async def _network_config(cluster: Cluster, namespace: str) -> dict[str, bytes]:
    wanted = [one.split("/") for one in NETWORK_CONFIG if not namespace or one.startswith(f"{namespace}/")]
    found = await asyncio.gather(*(cluster.get(ConfigMap, name, home) for home, name in wanted))
    return {f"{one.namespace}/{one.name}": _document(one) for one in found if isinstance(one, ConfigMap)}


def _replace(items: list[bytes], whole: dict[str, bytes]) -> None:
    """Puts the ConfigMaps that were read whole in the place of their names."""
    for index, raw in enumerate(items):
        meta = msgspec.json.decode(raw, type=ConfigMapMeta).metadata
        items[index] = whole.get(f"{meta.namespace}/{meta.name}", raw)


async def _crash_logs(cluster: Cluster, pods: tuple[Pod, ...]) -> dict[str, str]:
    """The last lines of containers that restarted or wait to: what they said before."""
    wanted = [
        (pod, status.name, previous)
        for pod in pods
        for status in pod.status.init_container_statuses + pod.status.container_statuses
        if status.restart_count and not status.ready
        for previous in (False, True)
    ][:MOST_LOGS]
    answers = await asyncio.gather(
        *(cluster.log(pod.ref, name, previous=previous, lines=LOG_LINES) for pod, name, previous in wanted)
    )
    return {
        f"logs/{pod.namespace}/{pod.name}/{name}{'.previous' if previous else ''}.log": answer
        for (pod, name, previous), answer in zip(wanted, answers, strict=True)
        if isinstance(answer, str)
    }


# Writing


def _write(taken: _Taken, path: Path) -> None:
    if path.name.endswith((".json", ".yaml", ".yml")):
        _put(path, _one_list(taken, path))
    elif path.name.endswith((".tar.gz", ".tgz")):
        _put(path, _tar(_files(taken), taken.manifest.taken))
    else:
        _folder(path, _files(taken))


def _put(path: Path, data: bytes) -> None:
    """The whole file or none of it, for its owner alone: it tells much about a cluster."""
    partial = path.with_name(f".{path.name}.part")
    handle = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    partial.replace(path)


def _files(taken: _Taken) -> dict[str, bytes]:
    files = {NAME: msgspec.json.format(msgspec.json.encode(taken.manifest, order="deterministic"), indent=1)}
    for resource, items in taken.items.items():
        files[f"objects/{resource}.json"] = _list(items)
    return files | {name: text.encode() for name, text in taken.logs.items()}


def _list(items: list[bytes]) -> bytes:
    return b'{"apiVersion":"v1","kind":"List","items":[\n' + b",\n".join(sorted(items)) + b"\n]}\n"


def _one_list(taken: _Taken, path: Path) -> bytes:
    """Everything in one List, the account first. Logs have no place in it."""
    account = msgspec.json.encode(taken.manifest, order="deterministic")
    objects = [item for _, items in sorted(taken.items.items()) for item in sorted(items)]
    whole = b'{"apiVersion":"v1","kind":"List","items":[\n' + b",\n".join([account, *objects]) + b"\n]}\n"
    return whole if path.name.endswith(".json") else msgspec.yaml.encode(msgspec.json.decode(whole))


def _tar(files: dict[str, bytes], at: datetime) -> bytes:
    """The same bytes for the same content: sorted, and timed by the capture."""
    buffer = io.BytesIO()
    with (
        gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0) as zipped,
        tarfile.open(fileobj=zipped, mode="w", format=tarfile.PAX_FORMAT) as tar,
    ):
        for name, data in sorted(files.items()):
            info = tarfile.TarInfo(name)
            info.size, info.mtime, info.mode = len(data), int(at.timestamp()), 0o600
            tar.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def _folder(path: Path, files: dict[str, bytes]) -> None:
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise FileExistsError(errno.EEXIST, "it exists and is not an empty folder", str(path))
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name, data in files.items():
        target = path / name
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _put(target, data)


__all__ = ["ClusterError", "Summary", "save", "summary"]
