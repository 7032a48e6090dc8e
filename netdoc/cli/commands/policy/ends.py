"""The ends of a question: pods, workloads, namespaces, selectors, Services, addresses, the internet."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import msgspec

from netdoc.cli.commands.policy.gather import Gathered
from netdoc.cli.exits import Failure
from netdoc.model import kube
from netdoc.path import TargetError, parse_target
from netdoc.path.kinds import nearest
from netdoc.predict.policy import End, UnknownEnd, workload_of
from netdoc.predict.policy.peers import Directory, outside


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
    labels = service.spec.selector.items()
    pods = [
        end
        for end in gathered.policies.pods()
        if end.pod is not None and not end.finished and end.pod.namespace == service.namespace
        and labels and labels <= end.pod.metadata.labels.items()
    ]  # fmt: skip
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
        return (_anybody(gathered),)
    if "=" in text:
        return _selected(text, gathered)
    try:
        return Directory(gathered.policies, gathered.owners).find(text)
    except UnknownEnd:
        return _named(text, gathered)


def _anybody(gathered: Gathered) -> End:
    """An address outside that no policy names: the widest range that all of them treat alike."""
    ranges = [ipaddress.ip_network(peer.id) for peer in outside(gathered.policies)]
    widest = max((one for one in ranges if one.version == 4), key=lambda one: one.num_addresses, default=None)
    return gathered.policies.address(str(widest[1]) if widest is not None else "198.51.100.1")


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


def _some(ends: Sequence[End], otherwise: str) -> tuple[End, ...]:
    if not ends:
        raise Failure(otherwise)
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
    names = {end.id.partition("/")[2] for end in _living(gathered) if end.id.startswith(f"{namespace}/")}
    near = nearest(name, names, most=1)
    hint = f'; there is "{near[0]}"' if near else ""
    return _some(mine, f"no pod of {target.kind} {name} is in {namespace}{hint}")
