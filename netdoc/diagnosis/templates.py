"""The difference between two pod templates, in words. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from netdoc.model import kube


def template_difference(before: kube.PodTemplate, after: kube.PodTemplate) -> str:
    """`image 1.4 → 1.5, containerPort 8080 → 9090`; "" where nothing that netdoc reads differs."""
    return ", ".join([*_labels(before, after), *_containers(before, after), *_pod(before, after)])


def _labels(before: kube.PodTemplate, after: kube.PodTemplate) -> Iterable[str]:
    old, new = before.metadata.labels, after.metadata.labels
    for key in sorted({*old, *new} - {"pod-template-hash"}):
        if old.get(key) != new.get(key):
            yield f"label {key} {old.get(key, 'none')} → {new.get(key, 'none')}"


def _containers(before: kube.PodTemplate, after: kube.PodTemplate) -> Iterable[str]:
    old = {one.name: one for one in (*before.spec.init_containers, *before.spec.containers)}
    new = {one.name: one for one in (*after.spec.init_containers, *after.spec.containers)}
    several = len({*old, *new}) > 1
    for name in sorted({*old, *new}):
        who = f"{name}: " if several else ""
        if name not in old or name not in new:
            yield f"container {name} {'added' if name not in old else 'removed'}"
        else:
            yield from (f"{who}{words}" for words in _container(old[name], new[name]))


def _container(old: kube.Container, new: kube.Container) -> Iterable[str]:
    if old.image != new.image:
        yield f"image {_image(old.image, new.image)}"
    if old.ports != new.ports:
        yield f"containerPort {_ports(old)} → {_ports(new)}"
    for word in ("readiness_probe", "liveness_probe", "startup_probe"):
        one, other = getattr(old, word), getattr(new, word)
        if one != other:
            yield f"{word.replace('_', ' ')} {_probe(one)} → {_probe(other)}"
    yield from _environment(old, new)
    for word in ("requests", "limits"):
        one, other = getattr(old.resources, word), getattr(new.resources, word)
        for key in sorted({*one, *other}):
            if one.get(key) != other.get(key):
                yield f"{key} {word.removesuffix('s')} {one.get(key, 'none')} → {other.get(key, 'none')}"
    if (old.command, old.args) != (new.command, new.args):
        yield "command line changed"


def _image(old: str, new: str) -> str:
    """Only the tags where the image's name stayed the same."""
    name, _, tag = old.rpartition(":")
    other, _, next_ = new.rpartition(":")
    return f"{tag} → {next_}" if name and name == other else f"{old} → {new}"


def _ports(container: kube.Container) -> str:
    return "/".join(f"{one.container_port}" + (f" {one.name}" if one.name else "") for one in container.ports) or "none"


def _probe(probe: kube.Probe | None) -> str:
    if probe is None:
        return "none"
    return f"{probe_text(probe)} every {probe.period_seconds}s, {probe.timeout_seconds}s allowed"


def probe_text(probe: kube.Probe) -> str:
    """`HTTP GET :8080/healthz`, as a person would say what the probe asks."""
    if probe.http_get is not None:
        return f"{probe.http_get.scheme} GET :{probe.http_get.port}{probe.http_get.path}"
    if probe.tcp_socket is not None:
        return f"TCP :{probe.tcp_socket.port}"
    if probe.grpc is not None:
        return f"gRPC :{probe.grpc.port}"
    return f"exec {' '.join(probe.exec.command)}" if probe.exec is not None else "probe"


def _environment(old: kube.Container, new: kube.Container) -> Iterable[str]:
    """Names alone: values may be secrets and are never read."""
    one, other = {env.name for env in old.env}, {env.name for env in new.env}
    if one - other:
        yield f"environment lost {', '.join(sorted(one - other))}"
    if other - one:
        yield f"environment gained {', '.join(sorted(other - one))}"
    changed = sorted(
        env.name for env in new.env for past in old.env if env.name == past.name and env.value_from != past.value_from
    )
    if changed:
        yield f"environment {', '.join(changed)} comes from elsewhere"
    if old.env_from != new.env_from:
        yield "environment sources changed"


def _pod(before: kube.PodTemplate, after: kube.PodTemplate) -> Iterable[str]:
    for field, words in (
        ("service_account_name", "service account"),
        ("node_selector", "node selector"),
        ("host_network", "host network"),
        ("dns_policy", "DNS policy"),
    ):
        one, other = getattr(before.spec, field), getattr(after.spec, field)
        if one != other:
            yield f"{words} {one or 'none'} → {other or 'none'}"
    old, new = {one.name: one for one in before.spec.volumes}, {one.name: one for one in after.spec.volumes}
    for name in sorted({*old, *new}):
        if old.get(name) != new.get(name):
            yield f"volume {name} {'added' if name not in old else 'removed' if name not in new else 'changed'}"
