"""Small paths and findings, by hand and at random."""

from __future__ import annotations

from hypothesis import strategies as st

from netdoc.model.finding import SEVERITIES, CausalRule, Finding, Relation, Severity
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.path import Hop, Path
from netdoc.model.target import Target

HOPS = ("client/a", "service/s", "endpoint/e0", "endpoint/e1", "pod/p0", "pod/p1", "node/n")
NEXT = {
    "client/a": ("service/s",),
    "service/s": ("endpoint/e0", "endpoint/e1"),
    "endpoint/e0": ("pod/p0",),
    "endpoint/e1": ("pod/p1",),
    "pod/p0": ("node/n",),
    "pod/p1": ("node/n",),
}
CODES = tuple(f"x.c{number}" for number in range(6))
RELATIONS: tuple[Relation, ...] = (
    "same-object",
    "same-hop",
    "backend-of",
    "owned-by",
    "on-node",
    "upstream-of",
    "gate-of",
)


def ref(name: str, kind: str = "Pod") -> ObjectRef:
    return ObjectRef(api_version="v1", kind=kind, namespace="shop", name=name)


def path(*gates: Hop) -> Path:
    """client → service → two endpoints → two pods → one node, and the policies that gate an edge of it."""
    hops = tuple(
        Hop(id=id_, kind=id_.partition("/")[0], object=ref(id_), next=NEXT.get(id_, ()))  # type: ignore[arg-type]
        for id_ in HOPS
    )
    return Path(target=Target(input="svc/s", kind="Service"), hops=hops + gates)


def finding(
    code: str,
    *hops: str,
    about: str = "",
    severity: Severity | None = "error",
    proven: bool = True,
    title: str = "",
    detail: str = "",
) -> Finding:
    return Finding(
        code=code,
        title=title or code,
        detail=detail,
        object=ref(about or (hops[0] if hops else "x")),
        hops=hops,
        severity=severity,
        proven=proven,
    )


def rule(cause: str, relation: Relation, consequence: str) -> CausalRule:
    return CausalRule(cause, relation, consequence)


@st.composite
def findings(draw: st.DrawFn, least: int = 0) -> list[Finding]:
    """Findings as a ledger holds them: one for a code and an object."""
    made = draw(
        st.lists(
            st.builds(
                lambda code, hops, about, severity, proven: finding(
                    code, *hops, about=about, severity=severity, proven=proven
                ),
                st.sampled_from(CODES),
                st.lists(st.sampled_from(HOPS), min_size=1, max_size=3, unique=True),
                st.sampled_from(("a", "b", "c")),
                st.sampled_from(SEVERITIES),
                st.booleans(),
            ),
            min_size=least,
            max_size=9,
            unique_by=lambda one: (one.code, one.object),
        )
    )
    return made


@st.composite
def rules(draw: st.DrawFn) -> list[CausalRule]:
    """Rules that are free of cycles: a code explains only codes of a higher number."""
    pairs = [(one, other) for at, one in enumerate(CODES) for other in CODES[at + 1 :]]
    chosen = draw(st.lists(st.tuples(st.sampled_from(pairs), st.sampled_from(RELATIONS)), max_size=14))
    return [CausalRule(cause, relation, consequence) for (cause, consequence), relation in chosen]


@st.composite
def owners(draw: st.DrawFn) -> dict[ObjectRef, frozenset[ObjectRef]]:
    """Who owns whom among the objects that findings are about."""
    names = st.sampled_from(("a", "b", "c"))
    pairs = draw(st.lists(st.tuples(names, names), max_size=3))
    return {ref(one): frozenset({ref(other)}) for one, other in pairs if one != other}
