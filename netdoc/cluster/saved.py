"""What `netdoc snapshot save` writes about itself: when and where it read, what, and what it could not read."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from netdoc.cluster.documents import Document
from netdoc.cluster.errors import ClusterError
from netdoc.cluster.fields import fields_of
from netdoc.cluster.holdings import Holdings
from netdoc.cluster.kinds import resource_name
from netdoc.model.kube.meta import Object
from netdoc.model.record import Gap

FORMAT = 1
NAME = "netdoc-snapshot.json"


class Read(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One kind that was read: in one namespace or all (""), whole or (`names`) some of it, and the gap that it left."""

    resource: str
    fields: tuple[str, ...]
    namespace: str = ""
    names: tuple[str, ...] | None = None
    count: int = 0
    gap: Gap | None = None


class Meta(msgspec.Struct, frozen=True):
    name: str = "snapshot"


class Manifest(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """The snapshot's own account. `taken` is the cluster's time."""

    api_version: Literal["netdoc/v1"]
    kind: Literal["Snapshot"]
    format: int
    taken: datetime
    tool: str = ""
    server: str = ""
    context: str = ""
    namespace: str = ""
    home: str = "default"
    reads: tuple[Read, ...] = ()
    metadata: Meta = Meta()


def manifest_of(documents: list[Document]) -> Manifest | None:
    """The account among the documents; None where others wrote them. Raises ClusterError for a later format."""
    found = next((one for one in documents if (one.group, one.kind) == ("netdoc", "Snapshot")), None)
    if found is None:
        return None
    try:
        manifest = msgspec.json.decode(found.raw, type=Manifest)
    except msgspec.DecodeError as error:
        raise ClusterError(f"{found.where} is not a netdoc snapshot's account: {error}", "save it again") from None
    if manifest.format > FORMAT:
        raise ClusterError(f"{found.where} is of format {manifest.format}", "a newer netdoc reads it")
    return manifest


class Saved(msgspec.Struct, frozen=True):
    """Knows what was read, so that a kind that was refused then is refused now, and an absent object is absent."""

    manifest: Manifest
    holdings: Holdings
    damaged: Gap | None = None

    def hidden(self, kind: type[Object], name: str, namespace: str) -> Gap | None:
        """Why documents cannot be shown although they are there: fewer fields of them were read."""
        resource = resource_name(kind.KIND)
        there = self.holdings.holds(kind.KIND, name, namespace) if name else self.holdings.has(kind.KIND)
        wide = [one for one in self._reads(kind) if fields_of(kind) <= set(one.fields)]
        if not there or any(one.names is None or f"{namespace}/{name}" in one.names for one in wide):
            return None
        return _unsaved(resource, "was saved without fields that are needed here")

    def _reads(self, kind: type[Object]) -> list[Read]:
        resource = resource_name(kind.KIND)
        return [one for one in self.manifest.reads if one.resource == resource]

    def listed(self, kind: type[Object], namespace: str, found: int) -> Gap | None:
        read = self._read(kind, namespace)
        return read if isinstance(read, Gap) else read.gap or self.damaged

    def absent(self, kind: type[Object], name: str, namespace: str) -> Gap | None:
        read = self._read(kind, namespace)
        return read if isinstance(read, Gap) else read.gap or self.damaged

    def _read(self, kind: type[Object], namespace: str) -> Read | Gap:
        """The whole read that answers for a namespace, or all (""); or why none does."""
        resource = resource_name(kind.KIND)
        whole = next((one for one in self._reads(kind) if one.names is None), None)
        if whole is None:
            return _unsaved(resource, "was not saved")
        if kind.KIND.namespaced and whole.namespace and namespace != whole.namespace:
            return _unsaved(resource, f"was saved of the namespace {whole.namespace} only")
        return whole


def _unsaved(resource: str, why: str) -> Gap:
    return Gap(what=resource, reason="incomplete", detail=f"{resource} {why}")
