"""The record: what was asked of the world, and what came back."""

from __future__ import annotations

from datetime import datetime

import msgspec

from netdoc.model.finding import Reason


class Gap(msgspec.Struct, frozen=True, kw_only=True):
    """Why a read did not tell all.

    `blocking` where the truth exists and was not seen (refused, timed out): what depends on it is unknown.
    Not blocking where it was never there to be seen (a snapshot of others' making leaves the kind out).
    """

    what: str
    reason: Reason
    detail: str = ""
    blocking: bool = True


class Ask(msgspec.Struct, frozen=True, kw_only=True, order=True, omit_defaults=True):
    """One read of the cluster: the verb, the kind's plural with its group, and the scope.

    `projection` names the fields that were read of it: one resource may be read in a narrow and in a wide form.
    """

    verb: str
    resource: str
    projection: str = ""
    group: str = ""
    namespace: str = ""
    name: str = ""
    labels: str = ""
    fields: str = ""
    container: str = ""
    previous: bool = False


class Record(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One answer: which ask, when, seen from where, how much, and where it fell short."""

    id: str
    ask: Ask
    at: datetime
    vantage: str
    count: int = 0
    gap: Gap | None = None
