"""Why one pod does not serve: every cause, told from what is confused with it."""

from __future__ import annotations

import pytest

from netdoc.api import kube
from netdoc_checks.endpoints.trouble import IMAGE_REASONS, SIDECARS, Trouble, probe_text, ready, trouble_of
from tests.asking import MOMENT
from tests.checks.endpoints.build import (
    RUNNING,
    Manifest,
    ago,
    condition,
    container,
    crashing,
    event,
    exit_,
    http,
    pod,
    port,
    status,
    typed,
    waiting,
)


def trouble(manifest: Manifest, *events: Manifest) -> Trouble | None:
    told = sorted((typed(one, kube.Event) for one in events), key=lambda one: one.last_seen or MOMENT)
    return trouble_of(typed(manifest, kube.Pod), told, MOMENT)


def check(manifest: Manifest, events: tuple[Manifest, ...], code: str | None, *words: str) -> Trouble | None:
    found = trouble(manifest, *events)
    assert (found.code if found else None) == code, found and found.why
    assert found is None or all(word in found.why for word in words), found.why
    return found


# No trouble


@pytest.mark.parametrize(
    "manifest",
    [
        pytest.param(pod(), id="ready"),
        pytest.param(pod(statuses=(status(ready=True, restarts=40, last=exit_(days=3)),)), id="restarted-long-ago"),
        pytest.param(pod(statuses=(status(ready=True, restarts=1, last=exit_(minutes=4)),)), id="restarted-once"),
        pytest.param(pod(statuses=(status(ready=True, restarts=9, last=exit_(minutes=13)),)), id="loop-over"),
        pytest.param(pod(ready=False, metadata={"deletionTimestamp": ago(seconds=-20)}), id="leaving-in-time"),
        pytest.param(pod(ready=False, metadata={"deletionTimestamp": ago(seconds=20)}), id="leaving-just-late"),
        pytest.param(crashing(metadata={"deletionTimestamp": ago(seconds=-20)}), id="leaving-and-crashed"),
        pytest.param(pod(metadata={"deletionTimestamp": ago(seconds=-20)}), id="leaving-and-still-ready"),
    ],
)
def test_no_trouble(manifest: Manifest) -> None:
    assert trouble(manifest) is None


# Evicted and ended


def test_evicted() -> None:
    gone = pod(
        phase="Failed", ready=False, more={"reason": "Evicted", "message": "The node was low on resource: memory."}
    )
    check(gone, (), "pod.evicted", "low on resource: memory")


def test_ended_and_not_started_again() -> None:
    gone = pod(phase="Failed", ready=False, statuses=(status(state=exit_(3)),), spec={"restartPolicy": "Never"})
    check(gone, (), "pod.crash-looping", "restartPolicy Never", "exit code 3")


# Terminating


def test_terminating_overdue() -> None:
    stuck = pod(ready=False, metadata={"deletionTimestamp": ago(minutes=9), "finalizers": ["example.com/hold"]})
    check(stuck, (), "pod.terminating", "9 minutes ago", "example.com/hold")


def test_terminating_overdue_though_its_probe_still_answers() -> None:
    check(pod(metadata={"deletionTimestamp": ago(minutes=9)}), (), "pod.terminating")


def test_terminating_outweighs_what_its_containers_say() -> None:
    stuck = crashing(metadata={"deletionTimestamp": ago(minutes=9)})
    check(stuck, (), "pod.terminating")


# Unschedulable

UNPLACED = "0/3 nodes are available: 3 Insufficient cpu."


def unplaced(message: str = UNPLACED, reason: str = "Unschedulable") -> Manifest:
    told = condition("PodScheduled", False, reason, message, since=ago(minutes=7))
    return pod(ready=False, node="", ip="", phase="Pending", statuses=(), conditions=(told,))


def test_unschedulable() -> None:
    found = check(
        unplaced(), (event(unplaced(), "FailedScheduling", UNPLACED),), "pod.unschedulable", "Insufficient cpu"
    )
    assert found is not None
    assert found.event is not None


