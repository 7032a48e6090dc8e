"""Which cluster and as whom: files, contexts, credentials, and mistakes in them, over real TLS on loopback."""

from __future__ import annotations

import base64
import contextlib
import http.server
import json
import os
import socket
import socketserver
import ssl
import stat
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, ClassVar
from urllib.parse import parse_qs

import pytest
import yaml

from netdoc.cluster import ClusterError, LiveCluster, LiveOptions, Unreachable, open_live
from netdoc.cluster.kubeconfig import find_access
from netdoc.model.kube import Pod
from tests.cluster.objects import shop
from tests.fakes.apiserver import TLS, ApiServer

CA = TLS / "ca.pem"


def config(
    path: Path, server: str, *, context: str = "test", cluster: Any = None, user: Any = None, **more: Any
) -> Path:
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": context,
        "contexts": [{"name": context, "context": {"cluster": f"{context}-c", "user": f"{context}-u"}}],
        "clusters": [{"name": f"{context}-c", "cluster": {"server": server, **(cluster or {})}}],
        "users": [{"name": f"{context}-u", "user": user or {}}],
        **more,
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(content))
    return path


def script(path: Path, body: str) -> Path:
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


def plugin(command: Path, **more: Any) -> dict[str, Any]:
    return {"exec": {"apiVersion": "client.authentication.k8s.io/v1", "command": str(command), **more}}


def credential(**status: str) -> str:
    answer = {"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": status}
    return f"cat <<'END'\n{json.dumps(answer)}\nEND"


@pytest.fixture
def secure() -> Iterator[ApiServer]:
    with ApiServer(shop(), tls=True, tokens=["sesame"]) as server:
        yield server


@pytest.fixture
def mutual() -> Iterator[ApiServer]:
    with ApiServer(shop(), tls=True, client_ca=True) as server:
        yield server


async def pods(path: Path, **options: Any) -> int:
    cluster = open_live(LiveOptions(kubeconfig=str(path), **options))
    listing = await cluster.list(Pod)
    await cluster.close()
    assert listing.complete, listing.gap
    return len(listing.items)


# Credentials


async def test_a_token_over_tls(secure: ApiServer, tmp_path: Path) -> None:
    path = config(tmp_path / "c", secure.url, cluster={"certificate-authority": str(CA)}, user={"token": "sesame"})
    assert await pods(path) == 3


async def test_a_token_file_and_a_trust_beside_the_kubeconfig(secure: ApiServer, tmp_path: Path) -> None:
    (tmp_path / "k").mkdir()
    (tmp_path / "k" / "ca.pem").write_bytes(CA.read_bytes())
    (tmp_path / "k" / "token").write_text("sesame")
    path = config(
        tmp_path / "k" / "c", secure.url, cluster={"certificate-authority": "ca.pem"}, user={"tokenFile": "token"}
    )
    assert await pods(path) == 3


async def test_a_client_certificate_inline(mutual: ApiServer, tmp_path: Path) -> None:
    def inline(name: str) -> str:
        return base64.b64encode((TLS / name).read_bytes()).decode()

    path = config(
        tmp_path / "c",
        mutual.url,
        cluster={"certificate-authority-data": inline("ca.pem")},
        user={"client-certificate-data": inline("client.pem"), "client-key-data": inline("client.key")},
    )
    assert await pods(path) == 3


async def test_a_server_name_for_tls(secure: ApiServer, tmp_path: Path) -> None:
    trust = {"certificate-authority": str(CA), "tls-server-name": "localhost"}
    assert await pods(config(tmp_path / "c", secure.url, cluster=trust, user={"token": "sesame"})) == 3


async def test_a_server_that_nobody_vouches_for_is_unreachable(secure: ApiServer, tmp_path: Path) -> None:
    cluster = open_live(LiveOptions(kubeconfig=str(config(tmp_path / "c", secure.url, user={"token": "sesame"}))))
    listing = await cluster.list(Pod)
    assert not listing.complete
    assert listing.gap is not None
    assert listing.gap.reason == "unreachable"
    assert "certificate" in listing.gap.detail
    with pytest.raises(Unreachable, match="TLS"):
        await cluster.connect()


