"""Why one pod does not serve: the first cause in the order in which a pod comes to life. Pure.

Told by restarts, last states and events, never by one waiting reason alone: during a long back-off the state of a
crash-looping container reads `terminated` for minutes.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import msgspec
from msgspec.structs import replace

from netdoc.api import kube, probe_text

IMAGE_REASONS = frozenset(
    {
        "ErrImagePull",
        "ImagePullBackOff",
        "InvalidImageName",
        "ErrImageNeverPull",
        "ImageInspectError",
        "RegistryUnavailable",
        "SignatureValidationFailed",
    }
)
SIDECARS = frozenset({"istio-proxy", "linkerd-proxy", "envoy", "envoy-sidecar", "kuma-sidecar", "consul-dataplane"})
# Back-off ends at five minutes (kubelet MaxContainerBackOff); a loop shows an exit at least that often, with the
# time that the container takes to fail on top.
LOOP_WINDOW = timedelta(minutes=12)
LOOP_RESTARTS = 3
JUST_ENDED = timedelta(minutes=1)  # longer than the first back-offs of 10 and 20 seconds
SETTLED = timedelta(minutes=6)  # longer than the longest back-off: what still runs then is not between two ends
TERMINATION_SLACK = timedelta(minutes=1)

_MISSING = re.compile(r"(configmap|secret|persistentvolumeclaim) \"([^\"]+)\" not found", re.IGNORECASE)
_MISSING_KEY = re.compile(r"couldn't find key (\S+) in (ConfigMap|Secret) (\S+)")
# kubelet gives the same reason for what a container refers to and for what it may not be (runAsNonRoot).
_REFERENCE = re.compile(r"configmap|secret|volume|subpath|find key", re.IGNORECASE)
_MISREAD_STATUS = re.compile(r"statuscode: (400|401|403|404|405)\b")
_POOL = re.compile(
    r"no IP addresses available|unable to autoassign|range is full|no available IP|failed to allocate for range",
    re.I,
)


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """What is wrong with one pod: a code, the words for it, where it shows."""

    code: str
    why: str
    pod: kube.Pod
    container: str = ""
    field: str = ""
    observed: str = ""
    expected: str = ""
    since: datetime | None = None
    event: kube.Event | None = None
    keeps_exiting: bool = False
    subject: str = ""


def ready(pod: kube.Pod) -> bool:
    """Ready as the endpoints controller sees it. A pod of a manifest, without status, is taken as running."""
    told = kube.condition(pod.status.conditions, "Ready")
    if told is None:
        return not pod.status.phase and not pod.status.container_statuses
    return told.status == "True"


def trouble_of(pod: kube.Pod, events: Sequence[kube.Event], now: datetime) -> Trouble | None:
    """The one trouble that keeps this pod from serving, or makes it fall over again and again; None if none."""
    if pod.metadata.deletion_timestamp is not None:
        return _leaving(pod, pod.metadata.deletion_timestamp, now)
    if pod.status.phase == "Failed":
        return _failed(pod)
    if ready(pod):
        return _flapping(pod, events, now)
    for find in (_unplaced, _unmade, _init, _containers, _probe, _gates):
        if (found := find(pod, events, now)) is not None:
            return found
    return _merely_unready(pod)


def _failed(pod: kube.Pod) -> Trouble | None:
    if pod.status.reason == "Evicted":
        return Trouble(
            code="pod.evicted", why=pod.status.message, pod=pod, field="status.reason", observed="Evicted",
            expected="Running", since=_started(pod),
        )  # fmt: skip
    exit_ = next((one.state.terminated for one in pod.status.container_statuses if one.state.terminated), None)
    return Trouble(
        code="pod.crash-looping",
        why=f"it ended and is not started again (restartPolicy {pod.spec.restart_policy})"
        + (f": {_exit_words(exit_)}" if exit_ else ""),
        pod=pod,
        field="status.phase",
        observed="Failed",
        expected="Running",
    )


def _started(pod: kube.Pod) -> datetime | None:
    told = kube.condition(pod.status.conditions, "Ready") or kube.condition(pod.status.conditions, "DisruptionTarget")
    return told.last_transition_time if told else None


def _leaving(pod: kube.Pod, leaving: datetime, now: datetime) -> Trouble | None:
    """Asked to go and still there. Until its time is over that is no trouble: it leaves as it should."""
    overdue = now - leaving  # the timestamp is when it should be gone: the grace period is in it
    if overdue < TERMINATION_SLACK:
        return None
    held = f"; finalizers hold it: {', '.join(pod.metadata.finalizers)}" if pod.metadata.finalizers else ""
    return Trouble(
        code="pod.terminating",
        why=f"it should have been gone {_minutes(overdue)} ago{held}",
        pod=pod,
        field="metadata.deletionTimestamp",
        observed=leaving.isoformat(),
        expected="gone by then",
        since=leaving,
    )


def _unplaced(pod: kube.Pod, events: Sequence[kube.Event], now: datetime) -> Trouble | None:
    told = kube.condition(pod.status.conditions, "PodScheduled")
    if told is None or told.status == "True" or pod.spec.node_name:
        return None
    if (missing := _missing_thing(pod, told.message, told.last_transition_time, None)) is not None:
        return missing
    return Trouble(
        code="pod.unschedulable",
        why=told.message or told.reason or "no node takes it",
        pod=pod,
        field="status.conditions[PodScheduled]",
        observed=f"{told.reason}: {told.message}" if told.message else told.reason,
        expected="True",
        since=told.last_transition_time,
        event=_last(events, "FailedScheduling"),
    )


def _unmade(pod: kube.Pod, events: Sequence[kube.Event], now: datetime) -> Trouble | None:
    """Scheduled, and neither sandbox nor volumes could be made. Events outlive what they tell: only while true."""
    if any(one.state.running or one.state.terminated for one in _all_statuses(pod)):
        return None
    if (event := _last(events, "FailedMount", "FailedAttachVolume")) is not None:
        missing = _missing_thing(pod, event.message, event.first_seen, event)
        return missing or Trouble(
            code="pod.config-missing", why=event.message, pod=pod, event=event, since=event.first_seen,
            field="spec.volumes", observed=event.message, expected="mounted",
        )  # fmt: skip
    event = _last(events, "FailedCreatePodSandBox", "NetworkNotReady", "FailedCreatePodContainer")
    if event is None:
        return None
    code = "node.address-pool-exhausted" if _POOL.search(event.message) else "pod.network-not-ready"
    return Trouble(
        code=code, why=_network_words(event.message), pod=pod, event=event, since=event.first_seen,
        field="status.podIP", observed="no address", expected="an address",
    )  # fmt: skip


def _network_words(message: str) -> str:
    """The part of a sandbox error that says something: the runtime wraps it several times over."""
    return (message.rpartition("plugin type=")[2] and "plugin type=" + message.rpartition("plugin type=")[2]) or message


def _init(pod: kube.Pod, events: Sequence[kube.Event], now: datetime) -> Trouble | None:
    sidecars = {one.name for one in pod.spec.init_containers if one.restart_policy == "Always"}
    for status in pod.status.init_container_statuses:
        done = status.state.terminated is not None and status.state.terminated.exit_code == 0
        if done or (status.name in sidecars and (status.started or _past_init(pod))):
            continue
        if (found := _not_created(pod, status)) is not None:
            return found
        begun = status.state.running or status.state.terminated or status.last_state.terminated
        # One that never began blocks nothing: what it waits for (a volume, the network) does.
        return _init_words(pod, status) if begun else None
    return None


def _past_init(pod: kube.Pod) -> bool:
    """The application has begun: a sidecar that fails from then on blocks nothing, it fails as a container does."""
    told = kube.condition(pod.status.conditions, "Initialized")
    return (told is not None and told.status == "True") or any(
        one.state.running or one.state.terminated or one.last_state.terminated for one in pod.status.container_statuses
    )


def _init_words(pod: kube.Pod, status: kube.ContainerStatus) -> Trouble:
    exit_ = status.state.terminated or status.last_state.terminated
    running = status.state.running
    why = f"init container {status.name} "
    why += f"keeps failing: {_exit_words(exit_)}" if exit_ else "is still running"
    return Trouble(
        code="pod.init-blocked",
        why=why,
        pod=pod,
        container=status.name,
        field=f"status.initContainerStatuses[{status.name}].state",
        observed=_exit_words(exit_) if exit_ else "running",
        expected="exit code 0",
        since=running.started_at if running else exit_.finished_at if exit_ else None,
        keeps_exiting=exit_ is not None,
    )


def _containers(pod: kube.Pod, events: Sequence[kube.Event], now: datetime) -> Trouble | None:
    """The first container that cannot be made or that keeps ending; sidecars after the application's own."""
    native = {one.name for one in pod.spec.init_containers if one.restart_policy == "Always"}
    beside = tuple(one for one in pod.status.init_container_statuses if one.name in native)
    for status in sorted(pod.status.container_statuses + beside, key=lambda one: one.name in SIDECARS):
        if status.ready:
            continue
        if (found := _not_created(pod, status) or _exiting(pod, status, events, now)) is not None:
            return found
    return None


