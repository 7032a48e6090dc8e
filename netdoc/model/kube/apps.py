"""Projections of what makes pods: Deployments, ReplicaSets, StatefulSets, DaemonSets, Jobs, CronJobs."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from netdoc.model.kube.meta import Condition, Kind, Kube, LabelSelector, Object, ObjectMeta, TrackedMeta
from netdoc.model.kube.pods import PodSpec


class PodTemplate(Kube, frozen=True):
    metadata: ObjectMeta = ObjectMeta()
    spec: PodSpec = PodSpec()


class WorkloadSpec(Kube, frozen=True):
    """The part of their specs that workloads share. `replicas` absent means one (apps/v1 defaults)."""

    replicas: int = 1
    selector: LabelSelector | None = None
    template: PodTemplate = PodTemplate()
    paused: bool = False
    service_name: str = ""
    progress_deadline_seconds: int = 600


class WorkloadStatus(Kube, frozen=True):
    observed_generation: int = 0
    replicas: int = 0
    ready_replicas: int = 0
    updated_replicas: int = 0
    available_replicas: int = 0
    unavailable_replicas: int = 0
    current_revision: str = ""
    update_revision: str = ""
    conditions: tuple[Condition, ...] = ()


class Workload(Object, frozen=True):
    """Anything with a pod template of its own."""

    metadata: TrackedMeta = TrackedMeta()
    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()

    @property
    def template(self) -> PodTemplate:
        return self.spec.template


class Deployment(Workload, frozen=True):
    KIND: ClassVar[Kind] = Kind("apps/v1", "Deployment", "deployments")


class ReplicaSet(Workload, frozen=True):
    KIND: ClassVar[Kind] = Kind("apps/v1", "ReplicaSet", "replicasets")

    @property
    def revision(self) -> int:
        """The rollout that it belongs to; 0 where no Deployment numbers it."""
        text = self.metadata.annotations.get("deployment.kubernetes.io/revision", "")
        return int(text) if text.isdecimal() else 0


class StatefulSet(Workload, frozen=True):
    KIND: ClassVar[Kind] = Kind("apps/v1", "StatefulSet", "statefulsets")


class DaemonSetStatus(Kube, frozen=True):
    observed_generation: int = 0
    desired_number_scheduled: int = 0
    current_number_scheduled: int = 0
    number_ready: int = 0
    number_available: int = 0
    number_unavailable: int = 0
    updated_number_scheduled: int = 0
    conditions: tuple[Condition, ...] = ()


class DaemonSet(Object, frozen=True):
    KIND: ClassVar[Kind] = Kind("apps/v1", "DaemonSet", "daemonsets")

    metadata: TrackedMeta = TrackedMeta()
    spec: WorkloadSpec = WorkloadSpec()
    status: DaemonSetStatus = DaemonSetStatus()

    @property
    def template(self) -> PodTemplate:
        return self.spec.template


class ControllerRevision(Object, frozen=True):
    """A StatefulSet's or DaemonSet's earlier template, as its controller keeps it."""

    KIND: ClassVar[Kind] = Kind("apps/v1", "ControllerRevision", "controllerrevisions")

    revision: int = 0
    data: RevisionData | None = None


class RevisionData(Kube, frozen=True):
    spec: RevisionSpec | None = None


class RevisionSpec(Kube, frozen=True):
    template: PodTemplate = PodTemplate()


class JobStatus(Kube, frozen=True):
    active: int = 0
    succeeded: int = 0
    failed: int = 0
    conditions: tuple[Condition, ...] = ()


class Job(Object, frozen=True):
    KIND: ClassVar[Kind] = Kind("batch/v1", "Job", "jobs")

    spec: WorkloadSpec = WorkloadSpec()
    status: JobStatus = JobStatus()

    @property
    def template(self) -> PodTemplate:
        return self.spec.template


class JobTemplate(Kube, frozen=True):
    spec: WorkloadSpec = WorkloadSpec()


class CronJobSpec(Kube, frozen=True):
    suspend: bool = False
    schedule: str = ""
    job_template: JobTemplate = JobTemplate()


class CronJob(Object, frozen=True):
    KIND: ClassVar[Kind] = Kind("batch/v1", "CronJob", "cronjobs")

    spec: CronJobSpec = CronJobSpec()

    @property
    def template(self) -> PodTemplate:
        return self.spec.job_template.spec.template


class LeaseSpec(Kube, frozen=True):
    holder_identity: str = ""
    lease_duration_seconds: int = 0
    renew_time: datetime | None = None


class Lease(Object, frozen=True):
    KIND: ClassVar[Kind] = Kind("coordination.k8s.io/v1", "Lease", "leases")

    spec: LeaseSpec = LeaseSpec()
