"""Nothing but reads, reviews and dry runs passes; a Secret by its name alone, and only where it is allowed."""

from __future__ import annotations

import pytest

from netdoc.cluster import guard
from netdoc.cluster.guard import Query, Refused
from netdoc.model.kube.meta import Kind, Object
from netdoc.model.record import Gap
from tests.cluster.conftest import Opener
from tests.fakes.apiserver import ApiServer

ALLOWED: list[tuple[str, str, Query]] = [
    ("GET", "/version", ()),
    ("GET", "/api/v1/namespaces/shop/pods", (("limit", "500"),)),
    ("GET", "/api/v1/namespaces/shop/pods/web-1/log", ()),
    ("GET", "/apis/apps/v1/namespaces/shop/deployments/proxy", ()),
    ("GET", "/api/v1/namespaces/shop/pods/exec", ()),
    ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", ()),
    ("POST", "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews", ()),
    ("POST", "/apis/authentication.k8s.io/v1/selfsubjectreviews", ()),
    ("POST", "/api/v1/namespaces/shop/pods", (("dryRun", "All"),)),
    ("PATCH", "/apis/apps/v1/namespaces/shop/deployments/web", (("dryRun", "All"), ("fieldManager", "x"))),
]

REFUSED: list[tuple[str, str, Query]] = [
    ("POST", "/api/v1/namespaces/shop/pods", ()),
    ("POST", "/api/v1/namespaces/shop/pods", (("dryRun", "all"),)),
    ("POST", "/api/v1/namespaces/shop/pods", (("dryRun", "All"), ("dryRun", ""))),
    ("PUT", "/api/v1/namespaces/shop/pods/web-1", ()),
    ("PATCH", "/api/v1/namespaces/shop/pods/web-1", ()),
    ("DELETE", "/api/v1/namespaces/shop/pods/web-1", ()),
    ("DELETE", "/api/v1/namespaces/shop/pods/web-1", (("dryRun", "All"),)),
    ("POST", "/apis/authorization.k8s.io/v1/subjectaccessreviews", ()),
    ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews/../../x", ()),
    ("POST", "/api/v1/namespaces/shop/pods/web-1/exec", ()),
    ("GET", "/api/v1/namespaces/shop/pods/web-1/exec", (("command", "sh"),)),
    ("GET", "/api/v1/namespaces/shop/pods/web-1/attach", ()),
    ("GET", "/api/v1/namespaces/shop/pods/web-1/portforward", ()),
    ("GET", "/api/v1/namespaces/shop/services/web/proxy", ()),
    ("GET", "/api/v1/namespaces/shop/services/web/proxy/admin", ()),
    ("GET", "/api/v1/nodes/n1/proxy/run", ()),
    ("GET", "/api/v1/secrets", ()),
    ("GET", "/api/v1/namespaces/shop/secrets", ()),
    ("GET", "/api/v1/watch/namespaces/shop/secrets", ()),
    ("GET", "/api/v1/watch/namespaces/shop/secrets/tls", ()),
    ("GET", "/api/v1/namespaces/shop/secrets/tls", ()),
    ("GET", "/api/v1/namespaces/shop/%73ecrets", ()),
    ("GET", "/api/v1/namespaces/shop/pods/../secrets", ()),
    ("GET", "/api/v1/namespaces/shop//secrets", ()),
    ("GET", "http://elsewhere/api", ()),
]


@pytest.mark.parametrize(("method", "path", "query"), ALLOWED)
def test_reads_reviews_and_dry_runs_pass(method: str, path: str, query: Query) -> None:
    guard.check(method, path, query)


@pytest.mark.parametrize(("method", "path", "query"), REFUSED)
def test_everything_else_is_refused(method: str, path: str, query: Query) -> None:
    with pytest.raises(Refused):
        guard.check(method, path, query)


def test_a_secret_is_read_by_name_where_that_is_allowed_and_never_listed() -> None:
    guard.check("GET", "/api/v1/namespaces/shop/secrets/tls", secrets=True)
    for path in ("/api/v1/secrets", "/api/v1/namespaces/shop/secrets", "/api/v1/watch/namespaces/shop/secrets/tls"):
        with pytest.raises(Refused):
            guard.check("GET", path, secrets=True)
    with pytest.raises(Refused):
        guard.check("GET", "/api/v1/namespaces/shop/secrets/tls", [("watch", "true")], secrets=True)


class Secret(Object, frozen=True):
    KIND = Kind("v1", "Secret", "secrets")


async def test_a_refused_request_is_never_sent(api: ApiServer, live: Opener) -> None:
    api.documents.append({"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "tls", "namespace": "shop"}})
    cluster = live()
    listing = await cluster.list(Secret, "shop")
    assert listing.items == ()
    assert listing.gap is not None
    assert isinstance(await cluster.get(Secret, "tls", "shop"), Gap)
    assert api.requests == []
    found = await live(secrets=True).get(Secret, "tls", "shop")
    assert isinstance(found, Secret)
    assert found.name == "tls"