def test_a_scheduling_gate_holds_it() -> None:
    check(
        unplaced("Scheduling is blocked due to non-empty scheduling gates", "SchedulingGated"),
        (),
        "pod.unschedulable",
        "gates",
    )


def test_unscheduled_for_want_of_a_claim() -> None:
    message = 'persistentvolumeclaim "data" not found'
    found = check(unplaced(message), (), "pod.config-missing", "PersistentVolumeClaim data")
    assert found is not None
    assert found.subject == "PersistentVolumeClaim data"


# Neither sandbox nor volumes


def unmade(**rest: object) -> Manifest:
    told = status(state=waiting("ContainerCreating"))
    return pod(ready=False, ip="", phase="Pending", statuses=(told,), **rest)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reason", "message", "code", "words"),
    [
        (
            "FailedMount",
            'MountVolume.SetUp failed for volume "c" : configmap "settings" not found',
            "pod.config-missing",
            "ConfigMap settings does not exist",
        ),
        (
            "FailedMount",
            'MountVolume.SetUp failed for volume "t" : secret "web-tls" not found',
            "pod.config-missing",
            "Secret web-tls does not exist",
        ),
        (
            "FailedMount",
            "Unable to attach or mount volumes: timed out waiting for the condition",
            "pod.config-missing",
            "timed out",
        ),
        ("FailedAttachVolume", "Multi-Attach error for volume pvc-1", "pod.config-missing", "Multi-Attach"),
        (
            "FailedCreatePodSandBox",
            'rpc error: failed to setup network: plugin type="calico" failed (add): stat: no nodename',
            "pod.network-not-ready",
            'plugin type="calico"',
        ),
        (
            "NetworkNotReady",
            "network is not ready: cni plugin not initialized",
            "pod.network-not-ready",
            "cni plugin not initialized",
        ),
        (
            "FailedCreatePodSandBox",
            "failed to allocate for range 0: no IP addresses available in range set: 10.42.0.1-10.42.0.254",
            "node.address-pool-exhausted",
            "no IP addresses available",
        ),
        (
            "FailedCreatePodSandBox",
            'plugin type="calico" failed: unable to autoassign IPv4',
            "node.address-pool-exhausted",
            "autoassign",
        ),
    ],
)
def test_unmade(reason: str, message: str, code: str, words: str) -> None:
    check(unmade(), (event(unmade(), reason, message),), code, words)


def test_an_event_of_the_past_is_not_believed_of_a_pod_that_runs() -> None:
    """Events stay for an hour: a container that runs has its sandbox and its volumes."""
    old = event(pod(), "FailedMount", 'configmap "settings" not found', last=ago(minutes=50))
    check(pod(ready=False), (old,), "pod.not-ready")
    check(pod(), (old,), None)


def test_creating_without_a_word() -> None:
    check(unmade(), (), "pod.not-ready")


# Init containers


def with_init(*told: Manifest, containers: tuple[Manifest, ...] = (container(),), **rest: object) -> Manifest:
    names = [one["name"] for one in told]
    inits = [container(name, ports=()) for name in names]
    return pod(
        ready=False,
        phase="Pending",
        init=told,
        statuses=(status(state=waiting("PodInitializing")),),
        spec={"initContainers": inits},
        **rest,  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("told", "code", "words"),
    [
        (status("migrate", state=exit_(1), restarts=3), "pod.init-blocked", "keeps failing: exit code 1"),
        (
            status("migrate", state=waiting("CrashLoopBackOff"), last=exit_(2), restarts=3),
            "pod.init-blocked",
            "exit code 2",
        ),
        (status("migrate", state=RUNNING), "pod.init-blocked", "still running"),
        (status("migrate", state=waiting("ImagePullBackOff", "not found")), "pod.image-pull", "cannot be pulled"),
        (
            status("migrate", state=waiting("CreateContainerConfigError", 'secret "db" not found')),
            "pod.config-missing",
            "Secret db",
        ),
    ],
)
def test_init(told: Manifest, code: str, words: str) -> None:
    found = check(with_init(told), (), code, words)
    assert found is not None
    assert found.container == "migrate"


