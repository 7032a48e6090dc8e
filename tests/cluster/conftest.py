"""Live clusters over the loopback API server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
import yaml

from netdoc.cluster import LiveCluster, LiveOptions, open_live
from netdoc.cluster.kubeconfig import find_access
from netdoc.cluster.transport import Transport
from netdoc.ports.cluster import Where
from tests.cluster.objects import shop
from tests.fakes.apiserver import ApiServer

Opener = Callable[..., LiveCluster]


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No proxy, kubeconfig or service account of whoever runs the tests."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "KUBECONFIG", "KUBERNETES_SERVICE_HOST"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def api() -> Iterator[ApiServer]:
    with ApiServer(shop()) as server:
        yield server


def write_kubeconfig(path: Path, server: str, **user: object) -> Path:
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": user}],
    }
    path.write_text(yaml.safe_dump(content))
    return path


class Naps:
    """Stands in for asyncio.sleep: waits for nothing, and remembers what it was asked for."""

    def __init__(self) -> None:
        self.taken: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.taken.append(seconds)


@pytest.fixture
def naps() -> Naps:
    return Naps()


@pytest_asyncio.fixture
async def live(api: ApiServer, tmp_path: Path, naps: Naps) -> AsyncIterator[Opener]:
    """Opens live clusters on `api`, with naps instead of waits between tries."""
    opened: list[LiveCluster] = []

    def opener(**options: object) -> LiveCluster:
        kubeconfig = write_kubeconfig(tmp_path / "config", api.url)
        given = LiveOptions(kubeconfig=str(kubeconfig), run="r1", **options)  # type: ignore[arg-type]
        access = find_access(given)
        where = Where(type="live", context=access.context, server=access.server, namespace=access.namespace)
        opened.append(LiveCluster(Transport(access, given, sleep=naps), where))
        return opened[-1]

    yield opener
    for one in opened:
        await one.close()


__all__ = ["Naps", "Opener", "open_live", "write_kubeconfig"]
