"""Asks the API server of itself: its version, what it serves, what this user may do (SelfSubjectAccessReview)."""

from __future__ import annotations

import msgspec

from netdoc.cluster.decode import UNREADABLE
from netdoc.cluster.guard import Refused
from netdoc.cluster.live import LiveCluster
from netdoc.cluster.session import Failure
from netdoc.model.record import Gap

_PATH = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"


class _Status(msgspec.Struct):
    allowed: bool = False


class _Review(msgspec.Struct):
    status: _Status = msgspec.field(default_factory=_Status)


class _Version(msgspec.Struct, rename="camel"):
    git_version: str = ""


class _Group(msgspec.Struct):
    name: str = ""


class _Groups(msgspec.Struct):
    groups: list[_Group] = []


async def server_version(cluster: LiveCluster) -> str:
    """As the server writes it (`v1.36.1`); "" where it does not say."""
    try:
        answer = await cluster.transport.get("/version")
        return msgspec.json.decode(answer.body, type=_Version).git_version if answer.status == 200 else ""
    except (Failure, *UNREADABLE):
        return ""


async def served_groups(cluster: LiveCluster) -> frozenset[str] | None:
    """The API groups that the cluster has; None where the server does not say."""
    try:
        answer = await cluster.transport.get("/apis")
        if answer.status != 200:
            return None
        return frozenset(one.name for one in msgspec.json.decode(answer.body, type=_Groups).groups) | {""}
    except (Failure, *UNREADABLE):
        return None


async def may(cluster: LiveCluster, verb: str, resource: str, group: str = "", namespace: str = "") -> bool | Gap:
    """Whether this user may; a Gap where the server does not say. `resource` may name a subresource (`pods/log`)."""
    plural, _, subresource = resource.partition("/")
    asked = {"verb": verb, "resource": plural, "group": group, "namespace": namespace, "subresource": subresource}
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectAccessReview",
        "spec": {"resourceAttributes": {key: value for key, value in asked.items() if value}},
    }
    what = f"whether you may {verb} {resource}"
    try:
        answer = await cluster.transport.request("POST", _PATH, (), msgspec.json.encode(body))
        if answer.status in (200, 201):
            return msgspec.json.decode(answer.body, type=_Review).status.allowed
        return Gap(what=what, reason="forbidden" if answer.status == 403 else "incomplete", detail=str(answer.status))
    except (Failure, Refused, *UNREADABLE) as error:
        return Gap(what=what, reason="unreachable", detail=str(error))
