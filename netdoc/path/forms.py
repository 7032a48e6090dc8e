"""Where error lines name what they could not reach: one pattern for each way of saying so.

Every pattern begins at a word of its own and repeats over plain character classes only, so that no text makes the
search slow. The order is of trust: what says "this is what I tried" comes before what only looks like an address.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from netdoc.model.target import Protocol
from netdoc.path.places import address_of


class Sighting(msgspec.Struct, frozen=True, kw_only=True):
    """One mention of something that may be the target: a host name or an address, a URL, or a Service by name."""

    host: str = ""
    address: str = ""
    port: int | None = None
    url: str = ""
    protocol: Protocol | None = None
    resolver: str = ""
    service: str = ""
    namespace: str = ""


_Q = r"[\"'`‘’“”]?"
_HOST = r"(?P<host>\[[0-9a-f:.%]{2,60}\]|[\w.-]{1,253})"
_PORT = r"(?P<port>\d{1,5})\b"
_PLACE = _HOST + r"(?::" + _PORT + ")?"
_ADDRESS = r"(?P<address>\[?[0-9a-f:.]{2,45}\]?)"
_URL = r"(?P<url>[a-z][a-z0-9+.-]{1,15}://[^\s\"'<>`|\\{}()]{1,2000})"

_TOLD = tuple(
    re.compile(pattern, re.IGNORECASE | re.ASCII)
    for pattern in (
        # What stands in the way of the rest: a proxy, and names that could not be looked up.
        rf"proxyconnect tcp: dial tcp {_HOST}:{_PORT}",
        rf"could not resolve proxy: {_Q}{_PLACE}",
        rf"\blookup (?!error){_HOST}(?: on (?P<resolver>\S{{1,80}}))?: ",
        rf"(?:getaddrinfo|query\w{{0,8}}) E[A-Z_]{{3,12}} {_PLACE}",
        rf"could(?: not|n['’]t) resolve(?: host(?:name)?)?:? {_Q}{_PLACE}",
        rf"(?:unable to|cannot|can['’]t|failed to|failure) resolv(?:e|ing)"
        rf"(?: host)?(?: ?name)?(?: address)?:? {_Q}{_PLACE}",
        rf"unknown ?host(?:exception)?: {_Q}{_PLACE}",
        rf"unknown mysql server host {_Q}{_PLACE}",
        rf"could not translate host name {_Q}{_HOST}",
        rf"host not found in upstream {_Q}{_PLACE}",
        rf"(?<![\w.-]){_HOST} could not be resolved \(",
        rf"\bbad address {_Q}{_PLACE}",
        rf"resolution failed for {_Q}{_PLACE}",
        rf"server can['’]t find {_Q}{_HOST}: ",
        rf"\bhost {_HOST} not found: \d",
        rf"^(?:ping6?|nslookup|host|ssh|wget): (?:cannot resolve )?{_HOST}: (?:name|temporary|unknown|no address)",
        rf"getaddrinfo for host {_Q}{_HOST}{_Q} port {_PORT}",
        rf"\" ?(?:A|AAAA|SRV|CNAME|TXT|PTR|MX) IN {_HOST} (?:udp|tcp) ",
        rf"\"(?:A|AAAA|SRV|CNAME|TXT|PTR|MX) IN {_HOST} (?:udp|tcp) ",
        rf"plugin/errors: \d {_HOST} [A-Z]{{1,5}}: ",
        rf"\bresolving {_HOST} \([^)]{{1,253}}\)\.\.\. failed",
        # A proxy's own words for whom it asked.
        rf"\bupstream: {_Q}{_URL}",
        rf"\[\] {_HOST}:{_PORT}(?:, \S{{1,60}})* [\d-]",
        rf"\boutbound\|{_PORT}\|[^|\s]{{0,80}}\|{_HOST}",
        rf"upstream_(?:host|address|local_address_remote)[\"']?\s?[=:]\s?{_Q}{_PLACE}",
        # The request that failed.
        rf"\b(?:get|post|put|head|patch|delete|options|connect) {_Q}{_URL}",
        rf"\b(?:for url|request to|host|get|calling|executing \w{{3,7}}|accessing|reach|to|from|on|for):? {_Q}{_URL}",
        # Clients that name what they connect to, and its address.
        rf"connection to server at {_Q}{_HOST}{_Q}(?: \({_ADDRESS}\))?, port {_PORT}",
        rf"running on host {_Q}{_HOST}{_Q}(?: \({_ADDRESS}\))? and accepting"
        rf"\s{{1,4}}tcp/ip connections on port {_PORT}",
        rf"\bconnect to {_HOST}:{_PORT} \[[^\]/\s]{{0,253}}/{_ADDRESS}",
        rf"\b{_HOST}/{_ADDRESS}:{_PORT}",
        rf"\b{_HOST}/<unresolved>:{_PORT}",
        r"(?<=[\s:(])/(?P<peer>[0-9a-f:.\[\]]{2,45}:\d{1,5})\b",
        rf"connecting to {_HOST} \([^)]{{0,253}}\)\|{_ADDRESS}\|:{_PORT}",
        rf"connecting to {_HOST} \({_ADDRESS}:{_PORT}\)",
        rf"pool\(host={_Q}{_HOST}{_Q}, port={_PORT}",
        rf"\bhost={_Q}{_HOST}{_Q} (?:user|port|dbname|database)=",
        rf"\b(?:address|hostname|host)[\"']?\s?[=:]\s?{_Q}{_HOST}{_Q},? ?[\"']?port[\"']?\s?[=:]\s?{_Q}{_PORT}",
        rf"connect to remote host \({_PLACE}\)",
        rf"\btarget host ?name {_Q}{_HOST}",
        rf"\bnot valid for {_Q}{_HOST}",
        rf"certificate is valid for [^:]{{1,300}}, not {_HOST}",
        rf"connect(?:ing|ion)? (?:timeout )?to host:? {_Q}{_PLACE}{_Q}"
        r"(?:,? port (?P<late>\d{1,5})\b)?",
        rf"connect(?:ing)? to (?:local )?mysql server (?:on|at) {_Q}{_PLACE}",
        rf"connect(?:ing)? to redis at {_PLACE}",
        rf"error -?\d{{1,4}} connecting to {_HOST}:{_PORT}",
        rf"connect to {_HOST} (?:\({_ADDRESS}\) )?port {_PORT}",
        rf"attempted addresse?s?: {_PLACE}",
        rf"for connection to {_Q}{_PLACE}",
        rf"(?:connection|connect|connecting|connected) (?:to|with) {_Q}{_HOST}:{_PORT}",
        rf"connection to {_Q}{_HOST}{_Q} (?:timed|refused|failed|closed|was)",
        rf"(?:refused|timed out|reset|unreachable|failed|to host|closed): {_Q}{_HOST}:{_PORT}",
        r"ipv[46]:(?P<peer>[0-9a-f:.%\[\]]{2,60}:\d{1,5})\b",
        # Addresses alone.
        rf"\bdial (?P<proto>tcp|udp)[46]?:? {_HOST}:{_PORT}",
        rf"\b(?:read|write) (?P<proto>tcp|udp)[46]? {{0,2}}(?:->)?{_HOST}:{_PORT}",
        r"\b(?:connect|read|write|send) E[A-Z]{3,12} (?P<peer>[\w:.\[\]-]{2,260})",
        rf"connect call failed \({_Q}(?P<host>[0-9a-f:.]{{2,45}}){_Q}, {_PORT}",
        # Services by name.
        r"\bservicename=[\"']?(?P<service>[a-z0-9-]{1,63})\b",
        r"\bservice[ :=]{1,2}[\"'](?:(?P<namespace>[a-z0-9-]{1,63})/)?(?P<service>[a-z0-9-]{1,63})[\"']",
        rf"(?<![\w./-])(?:svc|services?)/(?P<service>[a-z0-9.-]{{1,126}}[a-z0-9])(?::{_PORT})?",
        # Fields of structured lines.
        rf"\b(?:authority|requesthost|hostname|host|server|address|addr|remote|peer|endpoint|upstream|backend|dst|"
        rf"destination|target)[\"']?\s?[=:]\s?{_Q}{_PLACE}",
    )
)

# Words and times before a colon and a number, which make no place.
_NO_HOST = (
    r"\d{4}-\d\d-|(?:exit|code|line|err\w{0,4}|status|p?id|port|time\w{0,6}|level|attempts?|retr\w{1,5}|thread|count|size|"
    r"took|pool|worker|process|column|[ug]id|duration|latency|version|v?\d{1,6}|rc|ret|stage|step):"
)

# Anything that has the shape of an address, where nothing says what it is.
_SHAPED = tuple(
    re.compile(pattern, re.IGNORECASE | re.ASCII)
    for pattern in (
        rf"(?<![a-z0-9+.-]){_URL}",
        rf"(?<![\w.:/-])(?!{_NO_HOST}){_HOST}:{_PORT}(?!\w|:\d)",
        r"\b(?:to|host|reach|reaching|contact|contacting|resolve|for) "
        r"(?P<host>[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,7})\b(?![(:])",
        r"(?<![\w.:/-])(?P<host>[\w-]{1,63}\.[\w-]{1,63}\.svc(?:\.[\w-]{1,63}){0,4})\b",
        r"(?<![\w.:/@-])(?P<host>(?:\d{1,3}\.){3}\d{1,3})(?![\w.-])",
    )
)

# Callers' addresses and pages to read, which only look like targets.
_NOT_TARGETS = re.compile(
    r"\bserver: [^\s,]{0,253}, (?=request:|upstream:)|"
    r"(?<![\w.:\[])[0-9a-f:.\[\]]{4,60}(?=->)|"
    r"\b(?:client|remote_addr|downstream_\w{1,30}|x-forwarded-for|clientaddr|clienthost|referrer|referer)[\"']?\s?[:=]\s?"
    r"[\"']?[^\s,\"']{1,300}|^[0-9a-f:.]{2,45} - \S{1,60} \[|"
    r"\b(?:see|visit|details here:|documentation:?|docs:?|more information:?|help:?) https?://\S{1,300}",
    re.IGNORECASE | re.ASCII,
)

_FILE = re.compile(
    r".*\.(?:go|pyx?|m?js|cjs|tsx?|java|kt|scala|rb|rs|cc?|cpp|cxx|h|hpp|cs|php|lua|pl|sh|exs?|erl|clj|swift|vue|ya?ml|"
    r"json|conf|log|txt|xml|html?|so|jar)",
    re.IGNORECASE,
)


def sightings(text: str) -> Iterator[Sighting]:
    """Every mention, the most telling first."""
    bare = _NOT_TARGETS.sub(" ", text)
    for form in _TOLD + _SHAPED:
        for match in form.finditer(bare):
            seen = _sighting(match.groupdict())
            if seen is not None and not (form in _SHAPED and _FILE.fullmatch(seen.host)):
                yield seen


def _sighting(part: dict[str, str | None]) -> Sighting | None:
    host, port = _peer(part["peer"]) if part.get("peer") else (part.get("host") or "", part.get("port"))
    port = port or part.get("late")
    host = host.strip("[]").rstrip(".") if "[" in host else host
    number = int(port) if port and 0 < int(port) < 65536 else None
    if port and number is None:
        return None
    if part.get("url"):
        url = part["url"] or ""
        return Sighting(url=url.rstrip(".,;:!?" if "[" in url else ".,;:!?]"))
    if part.get("service"):
        return Sighting(service=part["service"] or "", namespace=part.get("namespace") or "", port=number)
    if not _is_host(host):
        return None
    return Sighting(
        host=address_of(host) or host.removesuffix(".").lower(),
        address=address_of((part.get("address") or "").strip("[]")),
        port=number,
        protocol="UDP" if (part.get("proto") or "").lower() == "udp" else None,
        resolver=_bare(part.get("resolver") or ""),
    )


def _peer(text: str | None) -> tuple[str, str | None]:
    """The address and port of libuv's and gRPC's `::1:80`, `10.43.1.2:80`, `[fd00::1]:80`."""
    host, _, port = (text or "").rstrip(".,").replace("%5B", "").replace("%5D", "").rpartition(":")
    return (host.strip("[]"), port) if port.isdecimal() and len(port) < 6 else ("", None)


def _bare(resolver: str) -> str:
    return address_of(_peer(resolver)[0]) or address_of(resolver)


def _is_host(host: str) -> bool:
    """Whether it can be a host: an address, or a name that does not end in a number."""
    if address_of(host):
        return True
    last = host.rstrip(".").rpartition(".")[2].lower()
    return bool(last) and not last.isdecimal() and any(one.isalpha() for one in host)
