"""Judges the Corefile, as far as it concerns the name asked about, and what CoreDNS wrote before it ended. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from netdoc.api import Evidence, Finding, Fix, Gap, Judgement, ObjectRef, Unjudged, corefile, kube
from netdoc_checks.dns.running import another, config_ref, judge_running
from netdoc_checks.dns.seen import DOMAIN, HOME, Seen
from netdoc_checks.proof import edit

Flaw = corefile.Flaw

# What CoreDNS writes when it ends over its configuration (coremain/run.go, plugin/loop, core/dnsserver).
_LOOP = re.compile(r"plugin/loop: Loop \([^)\n]*\) detected for zone \S+")
_REFUSED = re.compile(
    r"(?m)^.*(?:Error during parsing: .*|cannot serve \S+ - it is already defined.*|Unknown directive .*|"
    r"plugin/\S+: .*(?:not a valid|unable to|invalid).*|no such file or directory.*)$"
)


def judge_config(seen: Seen) -> Iterable[Judgement]:
    """The last words of a container that ended tell the truth, those of one that runs what it runs; the ConfigMap
    tells the rest."""
    spoken = list(_spoken(seen)) or list(judge_running(seen))
    yield from spoken
    config = seen.server.config
    if isinstance(config, Gap) and config.blocking and isinstance(seen.server.service, kube.Service) and not spoken:
        yield Unjudged(what=config.what, reason=config.reason, detail=config.detail, hop=seen.hops[0], blocking=True)
    text = config.data.get("Corefile") if isinstance(config, kube.ConfigMap) else None
    if text is None or not isinstance(config, kube.ConfigMap) or another(seen) is not None:
        return  # of what runs instead nothing is known
    for finding in _written(text, config, seen):
        if not isinstance(finding, Finding) or not any(one.code == finding.code for one in spoken):
            yield finding


def _spoken(seen: Seen) -> Iterable[Finding]:
    for pod, text in seen.server.logs.items():
        loop, refused = _LOOP.search(text), _REFUSED.search(text)
        match = loop or refused
        if match is not None and seen.server.workload is not None:
            yield _of_log(pod, match[0].strip(), "dns.forward-loop" if loop else "dns.server-config", seen)
            return


def _of_log(pod: str, line: str, code: str, seen: Seen) -> Finding:
    workload = seen.server.workload
    assert workload is not None
    looped = code == "dns.forward-loop"
    why = "questions that CoreDNS forwards come back to it" if looped else "CoreDNS does not accept its Corefile"
    mend = "forward to resolvers that are not on the node's loopback" if looped else "mend the Corefile"
    return Finding(
        code=code,
        title=f"{why}, and it ends: {line[:200]}",
        object=workload,
        hops=seen.hops,
        severity="error",
        evidence=(
            Evidence(
                kind="log",
                object=ObjectRef(api_version="v1", kind="Pod", namespace=workload.namespace, name=pod),
                observed=line,
                expected="CoreDNS keeps running",
                command=seen.subject.kubectl("logs", pod, "--previous", "--tail=20", namespace=workload.namespace),
            ),
        ),
        fix=Fix(summary=mend, commands=(edit(config_ref(), seen.subject),)),
    )


def _written(text: str, config: kube.ConfigMap, seen: Seen) -> Iterable[Judgement]:
    try:
        parsed = corefile.parse(text)
        flaws = corefile.judge(parsed, corefile.Surroundings(domain=seen.domain, own=seen.server.addresses))
    except corefile.CorefileError as wrong:
        yield _invalid(str(wrong), wrong.line, text, seen)
        return
    outside = seen.subject.path.object is None
    for flaw in flaws:
        finding = _of_flaw(flaw, parsed, text, outside, seen)
        if finding is not None:
            yield finding
    yield from _other_domain(parsed, seen)


def _of_flaw(flaw: corefile.Judged, parsed: corefile.Corefile, text: str, outside: bool, seen: Seen) -> Finding | None:
    """What concerns the name asked about; the rest is hygiene, or breaks beside the path."""
    match flaw.flaw:
        case Flaw.INVALID:
            return _invalid(flaw.message, flaw.line, text, seen)
        case Flaw.NO_KUBERNETES | Flaw.OTHER_DOMAIN if not outside:
            return _finding("dns.server-config", flaw, text, seen)
        case Flaw.HOSTS_WITHOUT_FALLTHROUGH if _takes(parsed, flaw, seen, outside):
            return _finding("dns.server-config", flaw, text, seen)
        case Flaw.LOOP if not seen.server.serving or (outside and _passes(parsed, flaw, seen)):
            return _finding("dns.forward-loop", flaw, text, seen)  # the plugin `loop` ends CoreDNS over it
        case Flaw.NO_FORWARD if outside:
            return _finding("dns.server-config", flaw, text, seen)
        case Flaw.MIXED_UPSTREAMS if outside and _passes(parsed, flaw, seen):
            return _finding("dns.upstream-split", flaw, text, seen)
    return None


def _takes(parsed: corefile.Corefile, flaw: corefile.Judged, seen: Seen, outside: bool) -> bool:
    """Whether the flaw stands in the block that takes the name asked about."""
    host = seen.subject.path.target.host if outside else f"web.svc.{seen.domain or DOMAIN}"
    try:
        block = corefile.block_for(parsed, host or DOMAIN)
    except ValueError:
        return False
    return block is not None and (flaw.zone in block.zones or flaw.zone in ("", "."))


def _passes(parsed: corefile.Corefile, flaw: corefile.Judged, seen: Seen) -> bool:
    """Whether the flaw is of the very `forward` that takes the name asked about: stub zones have upstreams of
    their own."""
    host = seen.subject.path.target.host
    try:
        block = corefile.block_for(parsed, host)
        forward = corefile.forward_for(block, host) if block is not None else None
    except ValueError:
        return False
    return forward is not None and forward.line == flaw.line


def _invalid(message: str, line: int, text: str, seen: Seen) -> Finding:
    """Where pods still serve, they run with what they read before: the next start ends them."""
    down = not seen.server.serving and isinstance(seen.server.service, kube.Service)
    flaw = corefile.Judged(Flaw.INVALID, message, line)
    finding = _finding("dns.server-config", flaw, text, seen, "error" if down else "warning")
    if down:
        return finding
    return Finding(
        code=finding.code,
        title=f"CoreDNS refuses its Corefile: it runs with the one before, until it starts again ({message})",
        object=finding.object,
        hops=finding.hops,
        severity="warning",
        evidence=finding.evidence,
        fix=finding.fix,
    )


def _finding(code: str, flaw: corefile.Judged, text: str, seen: Seen, severity: str = "") -> Finding:
    lines = text.splitlines()
    shown = lines[flaw.line - 1].strip() if 0 < flaw.line <= len(lines) else text.strip()[:200]
    return Finding(
        code=code,
        title=f"Corefile: {flaw.message}",
        object=_server_ref(seen),
        hops=seen.hops,
        severity="warning" if severity == "warning" else "error" if severity else None,
        evidence=(
            Evidence(
                object=config_ref(),
                field=f"data.Corefile, line {flaw.line}" if flaw.line else "data.Corefile",
                observed=shown,
                expected="a Corefile that serves the cluster's names",
                command=seen.subject.kubectl("get", "configmap", "coredns", "-o", "yaml", namespace=HOME),
            ),
        ),
        fix=Fix(summary="mend the Corefile", commands=(edit(config_ref(), seen.subject),)),
    )


def _server_ref(seen: Seen) -> ObjectRef:
    """The DNS workload where it is known, else its Service, else its ConfigMap."""
    if seen.server.workload is not None:
        return seen.server.workload
    service = seen.server.service
    return service.ref if isinstance(service, kube.Service) else config_ref()


def _other_domain(parsed: corefile.Corefile, seen: Seen) -> Iterable[Unjudged]:
    """Another domain than the usual is right where the kubelets search it, and nothing here may tell whether."""
    zones = [zone for block in parsed.blocks for zone in corefile.kubernetes_zones(block)]
    own = [zone for zone in zones if not zone.endswith(".arpa.")]
    if own and not seen.domain and not any(zone in (f"{DOMAIN}.", ".") for zone in own):
        yield Unjudged(
            what=f"whether pods search {own[0]}, the domain that CoreDNS serves",
            reason="incomplete",
            detail="the kubelets' clusterDomain is not known; resolv.conf in a pod tells it (--exec)",
            hop=seen.hops[0],
        )
