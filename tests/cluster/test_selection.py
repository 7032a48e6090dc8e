"""Selectors as strings, decided as the API server decides them."""

from __future__ import annotations

import msgspec
import pytest

from netdoc.cluster.selection import field_selector, label_selector
from netdoc.model.kube import Event, Node, Pod, Service
from netdoc.model.kube.meta import Object
from tests.cluster.objects import pod

LABELS = {"app": "web", "tier": "", "n": "5", "example.com/role": "api"}


@pytest.mark.parametrize(
    ("text", "chosen"),
    [
        ("", True),
        ("app=web", True),
        ("app==web", True),
        ("app = web , n=5", True),
        ("app=db", False),
        ("app!=db", True),
        ("missing!=x", True),
        ("app in (db, web)", True),
        ("app in (db)", False),
        ("app notin (db)", True),
        ("missing notin (x)", True),
        ("missing in (x)", False),
        ("missing in ()", False),
        ("tier=", True),
        ("missing=", False),
        ("tier in ()", True),
        ("app", True),
        ("missing", False),
        ("!missing", True),
        ("!app", False),
        ("n>4", True),
        ("n<5", False),
        ("app>4", False),
        ("example.com/role=api,app in (web),!x", True),
        ("example.com/role=api,app in (web),x", False),
    ],
)
def test_labels(text: str, chosen: bool) -> None:
    assert label_selector(text)(LABELS) is chosen


@pytest.mark.parametrize("text", ["a=b=c", "=x", "a in b", "a in (b", "a,,b", "!", "a b", ",a", "a>x", "-a=b"])
def test_what_the_server_would_refuse(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        label_selector(text)


@pytest.mark.parametrize(
    ("kind", "item", "text", "chosen"),
    [
        (Pod, pod("a"), "metadata.name=a,metadata.namespace=shop", True),
        (Pod, pod("a"), "metadata.name!=a", False),
        (Pod, pod("a"), "spec.nodeName=n1,status.phase==Running,status.podIP=10.42.0.9", True),
        (Pod, pod("a"), "spec.hostNetwork=false", True),
        (Pod, {"metadata": {"name": "a"}}, "spec.nodeName=", True),
        (Event, {"involvedObject": {"kind": "Pod", "uid": "7"}, "type": "Warning"}, "involvedObject.uid=7", True),
        (Event, {"involvedObject": {"kind": "Pod"}}, "involvedObject.kind=Service", False),
        (Event, {"source": {"component": "kubelet"}}, "source=kubelet", True),
        (Node, {"spec": {"unschedulable": True}}, "spec.unschedulable=true", True),
        (Service, {"spec": {"clusterIP": "10.0.0.1"}}, "spec.clusterIP=10.0.0.1", True),
    ],
)
def test_fields(kind: type[Object], item: dict[str, object], text: str, chosen: bool) -> None:
    assert field_selector(kind, text)(msgspec.convert(item, kind)) is chosen


@pytest.mark.parametrize("text", ["spec.unknown=1", "metadata.labels=x", "nonsense", "status.phase"])
def test_fields_that_the_server_cannot_select_by(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        field_selector(Pod, text)
