"""Reads a pasted error line: what could not be reached, how it failed, and who saw it."""

from __future__ import annotations

import msgspec

from netdoc.model.target import Failure, PastedError, Port, Target
from netdoc.path.callers import caller_of
from netdoc.path.failures import failure_of, status_of
from netdoc.path.forms import Sighting, sightings
from netdoc.path.places import TargetError, address_of, parse_host, parse_url, shown

_WORDS: dict[Failure, str] = {
    "timeout": "a timeout",
    "refused": "a refused connection",
    "reset": "a connection that was broken off",
    "no-route": "a missing route",
    "nxdomain": "a name that does not exist",
    "dns": "a lookup that failed",
    "tls": "a TLS error",
    "http": "an HTTP error",
    "other": "an error",
}


def parse_pasted(line: str) -> Target:
    """The target that a cleaned line names. Raises TargetError where it names none, saying what was understood."""
    text = _unquoted(line)
    failure, status = failure_of(text), status_of(text)
    pod, namespace = caller_of(text)
    seen = [one for one in sightings(text) if _parsed(one) is not None and not (pod and one.host == pod)]
    if not seen:
        raise _nothing_named(line, failure, status, pod)
    # Where a lookup failed nothing was connected to: addresses in the line are resolvers'.
    best = _completed([one for one in seen if failure not in ("dns", "nxdomain") or not address_of(_host(one))] or seen)
    target = _parsed(best)
    assert target is not None
    error = PastedError(
        text=line,
        failure=failure or "other",
        status=status,
        address=best.address,
        resolver=best.resolver,
        pod=pod,
        namespace=namespace,
    )
    return msgspec.structs.replace(target, input=line, error=error)


def _unquoted(line: str) -> str:
    """The line as it was before a JSON encoder quoted it."""
    return line.replace('\\"', '"').replace("\\n", " ").replace("\\t", " ").replace("\\u003e", ">")


def _parsed(seen: Sighting) -> Target | None:
    """The sighting as the target that it would be if it had been typed; None where it could not be typed."""
    if seen.service:
        port = Port(number=seen.port) if seen.port else None
        exact = bool(seen.namespace)
        return Target(input="", kind="Service", name=seen.service, namespace=seen.namespace, exact=exact, port=port)
    try:
        target = parse_url(seen.url) if seen.url else parse_host(seen.host)
    except TargetError:
        return None
    if seen.port is None or seen.url:
        return target
    return msgspec.structs.replace(target, port=Port(number=seen.port, protocol=seen.protocol))


def _completed(seen: list[Sighting]) -> Sighting:
    """The most telling mention, with what later ones of the same thing add: its URL, its port, its address."""
    best = seen[0]
    for other in seen[1:]:
        best = _with(best, other)
    return best


def _with(best: Sighting, other: Sighting) -> Sighting:
    if best.service or other.service:
        return best
    host, again = _host(best), _host(other)
    if again == host:
        return msgspec.structs.replace(
            best,
            url=best.url or (other.url if not best.port or _port(other) == best.port else ""),
            port=best.port or other.port,
            address=best.address or other.address,
            resolver=best.resolver or other.resolver,
        )
    if address_of(again) and not address_of(host) and not best.address and again != best.resolver:
        port = _port(best)
        if port is None or other.port in (None, port):
            return msgspec.structs.replace(best, address=address_of(again), port=best.port or other.port)
    return best


def _host(seen: Sighting) -> str:
    target = _parsed(seen)
    return target.host if target else ""


def _port(seen: Sighting) -> int | None:
    target = _parsed(seen)
    return target.port.number if target and target.port else None


def _nothing_named(line: str, failure: Failure | None, status: int | None, pod: str) -> TargetError:
    mend = "name what can't be reached, for example svc/web.shop:80"
    if failure is None:
        return TargetError(f'TARGET "{shown(line)}" is neither a target nor an error line that names one', mend)
    told = _WORDS[failure] + (f" ({status})" if status else "") + (f" in pod {pod}" if pod else "")
    return TargetError(f"the pasted line tells of {told}, and names no host, address or URL that was tried", mend)
