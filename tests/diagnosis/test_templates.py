"""The difference between two pod templates, in words."""

from __future__ import annotations

import pytest

from netdoc.diagnosis.templates import template_difference
from netdoc.model import kube
from tests.checks.endpoints.build import Manifest, container, http, port, template, typed, workload


def difference(old: Manifest, new: Manifest) -> str:
    made = [typed(workload(template=one), kube.Deployment).template for one in (old, new)]
    return template_difference(*made)


def of(**change: object) -> Manifest:
    return template(None, container(**change))  # type: ignore[arg-type]


ENV = [{"name": "MODE", "value": "secret-one"}]
SECRET = [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "one", "key": "k"}}}]
OTHER = [{"name": "KEY", "valueFrom": {"secretKeyRef": {"name": "two", "key": "k"}}}]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (of(), of(), ""),
        (of(image="web:1.4"), of(image="web:1.5"), "image 1.4 → 1.5"),
        (of(image="a/web:1"), of(image="b/web:1"), "image a/web:1 → b/web:1"),
        (of(ports=(port(8080),)), of(ports=(port(9090, "http"),)), "containerPort 8080 → 9090 http"),
        (of(), of(ports=()), "containerPort 8080 → none"),
        (of(), of(readinessProbe=http(9090)), "readiness probe none → HTTP GET :9090/ every 10s, 1s allowed"),
        (of(livenessProbe=http()), of(), "liveness probe HTTP GET :8080/ every 10s, 1s allowed → none"),
        (of(env=ENV), of(), "environment lost MODE"),
        (of(), of(env=ENV), "environment gained MODE"),
        (of(env=SECRET), of(env=OTHER), "environment KEY comes from elsewhere"),
        (of(), of(envFrom=[{"configMapRef": {"name": "c"}}]), "environment sources changed"),
        (
            of(resources={"limits": {"memory": "1Gi"}}),
            of(resources={"limits": {"memory": "64Mi"}}),
            "memory limit 1Gi → 64Mi",
        ),
        (of(resources={"requests": {"cpu": "1"}}), of(), "cpu request 1 → none"),
        (of(), of(command=["serve"]), "command line changed"),
        (template({"app": "web"}), template({"app": "wbe"}), "label app web → wbe"),
        (template(), template(None, container(), container("proxy")), "container proxy added"),
        (template(None, container(), container("proxy")), template(), "container proxy removed"),
        (template(), template(serviceAccountName="web"), "service account none → web"),
        (template(), template(hostNetwork=True), "host network none → True"),
        (template(), template(volumes=[{"name": "c", "configMap": {"name": "c"}}]), "volume c added"),
    ],
)
def test_in_words(old: Manifest, new: Manifest, words: str) -> None:
    assert difference(old, new) == words


def test_values_of_the_environment_are_never_told() -> None:
    """They may be secrets: a changed value is not even seen."""
    assert difference(of(env=ENV), of(env=[{"name": "MODE", "value": "secret-two"}])) == ""


def test_the_hash_that_the_controller_sets_is_no_change() -> None:
    assert (
        difference(
            template({"app": "web", "pod-template-hash": "a"}), template({"app": "web", "pod-template-hash": "b"})
        )
        == ""
    )
