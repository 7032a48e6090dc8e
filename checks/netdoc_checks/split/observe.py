"""Asks for the name on both sides, as far as there is consent, and whose the answers are."""

from __future__ import annotations

import asyncio
import re

import msgspec

from netdoc.api import Gap, Measurement, Ports, Source, Subject, dns, kube, parse_target, resolve
from netdoc_checks.owners import topmost
from netdoc_checks.split import foretold, views
from netdoc_checks.split.holders import holders_of, service_of
from netdoc_checks.split.seen import Case, Holder, Parameters, Ruling, Seen, Tried, View

HOME = "kube-system"
MOST_CALLERS = 3
MOST_ADDRESSES = 4
PATIENCE = 2.0  # seconds of one connection


async def observe(ports: Ports, subject: Subject) -> Seen:
    name = outside_name(subject)
    if not name:
        return Seen(subject=subject)
    config = await ports.cluster.get(kube.ConfigMap, "coredns", HOME)
    text = config.data.get("Corefile", "") if isinstance(config, kube.ConfigMap) else ""
    asking = _Asking(ports, subject, name, text)
    cases = [one for source in subject.path.sources for one in await asking.cases(source)]
    holders = await holders_of(ports.cluster, cases, subject.path.target.port)
    service, published = await service_of(ports.cluster, name, cases, holders)
    cases = [msgspec.structs.replace(one, service=service, published=published) for one in cases]
    tried = await asyncio.gather(*(asking.tried(one, holders) for one in cases))
    return Seen(subject=subject, name=name, cases=tuple(tried), holders=holders)


def outside_name(subject: Subject) -> str:
    """The host asked about, where it is a name outside the cluster; "" otherwise."""
    path = subject.path
    host = path.target.host.rstrip(".").lower()
    address = bool(re.fullmatch(r"[0-9.]+|.*:.*", host))
    known = path.object is not None or bool(path.absent) or bool(path.unread)
    return host if path.target.kind in ("URL", "Host") and "." in host and not address and not known else ""