async def test_verification_switched_off_is_said_aloud(secure: ApiServer, tmp_path: Path) -> None:
    path = config(tmp_path / "c", secure.url, cluster={"insecure-skip-tls-verify": True}, user={"token": "sesame"})
    cluster = open_live(LiveOptions(kubeconfig=str(path)))
    assert (await cluster.list(Pod)).complete
    assert any("insecure-skip-tls-verify" in note for note in cluster.notes)


async def test_the_user_in_the_kubeconfig_may_impersonate(secure: ApiServer, tmp_path: Path) -> None:
    user = {"token": "sesame", "as": "jane", "as-groups": ["dev", "ops"]}
    await pods(config(tmp_path / "c", secure.url, cluster={"certificate-authority": str(CA)}, user=user))
    assert secure.requests[0].header("Impersonate-Group") == ["dev", "ops"]
    assert secure.requests[0].header("Impersonate-User") == ["jane"]


# Plugins


def plugged(path: Path, server: ApiServer, command: Path, **more: Any) -> Path:
    return config(path, server.url, cluster={"certificate-authority": str(CA)}, user=plugin(command, **more))


async def test_a_plugin_gives_a_token_and_is_run_once(secure: ApiServer, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    command = script(tmp_path / "login", f"echo run >> {runs}\n{credential(token='sesame')}")
    cluster = open_live(LiveOptions(kubeconfig=str(plugged(tmp_path / "c", secure, command))))
    assert (await cluster.list(Pod)).complete
    assert (await cluster.list(Pod)).complete
    assert runs.read_text() == "run\n"


async def test_a_plugin_gets_its_arguments_environment_and_cluster(secure: ApiServer, tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    command = script(
        tmp_path / "login", f'echo "$1 $MODE $KUBERNETES_EXEC_INFO" > {seen}\n{credential(token="sesame")}'
    )
    more = {"args": ["eks"], "env": [{"name": "MODE", "value": "quiet"}], "provideClusterInfo": True}
    await pods(plugged(tmp_path / "c", secure, command, **more))
    said = seen.read_text()
    assert said.startswith("eks quiet ")
    assert json.loads(said.removeprefix("eks quiet "))["spec"]["cluster"]["server"] == secure.url


async def test_a_plugin_gives_a_certificate(mutual: ApiServer, tmp_path: Path) -> None:
    answer = credential(
        clientCertificateData=(TLS / "client.pem").read_text(), clientKeyData=(TLS / "client.key").read_text()
    )
    assert await pods(plugged(tmp_path / "c", mutual, script(tmp_path / "login", answer))) == 3


@pytest.mark.parametrize(("lives", "runs"), [(60, 1), (-60, 2)])
async def test_a_credential_is_fetched_anew_when_it_has_expired(
    secure: ApiServer, tmp_path: Path, lives: int, runs: int
) -> None:
    counted = tmp_path / "runs"
    until = (datetime.now(UTC) + timedelta(seconds=lives)).strftime("%Y-%m-%dT%H:%M:%SZ")
    answer = credential(token="sesame", expirationTimestamp=until)
    command = script(tmp_path / "login", f"echo run >> {counted}\n{answer}")
    cluster = open_live(LiveOptions(kubeconfig=str(plugged(tmp_path / "c", secure, command))))
    assert (await cluster.list(Pod)).complete
    first = counted.read_text().count("run")
    assert (await cluster.list(Pod)).complete
    assert counted.read_text().count("run") - first == runs - 1


async def test_a_refused_credential_is_fetched_anew_once(secure: ApiServer, tmp_path: Path) -> None:
    used = tmp_path / "used"
    command = script(
        tmp_path / "login",
        f"if [ -e {used} ]; then {credential(token='sesame')}\nelse touch {used}; {credential(token='stale')}\nfi",
    )
    assert await pods(plugged(tmp_path / "c", secure, command)) == 3


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("echo 'please log in' >&2; exit 1", "please log in"),
        ("echo nonsense", "no ExecCredential"),
        ("echo '{}'", "no ExecCredential"),
        (credential(), "neither a token"),
        (credential(clientCertificateData="x"), "neither a token"),
        ("""echo '{"apiVersion": "client.authentication.k8s.io/v9", "status": {"token": "x"}}'""", "v9"),
    ],
)
async def test_a_plugin_that_fails_says_why(secure: ApiServer, tmp_path: Path, body: str, said: str) -> None:
    cluster = open_live(LiveOptions(kubeconfig=str(plugged(tmp_path / "c", secure, script(tmp_path / "login", body)))))
    listing = await cluster.list(Pod)
    assert listing.gap is not None
    assert said in listing.gap.detail
    assert not listing.complete
    assert secure.requests == []


