"""Runs an exec credential plugin (client.authentication.k8s.io), and ends it at a deadline.

The kubernetes package builds its arguments and environment; it also waits for it without end, so the waiting is
done here.
"""

# mypy: disable-error-code="no-untyped-call"
from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
from typing import Any

from kubernetes.config.config_exception import ConfigException
from kubernetes.config.exec_provider import ExecProvider


class PluginTimeout(Exception):
    """The plugin gave no answer in time, and was ended."""


class Plugin(ExecProvider):
    """A credential plugin that has until `timeout` seconds from its start. It is not asked to talk to anyone."""

    def __init__(self, exec_config: Any, cwd: str, cluster: Any, timeout: float) -> None:
        super().__init__(exec_config, cwd, cluster)
        self._timeout = timeout

    def run(self, previous_response: Any = None) -> dict[str, Any]:
        """The plugin's status. Raises ConfigException for its failure, PluginTimeout at the deadline."""
        info: dict[str, Any] = {"interactive": False}
        if self.cluster:
            info["cluster"] = self._cluster_info()
        request = {"apiVersion": self.api_version, "kind": "ExecCredential", "spec": info}
        output = self._answer(self.env | {"KUBERNETES_EXEC_INFO": json.dumps(request)})
        return self._status(output)

    def _cluster_info(self) -> dict[str, Any]:
        given: dict[str, Any] = dict(self.cluster.value)
        for extension in given.pop("extensions", None) or ():
            if extension.get("name") == "client.authentication.k8s.io/exec":
                given["config"] = extension.get("extension")
        return given

    def _answer(self, env: dict[str, str]) -> str:
        name = os.path.basename(self.args[0])
        try:
            # A session of its own: it can be ended with everything that it started.
            process = subprocess.Popen(
                self.args,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                cwd=self.cwd,
                env=env,
                text=True,
                start_new_session=True,
            )
        except OSError as error:
            raise ConfigException(f"the credential plugin {name} cannot be run: {error.strerror}") from None
        try:
            output, errors = process.communicate(timeout=self._timeout)
        except subprocess.TimeoutExpired:
            _end(process)
            raise PluginTimeout(f"the credential plugin {name} gave no answer in {self._timeout:g}s") from None
        if process.returncode:
            said = (errors.strip().splitlines() or ["it says nothing"])[-1][:300]
            raise ConfigException(f"the credential plugin {name} failed ({process.returncode}): {said}")
        return output

    def _status(self, output: str) -> dict[str, Any]:
        name = os.path.basename(self.args[0])
        try:
            answer = json.loads(output)
            version, status = answer["apiVersion"], answer["status"]
        except (ValueError, KeyError, TypeError):
            raise ConfigException(f"the credential plugin {name} gave no ExecCredential") from None
        if version != self.api_version or not isinstance(status, dict):
            raise ConfigException(f"the credential plugin {name} answers {version}, not {self.api_version}")
        if not status.get("token") and not (status.get("clientCertificateData") and status.get("clientKeyData")):
            raise ConfigException(f"the credential plugin {name} gave neither a token nor a certificate with its key")
        return status


def _end(process: subprocess.Popen[str]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    for stream in (process.stdout, process.stderr):
        if stream is not None:
            stream.close()
    process.wait()
