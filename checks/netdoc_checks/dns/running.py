"""Judges the configuration that CoreDNS runs with against its ConfigMap, by what it logs of it. Pure.

A log that says nothing of it (it is too long, or the Corefile has no plugin `reload`) proves nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from netdoc.api import Evidence, Finding, Fix, ObjectRef, corefile, kube
from netdoc_checks.dns.seen import HOME, Seen
from netdoc_checks.proof import edit

ON_ITS_WAY = timedelta(minutes=4)
"""The kubelet brings a ConfigMap into a pod within two minutes or so (its sync period and cache), and the plugin
`reload` looks every 30 to 45 seconds."""


def changed_at(config: kube.ConfigMap) -> datetime | None:
    """When the ConfigMap was last written."""
    times = [one.time for one in config.metadata.managed_fields] + [config.metadata.creation_timestamp]
    return max((one for one in times if one is not None), default=None)


def another(seen: Seen) -> tuple[str, corefile.Running] | None:
    """A pod that runs with another Corefile than the ConfigMap holds, and what it says of that; None where none does,
    or the change may still be on its way."""
    config = seen.server.config
    if not isinstance(config, kube.ConfigMap):
        return None
    changed = changed_at(config)
    loading = changed is not None and seen.subject.now - changed < ON_ITS_WAY
    written = corefile.digest(config.data.get("Corefile", ""))
    for pod, text in seen.server.spoken.items():
        told = corefile.running(text)
        if told.failed and (written is None or not loading):
            return pod, told
        if told.digest and written is not None and told.digest != written and not loading:
            return pod, told
    return None


def judge_running(seen: Seen) -> Iterable[Finding]:
    found = another(seen)
    if found is None:
        return
    pod, told = found
    workload = seen.server.workload
    service = seen.server.service
    about = workload or (service.ref if isinstance(service, kube.Service) else config_ref())
    why = f": {told.failed.partition(': ')[2][:200]}" if told.failed else ""
    yield Finding(
        code="dns.server-config",
        title=f"CoreDNS runs with another Corefile than its ConfigMap holds, until it starts again{why}",
        detail="it refused the new one when it was to load it" if told.failed else "it has not loaded the new one",
        object=about,
        hops=seen.hops,
        severity="warning",
        evidence=(_evidence(pod, told, about.namespace or HOME, seen),),
        fix=_fix(told, seen),
    )


def _evidence(pod: str, told: corefile.Running, namespace: str, seen: Seen) -> Evidence:
    config = seen.server.config
    written = corefile.digest(config.data.get("Corefile", "")) if isinstance(config, kube.ConfigMap) else None
    return Evidence(
        kind="log",
        object=ObjectRef(api_version="v1", kind="Pod", namespace=namespace, name=pod),
        observed=told.failed or f"plugin/reload: Running configuration SHA512 = {told.digest}",
        expected=f"Running configuration SHA512 = {written}" if written else "a Corefile that CoreDNS accepts",
        command=seen.subject.kubectl("logs", pod, "--tail=200", namespace=namespace),
    )


def _fix(told: corefile.Running, seen: Seen) -> Fix:
    """A start with a Corefile that was refused would end CoreDNS."""
    if told.failed:
        return Fix(
            summary="mend the Corefile before CoreDNS starts again", commands=(edit(config_ref(), seen.subject),)
        )
    workload = seen.server.workload
    name = f"{workload.kind.lower()}/{workload.name}" if workload is not None else "deployment/coredns"
    restart = seen.subject.kubectl("rollout", "restart", name, namespace=HOME)
    return Fix(summary="let CoreDNS start with the Corefile as it is", commands=(restart,))


def config_ref() -> ObjectRef:
    return ObjectRef(api_version="v1", kind="ConfigMap", namespace=HOME, name="coredns")
