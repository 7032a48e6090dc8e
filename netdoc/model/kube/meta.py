"""What all Kubernetes objects share, as far as netdoc reads it.

Projections are narrow on purpose: msgspec skips what is not declared, so an object costs what is read of it
and no more. Every field has the default that an absent field means to the API server.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import msgspec

ASSUMED_ANNOTATION = "netdoc.io/assumed"
"""Set on what a snapshot of others' making did not hold and was taken for granted: `status`, `pod`, `slice`."""

IntOrString = int | str


class Kube(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """Base of every projection: camelCase on the wire, absent fields omitted when written again."""


class ObjectRef(Kube, frozen=True, order=True):
    """Names one object. The apiVersion is part of the name: two groups may share a kind."""

    api_version: str
    kind: str
    name: str
    namespace: str = ""

    def __str__(self) -> str:
        """`kind/name.namespace`, as netdoc writes objects everywhere."""
        where = f".{self.namespace}" if self.namespace else ""
        return f"{self.kind.lower()}/{self.name}{where}"


class OwnerReference(Kube, frozen=True):
    api_version: str = ""
    kind: str = ""
    name: str = ""
    uid: str = ""
    controller: bool = False


class ObjectMeta(Kube, frozen=True):
    """metadata without managedFields, which are half of a pod's bytes."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}
    creation_timestamp: datetime | None = None
    deletion_timestamp: datetime | None = None
    deletion_grace_period_seconds: int | None = None
    owner_references: tuple[OwnerReference, ...] = ()
    finalizers: tuple[str, ...] = ()
    generation: int = 0
    resource_version: str = ""

    @property
    def controller(self) -> OwnerReference | None:
        """The owner that manages this object (metav1.GetControllerOf)."""
        return next((owner for owner in self.owner_references if owner.controller), None)


class ManagedFields(Kube, frozen=True):
    """One writer's last write: who, when, and (fieldsV1) which fields it holds since."""

    manager: str = ""
    operation: str = ""
    subresource: str = ""
    time: datetime | None = None
    fields_v1: dict[str, Any] = msgspec.field(default_factory=dict, name="fieldsV1")


class TrackedMeta(ObjectMeta, frozen=True):
    """metadata with managedFields, for the kinds whose changes are told."""

    managed_fields: tuple[ManagedFields, ...] = ()


class Kind(msgspec.Struct, frozen=True):
    """Where a kind stands in the API: what a request needs to reach it."""

    api_version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def group(self) -> str:
        return self.api_version.rpartition("/")[0]


class Object(Kube, frozen=True):
    """A top-level object. Subclasses say where they stand (`KIND`) and what is read of them."""

    KIND: ClassVar[Kind]

    metadata: ObjectMeta = ObjectMeta()

    @property
    def name(self) -> str:
        return self.metadata.name

    @property
    def namespace(self) -> str:
        return self.metadata.namespace

    @property
    def assumed(self) -> bool:
        """Whether something of it was taken for granted (see ASSUMED_ANNOTATION)."""
        return ASSUMED_ANNOTATION in self.metadata.annotations

    @property
    def ref(self) -> ObjectRef:
        return ObjectRef(
            api_version=self.KIND.api_version, kind=self.KIND.kind, namespace=self.namespace, name=self.name
        )


class Condition(Kube, frozen=True):
    """A status condition (metav1.Condition, and its older look-alikes)."""

    type: str = ""
    status: str = "Unknown"
    reason: str = ""
    message: str = ""
    last_transition_time: datetime | None = None


def condition(conditions: tuple[Condition, ...], type_: str) -> Condition | None:
    return next((item for item in conditions if item.type == type_), None)


class Requirement(Kube, frozen=True):
    key: str = ""
    operator: str = ""
    values: tuple[str, ...] = ()


class LabelSelector(Kube, frozen=True):
    """metav1.LabelSelector. Empty selects everything; an absent selector is None and selects nothing."""

    match_labels: dict[str, str] = {}
    match_expressions: tuple[Requirement, ...] = ()


class LocalReference(Kube, frozen=True):
    name: str = ""
    optional: bool = False