def test_the_first_init_container_that_is_not_done_is_named() -> None:
    done, stuck = status("first", state=exit_(0, "Completed")), status("second", state=RUNNING)
    found = check(with_init(done, stuck), (), "pod.init-blocked", "second")
    assert found is not None


def test_a_started_native_sidecar_is_no_init_container_to_wait_for() -> None:
    """KEP-753: an init container of restartPolicy Always goes on running while the others start."""
    sidecar = container("proxy", ports=()) | {"restartPolicy": "Always"}
    running = pod(
        ready=False,
        init=(status("proxy", state=RUNNING, started=True, ready=True),),
        spec={"initContainers": [sidecar]},
    )
    check(running, (), "pod.not-ready")


# Images


@pytest.mark.parametrize("reason", sorted(IMAGE_REASONS))
def test_image(reason: str) -> None:
    manifest = pod(ready=False, statuses=(status(state=waiting(reason, "manifest unknown"), image="web:1"),))
    check(manifest, (), "pod.image-pull", "web:1", "manifest unknown")


def test_an_image_without_a_word() -> None:
    manifest = pod(ready=False, statuses=(status(state=waiting("ImagePullBackOff", 'Back-off pulling image "web:1"')),))
    found = check(manifest, (), "pod.image-pull")
    assert found is not None
    assert found.why == "image web:1 cannot be pulled"


# Configuration


@pytest.mark.parametrize(
    ("message", "words"),
    [
        ('configmap "settings" not found', "ConfigMap settings does not exist"),
        ('secret "db" not found', "Secret db does not exist"),
        ("couldn't find key password in Secret shop/db", "Secret db has no key password"),
        ("couldn't find key mode in ConfigMap shop/settings", "ConfigMap settings has no key mode"),
    ],
)
def test_configuration(message: str, words: str) -> None:
    manifest = pod(ready=False, statuses=(status(state=waiting("CreateContainerConfigError", message)),))
    check(manifest, (), "pod.config-missing", words)


def test_a_container_that_may_not_run_lacks_nothing() -> None:
    state = waiting("CreateContainerConfigError", "container has runAsNonRoot and image will run as root")
    check(
        pod(ready=False, statuses=(status(state=state),)), (), "pod.crash-looping", "cannot be started", "runAsNonRoot"
    )


@pytest.mark.parametrize("reason", ["CreateContainerError", "RunContainerError"])
def test_a_container_that_cannot_be_started(reason: str) -> None:
    message = 'exec: "serve": executable file not found in $PATH'
    manifest = pod(ready=False, statuses=(status(state=waiting(reason, message)),))
    check(manifest, (), "pod.crash-looping", "executable file not found")


# Crash loops, by restarts and last states, never by one waiting reason


@pytest.mark.parametrize(
    ("told", "words"),
    [
        (status(state=waiting("CrashLoopBackOff"), last=exit_(1), restarts=4), "exit code 1"),
        (status(state=exit_(1), restarts=4), "exit code 1"),
        (status(state=exit_(1), restarts=0), "exit code 1"),
        (status(state=RUNNING, last=exit_(1, minutes=3), restarts=4), "exit code 1"),
        (status(state=waiting("CrashLoopBackOff"), last=exit_(143), restarts=4), "signal 15"),
        (status(state=exit_(2, "Error", "first\nlast words"), restarts=4), "last words"),
        (status(state=exit_(0, "Completed"), restarts=4), "exit code 0"),
        (status(state=exit_(128, "StartError", "no such file"), restarts=4), "StartError"),
    ],
)
def test_crash_loop(told: Manifest, words: str) -> None:
    found = check(pod(ready=False, statuses=(told,)), (), "pod.crash-looping", words)
    assert found is not None
    assert found.keeps_exiting