def _not_created(pod: kube.Pod, status: kube.ContainerStatus) -> Trouble | None:
    waiting = status.state.waiting
    if waiting is None:
        return None
    field = f"status.containerStatuses[{status.name}].state.waiting.reason"
    if waiting.reason in IMAGE_REASONS:
        image = status.image or next((one.image for one in pod.spec.containers if one.name == status.name), "")
        return Trouble(
            code="pod.image-pull", why=_image_words(image, waiting.message), pod=pod, container=status.name,
            field=field, observed=waiting.reason, expected="image pulled", subject=image,
        )  # fmt: skip
    if waiting.reason == "CreateContainerConfigError" and _REFERENCE.search(waiting.message):
        missing = _missing_thing(pod, waiting.message, None, None, status.name)
        return missing or Trouble(
            code="pod.config-missing", why=waiting.message, pod=pod, container=status.name, field=field,
            observed=f"{waiting.reason}: {waiting.message}", expected="created",
        )  # fmt: skip
    if waiting.reason in ("CreateContainerConfigError", "CreateContainerError", "RunContainerError"):
        return Trouble(
            code="pod.crash-looping", why=f"container {status.name} cannot be started: {waiting.message}", pod=pod,
            container=status.name, field=field, observed=waiting.reason, expected="running",
        )  # fmt: skip
    return None


