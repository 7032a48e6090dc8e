"""The kubernetes package's reading of a kubeconfig, with credential plugins that end (see plugin.py)."""

# mypy: disable-error-code="no-untyped-call"
from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from kubernetes.config.dateutil import parse_rfc3339
from kubernetes.config.kube_config import EXPIRY_SKEW_PREVENTION_DELAY, FileOrData, KubeConfigLoader, KubeConfigMerger

from netdoc.cluster.plugin import Plugin

_EARLY = timedelta(seconds=10)


class Login(KubeConfigLoader):
    """Puts server, trust and credential of one context into a client's configuration."""

    _timeout = 10.0
    _user: Any

    @classmethod
    def from_files(cls, paths: str, context: str, timeout: float) -> Login:
        """The context of these files. A refreshed OIDC token is written back, as kubectl does: the old one is void."""
        merger = KubeConfigMerger(_absolute(paths))
        login = cls(
            config_dict=merger.config,
            active_context=context,
            config_base_path=None,
            config_persister=merger.save_changes,
        )
        login._timeout = timeout
        return login

    def _load_cluster_info(self) -> None:
        """The package looks for the user's files beside the cluster's kubeconfig; kubectl beside the user's own."""
        if self._user is not None and "cert_file" not in self.__dict__:
            home = self._get_base_path(self._user.path)
            self.cert_file = FileOrData(self._user, "client-certificate", file_base_path=home).as_file()
            self.key_file = FileOrData(self._user, "client-key", file_base_path=home).as_file()
        super()._load_cluster_info()

    def _load_from_exec_plugin(self) -> bool | None:
        """Like the package's own, but a failure is raised, where it would only be logged and go on as nobody."""
        if "exec" not in self._user:
            return None
        home = self._get_base_path(self._user.path)
        status = Plugin(self._user["exec"], home, self._cluster, self._timeout).run()
        if status.get("token"):
            self.token = f"Bearer {status['token']}"
        if status.get("clientCertificateData"):
            self.cert_file = _file_of(status, "clientCertificateData")
            self.key_file = _file_of(status, "clientKeyData")
        if status.get("expirationTimestamp"):
            # The package takes five minutes off: a credential that lives for one would be fetched for every request.
            told = parse_rfc3339(status["expirationTimestamp"])
            self.expiry = told + EXPIRY_SKEW_PREVENTION_DELAY - _EARLY
        return True


def _absolute(paths: str) -> str:
    return os.pathsep.join(os.path.abspath(path) for path in paths.split(os.pathsep))


def _file_of(status: dict[str, Any], key: str) -> str:
    name: str = FileOrData(status, "", data_key_name=key, base64_file_content=False).as_file()
    return name