def test_a_pod_that_is_ready_between_two_ends() -> None:
    told = status(ready=True, state=RUNNING, last=exit_(1, minutes=2), restarts=6)
    check(pod(statuses=(told,)), (), "pod.crash-looping")


def test_a_pod_that_fell_over_now_and_then_in_its_life_and_serves_is_left_alone() -> None:
    last = exit_(137, "OOMKilled", minutes=10)
    last["terminated"]["startedAt"] = ago(hours=200)
    told = status(ready=True, state=RUNNING, last=last, restarts=4)
    check(pod(statuses=(told,)), (), None)


@pytest.mark.parametrize(
    ("restarts", "minutes", "code"),
    [(2, 3, "pod.not-ready"), (3, 3, "pod.crash-looping"), (30, 11, "pod.crash-looping"), (30, 13, "pod.not-ready")],
)
def test_a_running_container_is_in_a_loop_only_while_it_goes_on(restarts: int, minutes: int, code: str) -> None:
    told = status(state=RUNNING, last=exit_(1, minutes=minutes), restarts=restarts)
    check(pod(ready=False, statuses=(told,)), (), code)


def test_since_the_first_back_off() -> None:
    backoff = event(pod(), "BackOff", "Back-off restarting failed container", first=ago(minutes=40))
    found = check(crashing(), (backoff,), "pod.crash-looping")
    assert found is not None
    assert found.since is not None
    assert found.since.isoformat() == ago(minutes=40)


def test_a_neighbour_container_that_serves_is_not_blamed() -> None:
    told = (status("web", ready=True), status("sync", state=waiting("CrashLoopBackOff"), last=exit_(5), restarts=9))
    manifest = pod(ready=False, containers=(container(), container("sync", ports=())), statuses=told)
    found = check(manifest, (), "pod.crash-looping", "sync", "exit code 5")
    assert found is not None
    assert found.container == "sync"


def test_the_application_is_blamed_before_its_mesh_proxy() -> None:
    """A proxy fails with its application; the application's own words say why."""
    told = (status("istio-proxy", state=exit_(9)), status("web", state=exit_(1)))
    found = check(
        pod(ready=False, containers=(container("istio-proxy"), container()), statuses=told), (), "pod.crash-looping"
    )
    assert found is not None
    assert found.container == "web"


# Killed


def test_killed_for_memory_with_a_limit() -> None:
    limited = container(resources={"limits": {"memory": "64Mi"}})
    told = status(state=waiting("CrashLoopBackOff"), last=exit_(137, "OOMKilled"), restarts=5)
    check(pod(ready=False, containers=(limited,), statuses=(told,)), (), "pod.oom-killed", "limit 64Mi")


def test_killed_for_memory_without_a_limit() -> None:
    told = status(state=waiting("CrashLoopBackOff"), last=exit_(137, "OOMKilled"), restarts=5)
    check(pod(ready=False, statuses=(told,)), (), "pod.oom-killed", "the node ran out")


def test_killed_by_signal_nine_alone_is_no_proof_of_memory() -> None:
    told = status(state=waiting("CrashLoopBackOff"), last=exit_(137), restarts=5)
    check(pod(ready=False, statuses=(told,)), (), "pod.crash-looping", "signal 9")


@pytest.mark.parametrize("kind", ["liveness", "startup"])
def test_killed_by_its_probe(kind: str) -> None:
    manifest = pod(ready=False, statuses=(status(state=RUNNING, last=exit_(137, minutes=3), restarts=5),))
    kill = event(manifest, "Killing", f"Container web failed {kind} probe, will be restarted")
    word = event(manifest, "Unhealthy", f"{kind.capitalize()} probe failed: connection refused")
    check(manifest, (word, kill), "pod.liveness-killing", f"the {kind} probe fails", "connection refused")


def test_another_containers_kill_is_not_this_ones() -> None:
    kill = event(pod(), "Killing", "Container sync failed liveness probe, will be restarted")
    check(crashing(), (kill,), "pod.crash-looping")


