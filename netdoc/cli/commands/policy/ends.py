"""The ends of a question: pods, workloads, namespaces, selectors, Services, addresses, the internet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from netdoc.cli.commands.policy.gather import Gathered
from netdoc.cli.exits import Exit, Failure
from netdoc.model import kube
from netdoc.path import TargetError, parse_target
from netdoc.path.kinds import BY_KIND, SOURCE_KINDS, nearest
from netdoc.path.places import parse_port
from netdoc.predict.policy import Directory, End, UnknownEnd, anybody, workload_of


class Backends(msgspec.Struct, frozen=True):
    """Ends with the port on which each is asked; a Service gives its backends with their own ports."""

    ends: tuple[End, ...]
    port: int | None
    through: kube.Service | None = None


class Served(msgspec.Struct, frozen=True):
    """The port that is asked about, by number or by name; neither where every port of a Service is."""

    protocol: str = "TCP"
    number: int | None = None
    name: str = ""

    @property
    def known(self) -> bool:
        return bool(self.name or self.number)

    def __str__(self) -> str:
        return f"{self.name or self.number}/{self.protocol}"


def served(port: str, protocol: str | None = None) -> Served:
    """The port as typed: `80`, `http`, `53/udp`. Raises Failure."""
    if not port:
        return Served(protocol or "TCP")
    try:
        parsed = parse_port(port, f"--port {port}")
    except TargetError as error:
        raise Failure(str(error), error.mend) from error
    if parsed.protocol and protocol and parsed.protocol != protocol:
        raise Failure(f"--port {port} and --protocol {protocol} name different protocols", "give one of them")
    return Served(parsed.protocol or protocol or "TCP", parsed.number, parsed.name)


def sources(text: str, gathered: Gathered) -> tuple[End, ...]:
    """The ends that SOURCE stands for. Raises Failure."""
    return _found(text, gathered)


def destinations(text: str, wanted: Served, gathered: Gathered) -> tuple[Backends, ...]:
    """The ends that a destination stands for, by the port on which they are asked. Raises Failure."""
    service = _service(text, gathered)
    if service is not None:
        return tuple(_backends(service, wanted, gathered))
    ends = _found(text, gathered)
    return tuple(_by_name(text, ends, wanted)) if wanted.name else (Backends(ends, wanted.number),)


def _by_name(text: str, ends: tuple[End, ...], wanted: Served) -> Iterable[Backends]:
    """The pods that declare a port of that name, by its number: each may have another. Others serve nothing there."""
    found: dict[int, list[End]] = {}
    for end in ends:
        if (number := _declared(end, wanted.name, wanted.protocol)) is not None:
            found.setdefault(number, []).append(end)
    if not found:
        offered = sorted({f"{one.name} ({one.container_port}/{one.protocol})" for one in _ports(ends) if one.name})
        names = f"there are {', '.join(offered)}" if offered else "no pod there names its ports: give a number"
        raise Failure(f"no pod of {text} declares a port {wanted}", names)
    return [Backends(tuple(those), number) for number, those in sorted(found.items())]


def _ports(ends: Iterable[End]) -> Iterable[kube.ContainerPort]:
    return (one for end in ends if end.pod for container in end.pod.serving_containers for one in container.ports)


def _declared(end: End, name: str, protocol: str) -> int | None:
    return next((one.container_port for one in _ports([end]) if (one.name, one.protocol) == (name, protocol)), None)


def _service(text: str, gathered: Gathered) -> kube.Service | None:
    head = text.split("/")[-2] if "/" in text else ""
    if head not in ("svc", "service", "services"):
        return None
    namespace, name = _place(text, gathered)
    found = next((one for one in gathered.services if (one.namespace, one.name) == (namespace, name)), None)
    if found is None:
        near = nearest(name, (one.name for one in gathered.services if one.namespace == namespace), most=1)
        raise Failure(f'no Service "{name}" in {namespace}', f'there is "{near[0]}"' if near else "")
    return found


def _place(text: str, gathered: Gathered) -> tuple[str, str]:
    """(namespace, name) of KIND/NAME[.NAMESPACE] or NAMESPACE/KIND/NAME."""
    try:
        target = parse_target(text)
    except TargetError as error:
        raise Failure(str(error), error.mend) from error
    if target.namespace:
        return target.namespace, target.name
    base, _, last = target.name.rpartition(".")
    spaces = {one.metadata.name for one in gathered.policies.inputs.namespaces or ()}
    spaces |= {end.pod.namespace for end in gathered.policies.pods() if end.pod is not None}
    return (last, base) if base and last in spaces else (gathered.namespace, target.name)


def _backends(service: kube.Service, wanted: Served, gathered: Gathered) -> list[Backends]:
    """The pods behind each port of the Service, on the number that each of them serves it on."""
    entries = [one for one in service.spec.ports if _is_meant(one, wanted)]
    if not entries:
        offered = ", ".join(_port_text(one) for one in service.spec.ports) or "none"
        what = f"port {wanted}" if wanted.known else f"{wanted.protocol} port"
        raise Failure(f"svc/{service.name} has no {what}", f"its ports are {offered}")
    pods = [end for end in gathered.policies.pods() if not end.finished and _selects(service, end)]
    found: dict[int, list[End]] = {}
    for entry in entries:
        for end in pods:
            if (number := _number(entry, end)) is not None:
                found.setdefault(number, []).append(end)
    if not found:
        raise Failure(f"svc/{service.name} has no pod behind it that serves the port")
    return [Backends(tuple(ends), number, service) for number, ends in sorted(found.items())]


def _is_meant(entry: kube.ServicePort, wanted: Served) -> bool:
    if entry.protocol != wanted.protocol:
        return False
    return entry.name == wanted.name if wanted.name else wanted.number in (None, entry.port)


def _port_text(entry: kube.ServicePort) -> str:
    return f"{entry.port}/{entry.protocol}" + (f" ({entry.name})" if entry.name else "")


def _number(entry: kube.ServicePort, end: End) -> int | None:
    if not isinstance(entry.target_port, str):
        return entry.target_port or entry.port
    return _declared(end, entry.target_port, entry.protocol)


def _found(text: str, gathered: Gathered) -> tuple[End, ...]:
    if text.lower() == "internet":
        return (anybody(gathered.policies),)
    if text.lower() == "here":
        raise Failure("here: which address of this machine the pods see is not known", "name it, or ask for internet")
    if "=" in text:
        return _selected(text, gathered)
    try:
        return Directory(gathered.policies, gathered.owners).find(text)
    except UnknownEnd:
        return _named(text, gathered)


def _selected(text: str, gathered: Gathered) -> tuple[End, ...]:
    """`NAMESPACE/key=value,...`, or the current namespace's where none is named."""
    space, _, terms = text.rpartition("/") if "/" in text.partition("=")[0] else ("", "", text)
    wanted = dict(term.split("=", 1) for term in terms.split(",") if "=" in term)
    namespace = space or gathered.namespace
    return _some(
        [
            end
            for end in _living(gathered)
            if end.pod is not None
            and end.pod.namespace == namespace
            and wanted.items() <= end.pod.metadata.labels.items()
        ],
        f"no pod in {namespace} has the labels {terms}",
    )