class _Asking:
    """Who is asked for one name."""

    def __init__(self, ports: Ports, subject: Subject, name: str, text: str) -> None:
        self._ports = ports
        self._subject = subject
        self._name = name
        self._text = text
        self._ruling = foretold.ruling(text, name)
        self._exec, self._tunnels = ports.vantages.allowed("exec"), ports.vantages.allowed("port-forward")

    async def cases(self, source: Source) -> list[Case]:
        """Pods have the inside view for their own; everybody else the outside view."""
        pods = [await self._ports.cluster.get(kube.Pod, one.name, one.namespace) for one in source.pods[:MOST_CALLERS]]
        living = [one for one in pods if isinstance(one, kube.Pod) and one.spec.containers]
        if living:
            return [await self._of_pod(source, one) for one in living]
        if source.spec.kind not in ("Internet", "Here", "IP") or source.object is not None:
            return []
        own = await self._outside()
        internet = source.spec.kind == "Internet"
        who = {"Internet": "the Internet", "Here": "this machine"}.get(source.spec.kind, source.spec.name)
        return [Case(hop=source.hop, who=who, own=own, other=await self._inside(), internet=internet)]

    async def _of_pod(self, source: Source, pod: kube.Pod) -> Case:
        owner = await topmost(self._ports.cluster, pod)
        aliases = foretold.aliased(pod, self._name)
        own = await self._as_pod(pod, aliases)
        ruling = Ruling("hostAliases", f"{' '.join(aliases)} {self._name}") if aliases else self._ruling
        other = await self._outside() if own.gap is None else View(place="outside", gap=own.gap)
        who = f"{owner.kind.lower()}/{owner.name}"
        return Case(hop=source.hop, who=who, own=own, other=other, ruling=ruling, object=owner, pod=pod)

    async def _as_pod(self, pod: kube.Pod, aliases: tuple[str, ...]) -> View:
        if self._exec:
            return await views.in_pod(self._ports, self._subject, pod, self._name)
        if aliases:
            command = self._subject.kubectl("get", "pod", pod.name, "-o", "yaml", namespace=pod.namespace)
            pinned = f"{' '.join(aliases)} {self._name}"
            return View(place="inside", server="/etc/hosts", addresses=aliases, pinned=pinned, command=command)
        if dns.policy_of(pod) == "ClusterFirst":
            return await self._inside()
        return View(place="inside", gap=_needs("exec", f"{self._name} as {pod.name} sees it"))

    async def _inside(self) -> View:
        """As cluster DNS has it: asked, where there is consent to a tunnel, else by its Corefile."""
        if self._tunnels:
            pods = await self._ports.cluster.list(kube.Pod, HOME, labels="k8s-app in (kube-dns,coredns)")
            running = [pod for pod in pods.items if pod.status.phase == "Running"]
            if running:
                return await views.at_server(self._ports, self._subject, running[0], self._name)
        return await self._foretold()

    async def _foretold(self) -> View:
        ruling = self._ruling
        command = self._subject.kubectl("get", "configmap", "coredns", "-o", "yaml", namespace=HOME)
        view = View(place="inside", server="cluster DNS", pinned=ruling.text if ruling else "", command=command)
        addresses = foretold.pinned(self._text, self._name)
        if addresses:
            return msgspec.structs.replace(view, addresses=addresses)
        to = foretold.rewritten(self._text, self._name)
        if to:
            return await self._rewritten(view, to)
        return msgspec.structs.replace(view, gap=_needs(_consent(self._exec), f"{self._name} as the inside sees it"))

    async def _rewritten(self, view: View, to: str) -> View:
        """A name that stands for another: a Service's address, or nothing where there is no such Service."""
        path = await resolve(self._ports.cluster, parse_target(to))
        hops = [hop for hop in path.hops if hop.kind == "service" and hop.addresses]
        if path.absent:
            detail = f"the Corefile makes {to} of it, and {path.absent[0].object} is not there"
            return msgspec.structs.replace(view, failure="not-found", detail=detail)
        if hops:
            return msgspec.structs.replace(view, addresses=hops[0].addresses, detail=f"it is asked as {to}")
        return msgspec.structs.replace(view, gap=_needs(_consent(self._exec), f"{self._name} as the inside sees it"))

    async def _outside(self) -> View:
        """Nobody outside is asked without a consent to measure: a run that was given none sends no packet."""
        what = f"{self._name} as the outside sees it"
        if not (self._exec or self._tunnels):
            return View(place="outside", gap=_needs("exec", what))
        if self._ports.cluster.where.type == "snapshot":
            detail = "names of now are not held against objects of then"
            return View(place="outside", gap=Gap(what=what, reason="not-supported", detail=detail, blocking=False))
        parameters = self._subject.parameters
        server = parameters.outside if isinstance(parameters, Parameters) else ""
        return await views.outside(self._ports, self._name, server)

    # Connections

    async def tried(self, case: Case, holders: dict[str, Holder]) -> Case:
        """Connections that tell a hairpin and an address of old: to the own view's addresses, and past them."""
        service, port = case.service, _port(self._subject, case.service)
        if not (self._exec or self._tunnels) or service is None or not port or not _in_doubt(case, holders):
            return case
        if case.pod is not None and not self._exec:
            return case
        case = await self._aged(case)
        own = case.reachable[:MOST_ADDRESSES]
        others = service.cluster_addresses if case.pod is not None else service.external_addresses
        beside = case.within(one for one in others if one not in own and re.fullmatch(r"[0-9.]+|.*:.*", one))[:1]
        rows = await self._connected(case, (*own, *beside), port)
        tried = tuple(one for one in rows if one.address in own)
        return msgspec.structs.replace(case, tried=tried, beside=tuple(one for one in rows if one not in tried))

    async def _aged(self, case: Case) -> Case:
        """Where the views have no address in common: how long the caller's may still be kept."""
        aliased = case.ruling is not None and case.ruling.by == "hostAliases"
        if case.pod is None or aliased or set(case.own.addresses) & set(case.other.addresses):
            return case
        own = await views.with_age(self._ports, case.pod, case.own, self._name)
        return msgspec.structs.replace(case, own=own)

    async def _connected(self, case: Case, addresses: tuple[str, ...], port: int) -> tuple[Tried, ...]:
        vantages, pod = self._ports.vantages, case.pod
        vantage = vantages.inside(pod.ref, pod.spec.containers[0].name) if pod is not None else vantages.here()
        endpoints = [{"address": one, "port": port} for one in addresses]
        given = {"endpoints": endpoints, "repeat": self._subject.repeat, "timeout": PATIENCE}
        result = await vantage.measure(Measurement(kind="tcp", parameters=given))
        if isinstance(result, Gap):
            return ()
        return tuple(Tried(one["address"], one["port"], tuple(one["tries"])) for one in result["endpoints"])


def _consent(given: bool) -> str:
    """What may be asked for beyond what was given: a pod of the source's, or cluster DNS by itself."""
    return "port-forward" if given else "exec"


def _needs(consent: str, what: str) -> Gap:
    return Gap(what=what, reason="needs-consent", detail=f"--{consent} allows to ask", blocking=False)


def _in_doubt(case: Case, holders: dict[str, Holder]) -> bool:
    """Whether a connection can tell more: through a load balancer, or to an address that is nobody's here."""
    return any(holders[one].balanced or holders[one].nobody for one in case.own.addresses if one in holders)


def _port(subject: Subject, service: kube.Service | None) -> int:
    """The port asked about; else the first that the Service offers over TCP."""
    asked = subject.path.target.port
    if asked is not None and asked.number is not None:
        return asked.number
    offered = service.spec.ports if service is not None else ()
    return next((one.port for one in offered if one.protocol == "TCP"), 0)