def test_an_ordinary_stop_is_no_probe() -> None:
    check(crashing(), (event(pod(), "Killing", "Stopping container web"),), "pod.crash-looping")


# Readiness


def probed(probe: Manifest, *ports: Manifest, **rest: object) -> Manifest:
    return pod(ready=False, containers=(container(ports=ports or (port(),), readinessProbe=probe),), **rest)  # type: ignore[arg-type]


def unhealthy(message: str, **rest: str) -> Manifest:
    return event(pod(), "Unhealthy", f"Readiness probe failed: {message}", field="spec.containers{web}", **rest)


@pytest.mark.parametrize(
    ("probe", "said", "code", "words"),
    [
        (http(8080), "HTTP probe failed with statuscode: 500", "pod.readiness-failing", "statuscode: 500"),
        (http(8080), "HTTP probe failed with statuscode: 503", "pod.readiness-failing", "503"),
        (http(8080), "dial tcp 10.42.0.7:8080: connect: connection refused", "pod.readiness-failing", "refused"),
        (
            http(9090),
            "dial tcp 10.42.0.7:9090: connect: connection refused",
            "pod.readiness-misconfigured",
            "nothing answers on 9090",
        ),
        (http(8080, "/helthz"), "HTTP probe failed with statuscode: 404", "pod.readiness-misconfigured", "404"),
        (http(8080), "HTTP probe failed with statuscode: 401", "pod.readiness-misconfigured", "401"),
        (http("metrics"), "", "pod.readiness-misconfigured", 'no port named "metrics"'),
        (
            http(8080, scheme="HTTPS"),
            "http: server gave HTTP response to HTTPS client",
            "pod.readiness-misconfigured",
            "HTTPS",
        ),
        (http(8080), 'malformed HTTP response "\\x15"', "pod.readiness-misconfigured", "speaks something else"),
        (
            {"tcpSocket": {"port": 9090}},
            "dial tcp 10.42.0.7:9090: connect: connection refused",
            "pod.readiness-misconfigured",
            "9090",
        ),
        ({"grpc": {"port": 9090}}, "connection refused", "pod.readiness-misconfigured", "9090"),
        ({"exec": {"command": ["pg_isready"]}}, "no response", "pod.readiness-failing", "exec pg_isready"),
        (
            {"exec": {"command": ["chek"]}},
            'exec: "chek": executable file not found in $PATH',
            "pod.readiness-misconfigured",
            "not in the container",
        ),
    ],
)
def test_readiness(probe: Manifest, said: str, code: str, words: str) -> None:
    events = (unhealthy(said),) if said else ()
    check(probed(probe), events, code, words)


def test_a_port_that_nobody_declares_is_no_proof_of_a_wrong_probe() -> None:
    """Declaring ports is optional: with none declared, a refusal says nothing about the number."""
    silent = pod(ready=False, containers=(container(ports=(), readinessProbe=http(9090)),))
    check(silent, (unhealthy("connect: connection refused"),), "pod.readiness-failing")


def test_a_named_probe_port_that_is_declared() -> None:
    check(probed(http("web"), port(8080, "web")), (unhealthy("statuscode: 500"),), "pod.readiness-failing")


def test_the_newest_word_of_the_readiness_probe_counts() -> None:
    old, new = unhealthy("statuscode: 404", last=ago(minutes=30)), unhealthy("statuscode: 503", last=ago(minutes=1))
    liveness = event(pod(), "Unhealthy", "Liveness probe failed: statuscode: 404", field="spec.containers{web}")
    check(probed(http()), (old, new, liveness), "pod.readiness-failing", "503")


def test_a_startup_probe_holds_back_readiness() -> None:
    slow = pod(ready=False, containers=(container(startupProbe=http(8080, "/start")),))
    check(slow, (), "pod.readiness-failing", "startup probe", "/start")