def _living(gathered: Gathered) -> list[End]:
    return [end for end in gathered.policies.pods() if not end.finished]


def _some(ends: Sequence[End], otherwise: str, mend: str = "") -> tuple[End, ...]:
    if not ends:
        raise Failure(otherwise, mend)
    return tuple(ends)


def _named(text: str, gathered: Gathered) -> tuple[End, ...]:
    """KIND/NAME as diagnose takes it."""
    try:
        target = parse_target(text)
    except TargetError as error:
        raise Failure(str(error), error.mend) from error
    if target.kind == "Namespace":
        mine = [end for end in _living(gathered) if end.pod is not None and end.pod.namespace == target.name]
        return _some(mine, f"no pod is in namespace {target.name}")
    if target.kind in ("IP", "Host", "URL"):
        raise Failure(f"{text}: a host name is no end of a policy", "use an address, a pod, a workload or a Service")
    if target.kind == "Node":
        return _node(target.name, gathered)
    if target.kind not in SOURCE_KINDS:
        raise Failure(f"{text}: policies know no {target.kind}", _instead(target.kind))
    namespace, name = _place(text, gathered)
    wanted = f"{namespace}/{name}[{target.kind}]"
    mine = [end for end in _living(gathered) if end.pod is not None and workload_of(end.pod, gathered.owners) == wanted]
    if target.kind == "Pod":
        mine = [end for end in _living(gathered) if end.id == f"{namespace}/{name}"]
    wanted = f"{target.kind} {name}" if target.kind == "Pod" else f"pod of {target.kind} {name}"
    return _some(mine, f"no {wanted} is in {namespace}", _near(name, namespace, target.kind, gathered))


