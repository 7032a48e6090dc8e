"""A cluster as the tests need one: apply, delete, read, wait for what has been broken to show, run a command in a pod.

Objects are plain JSON documents; netdoc's own reading is what is under test, so nothing of it is used here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from time import monotonic
from typing import Any
from urllib.parse import urlencode

import kubernetes
import urllib3
from kubernetes.client.rest import RESTClientObject
from kubernetes.stream import stream
from websocket import WebSocketBadStatusException

Object = dict[str, Any]

KNOWS_ITS_PODS = 30  # seconds that a kubelet may take after its start to hear of its pods
LOOK_AGAIN = 10  # seconds after which a wait reads the whole again: some patterns come true by time alone

PLACES = {
    "Namespace": ("api/v1", "namespaces", False),
    "Node": ("api/v1", "nodes", False),
    "Pod": ("api/v1", "pods", True),
    "Service": ("api/v1", "services", True),
    "ConfigMap": ("api/v1", "configmaps", True),
    "Secret": ("api/v1", "secrets", True),
    "ServiceAccount": ("api/v1", "serviceaccounts", True),
    "Event": ("api/v1", "events", True),
    "ResourceQuota": ("api/v1", "resourcequotas", True),
    "LimitRange": ("api/v1", "limitranges", True),
    "PersistentVolumeClaim": ("api/v1", "persistentvolumeclaims", True),
    "Endpoints": ("api/v1", "endpoints", True),
    "EndpointSlice": ("apis/discovery.k8s.io/v1", "endpointslices", True),
    "Deployment": ("apis/apps/v1", "deployments", True),
    "ReplicaSet": ("apis/apps/v1", "replicasets", True),
    "StatefulSet": ("apis/apps/v1", "statefulsets", True),
    "DaemonSet": ("apis/apps/v1", "daemonsets", True),
    "Job": ("apis/batch/v1", "jobs", True),
    "CronJob": ("apis/batch/v1", "cronjobs", True),
    "NetworkPolicy": ("apis/networking.k8s.io/v1", "networkpolicies", True),
    "Ingress": ("apis/networking.k8s.io/v1", "ingresses", True),
    "IngressClass": ("apis/networking.k8s.io/v1", "ingressclasses", False),
    "PodDisruptionBudget": ("apis/policy/v1", "poddisruptionbudgets", True),
    "HorizontalPodAutoscaler": ("apis/autoscaling/v2", "horizontalpodautoscalers", True),
    "IngressRoute": ("apis/traefik.io/v1alpha1", "ingressroutes", True),
    "Middleware": ("apis/traefik.io/v1alpha1", "middlewares", True),
    "ValidatingWebhookConfiguration": (
        "apis/admissionregistration.k8s.io/v1",
        "validatingwebhookconfigurations",
        False,
    ),
}


class Refused(Exception):
    """An answer of the API server other than 2xx: `status`, and its words."""

    def __init__(self, status: int, words: str) -> None:
        super().__init__(f"{status}: {words}")
        self.status = status


class TooLate(AssertionError):
    """What was waited for did not come before the deadline."""


class Kube:
    """One API server, reached as the kubeconfig says."""

    def __init__(self, kubeconfig: str) -> None:
        self.kubeconfig = kubeconfig
        self._client = kubernetes.config.new_client_from_config(kubeconfig)  # type: ignore[no-untyped-call]
        self._client.configuration.connection_pool_maxsize = 32
        self._pool: urllib3.PoolManager = RESTClientObject(self._client.configuration).pool_manager

    def close(self) -> None:
        self._pool.clear()

    def request(self, method: str, path: str, body: Object | None = None, kind: str = "json", **query: Any) -> Object:
        """One request, its answer decoded. Raises Refused."""
        answer = self._send(method, path, body, kind, query)
        with answer:
            text = answer.read()
        if not 200 <= answer.status < 300:
            raise Refused(answer.status, text.decode(errors="replace")[:2000])
        return json.loads(text)  # type: ignore[no-any-return]

    def _send(self, method: str, path: str, body: Object | None, kind: str, query: Object) -> urllib3.BaseHTTPResponse:
        headers = dict(self._client.default_headers) | {
            "Accept": "application/json",
            "Content-Type": f"application/{kind}",
        }
        self._client.update_params_for_auth(headers, [], ["BearerToken"], path, method, body)
        url = f"{self._client.configuration.host}/{path}" + (f"?{urlencode(query)}" if query else "")
        data = json.dumps(body).encode() if body is not None else None
        return self._pool.request(method, url, headers=headers, body=data, preload_content=False, timeout=60, retries=3)

    def apply(self, document: Object, *, dry_run: bool = False) -> Object:
        """Server-side apply, as `kubectl apply --server-side --force-conflicts`."""
        query = {"fieldManager": "e2e", "force": "true"} | ({"dryRun": "All"} if dry_run else {})
        return self.request("PATCH", path_of(document), document, "apply-patch+yaml", **query)

    def create(self, document: Object, *, dry_run: bool = False) -> Object:
        query = {"dryRun": "All"} if dry_run else {}
        collection = path_of(document).rpartition("/")[0]
        return self.request("POST", collection, document, fieldValidation="Strict", **query)

    def patch(self, document: Object, change: Object) -> Object:
        return self.request("PATCH", path_of(document), change, "merge-patch+json")

    def remove(self, paths: list[str]) -> None:
        """Deletes what was made in that order, the last first. What is gone already is as it should be."""
        for path in reversed(paths):
            try:
                self.request("DELETE", path)
            except Refused as refused:
                if refused.status != 404:
                    raise

    def delete(self, document: Object, *, grace: int | None = None) -> None:
        """Asks for the end of an object; one that is gone already is no error."""
        query: Object = {} if grace is None else {"gracePeriodSeconds": grace}
        try:
            self.request("DELETE", path_of(document), **query)
        except Refused as refused:
            if refused.status != 404:
                raise

    def get(self, kind: str, name: str, namespace: str = "") -> Object | None:
        try:
            return self.request("GET", f"{collection_of(kind, namespace)}/{name}")
        except Refused as refused:
            if refused.status == 404:
                return None
            raise

    def items(self, kind: str, namespace: str = "", **query: Any) -> list[Object]:
        items: list[Object] = self.request("GET", collection_of(kind, namespace), **query)["items"]
        return items

    def wait(
        self, kind: str, namespace: str, holds: Callable[[list[Object]], bool], deadline: float, what: str
    ) -> None:
        """Returns once `holds` is true of all objects of the kind there; TooLate after the deadline (monotonic's)."""
        while True:
            listing = self.request("GET", collection_of(kind, namespace))
            held = {item["metadata"]["uid"]: item for item in listing["items"]}
            if holds(list(held.values())):
                return
            for change, item in self._changes(kind, namespace, listing["metadata"]["resourceVersion"], deadline):
                held.pop(item["metadata"]["uid"], None)
                if change != "DELETED":
                    held[item["metadata"]["uid"]] = item
                if holds(list(held.values())):
                    return
            if monotonic() >= deadline:
                raise TooLate(f"{what}; there is: {json.dumps([_brief(one) for one in held.values()])[:3000]}")

    def _changes(self, kind: str, namespace: str, version: str, deadline: float) -> Iterator[tuple[str, Object]]:
        """What the server tells of the kind until the deadline, or until it ends the watch by itself."""
        query = {
            "watch": "1",
            "resourceVersion": version,
            "timeoutSeconds": max(1, min(LOOK_AGAIN, int(deadline - monotonic()))),
        }
        with self._send("GET", collection_of(kind, namespace), None, "json", query) as answer:
            rest = b""
            for part in answer.stream(None):
                *lines, rest = (rest + part).split(b"\n")
                for line in lines:
                    told = json.loads(line)
                    if told["type"] == "ERROR":
                        return
                    yield told["type"], told["object"]
            answer.drain_conn()

    def exec(self, namespace: str, pod: str, command: list[str], seconds: float) -> tuple[int, str]:
        """Exit code and output of a command in a pod's first container."""
        session = self._stream(namespace, pod, command)
        connection = session.sock.sock  # the client forgets it at the server's goodbye, and leaves it open
        session.run_forever(timeout=seconds)
        code = session.returncode if not session.is_open() else None  # before read_all, which forgets it
        text: str = session.read_all()
        session.close()
        connection.close()
        if code is None:
            raise TooLate(f"{command[:3]} in {namespace}/{pod} did not end in {seconds:.0f} s: {text}")
        return code, text

    def _stream(self, namespace: str, pod: str, command: list[str]) -> Any:
        """An open exec. A kubelet that has just started refuses, then does not know its pods yet: it is asked again."""
        api = kubernetes.client.CoreV1Api(kubernetes.client.ApiClient(self._client.configuration))
        deadline = monotonic() + KNOWS_ITS_PODS
        while True:
            try:
                return stream(
                    api.connect_get_namespaced_pod_exec, pod, namespace,
                    command=command, stdout=True, stderr=True, stdin=False, tty=False, _preload_content=False,
                )  # fmt: skip
            except (kubernetes.client.ApiException, WebSocketBadStatusException) as refused:
                starting = any(sign in str(refused) for sign in ("pod does not exist", "error dialing backend"))
                if not starting or monotonic() >= deadline:
                    raise
                self.wait("Node", "", bool, deadline, "the API server answers")


def collection_of(kind: str, namespace: str = "") -> str:
    group, resource, namespaced = PLACES[kind]
    return f"{group}/namespaces/{namespace}/{resource}" if namespaced and namespace else f"{group}/{resource}"


def path_of(document: Object) -> str:
    metadata = document["metadata"]
    return f"{collection_of(document['kind'], metadata.get('namespace', ''))}/{metadata['name']}"


def _brief(item: Object) -> Object:
    """What a person needs to see why a wait failed."""
    shown: Object = {
        key: item[key] for key in ("status", "reason", "message", "endpoints", "involvedObject") if key in item
    }
    return {"name": item["metadata"]["name"], **shown}