def _image_words(image: str, message: str) -> str:
    detail = message.removeprefix(f'Back-off pulling image "{image}"').lstrip(": ")
    return f"image {image} cannot be pulled" + (f": {detail}" if detail else "")


def _missing_thing(
    pod: kube.Pod, message: str, since: datetime | None, event: kube.Event | None, container: str = ""
) -> Trouble | None:
    """`configmap "x" not found` and its like: what is missing, by name. No Secret is read to know it."""
    found = _MISSING.search(message)
    key = _MISSING_KEY.search(message)
    if found is None and key is None:
        return None
    subject = why = ""
    kinds = {"configmap": "ConfigMap", "secret": "Secret", "persistentvolumeclaim": "PersistentVolumeClaim"}
    subject = (
        f"{kinds[found[1].lower()]} {found[2]}" if found else f"{key[2]} {key[3].rpartition('/')[2]}" if key else ""
    )
    why = f"{subject} does not exist" if found else f"{subject} has no key {key[1]}" if key else ""
    return Trouble(
        code="pod.config-missing",
        why=why,
        pod=pod,
        container=container,
        field="status.containerStatuses[].state.waiting.message" if container else "spec.volumes",
        observed=message,
        expected=f"{subject} in {pod.namespace}",
        since=since,
        event=event,
        subject=subject,
    )


def _exiting(
    pod: kube.Pod, status: kube.ContainerStatus, events: Sequence[kube.Event], now: datetime
) -> Trouble | None:
    """A container that ended: killed for memory, killed by its probe, or ending by itself."""
    last = status.state.terminated or status.last_state.terminated
    if last is None or (status.restart_count == 0 and status.state.terminated is None):
        return None
    if status.state.running and not _loops(status, now):
        return None
    ended = Trouble(
        code="pod.crash-looping",
        why=f"container {status.name} ends with {_exit_words(last)}",
        pod=pod,
        container=status.name,
        field=f"status.containerStatuses[{status.name}].lastState.terminated",
        observed=f"{_exit_words(last)}, {_restarts(status)}",
        expected="running",
        since=_loop_start(status, events),
        keeps_exiting=True,
    )
    if last.reason == "OOMKilled":
        why = f"container {status.name} was killed for memory{_memory_limit(pod, status.name)}"
        return replace(ended, code="pod.oom-killed", why=why, observed=f"OOMKilled, {_restarts(status)}")
    if (kill := _killed_by_probe(status, events)) is not None:
        why = _probe_words(kill, events)
        return replace(ended, code="pod.liveness-killing", why=why, event=kill, keeps_exiting=False)
    return ended


