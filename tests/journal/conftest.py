"""Recorded runs of a cluster on loopback that is broken as the embedded network is."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from netdoc.demo import assemble
from tests.calling import Answer, netdoc
from tests.cluster.conftest import write_kubeconfig
from tests.fakes.apiserver import ApiServer

ASKED = ("svc/web.shop:80", "--from", "deploy/client.shop")


@pytest.fixture(autouse=True)
def own_state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A journal for each test alone."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path / "state" / "netdoc" / "runs"


@pytest.fixture
def broken() -> Iterator[ApiServer]:
    """An API server that serves the embedded network with a crash loop."""
    with ApiServer(documents("crash-loop")) as server:
        yield server


@pytest.fixture
def kubeconfig(broken: ApiServer, tmp_path: Path) -> str:
    return str(write_kubeconfig(tmp_path / "config", broken.url))


@pytest.fixture
def diagnosed(kubeconfig: str) -> Callable[..., Answer]:
    """Diagnoses the broken cluster."""

    def ask(*options: str) -> Answer:
        return netdoc("diagnose", *ASKED, "--kubeconfig", kubeconfig, *options)

    return ask


def documents(scenario: str) -> list[dict[str, Any]]:
    return list(assemble.documents(assemble.scenario(scenario)))


def journals(state: Path) -> list[Path]:
    return sorted(state.glob("*.jsonl"), key=os.path.getmtime)
