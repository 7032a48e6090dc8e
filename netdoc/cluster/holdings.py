"""The documents of a snapshot by kind, decoded when a kind is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

import msgspec

from netdoc.cluster.decode import Misfit, decode_object
from netdoc.cluster.documents import Document
from netdoc.model.kube.meta import Kind, Object

K = TypeVar("K", bound=Object)
Place = tuple[str, str]
Rewrite = Callable[[Document], msgspec.Raw]


class Held(Generic[K]):
    """The objects of one kind in one projection, by namespace and name."""

    def __init__(self, items: Iterable[K | Misfit]) -> None:
        self._items: dict[Place, K | Misfit] = {(one.namespace, one.name): one for one in items}
        self._by_namespace: dict[str, list[K | Misfit]] = {}
        for place in sorted(self._items):
            self._by_namespace.setdefault(place[0], []).append(self._items[place])

    def with_more(self, extra: Iterable[K]) -> Held[K]:
        return Held([*extra, *self._items.values()])

    def find(self, name: str, namespace: str) -> K | Misfit | None:
        return self._items.get((namespace, name))

    def within(self, namespace: str = "") -> tuple[K, ...]:
        """Those of a namespace, or of all ("")."""
        return tuple(one for one in self._within(namespace) if not isinstance(one, Misfit))

    def misfits(self, namespace: str = "") -> tuple[Misfit, ...]:
        return tuple(one for one in self._within(namespace) if isinstance(one, Misfit))

    def _within(self, namespace: str) -> Iterable[K | Misfit]:
        if namespace:
            return self._by_namespace.get(namespace, ())
        return (one for some in self._by_namespace.values() for one in some)


class Holdings:
    """Every object that a snapshot holds, undecoded."""

    def __init__(self, documents: Iterable[Document]) -> None:
        self._by_kind: dict[tuple[str, str], dict[Place, Document]] = {}
        self.twice: list[tuple[Document, Document]] = []
        for one in documents:
            self._add(one)
        self._held: dict[type[Object], Held[Any]] = {}

    def _add(self, new: Document) -> None:
        """Of two that claim one name the newer is kept, or the later where neither says which is newer."""
        places = self._by_kind.setdefault((new.group, new.kind), {})
        old = places.get((new.namespace, new.name))
        if old is None or new.version >= old.version:
            places[new.namespace, new.name] = new
        if old is not None and not (old.version and new.version) and bytes(old.raw) != bytes(new.raw):
            self.twice.append((old, new))

    def documents(self, kind: Kind) -> tuple[Document, ...]:
        return tuple(self._by_kind.get((kind.group, kind.kind), {}).values())

    def everything(self) -> Iterable[Document]:
        return (one for places in self._by_kind.values() for one in places.values())

    def has(self, kind: Kind) -> bool:
        """Whether the kind occurs at all."""
        return bool(self._by_kind.get((kind.group, kind.kind)))

    def holds(self, kind: Kind, name: str, namespace: str) -> bool:
        place = (namespace if kind.namespaced else "", name)
        return place in self._by_kind.get((kind.group, kind.kind), {})

    def namespaces(self) -> frozenset[str]:
        """Every namespace that an object is in."""
        return frozenset(place[0] for places in self._by_kind.values() for place in places if place[0])

    def held(self, kind: type[K], rewrite: Rewrite | None = None) -> Held[K]:
        """The kind's objects in this projection, each document put through `rewrite` first."""
        if kind not in self._held:
            self._held[kind] = Held(_decoded(kind, self.documents(kind.KIND), rewrite))
        return self._held[kind]

    @property
    def decoded(self) -> frozenset[type[Object]]:
        return frozenset(self._held)

    def extend(self, kind: type[K], extra: Iterable[K]) -> Held[K]:
        """Adds objects that follow from others; what was read goes first where names are equal."""
        more = list(extra)
        if more:
            self._held[kind] = self._held[kind].with_more(more)
        return self._held[kind]


def _decoded(kind: type[K], documents: Iterable[Document], rewrite: Rewrite | None) -> Iterable[K | Misfit]:
    for one in documents:
        # A manifest may leave the namespace out; kubectl apply would put it in the context's.
        place = (one.namespace or "default") if kind.KIND.namespaced else ""
        item = decode_object(kind, rewrite(one) if rewrite else one.raw)
        if isinstance(item, Misfit):
            yield msgspec.structs.replace(item, why=f"{item.why} ({one.where})", namespace=place, name=one.name)
        elif item.namespace != place:
            metadata = msgspec.structs.replace(item.metadata, namespace=place)
            yield msgspec.structs.replace(item, metadata=metadata)
        else:
            yield item
