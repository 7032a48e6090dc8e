"""What changed around the path, before it broke."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from netdoc.model.kube.meta import ObjectRef

What = Literal["rollout", "config", "policy", "service", "scale", "certificate", "node", "restart", "event"]


class Change(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """`used_by`: the workloads that refer to what was changed, where it is none itself."""

    at: datetime
    object: ObjectRef
    what: What
    detail: str
    suspect: bool = False
    used_by: tuple[ObjectRef, ...] = ()
