"""Which vantages there are: by consent; and a container with Python, with a shell alone, with neither."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import dns.flags
import pytest

from netdoc.cluster.streams import Output
from netdoc.model.kube.meta import ObjectRef
from netdoc.model.record import Gap
from netdoc.ports import Consent, Measurement, NoVantages
from netdoc.vantage import Places
from netdoc.vantage.here import surroundings
from netdoc.vantage.inside import Inside
from tests.agent.servers import answering, by_name, records

POD = ObjectRef(api_version="v1", kind="Pod", namespace="shop", name="web-0")
NAME = Measurement(kind="getaddrinfo", parameters={"name": "localhost"})
MISSING = Gap(what="run", reason="not-installed", detail='exec: "python3": executable file not found', blocking=False)


def _run(command: list[str], given: str) -> Output:
    done = subprocess.run(command, input=given, capture_output=True, text=True, timeout=60, check=False)
    return Output(done.stdout, done.stderr, done.returncode)


class Container:
    """Streams into a container that is this machine, with Python or a shell, as far as it has them."""

    def __init__(self, *programs: str) -> None:
        self.programs = programs
        self.commands: list[list[str]] = []

    async def run(
        self, pod: ObjectRef, container: str, command: list[str], seconds: float, given: str = ""
    ) -> Output | Gap:
        self.commands.append(command)
        if command[0] not in self.programs:
            return MISSING
        program = sys.executable if command[0] == "python3" else "/bin/sh"
        return await asyncio.to_thread(_run, [program, *command[1:]], given)

    async def tunnel(self, pod: ObjectRef, port: int) -> Any:
        return MISSING


def inside(container: Container, show: Callable[[str], None] = lambda text: None) -> Inside:
    return Inside(container, POD, "web", show)  # type: ignore[arg-type]


async def test_with_python_the_agents_own_measurements_run_there() -> None:
    shown: list[str] = []
    container = Container("python3", "sh")
    result = await inside(container, shown.append).measure(NAME)
    assert isinstance(result, dict), result
    assert (result["tool"], result["failures"]) == ("python3", 0)
    assert len(container.commands) == len(shown) == 1
    assert "shop/web-0 (web)" in shown[0]
    assert "localhost" in shown[0]


async def test_the_same_connection_by_python_and_by_the_shell() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        place = {"address": "127.0.0.1", "port": server.getsockname()[1]}
        asked = Measurement(kind="tcp", parameters={"endpoints": [place], "repeat": 2, "timeout": 1.0})
        for programs in (("python3", "sh"), ("sh",)):
            result = await inside(Container(*programs)).measure(asked)
            assert isinstance(result, dict), result
            assert [(row["attempts"], row["failures"]) for row in result["endpoints"]] == [(2, 0)]


async def test_what_travels_leaves_the_url_short() -> None:
    """Proxies before API servers refuse URLs beyond 8 kB; the program is the command's input."""
    container = Container("python3")
    asked = Measurement(kind="libc", parameters={"name": "web.shop.example", "nameservers": ["127.0.0.9"]})
    result = await inside(container).measure(asked)
    assert isinstance(result, dict), result
    assert len(quote(" ".join(container.commands[0]))) < 2048


@pytest.mark.parametrize("programs", [("python3", "sh"), ("sh",)])
async def test_a_name_is_looked_up_step_by_step_by_python_and_by_dig(programs: tuple[str, ...]) -> None:
    if shutil.which("dig") is None:
        pytest.skip("dig is not installed here")
    none, web = records(rcode="NXDOMAIN"), "web.shop.svc.cluster.local."
    with answering(by_name({web: records("10.43.7.9", "fd00::9")}, none)) as port:
        conf = {"nameservers": ["127.0.0.1"], "search": ["media.svc.cluster.local", "svc.cluster.local"]}
        asked = {**conf, "options": ["ndots:5"], "name": "web.shop", "port": port, "libc": "glibc"}
        result = await inside(Container(*programs)).measure(Measurement(kind="libc", parameters=asked))
    assert isinstance(result, dict), result
    assert result["tool"] == ("python3" if "python3" in programs else "dig")
    assert [(one["name"], one["rcode"]) for one in result["steps"]] == [
        ("web.shop.media.svc.cluster.local.", "NXDOMAIN"),
        (web, "NOERROR"),
    ]
    assert [(one["type"], one["server"]) for one in result["steps"][1]["tries"]] == [("A", "127.0.0.1"),
                                                                                    ("AAAA", "127.0.0.1")]  # fmt: skip
    told = {key: result[key] for key in ("libc", "conf", "decided", "addresses", "outcome")}
    assert told == {"libc": "glibc", "conf": {**conf, "options": ["ndots:5"]}, "decided": 1,
                    "addresses": ["10.43.7.9", "fd00::9"], "outcome": "resolved"}  # fmt: skip