async def test_a_plugin_that_cannot_be_run_says_so(secure: ApiServer, tmp_path: Path) -> None:
    command = tmp_path / "login"
    command.write_text("no program at all")
    cluster = open_live(LiveOptions(kubeconfig=str(plugged(tmp_path / "c", secure, command))))
    listing = await cluster.list(Pod)
    assert listing.gap is not None
    assert "cannot be run" in listing.gap.detail


async def test_a_plugin_that_never_returns_ends_at_the_deadline(secure: ApiServer, tmp_path: Path) -> None:
    child = tmp_path / "child"
    # The grandchild holds the pipe open, as a browser that a login opens does.
    command = script(tmp_path / "login", f"tail -f /dev/null &\necho $! > {child}\nwait")
    cluster = open_live(LiveOptions(kubeconfig=str(plugged(tmp_path / "c", secure, command)), request_timeout=0.5))
    listing = await cluster.list(Pod)
    assert listing.gap is not None
    assert listing.gap.reason == "timeout"
    assert gone(int(child.read_text()))


def gone(pid: int) -> bool:
    """Whether a process has ended; polled, since the kernel takes its moment."""
    deadline = time.monotonic() + 10
    waiting = threading.Event()
    while time.monotonic() < deadline:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return True
        if state == "Z":
            return True
        waiting.wait(0.01)
    return False


# Which file, which context


def test_several_files_the_first_to_say_something_wins(tmp_path: Path) -> None:
    first = config(tmp_path / "a" / "c", "https://a:6443", context="one")
    second = config(tmp_path / "b" / "c", "https://b:6443", context="two")
    environ = {"KUBECONFIG": os.pathsep.join([str(tmp_path / "absent"), str(first), str(second)])}
    assert find_access(LiveOptions(), environ).server == "https://a:6443"
    assert find_access(LiveOptions(context="two"), environ).server == "https://b:6443"
    assert find_access(LiveOptions(kubeconfig=str(second)), environ).context == "two"


async def test_files_are_looked_for_beside_the_kubeconfig_that_names_them(mutual: ApiServer, tmp_path: Path) -> None:
    (tmp_path / "users").mkdir()
    for name in ("client.pem", "client.key"):
        (tmp_path / "users" / name).write_bytes((TLS / name).read_bytes())
    user = {"client-certificate": "client.pem", "client-key": "client.key"}
    users = tmp_path / "users" / "config"
    users.write_text(yaml.safe_dump({"users": [{"name": "test-u", "user": user}]}))
    main = config(tmp_path / "main", mutual.url, cluster={"certificate-authority": str(CA)})
    content = yaml.safe_load(main.read_text())
    del content["users"]
    main.write_text(yaml.safe_dump(content))
    access = find_access(LiveOptions(), {"KUBECONFIG": f"{main}{os.pathsep}{users}"})
    from netdoc.cluster.transport import Transport
    from netdoc.ports.cluster import Where

    cluster = LiveCluster(Transport(access, LiveOptions()), Where(type="live"))
    assert (await cluster.list(Pod)).complete


def fails(path: Path, match: str, **options: Any) -> ClusterError:
    with pytest.raises(ClusterError, match=match) as caught:
        open_live(LiveOptions(kubeconfig=str(path), **options))
    assert not isinstance(caught.value, Unreachable)
    return caught.value