def _loops(status: kube.ContainerStatus, now: datetime) -> bool:
    """Whether a container that runs at this moment is only between two ends.

    Restarts are counted over a pod's whole life, so their number alone tells nothing. One that is ready must have
    run for a short time only before its last end, and must not have run much longer than that since. One that is not
    ready may be caught after its first end already, in the run that comes next.
    """
    last = status.last_state.terminated
    if last is None or last.finished_at is None:
        return False
    ago, often = now - last.finished_at, status.restart_count >= LOOP_RESTARTS
    if not status.ready:
        return ago < (LOOP_WINDOW if often else JUST_ENDED)
    lasted = last.finished_at - last.started_at if last.started_at else timedelta()
    return often and lasted < LOOP_WINDOW and ago < min(LOOP_WINDOW, max(3 * lasted, SETTLED))


def _loop_start(status: kube.ContainerStatus, events: Sequence[kube.Event]) -> datetime | None:
    backoff = [event.first_seen for event in events if event.reason == "BackOff" and event.first_seen]
    last = status.state.terminated or status.last_state.terminated
    return min(backoff) if backoff else (last.finished_at if last else None)


def _killed_by_probe(status: kube.ContainerStatus, events: Sequence[kube.Event]) -> kube.Event | None:
    """kubelet says `Container web failed liveness probe, will be restarted` as it kills."""
    marks = (f"Container {status.name} failed liveness probe", f"Container {status.name} failed startup probe")
    return next((one for one in reversed(events) if one.reason == "Killing" and one.message.startswith(marks)), None)


def _probe_words(kill: kube.Event, events: Sequence[kube.Event]) -> str:
    kind = "startup" if "startup probe" in kill.message else "liveness"
    failure = next(
        (e for e in reversed(events) if e.reason == "Unhealthy" and e.message.lower().startswith(kind)), None
    )
    detail = failure.message.partition(": ")[2] if failure else ""
    return f"the {kind} probe fails and kubelet kills it" + (f": {detail}" if detail else "")


def _memory_limit(pod: kube.Pod, container: str) -> str:
    limits = (one.resources.limits.get("memory") for one in pod.spec.containers if one.name == container)
    limit = next(limits, None)
    return f" (limit {limit})" if limit else " (no limit of its own: the node ran out)"


def _restarts(status: kube.ContainerStatus) -> str:
    return f"{status.restart_count} restart{'' if status.restart_count == 1 else 's'}"


def _exit_words(exit_: kube.Terminated | None) -> str:
    if exit_ is None:
        return ""
    code = exit_.exit_code
    signal = f" (signal {code - 128})" if 128 < code < 160 else ""
    reason = f", {exit_.reason}" if exit_.reason not in ("", "Error", "Completed") else ""
    message = f": {exit_.message.strip().splitlines()[-1]}" if exit_.message.strip() else ""
    return f"exit code {code}{signal}{reason}{message}"


def _probe(pod: kube.Pod, events: Sequence[kube.Event], now: datetime) -> Trouble | None:
    """Runs and is not ready: a probe says no, and its own words tell whether it asks for the right thing."""
    waiting = [one for one in pod.status.container_statuses if not one.ready and one.state.running is not None]
    sidecar_only = bool(waiting) and all(one.name in SIDECARS for one in waiting)
    sidecars = {one.name for one in pod.spec.init_containers if one.restart_policy == "Always"}
    late = [one for one in pod.status.init_container_statuses if one.name in sidecars and not one.ready]
    for status in waiting + late:
        container = next((one for one in pod.serving_containers if one.name == status.name), None)
        if container is None or (container.readiness_probe is None and container.startup_probe is None):
            continue
        event = _unhealthy(status.name, events)
        if sidecar_only or status.name in sidecars & SIDECARS:
            return _sidecar(pod, status.name, event)
        return _probe_trouble(pod, container, event)
    if sidecar_only:
        return _sidecar(pod, waiting[0].name, None)
    return None


def _unhealthy(container: str, events: Sequence[kube.Event]) -> kube.Event | None:
    """The newest word of the probe of this container."""
    mine = [
        one for one in events if one.reason == "Unhealthy" and "{" + container + "}" in one.involved_object.field_path
    ]
    named = mine or [one for one in events if one.reason == "Unhealthy"]
    return next((one for one in reversed(named) if not one.message.startswith("Liveness")), None)


def _sidecar(pod: kube.Pod, name: str, event: kube.Event | None) -> Trouble:
    detail = f": {event.message.partition(': ')[2]}" if event else ""
    return Trouble(
        code="pod.sidecar-not-ready", why=f"its mesh proxy {name} is not ready{detail}", pod=pod, container=name,
        field=f"status.containerStatuses[{name}].ready", observed="false", expected="true", event=event,
        since=_since_ready(pod),
    )  # fmt: skip


