"""Which cluster and as whom: kubeconfig files as kubectl merges them, or the pod's own account as the last resort.

The kubernetes package interprets the files. What it leaves silent (a file or plugin that is missing, a context that
is misspelt) is checked here first, so that a mistake is told with its place before anything is asked.
"""

# mypy: disable-error-code="no-untyped-call"
from __future__ import annotations

import difflib
import os
import shutil
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from netdoc.cluster.errors import ClusterError

SERVICE_ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"


class LiveOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What the command line says about the cluster, as kubectl has it. `request_timeout` is in seconds."""

    kubeconfig: str = ""
    context: str = ""
    namespace: str = ""
    as_user: str = ""
    as_groups: tuple[str, ...] = ()
    request_timeout: float = 10.0
    secrets: bool = False
    metadata_only: bool = False
    run: str = ""
    service_account: str = SERVICE_ACCOUNT


class Access(msgspec.Struct, frozen=True, kw_only=True):
    """A cluster to ask: `load` puts address and credential into a client's configuration, within so many seconds."""

    context: str
    server: str
    namespace: str
    load: Callable[[Any, float], None]
    as_user: str = ""
    as_groups: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


def find_access(options: LiveOptions, environ: Mapping[str, str] | None = None) -> Access:
    """The cluster that the options and the environment mean. Raises ClusterError for a mistake in them."""
    environ = os.environ if environ is None else environ
    if options.as_groups and not options.as_user:
        raise ClusterError("--as-group without --as", "name the user to act as, too")
    configs = [_Config(path) for path in _paths(options, environ)]
    given = [one for one in configs if one.content]
    if not given and environ.get("KUBERNETES_SERVICE_HOST"):
        return _in_cluster(options, environ)
    if not given:
        looked = options.kubeconfig or environ.get("KUBECONFIG") or "~/.kube/config"
        raise ClusterError(f"no kubeconfig: {looked} is missing or empty", "give --kubeconfig, --snapshot or --demo")
    return _from_files(options, given)


def _paths(options: LiveOptions, environ: Mapping[str, str]) -> Iterable[Path]:
    """kubectl's order: the flag alone, else KUBECONFIG's list, else the home folder's; absent ones are passed over."""
    if options.kubeconfig:
        path = Path(options.kubeconfig).expanduser()
        if not path.exists():
            raise ClusterError(f"no kubeconfig at {path}", "check --kubeconfig")
        return [path]
    listed = [part for part in environ.get("KUBECONFIG", "").split(os.pathsep) if part]
    candidates = [Path(part).expanduser() for part in listed] or [Path("~/.kube/config").expanduser()]
    return [path for path in candidates if path.exists()]