def test_an_unknown_context_is_told_with_the_near_miss(tmp_path: Path) -> None:
    path = config(tmp_path / "c", "https://a:6443", context="production")
    assert 'there is "production"' in fails(path, 'no context "prodution"', context="prodution").hint


def test_mistakes_in_a_kubeconfig_are_told_with_their_place(tmp_path: Path) -> None:
    fails(tmp_path / "absent", "no kubeconfig at .*absent")
    broken = tmp_path / "broken"
    broken.write_text("contexts:\n- name: [\n")
    fails(broken, r"broken:\d+ is not YAML")
    broken.write_text("- a\n- b\n")
    fails(broken, "is not a kubeconfig")
    broken.write_text("contexts: 7\ncurrent-context: x\n")
    fails(broken, "contexts is not a list")
    broken.write_text("")
    fails(broken, "missing or empty")
    fails(config(tmp_path / "c", "https://a", **{"current-context": ""}), "no current context")
    fails(config(tmp_path / "c", "https://a", clusters=[]), 'no cluster "test-c"')
    fails(config(tmp_path / "c", "https://a", users=[]), 'no user "test-u"')
    fails(config(tmp_path / "c", ""), "names no server")
    fails(config(tmp_path / "c", "https://a", cluster={"certificate-authority": "no.pem"}), "cannot read .*no.pem")
    fails(config(tmp_path / "c", "https://a", user={"client-certificate": "/no.pem"}), "cannot read /no.pem")
    gone_plugin = {"exec": {"command": "no-such-plugin-here", "apiVersion": "x", "installHint": "brew install it"}}
    error = fails(config(tmp_path / "c", "https://a", user=gone_plugin), "no-such-plugin-here")
    assert error.hint == "brew install it"


def test_a_group_is_not_impersonated_without_a_user(tmp_path: Path) -> None:
    fails(config(tmp_path / "c", "https://a"), "--as-group without --as", as_groups=("dev",))


def test_a_kubeconfig_that_is_a_folder_is_named(tmp_path: Path) -> None:
    fails(tmp_path, "cannot read the kubeconfig")


def test_no_kubeconfig_at_all(tmp_path: Path) -> None:
    with pytest.raises(ClusterError, match="no kubeconfig") as caught:
        find_access(LiveOptions(), {})
    assert "--snapshot" in caught.value.hint


# In a cluster


async def test_in_a_cluster_the_service_account_is_the_last_resort(
    secure: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "serviceaccount"
    home.mkdir()
    (home / "token").write_text("sesame")
    (home / "ca.crt").write_bytes(CA.read_bytes())
    (home / "namespace").write_text("media\n")
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "127.0.0.1")
    monkeypatch.setenv("KUBERNETES_SERVICE_PORT", secure.url.rpartition(":")[2])
    cluster = open_live(LiveOptions(service_account=str(home)))
    assert (await cluster.list(Pod)).complete
    assert cluster.where.namespace == "media"
    (home / "token").unlink()
    with pytest.raises(ClusterError, match="token is missing"):
        open_live(LiveOptions(service_account=str(home)))


# Proxies


class Tunnel(socketserver.StreamRequestHandler):
    """An HTTP proxy: CONNECT to loopback."""

    def handle(self) -> None:
        target = self.rfile.readline().split()[1].decode()
        while self.rfile.readline().strip():
            pass
        self.server.seen.append(target)  # type: ignore[attr-defined]
        host, _, port = target.rpartition(":")
        with socket.create_connection((host, int(port))) as far, contextlib.suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            pump = threading.Thread(target=_pump, args=(far, self.connection), daemon=True)
            pump.start()
            _pump(self.connection, far)


def _pump(source: Any, sink: Any) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass


@contextlib.contextmanager
def proxy_server() -> Iterator[Any]:
    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False
        seen: ClassVar[list[str]] = []

    with Server(("127.0.0.1", 0), Tunnel) as proxy:
        threading.Thread(target=proxy.serve_forever, args=(0.02,), daemon=True).start()
        yield proxy
        proxy.shutdown()


