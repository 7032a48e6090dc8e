"""A change made for real is told with what it changed, and it is the suspect of what it broke."""

from __future__ import annotations

from typing import Any

import pytest

from tests.e2e.fault import Verdict, diagnose
from tests.e2e.kube import Kube, Object
from tests.e2e.room import Room, application, container_of, room

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

GOOD, BAD = "docker.io/library/python:3-slim", "docker.io/library/no-such-image:9"


def asked(place: Room, *sources: str) -> Verdict:
    return diagnose(f"svc/web.{place.namespace}", sources, "--kubeconfig", place.kube.kubeconfig)


def suspect(verdict: Verdict) -> dict[str, Any]:
    """The one change that is suspected; the others are older or younger, newest first."""
    changes = verdict.report["changes"]
    assert [one["at"] for one in changes] == sorted((one["at"] for one in changes), reverse=True)
    chosen = [one for one in changes if one.get("suspect")]
    assert len(chosen) == 1, f"{changes}\n{verdict.told()}"
    found: dict[str, Any] = chosen[0]
    return found


def expect(verdict: Verdict, code: str, what: str, about: str, detail: str) -> dict[str, Any]:
    assert [one["code"] for one in verdict.roots][:1] == [code], verdict.told()
    found = suspect(verdict)
    assert (found["what"], f"{found['object']['kind']}/{found['object']['name']}") == (what, about), verdict.told()
    assert detail in found["detail"], found
    assert verdict.roots[0]["since"], verdict.told()
    return found


def with_image(workload: Object, image: str) -> Object:
    container_of(workload)["image"] = image
    return workload


@pytest.mark.parametrize(
    ("kind", "strategy", "code"),
    [
        ("Deployment", {"strategy": {"type": "Recreate"}}, "workload.new-revision-failing"),
        ("StatefulSet", {}, "pod.image-pull"),
    ],
)
def test_an_image_that_does_not_exist(kube: Kube, kind: str, strategy: Object, code: str) -> None:
    workload, service = application(kind=kind)
    workload["spec"] |= strategy
    with room(kube, "image") as place:
        place.put(workload, service)
        place.wait_ready("web")
        place.put(with_image(workload, BAD))
        place.wait_waiting("web", "ErrImagePull", "ImagePullBackOff")
        expect(asked(place), code, "rollout", f"{kind}/web", f"image {GOOD} → {BAD}")


def test_scaled_to_nothing(kube: Kube) -> None:
    """Through the scale subresource, as `kubectl scale` does: its write carries no time."""
    with room(kube, "scale") as place:
        place.put(*application())
        place.wait_ready("web")
        scale = f"apis/apps/v1/namespaces/{place.namespace}/deployments/web/scale"
        kube.request("PATCH", scale, {"spec": {"replicas": 0}}, "merge-patch+json")
        place.wait("Pod", lambda pods: not pods, "no pod is left")
        expect(asked(place), "workload.scaled-to-zero", "scale", "Deployment/web", "1 → 0 replicas")


def test_a_selector_that_was_edited(kube: Kube) -> None:
    with room(kube, "selector") as place:
        place.put(*application())
        place.wait_ready("web")
        place.change("Service", "web", {"spec": {"selector": {"app": "wbe"}}})
        expect(asked(place), "service.selector-no-match", "service", "Service/web", "spec.selector written by")


def test_a_config_map_that_was_edited(kube: Kube) -> None:
    workload, service = application()
    container = container_of(workload)
    container["envFrom"] = [{"configMapRef": {"name": "settings"}}]
    container["command"][2] = f"import os; os.environ['MODE'] == 'good' or exit(3)\n{container['command'][2]}"
    settings: Object = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "settings"}}
    with room(kube, "config") as place:
        place.put(settings | {"data": {"MODE": "good"}}, workload, service)
        place.wait_ready("web")
        place.change("ConfigMap", "settings", {"data": {"MODE": "bad"}})
        (pod,) = kube.items("Pod", place.namespace)
        kube.delete({"kind": "Pod", **pod})
        place.wait_waiting("web", "CrashLoopBackOff", restarts=2)
        found = expect(asked(place), "pod.crash-looping", "config", "ConfigMap/settings", "data written by")
        assert [(one["kind"], one["name"]) for one in found["usedBy"]] == [("Deployment", "web")]


def test_a_policy_that_was_created(kube: Kube, caller: str) -> None:
    deny: Object = {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "deny"}}
    with room(kube, "policy") as place:
        place.put(*application())
        place.wait_ready("web")
        place.put(deny | {"spec": {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": ["Ingress"]}})
        verdict = asked(place, f"pod/caller.{caller}")
        expect(verdict, "policy.ingress-denied", "policy", "NetworkPolicy/deny", "created by e2e")