class _Config:
    """One kubeconfig file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            self.content = yaml.load(path.read_bytes(), Loader=yaml.CSafeLoader) or {}
        except OSError as error:
            raise ClusterError(f"cannot read the kubeconfig {path}: {error.strerror}") from None
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            line = f":{mark.line + 1}" if mark else ""
            raise ClusterError(f"{path}{line} is not YAML: {getattr(error, 'problem', error)}") from None
        if not isinstance(self.content, dict):
            raise ClusterError(f"{path} is not a kubeconfig")

    def named(self, section: str) -> dict[str, dict[str, Any]]:
        """The entries of `contexts`, `clusters` or `users` by name."""
        entries = self.content.get(section) or []
        inner = section.removesuffix("s")
        try:
            return {one["name"]: one.get(inner) or {} for one in entries}
        except (TypeError, KeyError, AttributeError):
            raise ClusterError(f"{self.path}: {section} is not a list of named entries") from None


class _Merged:
    """Several files as one: the first to say something wins, as in kubectl."""

    def __init__(self, configs: list[_Config]) -> None:
        self.configs = configs
        self.current = next(
            (one.content["current-context"] for one in configs if one.content.get("current-context")), ""
        )

    @property
    def paths(self) -> str:
        return os.pathsep.join(str(one.path) for one in self.configs)

    def names(self, section: str) -> list[str]:
        return sorted({name for one in self.configs for name in one.named(section)})

    def find(self, section: str, name: str) -> tuple[dict[str, Any], Path] | None:
        for one in self.configs:
            if name in (entries := one.named(section)):
                return entries[name], one.path.parent
        return None

    def need(self, section: str, name: str, asked_by: str) -> tuple[dict[str, Any], Path]:
        found = self.find(section, name)
        if found is None:
            kind = section.removesuffix("s")
            raise ClusterError(f'no {kind} "{name}" in {self.paths}{asked_by}', near(name, self.names(section)))
        return found


def near(name: str, there: Iterable[str]) -> str:
    """The near miss, or what there is."""
    known = sorted(there)
    close = difflib.get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f'there is "{close[0]}"'
    return f"there is {', '.join(known[:8])}" if known else "there is none"


def _from_files(options: LiveOptions, configs: list[_Config]) -> Access:
    merged = _Merged(configs)
    chosen = options.context or merged.current
    if not chosen:
        known = ", ".join(merged.names("contexts")) or "none"
        raise ClusterError(f"no current context in {merged.paths}", f"choose one with --context (there is {known})")
    context, _ = merged.need("contexts", chosen, "")
    cluster, home = merged.need("clusters", context.get("cluster") or "", f' (context "{chosen}")')
    user: dict[str, Any] = {}
    user_home = home
    if context.get("user"):
        user, user_home = merged.need("users", context["user"], f' (context "{chosen}")')
    if not cluster.get("server"):
        raise ClusterError(f'the cluster of context "{chosen}" names no server')
    _check_files(cluster, home, ("certificate-authority",))
    _check_files(user, user_home, ("client-certificate", "client-key", "tokenFile"))
    _check_plugin(user, user_home)
    return Access(
        context=chosen,
        server=str(cluster["server"]).rstrip("/"),
        namespace=options.namespace or context.get("namespace") or "default",
        load=lambda configuration, timeout: _load(merged.paths, chosen, configuration, timeout),
        as_user=options.as_user or user.get("as", ""),
        as_groups=options.as_groups or (() if options.as_user else tuple(user.get("as-groups") or ())),
        notes=_said_aloud(cluster, chosen),
    )


def _said_aloud(cluster: dict[str, Any], context: str) -> tuple[str, ...]:
    if not cluster.get("insecure-skip-tls-verify"):
        return ()
    return (f'context "{context}" has insecure-skip-tls-verify: the API server\'s certificate is not verified',)


def _check_files(entry: dict[str, Any], home: Path, fields: tuple[str, ...]) -> None:
    for field in fields:
        if entry.get(field) and not entry.get(f"{field}-data") and not os.access(home / entry[field], os.R_OK):
            raise ClusterError(f"cannot read {home / entry[field]}, which the kubeconfig names as {field}")


def _check_plugin(user: dict[str, Any], home: Path) -> None:
    plugin = user.get("exec")
    if not plugin:
        return
    command = plugin.get("command", "") if isinstance(plugin, dict) else ""
    found = (home / command).exists() if os.sep in command else shutil.which(command)
    if not found:
        hint = plugin.get("installHint") or "install it" if isinstance(plugin, dict) else ""
        raise ClusterError(f'the credential plugin "{command}" that the kubeconfig names is not there', hint)


def _load(paths: str, context: str, configuration: Any, timeout: float) -> None:
    # Not at the top: the client takes a quarter of a second to load, and mistakes above are told without it.
    from netdoc.cluster.login import Login

    Login.from_files(paths, context, timeout).load_and_set(configuration)


def _in_cluster(options: LiveOptions, environ: Mapping[str, str]) -> Access:
    """As the pod that netdoc runs in (a service account's mounted token)."""
    home = Path(options.service_account)
    for name in ("token", "ca.crt"):
        if not (home / name).is_file():
            raise ClusterError(f"no kubeconfig, and no service account: {home / name} is missing", "give --kubeconfig")
    if options.context:
        raise ClusterError(f'no context "{options.context}": there is no kubeconfig', "give --kubeconfig")
    host, port = environ["KUBERNETES_SERVICE_HOST"], environ.get("KUBERNETES_SERVICE_PORT") or "443"
    namespace = home / "namespace"
    own = namespace.read_text().strip() if namespace.is_file() else ""
    return Access(
        context="",
        server=f"https://{f'[{host}]' if ':' in host else host}:{port}",
        namespace=options.namespace or own or "default",
        load=lambda configuration, timeout: _load_in_cluster(home, dict(environ), configuration),
        as_user=options.as_user,
        as_groups=options.as_groups,
    )


def _load_in_cluster(home: Path, environ: dict[str, str], configuration: Any) -> None:
    from kubernetes.config.incluster_config import InClusterConfigLoader

    full = environ | {"KUBERNETES_SERVICE_PORT": environ.get("KUBERNETES_SERVICE_PORT") or "443"}
    InClusterConfigLoader(str(home / "token"), str(home / "ca.crt"), environ=full).load_and_set(configuration)
