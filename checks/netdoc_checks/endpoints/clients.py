"""Judges the callers: a proxy in their environment takes the request elsewhere. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from netdoc.api import Evidence, Finding, Fix, kube
from netdoc_checks.endpoints.seen import Seen
from netdoc_checks.endpoints.standing import owner_of

_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def judge_clients(seen: Seen) -> Iterable[Finding]:
    """Only where a URL was asked for: who does not speak HTTP reads no proxy variables."""
    target = seen.subject.path.target
    if target.kind != "URL":
        return
    for pod in seen.clients:
        proxy, exempt = _environment(pod)
        if proxy is not None and not _exempted(target.host, exempt):
            yield _finding(pod, proxy, exempt, target.host, seen)


def _environment(pod: kube.Pod) -> tuple[str | None, str]:
    """(the name of the proxy variable, the value of NO_PROXY) of the first container that has one."""
    for container in pod.spec.containers:
        values = {env.name.upper(): env for env in container.env}
        proxy = next((values[name] for name in _PROXIES if name in values and values[name].value), None)
        if proxy is not None:
            return proxy.name, values["NO_PROXY"].value if "NO_PROXY" in values else ""
    return None, ""


def _exempted(host: str, exempt: str) -> bool:
    """Whether NO_PROXY covers the host: exact, by suffix (with or without a leading dot), or everything.

    An address range in it may cover the name's address for some clients: that is given the benefit of the doubt.
    """
    for entry in (one.strip().lower() for one in exempt.split(",")):
        bare = entry.lstrip("*").lstrip(".")
        if entry == "*" or "/" in entry or (bare and (host == bare or host.endswith(f".{bare}"))):
            return True
    return False


def _finding(pod: kube.Pod, variable: str, exempt: str, host: str, seen: Seen) -> Finding:
    owner, _ = owner_of(pod, seen)
    path = seen.subject.path
    return Finding(
        code="pod.proxy-environment",
        title=f"{variable} sends the requests of {owner.kind.lower()}/{owner.name} for {host} to a proxy",
        detail="most HTTP clients follow it; NO_PROXY does not name the host",
        object=owner,
        hops=tuple(source.hop for source in path.sources if pod.ref in source.pods),
        proven=False,
        evidence=(
            Evidence(
                object=pod.ref,
                field="spec.containers[].env[NO_PROXY]",
                observed=exempt or "not set",
                expected=host,
                command=seen.subject.kubectl("describe", "pod", pod.name, namespace=pod.namespace),
            ),
        ),
        fix=Fix(summary=f"add {host}, .svc and .cluster.local to NO_PROXY"),
    )
