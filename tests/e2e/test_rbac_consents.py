"""A ServiceAccount with exactly the printed role measures; without the rights of a consent it is told so."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest
import yaml

from tests.e2e.conftest import on_lab, without
from tests.e2e.fault import Verdict, diagnose, netdoc
from tests.e2e.kube import Kube, Object
from tests.e2e.room import Room, application, room

pytestmark = [pytest.mark.lab, pytest.mark.timeout(300)]

RBAC = "apis/rbac.authorization.k8s.io/v1"
SETTLED = 30.0  # seconds in which a binding takes effect


@pytest.fixture(scope="module")
def place(kube: Kube) -> Iterator[Room]:
    if not on_lab():
        without("roles of the whole cluster are made on the lab alone")
    with room(kube, "consents") as made:
        made.put(*application())
        made.wait_ready("web")
        yield made


class Accounts:
    """ServiceAccounts of the room, each with a ClusterRole of its own, as kubeconfigs that hold its token."""

    def __init__(self, place: Room, folder: Path) -> None:
        self.place, self.kube, self.folder = place, place.kube, folder
        self._made: list[str] = []

    def add(self, name: str, *arguments: str) -> str:
        """The kubeconfig of an account with the role that `netdoc rbac` prints for these arguments."""
        full = f"{self.place.namespace}-{name}"
        printed = netdoc("rbac", "-o", "json", "--name", full, *arguments, check=(0,)).stdout
        (role,) = json.loads(printed)["items"]
        self.place.put({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": name}})
        subject = {"kind": "ServiceAccount", "name": name, "namespace": self.place.namespace}
        binding = {
            "metadata": {"name": full},
            "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": full},
            "subjects": [subject],
        }
        self._create(f"{RBAC}/clusterroles", role)
        self._create(f"{RBAC}/clusterrolebindings", binding)
        self._wait(f"system:serviceaccount:{self.place.namespace}:{name}")
        return self._kubeconfig(name)

    def _create(self, collection: str, document: Object) -> None:
        self.kube.request("POST", collection, document)
        self._made.append(f"{collection}/{document['metadata']['name']}")

    def _wait(self, user: str) -> None:
        review = {"spec": {"user": user, "resourceAttributes": {"verb": "list", "resource": "pods"}}}
        deadline = monotonic() + SETTLED
        reviews = "apis/authorization.k8s.io/v1/subjectaccessreviews"
        while not self.kube.request("POST", reviews, review)["status"]["allowed"]:
            assert monotonic() < deadline, f"{user} still may not list pods"

    def _kubeconfig(self, name: str) -> str:
        """The cluster of the tests, with the account's own token and nothing of the administrator's."""
        account = f"api/v1/namespaces/{self.place.namespace}/serviceaccounts/{name}"
        answer = self.kube.request("POST", f"{account}/token", {"spec": {"expirationSeconds": 3600}})
        config = yaml.safe_load(Path(self.kube.kubeconfig).read_text())
        config["users"] = [
            {"name": one["name"], "user": {"token": answer["status"]["token"]}} for one in config["users"]
        ]
        path = self.folder / f"{name}.yaml"
        path.write_text(yaml.safe_dump(config))
        return str(path)

    def remove(self) -> None:
        self.kube.remove(self._made)


@pytest.fixture(scope="module")
def accounts(place: Room, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Accounts]:
    made = Accounts(place, tmp_path_factory.mktemp("accounts"))
    yield made
    made.remove()


def measured(place: Room, kubeconfig: str, *consents: str) -> Verdict:
    """The room's application asked from itself: its container has Python to measure with."""
    where = ("--kubeconfig", kubeconfig, "--no-journal", *consents)
    return diagnose(f"svc/web.{place.namespace}", (f"deploy/web.{place.namespace}",), *where)


def refused(verdict: Verdict) -> list[str]:
    return [one["what"] for one in verdict.report.get("notChecked", []) if one["reason"] == "forbidden"]


def doctored(kubeconfig: str) -> dict[str, str]:
    told = json.loads(netdoc("doctor", "--kubeconfig", kubeconfig, "-o", "json").stdout)["doctor"]
    return {one["what"]: one["status"] for one in told}


def test_the_printed_role_measures_from_inside(place: Room, accounts: Accounts) -> None:
    account = accounts.add("inside", "--exec")
    verdict = measured(place, account, "--exec")
    assert (verdict.exit, verdict.report["basis"]) == (0, "measured"), verdict.told()
    assert refused(verdict) == [], verdict.told()
    told = doctored(account)
    assert (told["permissions"], told["--exec"], told["--port-forward"]) == ("ok", "ok", "note")


def test_the_printed_role_opens_tunnels(place: Room, accounts: Accounts) -> None:
    account = accounts.add("through", "--port-forward")
    verdict = measured(place, account, "--port-forward")
    assert refused(verdict) == [], verdict.told()
    told = doctored(account)
    assert (told["permissions"], told["--exec"], told["--port-forward"]) == ("ok", "note", "ok")


def test_a_role_that_only_reads_does_not_measure_and_that_is_said(place: Room, accounts: Accounts) -> None:
    account = accounts.add("reader")
    verdict = measured(place, account, "--exec", "--port-forward")
    assert verdict.report["basis"] == "configuration", verdict.told()
    for what in ("run ", "open a tunnel"):
        assert any(what in one for one in refused(verdict)), verdict.told()
    told = doctored(account)
    assert (told["permissions"], told["--exec"], told["--port-forward"]) == ("ok", "note", "note")
