"""The ends of a question: pods, workloads, namespaces, selectors, Services, addresses, the internet."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from netdoc.cli.commands.policy.gather import Gathered
from netdoc.cli.exits import Failure
from netdoc.model import kube
from netdoc.path import TargetError, parse_target
from netdoc.path.kinds import nearest
from netdoc.predict.policy import Directory, End, UnknownEnd, anybody, workload_of


class Backends(msgspec.Struct, frozen=True):
    """Ends with the port on which each is asked; a Service gives its backends with their own ports."""

    ends: tuple[End, ...]
    port: int | None
    through: kube.Service | None = None


def sources(text: str, gathered: Gathered) -> tuple[End, ...]:
    """The ends that SOURCE stands for. Raises Failure."""
    return _found(text, gathered)


def destinations(text: str, port: int | None, protocol: str, gathered: Gathered) -> tuple[Backends, ...]:
    """The ends that a destination stands for, by the port on which they are asked. Raises Failure."""
    service = _service(text, gathered)
    if service is None:
        return (Backends(_found(text, gathered), port),)
    return tuple(_backends(service, port, protocol, gathered))


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


def _backends(service: kube.Service, port: int | None, protocol: str, gathered: Gathered) -> list[Backends]:
    """The pods behind each port of the Service, on the number that each of them serves it on."""
    wanted = [one for one in service.spec.ports if port in (None, one.port) and one.protocol == protocol]
    if not wanted:
        offered = ", ".join(f"{one.port}/{one.protocol}" for one in service.spec.ports) or "none"
        raise Failure(f"svc/{service.name} has no port {port}/{protocol}", f"its ports are {offered}")
    pods = [end for end in gathered.policies.pods() if not end.finished and _selects(service, end)]
    found: dict[int, list[End]] = {}
    for entry in wanted:
        for end in pods:
            if (number := _number(entry, end)) is not None:
                found.setdefault(number, []).append(end)
    if not found:
        raise Failure(f"svc/{service.name} has no pod behind it that serves the port")
    return [Backends(tuple(ends), number, service) for number, ends in sorted(found.items())]


def _number(entry: kube.ServicePort, end: End) -> int | None:
    if not isinstance(entry.target_port, str):
        return entry.target_port or entry.port
    declared = (one for container in end.pod.serving_containers for one in container.ports) if end.pod else ()
    return next(
        (one.container_port for one in declared if (one.name, one.protocol) == (entry.target_port, entry.protocol)),
        None,
    )


def _found(text: str, gathered: Gathered) -> tuple[End, ...]:
    if text == "internet":
        return (anybody(gathered.policies),)
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
    namespace, name = _place(text, gathered)
    wanted = f"{namespace}/{name}[{target.kind}]"
    mine = [end for end in _living(gathered) if end.pod is not None and workload_of(end.pod, gathered.owners) == wanted]
    if target.kind == "Pod":
        mine = [end for end in _living(gathered) if end.id == f"{namespace}/{name}"]
    wanted = f"{target.kind} {name}" if target.kind == "Pod" else f"pod of {target.kind} {name}"
    return _some(mine, f"no {wanted} is in {namespace}", _near(name, namespace, target.kind, gathered))


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
    declared = [one for container in end.pod.serving_containers for one in container.ports] if end.pod else []
    led = [
        _number(entry, end)
        for service in gathered.services
        if _selects(service, end)
        for entry in service.spec.ports
        if entry.protocol == protocol
    ]
    return port in led or (port, protocol) in [(one.container_port, one.protocol) for one in declared]


def _selects(service: kube.Service, end: End) -> bool:
    labels = service.spec.selector.items()
    return bool(
        end.pod is not None
        and labels
        and end.pod.namespace == service.namespace
        and labels <= end.pod.metadata.labels.items()
    )
