"""A finding of split DNS: whose it is, both views as its evidence, and what mends it. Pure."""

from __future__ import annotations

from typing import Literal

from netdoc.api import Evidence, Finding, Fix, ObjectRef
from netdoc_checks.split.seen import Case, Ruling, Seen, Tried, View

HOME = "kube-system"
CONFIG = ObjectRef(api_version="v1", kind="ConfigMap", namespace=HOME, name="coredns")


def finding(
    code: str,
    case: Case,
    seen: Seen,
    *,
    title: str,
    detail: str = "",
    severity: Literal["error", "warning"],
    proven: bool = True,
) -> Finding:
    external = tuple(hop.id for hop in seen.subject.path.of_kind("external"))
    return Finding(
        code=code,
        title=title,
        detail=_ruled(case, detail),
        object=_object(case, seen),
        hops=(case.hop, *external),
        severity=severity,
        proven=proven,
        evidence=tuple(_evidence(case, seen)),
        fix=_fix(case, seen),
    )


def _object(case: Case, seen: Seen) -> ObjectRef:
    """What decides over the caller's view, where that is known; else what the name stands for; else the caller."""
    if case.own.place == "inside" and case.ruling is not None:
        return case.object or CONFIG if case.ruling.by == "hostAliases" else CONFIG
    if case.service is not None:
        return case.service.ref
    held = (seen.holder(one).object for one in (*case.other.addresses, *case.own.addresses))
    named = next((one for one in held if one is not None), None)
    return named or case.object or ObjectRef(api_version="netdoc/v1", kind="Host", name=seen.name)


def _ruled(case: Case, detail: str) -> str:
    """What decides, beside what comes of it."""
    if case.own.place != "inside" or case.ruling is None:
        return detail
    said = f"decided by {case.ruling.words}: {case.ruling.text}"
    return f"{detail}; {said}" if detail else said


def _evidence(case: Case, seen: Seen) -> list[Evidence]:
    found = [_of_view(case.own, seen, _expected(case), case)]
    if case.other.addresses:
        found.append(_of_view(case.other, seen, "", case))
    found += [_of_tries(one, case, seen) for one in (*case.tried, *case.beside)]
    if case.service is not None:
        found.append(_of_service(case, seen))
    return found


def _expected(case: Case) -> str:
    """The other view's addresses; where they are the caller's too, or none, those of what the name stands for."""
    if case.other.addresses and not set(case.other.addresses) & set(case.own.addresses):
        return ", ".join(case.other.addresses)
    if case.service is None:
        return ""
    inside, outside = case.service.cluster_addresses, case.service.external_addresses
    return ", ".join(inside if case.pod is not None and case.tried else outside or inside)


def _of_view(view: View, seen: Seen, expected: str, case: Case) -> Evidence:
    """A view that was asked for; one that follows from the Corefile quotes its line."""
    said = ", ".join(view.addresses) or view.detail or view.failure
    if not view.vantage:
        aliased = view is case.own and case.ruling is not None and case.ruling.by == "hostAliases"
        return Evidence(
            object=case.pod.ref if aliased and case.pod is not None else CONFIG,
            field="spec.hostAliases" if aliased else "data.Corefile",
            observed=view.pinned or said,
            expected=expected,
            command=view.command,
        )
    return Evidence(
        kind="dns",
        object=case.pod.ref if case.pod is not None and view.place == "inside" else None,
        vantage=view.vantage,
        field=f"{view.place} view of {seen.name}",
        observed=f"{said} (from {view.server})" if view.server else said,
        expected=expected,
        command=view.command,
        data={"addresses": list(view.addresses)} | ({"ttl": view.ttl} if view.ttl is not None else {}),
    )


def _of_tries(one: Tried, case: Case, seen: Seen) -> Evidence:
    words = ("nc", "-zvw2", one.address, str(one.port))
    pod = case.pod
    if pod is None:
        command = " ".join(words)
    else:
        inside = ("exec", pod.name, "-c", pod.spec.containers[0].name, "--", *words)
        command = seen.subject.kubectl(*inside, namespace=pod.namespace)
    return Evidence(
        kind="tcp",
        object=pod.ref if pod is not None else None,
        vantage=case.own.vantage,
        field=f"connections to {one.address}:{one.port}",
        observed=one.said,
        expected="a connection",
        attempts=len(one.tries),
        failures=one.failed,
        command=command,
        data={"address": one.address, "port": one.port},
    )


def _of_service(case: Case, seen: Seen) -> Evidence:
    service = case.service
    assert service is not None
    return Evidence(
        object=service.ref,
        field="status.loadBalancer.ingress",
        observed=", ".join(service.external_addresses) or "none",
        command=seen.subject.kubectl("get", "service", service.name, "-o", "wide", namespace=service.namespace),
    )


def _fix(case: Case, seen: Seen) -> Fix:
    ruling = case.ruling
    if case.own.place == "inside" and ruling is not None:
        return _mended(ruling, case, seen)
    if case.own.place == "inside":
        return Fix(summary=f"let the inside resolver give {seen.name} the Service's own address")
    return Fix(summary=f"correct the record of {seen.name} in the public zone, then wait out its TTL")


def _mended(ruling: Ruling, case: Case, seen: Seen) -> Fix:
    """An edit of what decides."""
    summary = {
        "hosts": f"correct or drop {ruling.words}",
        "rewrite": f"let {ruling.words} lead to a Service that exists, or drop it",
        "forward": f"add {seen.name} to the inside zone, or drop the forward of {ruling.words}",
        "hostAliases": "correct or drop the hostAliases of the pod template",
    }[ruling.by]
    object_ = case.object if ruling.by == "hostAliases" and case.object is not None else CONFIG
    edit = seen.subject.kubectl("edit", object_.kind.lower(), object_.name, namespace=object_.namespace)
    return Fix(summary=summary, commands=(edit,))
