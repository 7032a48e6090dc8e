"""Label selectors, as apimachinery evaluates them (k8s.io/apimachinery/pkg/labels, Requirement.Matches).

`matches` answers for one set of labels. `LabelIndex` answers for many at once: it keeps, for each label, the
set of items that carry it as the bits of an integer, so that a selector over ten thousand pods is a handful of
`&` and `|`, and remembers each selector's answer.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from netdoc.model.kube import LabelSelector, Requirement

Term = tuple[str, str, frozenset[str]]
Canonical = frozenset[Term]

EVERYTHING = LabelSelector()


def requirement_matches(term: Requirement, labels: Mapping[str, str]) -> bool:
    """Decide one requirement. `NotIn` and `DoesNotExist` hold where the key is absent.

    Raises ValueError for an operator that the API does not know: the server refuses such a selector.
    """
    match term.operator:
        case "In":
            return labels.get(term.key) in term.values
        case "NotIn":
            return labels.get(term.key) not in term.values
        case "Exists":
            return term.key in labels
        case "DoesNotExist":
            return term.key not in labels
    raise ValueError(f"{term.operator!r} is not a valid label selector operator")


def matches(selector: LabelSelector | None, labels: Mapping[str, str]) -> bool:
    """Decide a LabelSelector: absent selects nothing, empty everything (metav1.LabelSelectorAsSelector)."""
    if selector is None:
        return False
    return plain_matches(selector.match_labels, labels) and all(
        requirement_matches(term, labels) for term in selector.match_expressions
    )


def plain_matches(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Decide a map of labels: each key present with that very value, "" included; empty matches everything."""
    return all(labels.get(key) == value for key, value in selector.items())


def service_selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    """Decide a Service's selector: without one, it selects no pod (core/v1 ServiceSpec.selector)."""
    return bool(selector) and plain_matches(selector, labels)


def canonical(selector: LabelSelector) -> Canonical:
    """The selector as a set of terms: equal for selectors that say the same in another order."""
    terms = {(key, "In", frozenset((value,))) for key, value in selector.match_labels.items()}
    return frozenset(terms | {(one.key, one.operator, frozenset(one.values)) for one in selector.match_expressions})


def keys_of(selectors: Iterable[LabelSelector | None]) -> frozenset[str]:
    """Every label key that one of the selectors looks at."""
    return frozenset(
        key
        for selector in selectors
        if selector is not None
        for key in (*selector.match_labels, *(one.key for one in selector.match_expressions))
    )


def describe(selector: LabelSelector | None) -> str:
    """The selector as kubectl writes it on a command line: `app=web,tier in (a,b),!old`."""
    if selector is None:
        return "(nothing)"
    parts = [f"{key}={value}" for key, value in sorted(selector.match_labels.items())]
    return ",".join(parts + [_describe_term(term) for term in selector.match_expressions]) or "(everything)"


def _describe_term(term: Requirement) -> str:
    values = ",".join(term.values)
    words = {"In": f"{term.key} in ({values})", "NotIn": f"{term.key} notin ({values})", "Exists": term.key}
    return words.get(term.operator, f"!{term.key}")


def why_not(selector: LabelSelector, labels: Mapping[str, str]) -> str:
    """The first term that does not hold, against what the labels say; "" where all hold."""
    for key, value in sorted(selector.match_labels.items()):
        if labels.get(key) != value:
            return f"{key}={value} is wanted, {_has(key, labels)}"
    for term in selector.match_expressions:
        if not requirement_matches(term, labels):
            return f"{_describe_term(term)} is wanted, {_has(term.key, labels)}"
    return ""


def _has(key: str, labels: Mapping[str, str]) -> str:
    return f"it has {key}={labels[key]}" if key in labels else f"it has no label {key}"


def bits(positions: Iterable[int]) -> int:
    """The set of these positions as an integer's bits."""
    buffer = bytearray()
    for position in positions:
        byte = position >> 3
        if byte >= len(buffer):
            buffer.extend(bytes(byte + 1 - len(buffer)))
        buffer[byte] |= 1 << (position & 7)
    return int.from_bytes(buffer, "little")


def positions(chosen: int) -> Iterator[int]:
    """The positions of the set bits, ascending. Walks bytes: shifting a long integer for each bit is quadratic."""
    for index, byte in enumerate(chosen.to_bytes((chosen.bit_length() + 7) // 8, "little")):
        while byte:
            low = byte & -byte
            yield (index << 3) + low.bit_length() - 1
            byte ^= low


class LabelIndex:
    """Which items of a fixed list a selector matches, as bits by position in the list."""

    def __init__(self, items: Sequence[Mapping[str, str]], keys: Collection[str] | None = None) -> None:
        """Index `items`; with `keys`, only those label keys, which must hold every key asked about."""
        carried: dict[str, dict[str, list[int]]] = {}
        for position, labels in enumerate(items):
            for key, value in labels.items():
                if keys is None or key in keys:
                    carried.setdefault(key, {}).setdefault(value, []).append(position)
        self.everything = (1 << len(items)) - 1
        self._carried = {
            key: {value: bits(where) for value, where in values.items()} for key, values in carried.items()
        }
        self._present = {key: _union(values.values()) for key, values in self._carried.items()}
        self._known: dict[Canonical, int] = {}

    def select(self, selector: LabelSelector | None) -> int:
        """The items that the selector matches; none for an absent selector."""
        return 0 if selector is None else self.select_canonical(canonical(selector))

    def select_canonical(self, terms: Canonical) -> int:
        chosen = self._known.get(terms)
        if chosen is None:
            chosen = self.everything
            for term in terms:
                chosen &= self._term(term)
            self._known[terms] = chosen
        return chosen

    def _term(self, term: Term) -> int:
        key, operator, values = term
        present = self._present.get(key, 0)
        carried = self._carried.get(key, {})
        match operator:
            case "In":
                return _union(carried.get(value, 0) for value in values)
            case "NotIn":
                return self.everything & ~_union(carried.get(value, 0) for value in values)
            case "Exists":
                return present
            case "DoesNotExist":
                return self.everything & ~present
        raise ValueError(f"{operator!r} is not a valid label selector operator")


def _union(sets: Iterable[int]) -> int:
    total = 0
    for one in sets:
        total |= one
    return total
