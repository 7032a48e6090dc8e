"""A Cluster over a live API server: by name or by list, as bytes, decoded straight into projections."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime

import msgspec

from netdoc.cluster.decode import UNREADABLE, Misfit, NotAList, Page, decode_object, decode_page, misfit_gap
from netdoc.cluster.errors import Unreachable
from netdoc.cluster.guard import Query, Refused
from netdoc.cluster.kinds import BUILT_IN_GROUPS, resource_name
from netdoc.cluster.kubeconfig import LiveOptions, find_access
from netdoc.cluster.session import Answer, Failure
from netdoc.cluster.streams import Streams
from netdoc.cluster.transport import Transport, message_of
from netdoc.model.finding import Reason
from netdoc.model.kube.meta import Kind, ObjectRef
from netdoc.model.record import Gap
from netdoc.ports.cluster import K, Listing, Traffic, Where
from netdoc.ports.vantage import Consent

PAGE = 500
MOST_PAGES = 2000
RESTARTS = 2
LOG_BYTES = 1 << 18

Served = dict[str, list[str]]
"""The versions of each API group that the cluster serves."""

# What can be one segment of a path (apimachinery, path.IsValidPathSegmentName), and is not a trick on a proxy.
_SEGMENT = re.compile(r"(?!\.{1,2}$)[A-Za-z0-9:._-]+")


class _Details(msgspec.Struct):
    name: str = ""


class _NotFound(msgspec.Struct):
    reason: str = ""
    details: _Details | None = None


class _Version(msgspec.Struct):
    version: str = ""


class _Group(msgspec.Struct):
    name: str = ""
    versions: list[_Version] = []


class _Groups(msgspec.Struct):
    kind: str = ""
    groups: list[_Group] = []


class _Identity(msgspec.Struct):
    kind: str = ""
    metadata: _Details | None = None


def open_live(options: LiveOptions) -> LiveCluster:
    """The cluster that the options mean; nothing is asked of it yet. Raises ClusterError."""
    access = find_access(options)
    where = Where(type="live", context=access.context, server=access.server, namespace=access.namespace)
    return LiveCluster(Transport(access, options), where)


class LiveCluster:
    """Answers by asking the API server. `notes` is what the user should be told about the connection."""

    def __init__(self, transport: Transport, where: Where) -> None:
        self._transport = transport
        self._where = where
        self._groups: asyncio.Task[Served | None] | None = None

    @property
    def where(self) -> Where:
        return self._where

    @property
    def traffic(self) -> Traffic:
        return self._transport.traffic

    @property
    def notes(self) -> tuple[str, ...]:
        return tuple(self._transport.notes)

    @property
    def transport(self) -> Transport:
        return self._transport

    def streams(self, consents: frozenset[Consent]) -> Streams:
        """Ways into pods, as far as was consented to."""
        return Streams(self._transport.access, consents, self._transport.timeout)

    async def connect(self) -> None:
        """See that the server answers and accepts the credential. Raises Unreachable."""
        try:
            answer = await self._transport.get("/version")
        except Failure as failure:
            raise Unreachable(
                f"cannot ask {self._name()}: {failure.detail}", "check --context and the credential"
            ) from None
        if answer.status >= 400 and answer.status != 403:
            said = message_of(answer)
            raise Unreachable(
                f"{self._name()} is no Kubernetes API server ({answer.status}: {said})", "check --context"
            )

    async def now(self) -> datetime:
        """By the server's Date header; by this machine's clock, with a note, where the server tells none."""
        if self._transport.server_time() is None:
            why = await self._ask_the_time()
        told = self._transport.server_time()
        if told is None:
            self._note(f"the API server tells no time{why}: this machine's clock is used")
        return told or datetime.now(UTC)

    async def _ask_the_time(self) -> str:
        """Any answer carries it. Returns why there was none, in brackets."""
        try:
            await self._transport.get("/version")
        except Failure as failure:
            return f" ({failure.detail})"
        return ""

    async def get(self, kind: type[K], name: str, namespace: str = "") -> K | Gap | None:
        place = kind.KIND
        within = (namespace or self._where.namespace) if place.namespaced else ""
        if not _SEGMENT.fullmatch(name) or (within and not _SEGMENT.fullmatch(within)):
            return None  # no object can have such a name
        what = f"get {resource_name(place)}/{name}" + (f" in {within}" if within else "")
        if (gap := await self._unserved(place, what)) is not None:
            return gap
        try:
            answer = await self._transport.get(_path(place, within, name))
        except (Failure, Refused) as error:
            return _gap(what, error)
        if answer.status == 404 and _is_absent(answer, name):
            return None
        return await self._refused(place, what, answer) or _object(kind, what, answer, name)

    async def list(self, kind: type[K], namespace: str = "", *, labels: str = "", fields: str = "") -> Listing[K]:
        place = kind.KIND
        within = namespace if place.namespaced else ""
        if within and not _SEGMENT.fullmatch(within):
            return Listing()
        query = [(key, value) for key, value in (("labelSelector", labels), ("fieldSelector", fields)) if value]
        if (gap := await self._unserved(place, _listing(place, within))) is not None:
            return Listing(gap=gap)
        listing: Listing[K] | None = None
        for limit in [PAGE] * RESTARTS + [0]:
            # The last attempt asks for all at once: a list in one piece cannot expire.
            listing = await self._pages(kind, within, query, limit)
            if listing is not None:
                return listing
        what = f"list {resource_name(place)}"
        return Listing(
            gap=Gap(what=what, reason="incomplete", detail=f"may not be all: {what} expired (410) again and again")
        )

    async def log(self, pod: ObjectRef, container: str, *, previous: bool = False, lines: int = 20) -> str | Gap:
        what = f"get pods/log of {container} in {pod}"
        path = f"/api/v1/namespaces/{pod.namespace}/pods/{pod.name}/log"
        query = [("container", container), ("tailLines", str(lines)), ("limitBytes", str(LOG_BYTES))]
        try:
            answer = await self._transport.get(path, [*query, ("previous", "true")] if previous else query)
        except (Failure, Refused) as error:
            return _gap(what, error)
        if answer.status == 200:
            return answer.body.decode("utf-8", "replace")
        if answer.status == 403:
            return _forbidden("get", "pods/log", pod.namespace)
        # 400: no such container, or none before this one; 404: no such pod. There is no log to be had.
        return Gap(what=what, reason="incomplete", detail=message_of(answer), blocking=False)

    async def close(self) -> None:
        if self._groups is not None:
            self._groups.cancel()
        self._transport.close()

    # Lists

    async def _pages(self, kind: type[K], namespace: str, query: Query, limit: int) -> Listing[K] | None:
        """All pages of a list; None where the server has forgotten the list meanwhile (410)."""
        what = _listing(kind.KIND, namespace)
        items: list[K] = []
        misfits: list[Misfit] = []
        token = ""
        for _ in range(MOST_PAGES):
            more = [("limit", str(limit))] * bool(limit) + [("continue", token)] * bool(token)
            page = await self._page(kind, namespace, [*query, *more], what)
            if page is None:
                return None
            if isinstance(page, Gap):
                return Listing(tuple(items), _cut_short(page, len(items)))
            items += page.items
            misfits += page.misfits
            if not page.token or page.token == token:
                break
            token = page.token
        else:
            return Listing(
                tuple(items), _cut_short(Gap(what=what, reason="incomplete", detail="it never ends"), len(items))
            )
        return Listing(tuple(items), misfit_gap(what, tuple(misfits)))

    async def _page(self, kind: type[K], namespace: str, query: Query, what: str) -> Page[K] | Gap | None:
        try:
            answer = await self._transport.get(_path(kind.KIND, namespace), query)
        except (Failure, Refused) as error:
            return _gap(what, error)
        if answer.status == 410:
            return None
        if (gap := await self._refused(kind.KIND, what, answer)) is not None:
            return gap
        try:
            return decode_page(kind, answer.body)
        except (NotAList, *UNREADABLE) as error:
            return Gap(what=what, reason="incomplete", detail=f"the answer cannot be read: {error}")

    # Refusals

    async def _refused(self, place: Kind, what: str, answer: Answer) -> Gap | None:
        """The gap that a status means; None for success."""
        if answer.status == 200:
            return None
        if answer.status == 403:
            verb, _, rest = what.partition(" ")
            resource, _, namespace = rest.partition(" in ")
            return _forbidden(verb, resource, namespace)
        if answer.status == 404:
            return await self._not_served(place, what)
        reason: Reason = "not-supported" if answer.status in (400, 405, 406, 422) else "unreachable"
        return Gap(what=what, reason=reason, detail=f"the API server answers {answer.status}: {message_of(answer)}")

    async def _not_served(self, place: Kind, what: str) -> Gap:
        """What a 404 for a whole resource means: the kind is not installed."""
        if place.group in BUILT_IN_GROUPS:
            return _absent_kind(place, what, blocking=True)
        if await self._served() is None:
            return Gap(what=what, reason="incomplete", detail="the API server does not say what it serves")
        return _absent_kind(place, what, blocking=False)

    async def _unserved(self, place: Kind, what: str) -> Gap | None:
        """Whether an optional kind need not be asked for: its group is not installed, or in other versions only."""
        if place.group in BUILT_IN_GROUPS or (groups := await self._served()) is None:
            return None
        if place.group not in groups:
            return _absent_kind(place, what, blocking=False)
        versions = groups[place.group]
        if place.api_version.rpartition("/")[2] in versions:
            return None
        detail = f"the cluster serves {place.group} as {', '.join(versions)}, and netdoc reads {place.api_version}"
        return Gap(what=what, reason="not-supported", detail=detail)

    async def _served(self) -> Served | None:
        """The versions of each API group, asked for once; None where the server does not say."""
        if self._groups is None or self._groups.cancelled():
            self._groups = asyncio.ensure_future(self._discover())
        return await asyncio.shield(self._groups)

    async def _discover(self) -> Served | None:
        try:
            answer = await self._transport.get("/apis")
            said = msgspec.json.decode(answer.body, type=_Groups)
        except (Failure, *UNREADABLE):
            return None
        if answer.status != 200 or said.kind != "APIGroupList":
            return None
        return {one.name: [version.version for version in one.versions] for one in said.groups}

    def _name(self) -> str:
        return f"{self._where.server} (context {self._where.context})" if self._where.context else self._where.server

    def _note(self, text: str) -> None:
        if text not in self._transport.notes:
            self._transport.notes.append(text)


def _listing(place: Kind, namespace: str) -> str:
    return f"list {resource_name(place)}" + (f" in {namespace}" if namespace else "")


def _absent_kind(place: Kind, what: str, *, blocking: bool) -> Gap:
    detail = f"the cluster has no {resource_name(place)}"
    return Gap(what=what, reason="not-installed", detail=detail, blocking=blocking)


def _path(place: Kind, namespace: str, name: str = "") -> str:
    root = f"/apis/{place.api_version}" if place.group else f"/api/{place.api_version}"
    within = f"/namespaces/{namespace}" if namespace else ""
    return f"{root}{within}/{place.plural}" + (f"/{name}" if name else "")


def _gap(what: str, error: Failure | Refused) -> Gap:
    if isinstance(error, Refused):
        return Gap(what=what, reason="needs-consent", detail=str(error), blocking=False)
    return Gap(what=what, reason=error.reason, detail=error.detail)


def _forbidden(verb: str, resource: str, namespace: str) -> Gap:
    where = f" in {namespace}" if namespace else ""
    return Gap(what=f"{verb} {resource}{where}", reason="forbidden", detail=f"may not {verb} {resource}{where}")


def _cut_short(gap: Gap, count: int) -> Gap:
    """A list of which some came is incomplete, whatever cut it."""
    if not count:
        return gap
    detail = f"cut short after {count}: {gap.detail}"
    return Gap(what=gap.what, reason="incomplete", detail=detail)


def _is_absent(answer: Answer, name: str) -> bool:
    """Whether a 404 is the API's own word that this object does not exist, and not that the kind is unknown."""
    try:
        said = msgspec.json.decode(answer.body, type=_NotFound)
    except UNREADABLE:
        return False
    return said.reason == "NotFound" and said.details is not None and said.details.name == name


def _object(kind: type[K], what: str, answer: Answer, name: str) -> K | Gap:
    """The object in a 200, if it is the one that was asked for."""
    try:
        said = msgspec.json.decode(answer.body, type=_Identity)
        if said.kind != kind.KIND.kind or said.metadata is None or said.metadata.name != name:
            return Gap(
                what=what, reason="incomplete", detail=f"the answer is another object ({said.kind or 'no kind'})"
            )
        item = decode_object(kind, answer.body)
    except UNREADABLE as error:
        return Gap(what=what, reason="incomplete", detail=f"the answer cannot be read: {error}")
    if isinstance(item, Misfit):
        return misfit_gap(what, (item,)) or Gap(what=what, reason="incomplete")
    return item