@pytest.mark.parametrize("name", sorted(SIDECARS))
def test_a_mesh_proxy_that_is_not_ready(name: str) -> None:
    told = (status("web", ready=True), status(name, state=RUNNING))
    proxy = container(name, ports=(), readinessProbe=http(15021))
    check(pod(ready=False, containers=(container(), proxy), statuses=told), (), "pod.sidecar-not-ready", name)


def test_a_mesh_proxy_without_a_probe() -> None:
    told = (status("web", ready=True), status("linkerd-proxy", state=RUNNING))
    manifest = pod(ready=False, containers=(container(), container("linkerd-proxy", ports=())), statuses=told)
    check(manifest, (), "pod.sidecar-not-ready", "linkerd-proxy")


def test_an_application_that_waits_with_its_proxy_is_told_by_its_own_probe() -> None:
    proxy = container("istio-proxy", ports=(), readinessProbe=http(15021))
    manifest = pod(ready=False, containers=(container(readinessProbe=http()), proxy))
    found = trouble(manifest, unhealthy("statuscode: 503"))
    assert found is not None
    assert (found.code, found.container) == ("pod.readiness-failing", "web")


def test_a_native_sidecar_proxy_that_is_not_ready() -> None:
    proxy = container("istio-proxy", ports=(), readinessProbe=http(15021)) | {"restartPolicy": "Always"}
    late = status("istio-proxy", state=RUNNING, started=True)
    manifest = pod(ready=False, statuses=(status(ready=True),), init=(late,), spec={"initContainers": [proxy]})
    check(manifest, (), "pod.sidecar-not-ready", "istio-proxy")


# Gates, and nothing known


@pytest.mark.parametrize(
    ("conditions", "words"),
    [
        ((), "not set by anybody"),
        ((condition("lb/attached", False, "NotRegistered", "target is draining"),), "target is draining"),
    ],
)
def test_readiness_gates(conditions: tuple[Manifest, ...], words: str) -> None:
    gated = pod(
        ready=False,
        statuses=(status(ready=True),),
        conditions=conditions,
        spec={"readinessGates": [{"conditionType": "lb/attached"}]},
    )
    check(gated, (), "pod.not-ready", "lb/attached", words)


def test_a_gate_that_is_met_is_not_blamed() -> None:
    gated = pod(
        ready=False,
        statuses=(status(ready=True),),
        conditions=(condition("lb/attached", True),),
        spec={"readinessGates": [{"conditionType": "lb/attached"}]},
    )
    found = check(gated, (), "pod.not-ready")
    assert found is not None
    assert "lb/attached" not in found.why


def test_a_lost_node_says_so() -> None:
    lost = pod(
        conditions=(condition("Ready", False, "NodeStatusUnknown", "node is lost"),), statuses=(status(ready=True),)
    )
    check(lost, (), "pod.not-ready", "node is lost")


# Words


@pytest.mark.parametrize(
    ("probe", "words"),
    [
        (http(8080, "/healthz"), "HTTP GET :8080/healthz"),
        (http("web", "/", scheme="HTTPS"), "HTTPS GET :web/"),
        ({"tcpSocket": {"port": 5432}}, "TCP :5432"),
        ({"grpc": {"port": 9000}}, "gRPC :9000"),
        ({"exec": {"command": ["pg_isready", "-q"]}}, "exec pg_isready -q"),
    ],
)
def test_a_probe_in_words(probe: Manifest, words: str) -> None:
    made = typed(probed(probe), kube.Pod).spec.containers[0].readiness_probe
    assert made is not None
    assert probe_text(made) == words


@pytest.mark.parametrize(
    ("manifest", "told"),
    [
        (pod(), True),
        (pod(ready=False), False),
        (pod(conditions=(condition("Ready", "Unknown"),)), False),
        ({"metadata": {"name": "bare"}}, True),
        ({"metadata": {"name": "pending"}, "status": {"phase": "Pending"}}, False),
    ],
)
def test_ready(manifest: Manifest, told: bool) -> None:
    """A pod of a manifest, without status, is taken as running (the contract's snapshots)."""
    assert ready(typed(manifest, kube.Pod)) is told
