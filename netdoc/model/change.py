"""What changed around the path, before it broke."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

import msgspec

from netdoc.model.kube.meta import ObjectRef

What = Literal["rollout", "config", "policy", "service", "scale", "certificate", "node", "restart", "event"]


class Change(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    at: datetime
    object: ObjectRef
    what: What
    detail: str
    suspect: bool = False