def _node(name: str, gathered: Gathered) -> tuple[End, ...]:
    """Raises Failure for a node that is not there, or where nodes could not be read."""
    known = gathered.policies.inputs.nodes
    if known is None:
        raise Failure(f"node/{name}: nodes could not be read", code=Exit.UNKNOWN)
    if all(one.metadata.name != name for one in known):
        near = nearest(name, (one.metadata.name for one in known), most=1)
        raise Failure(f"there is no node {name}", f'there is "{near[0]}"' if near else "")
    try:
        return (gathered.policies.node(name),)
    except UnknownEnd as error:
        raise Failure(str(error), code=Exit.UNKNOWN) from error


def _instead(kind: str) -> str:
    named = BY_KIND[kind]
    return "name the workload behind it" if kind == "Service" else f"name the pods that {named.aliases[0]}/.. leads to"


def _near(name: str, namespace: str, kind: str, gathered: Gathered) -> str:
    """Which name may have been meant: of the same kind there, else of any workload or pod; or the same elsewhere."""
    workloads = [(workload_of(end.pod, gathered.owners), end.id) for end in _living(gathered) if end.pod is not None]
    known = {(space, rest.rstrip("]")) for one, _ in workloads for space, _, rest in [one.partition("/")]}
    if kind == "Pod":
        known |= {(space, f"{pod}[Pod") for _, one in workloads for space, _, pod in [one.partition("/")]}
    here = {text.partition("[")[0]: text.partition("[")[2] for space, text in known if space == namespace}
    same = [one for one, its in here.items() if its == kind]
    near = nearest(name, same, most=1) or nearest(name, here, most=1)
    if near:
        return f'there is {here[near[0]]} "{near[0]}"'
    elsewhere = sorted(space for space, text in known if text == f"{name}[{kind}")
    return f"there is one in {elsewhere[0]}" if elsewhere else ""


def confusions(port: int, protocol: str, ends: Sequence[End], gathered: Gathered) -> list[str]:
    """A Service's port asked of its pods, none of which serves it: policies see the pods' own."""
    found = []
    pods = [end for end in ends if end.pod is not None]
    if any(_serves(end, port, protocol, gathered) for end in pods):
        return []
    for service in gathered.services:
        behind = [end for end in pods if _selects(service, end)]
        for entry in service.spec.ports if behind else ():
            numbers = sorted({number for end in behind if (number := _number(entry, end)) is not None})
            if (entry.port, entry.protocol) == (port, protocol) and numbers and port not in numbers:
                meant, name = ", ".join(map(str, numbers)), f"svc/{service.name}.{service.namespace}"
                found.append(
                    f"note: {port} is the port of {name}, and its pods listen on {meant}, "
                    f"which is what policies see: ask for {meant}, or for the Service"
                )
    return found


def _serves(end: End, port: int, protocol: str, gathered: Gathered) -> bool:
    """Whether the pod declares the port, or a Service leads to it."""
    led = [
        _number(entry, end)
        for service in gathered.services
        if _selects(service, end)
        for entry in service.spec.ports
        if entry.protocol == protocol
    ]
    return port in led or (port, protocol) in [(one.container_port, one.protocol) for one in _ports([end])]


def _selects(service: kube.Service, end: End) -> bool:
    labels = service.spec.selector.items()
    return bool(
        end.pod is not None
        and labels
        and end.pod.namespace == service.namespace
        and labels <= end.pod.metadata.labels.items()
    )