class Old(Container):
    """Its Python is older than 3.9, and cannot read the program."""

    async def run(
        self, pod: ObjectRef, container: str, command: list[str], seconds: float, given: str = ""
    ) -> Output | Gap:
        if command[0] == "python3":
            self.commands.append(command)
            return Output("ready\n", "SyntaxError: future feature annotations is not defined", 1)
        return await super().run(pod, container, command, seconds, given)


async def test_a_python_that_is_too_old_is_passed_over_once() -> None:
    if shutil.which("dig") is None:
        pytest.skip("dig is not installed here")
    container = Old("sh")
    with answering(records("10.43.7.9")) as port:
        vantage = inside(container)
        asked = {"name": "web.", "server": "127.0.0.1", "port": port}
        results = [await vantage.measure(Measurement(kind="dns", parameters=asked)) for _ in range(2)]
    assert [one["tool"] for one in results if isinstance(one, dict)] == ["dig", "dig"]
    assert [one[0] for one in container.commands] == ["python3", "sh", "sh"]


HOSTS = "# hosts\n127.0.0.1 localhost\n10.0.0.7 pinned.example  Alias # comment\n"


class Scripted(Container):
    """Holds no getent; what its files say is given, and its DNS is this machine's dig."""

    def __init__(self, files: str) -> None:
        super().__init__("sh")
        self._files = files

    async def run(
        self, pod: ObjectRef, container: str, command: list[str], seconds: float, given: str = ""
    ) -> Output | Gap:
        if "getent ahosts" in command[-1]:
            return Output("none\n", "", 0)
        if "/etc/resolv.conf" in command[-1]:
            return Output(self._files, "", 0)
        return await super().run(pod, container, command, seconds, given)


async def named(files: str, name: str, port: int) -> dict[str, Any] | Gap:
    parameters = {"name": name, "port": port, "timeout": 1.0}
    return await inside(Scripted(files)).measure(Measurement(kind="getaddrinfo", parameters=parameters))


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("web.shop", ["10.43.7.9"]),
        ("alias", ["10.0.0.7"]),
        ("nobody", "not-found"),
        ("empty", "no-address"),
        ("broken", "no-answer"),
        ("a..b", "not-found"),
    ],
)
async def test_without_getent_a_name_is_resolved_as_libc_would(name: str, told: Any) -> None:
    """nslookup has rules of its own for search lists, and knows no hosts file."""
    if shutil.which("dig") is None:
        pytest.skip("dig is not installed here")
    held = {
        "web.shop.svc.cluster.local.": records("10.43.7.9"),
        **{f"empty.{one}": records(flags=dns.flags.AA) for one in ("", "svc.cluster.local.")},
        **{f"broken.{one}": records(rcode="SERVFAIL") for one in ("", "svc.cluster.local.")},
    }
    with answering(by_name(held, records(rcode="NXDOMAIN"))) as port:
        conf = "nameserver 127.0.0.1\nsearch svc.cluster.local\noptions ndots:5\n"
        result = await named(conf + HOSTS, name, port)
    assert isinstance(result, dict), result
    one = result["tries"][0]
    assert (one.get("addresses") or one["failure"]["kind"]) == told
    assert (result["attempts"], result["failures"]) == (1, int(isinstance(told, str)))


async def test_a_hosts_file_is_believed_as_far_as_it_holds_addresses() -> None:
    result = await named("# hosts\n$(reboot) web\n", "web", 53)
    assert isinstance(result, Gap)


async def test_questions_that_are_to_leave_together_are_no_tools() -> None:
    """A tool asks one after the other: that nothing got lost then says nothing of pairs."""
    given = {"name": "web", "nameservers": ["127.0.0.1"], "parallel": True}
    result = await inside(Scripted("# hosts\n")).measure(Measurement(kind="libc", parameters=given))
    assert isinstance(result, Gap)
    assert "one after the other" in result.detail


class Lying(Container):
    """Its Python is somebody's own program."""

    async def run(
        self, pod: ObjectRef, container: str, command: list[str], seconds: float, given: str = ""
    ) -> Output | Gap:
        return Output('{"result": 5}\n', "", 0) if command[0] == "python3" else MISSING


async def test_a_python_that_answers_something_else_is_none() -> None:
    result = await inside(Lying()).measure(NAME)
    assert isinstance(result, Gap)
    assert "neither Python nor a shell" in result.detail


async def test_a_container_without_a_resolver_is_a_gap() -> None:
    result = await named("# hosts\n", "web", 53)
    assert isinstance(result, Gap)
    assert "names none" in result.detail