async def test_a_proxy_of_the_kubeconfig_is_used(secure: ApiServer, tmp_path: Path) -> None:
    with proxy_server() as proxy:
        trust = {"certificate-authority": str(CA), "proxy-url": f"http://127.0.0.1:{proxy.server_address[1]}"}
        assert await pods(config(tmp_path / "c", secure.url, cluster=trust, user={"token": "sesame"})) == 3
        assert proxy.seen == [secure.url.removeprefix("https://")]


async def test_a_proxy_of_the_environment_is_used_but_where_it_is_excepted(
    secure: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = config(tmp_path / "c", secure.url, cluster={"certificate-authority": str(CA)}, user={"token": "sesame"})
    with proxy_server() as proxy:
        monkeypatch.setenv("HTTPS_PROXY", f"http://127.0.0.1:{proxy.server_address[1]}")
        assert await pods(path) == 3
        assert len(proxy.seen) == 1
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        assert await pods(path) == 3
        assert len(proxy.seen) == 1


# OIDC


def jwt(expires: float) -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    # The package decodes a token only where its padding comes out right.
    for pad in range(4):
        token = f"{part({'alg': 'none'})}.{part({'exp': int(expires), 'p': 'x' * pad})}.sig"
        if len(token.split(".")[1]) % 4 != 1:
            return token
    raise AssertionError


class Issuer(http.server.BaseHTTPRequestHandler):
    """An OpenID provider that refreshes one token."""

    def do_GET(self) -> None:
        self._send({"token_endpoint": f"{self.server.url}/token"})  # type: ignore[attr-defined]

    def do_POST(self) -> None:
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        self.server.refreshed.append(form["refresh_token"][0])  # type: ignore[attr-defined]
        token = self.server.fresh  # type: ignore[attr-defined]
        self._send({"id_token": token, "refresh_token": "second", "access_token": "a", "token_type": "Bearer"})

    def _send(self, value: dict[str, Any]) -> None:
        body = json.dumps(value).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silence."""


@pytest.fixture
def issuer() -> Iterator[Any]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Issuer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "server.pem", TLS / "server.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    server.url = f"https://127.0.0.1:{server.server_address[1]}"  # type: ignore[attr-defined]
    server.fresh = jwt(time.time() + 3600)  # type: ignore[attr-defined]
    server.refreshed = []  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def oidc(issuer: Any, token: str) -> dict[str, Any]:
    settings = {
        "client-id": "netdoc",
        "client-secret": "s",
        "id-token": token,
        "refresh-token": "first",
        "idp-issuer-url": issuer.url,
        "idp-certificate-authority": str(CA),
    }
    return {"auth-provider": {"name": "oidc", "config": settings}}


async def test_an_oidc_token_is_used_while_it_lives(issuer: Any, tmp_path: Path) -> None:
    token = jwt(time.time() + 7200)
    with ApiServer(shop(), tls=True, tokens=[token]) as server:
        trust = {"certificate-authority": str(CA)}
        assert await pods(config(tmp_path / "c", server.url, cluster=trust, user=oidc(issuer, token))) == 3
    assert issuer.refreshed == []


async def test_an_oidc_token_that_has_expired_is_refreshed_and_written_back(issuer: Any, tmp_path: Path) -> None:
    with ApiServer(shop(), tls=True, tokens=[issuer.fresh]) as server:
        user = oidc(issuer, jwt(time.time() - 60))
        path = config(tmp_path / "c", server.url, cluster={"certificate-authority": str(CA)}, user=user)
        assert await pods(path) == 3
    assert issuer.refreshed == ["first"]
    kept = yaml.safe_load(path.read_text())["users"][0]["user"]["auth-provider"]["config"]
    assert (kept["id-token"], kept["refresh-token"]) == (issuer.fresh, "second")


async def test_no_server_at_the_address_is_unreachable(tmp_path: Path) -> None:
    with socketserver.TCPServer(("127.0.0.1", 0), Tunnel) as free:
        port = free.server_address[1]
    cluster = open_live(LiveOptions(kubeconfig=str(config(tmp_path / "c", f"http://127.0.0.1:{port}"))))
    with pytest.raises(Unreachable, match="refused"):
        await cluster.connect()
