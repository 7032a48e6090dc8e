"""What changed around a Service, asked of small clusters."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from netdoc.diagnosis.changes import Around, changes_of, observe_changes
from netdoc.model.change import Change
from netdoc.path import parse_target, resolve
from netdoc.ports import Recorder
from tests.checks.endpoints.build import Manifest, cluster

SINCE = timedelta(hours=2)


async def around(*objects: Manifest, target: str = "svc/web.shop", since: timedelta = SINCE) -> Around:
    recorder = Recorder(cluster(*objects))
    return await observe_changes(recorder, await resolve(recorder, parse_target(target)), since)


async def changes(*objects: Manifest, **asked: Any) -> list[Change]:
    return list(changes_of(await around(*objects, **asked)))


async def told(*objects: Manifest, **asked: Any) -> list[tuple[str, str, str]]:
    """(what, Kind/name, detail), newest first."""
    return [(one.what, f"{one.object.kind}/{one.object.name}", one.detail) for one in await changes(*objects, **asked)]


def written(time: str, manager: str = "kubectl-edit", subresource: str = "", **fields: Any) -> Manifest:
    """One entry of managedFields; `spec={"f:selector": {}}` stands for f:spec."""
    entry = {"manager": manager, "operation": "Update", "fieldsV1": {f"f:{key}": one for key, one in fields.items()}}
    return entry | ({"time": time} if time else {}) | ({"subresource": subresource} if subresource else {})