@pytest.mark.parametrize(("files", "libc"), [("# /lib/ld-musl-x86_64.so.1\n", "musl"), ("", "glibc"),
    ("# /lib/ld-musl-x86_64.so.1\n# /lib64/ld-linux-x86-64.so.2\n", "glibc")])  # fmt: skip
async def test_a_containers_libc_is_told_by_its_loader(files: str, libc: str) -> None:
    if shutil.which("dig") is None:
        pytest.skip("dig is not installed here")
    with answering(records("10.43.7.9")) as port:
        asked = Measurement(kind="libc", parameters={"name": "web.", "port": port})
        result = await inside(Scripted(f"{files}nameserver 127.0.0.1\n{HOSTS}")).measure(asked)
    assert isinstance(result, dict), result
    assert (result["libc"], result["addresses"]) == (libc, ["10.43.7.9"])


@pytest.mark.parametrize("programs", [("python3", "sh"), ("sh",)])
@pytest.mark.parametrize("parameters", [{}, {"name": 7}, {"name": "a..b"}, {"name": "a.", "server": "x"}])
@pytest.mark.parametrize("kind", ["dns", "libc"])
async def test_what_is_no_question_is_said(programs: tuple[str, ...], parameters: dict[str, Any], kind: str) -> None:
    """libc itself refuses a name that is none, and asks nobody."""
    here = {"server": "127.0.0.1", "nameservers": ["x"] if "server" in parameters else ["127.0.0.1"], "port": 1}
    result = await inside(Container(*programs)).measure(Measurement(kind=kind, parameters={**here, **parameters}))
    refused = {"dns": Gap}.get(kind, (Gap, dict))
    assert isinstance(result, refused)
    if isinstance(result, dict):
        assert result["outcome"] in ("refused by libc", "no answer")


async def test_each_command_is_shown_before_it_runs() -> None:
    shown: list[str] = []
    container = Container("sh")
    asked = {"name": "web.shop.example.", "server": "127.0.0.1", "port": 1, "timeout": 1.0, "type": "SRV"}
    await inside(container, shown.append).measure(Measurement(kind="dns", parameters=asked))
    assert len(shown) == len(container.commands) == 2
    dig = "dig @127.0.0.1 -p 1 +noall +comments +answer +authority +additional +stats +ignore +time=1 +tries=1 +notcp"
    for command in (f"{dig} +noedns -t SRV -q web.shop.example.", "nslookup -type=SRV -port=1 -timeout=1 -retry=1"):
        assert command in shown[1]
        assert command in container.commands[1][2]


async def test_without_python_and_shell_that_is_said() -> None:
    result = await inside(Container()).measure(NAME)
    assert isinstance(result, Gap)
    assert (result.reason, result.blocking) == ("not-installed", False)
    assert "--probe" in result.detail


async def test_what_a_container_cannot_measure_is_said_and_not_tried() -> None:
    container = Container("python3")
    result = await inside(container).measure(Measurement(kind="icmp", parameters={}))
    assert isinstance(result, Gap)
    assert container.commands == []


@pytest.mark.parametrize("consent", ["exec", "port-forward"])
async def test_nothing_is_opened_without_its_own_consent(consent: Consent) -> None:
    container = Container("python3")
    both: tuple[Consent, ...] = ("exec", "port-forward")
    others = frozenset(one for one in both if one != consent)
    places = Places(container, others)  # type: ignore[arg-type]
    vantage = places.inside(POD, "web") if consent == "exec" else places.through(POD, 53)
    result = await vantage.measure(NAME)
    assert isinstance(result, Gap)
    assert (result.reason, result.blocking, container.commands) == ("needs-consent", False, [])
    assert f"--{consent}" in result.detail
    await places.close()


async def test_with_consent_and_without_a_cluster_that_is_not_supported() -> None:
    places = Places(None, frozenset({"exec"}))
    result = await places.inside(POD, "web").measure(NAME)
    assert isinstance(result, Gap)
    assert result.reason == "not-supported"


async def test_a_run_without_vantages_measures_nothing() -> None:
    none = NoVantages()
    for vantage in (none.here(), none.inside(POD, "web"), none.through(POD, 53)):
        assert isinstance(await vantage.measure(NAME), Gap)
    assert not none.allowed("exec")


async def test_here_measures_by_the_agent() -> None:
    places = Places(None, frozenset())
    result = await places.here().measure(NAME)
    await places.close()
    assert isinstance(result, dict)
    assert result["failures"] == 0


def test_what_bends_this_machines_packets_is_named_without_secrets(tmp_path: Path) -> None:
    for name in ("lo", "eth0", "wg0"):
        (tmp_path / name).mkdir()
    told = surroundings({"HTTPS_PROXY": "http://user:secret@192.0.2.1:3128"}, tmp_path)
    assert told == ("https_proxy is set", "interface wg0 looks like a VPN")
    assert surroundings({}, tmp_path / "none") == ()