def _probe_trouble(pod: kube.Pod, container: kube.Container, event: kube.Event | None) -> Trouble:
    probe = container.readiness_probe or container.startup_probe
    assert probe is not None
    said = event.message.partition(": ")[2] if event else ""
    asks = probe_text(probe)
    wrong = _misconfigured(container, probe, said)
    code = "pod.readiness-misconfigured" if wrong else "pod.readiness-failing"
    which = "readiness" if container.readiness_probe else "startup"
    return Trouble(
        code=code,
        why=f"the {which} probe ({asks}) fails" + (f": {wrong or said}" if wrong or said else ""),
        pod=pod,
        container=container.name,
        field=f"spec.containers[{container.name}].{which}Probe",
        observed=said or f"container {container.name} is not ready",
        expected=f"{asks} answered",
        since=_since_ready(pod),
        event=event,
        subject=asks,
    )


def _misconfigured(container: kube.Container, probe: kube.Probe, said: str) -> str:
    """Why the probe asks for something that the pod does not serve; "" where nothing shows that."""
    port = probe.http_get.port if probe.http_get else probe.tcp_socket.port if probe.tcp_socket else None
    port = probe.grpc.port if probe.grpc else port
    numbers, names = {one.container_port for one in container.ports}, {one.name for one in container.ports}
    if isinstance(port, str) and not port.isdecimal() and port not in names:
        return f'container {container.name} has no port named "{port}"'
    if isinstance(port, int) and numbers and port not in numbers and "refused" in said:
        declared = ", ".join(str(one) for one in sorted(numbers))
        return f"nothing answers on {port}; the container's ports are {declared}"
    if (status := _MISREAD_STATUS.search(said)) is not None and probe.http_get is not None:
        return f"the application answers {status[1]} to {probe_text(probe)}"
    if "server gave HTTP response to HTTPS client" in said or "first record does not look like a TLS handshake" in said:
        return "it asks by HTTPS and the application speaks HTTP"
    if "malformed HTTP response" in said:
        return "it asks by HTTP and the application speaks something else"
    if "executable file not found" in said or "no such file or directory" in said:
        return f"its command is not in the container: {said}"
    return ""


def _since_ready(pod: kube.Pod) -> datetime | None:
    told = kube.condition(pod.status.conditions, "Ready")
    return told.last_transition_time if told else None


def _gates(pod: kube.Pod, events: Sequence[kube.Event], now: datetime) -> Trouble | None:
    for gate in pod.spec.readiness_gates:
        told = kube.condition(pod.status.conditions, gate.condition_type)
        if told is not None and told.status == "True":
            continue
        said = f"{told.reason or told.status} {told.message}".strip() if told else "not set by anybody"
        return Trouble(
            code="pod.not-ready", why=f"readiness gate {gate.condition_type} is not met: {said}", pod=pod,
            field=f"status.conditions[{gate.condition_type}]", observed=said, expected="True",
            since=told.last_transition_time if told else _since_ready(pod),
        )  # fmt: skip
    return None


def _merely_unready(pod: kube.Pod) -> Trouble:
    told = kube.condition(pod.status.conditions, "Ready")
    words = (told.message or told.reason) if told else ""
    creating = next((one.state.waiting.reason for one in _all_statuses(pod) if one.state.waiting), "")
    why = words or (f"it is {creating}" if creating else f"it is {pod.status.phase or 'not started'}")
    return Trouble(
        code="pod.not-ready", why=why, pod=pod, field="status.conditions[Ready]",
        observed=told.status if told else "absent", expected="True", since=_since_ready(pod),
    )  # fmt: skip


def _flapping(pod: kube.Pod, events: Sequence[kube.Event], now: datetime) -> Trouble | None:
    """Ready at this moment, and only between two ends: its endpoint comes and goes."""
    for status in pod.status.container_statuses:
        if _loops(status, now) and (found := _exiting(pod, status, events, now)) is not None:
            return found
    return None


def _all_statuses(pod: kube.Pod) -> tuple[kube.ContainerStatus, ...]:
    return pod.status.init_container_statuses + pod.status.container_statuses


def _last(events: Sequence[kube.Event], *reasons: str) -> kube.Event | None:
    return next((event for event in reversed(events) if event.reason in reasons), None)


def _minutes(span: timedelta) -> str:
    minutes = int(span.total_seconds() // 60)
    return f"{minutes} minute{'' if minutes == 1 else 's'}"
