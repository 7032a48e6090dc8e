"""What a shell finds in a container: each tool against loopback, and what is read from its words."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

import pytest

from netdoc.model.record import Gap
from netdoc.ports import Measurement
from netdoc.vantage import tools

PLAIN = ("sh", "timeout", "cat", "tr", "cut", "head", "grep")


@pytest.fixture(scope="module")
def server() -> Iterator[tuple[int, int]]:
    """A port where somebody listens and says nothing, and one where nobody does."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    with socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        yield silent.getsockname()[1], nobody


def container(folder: Path, *tools_: str) -> dict[str, str]:
    """A PATH that holds these tools alone."""
    for name in (*PLAIN, *tools_):
        found = shutil.which(name)
        if found is None:
            pytest.skip(f"{name} is not installed here")
        (folder / name).symlink_to(found)
    return {"PATH": str(folder)}


def run(measurement: Measurement, environ: dict[str, str]) -> Any:
    shell = shutil.which("sh") or "/bin/sh"
    done = subprocess.run([shell, "-c", tools.script(measurement)], capture_output=True, text=True, env=environ,
                          timeout=60, check=False)  # fmt: skip
    return tools.read(measurement, done.stdout, "tcp")


def connections(*ports: int, repeat: int = 2) -> Measurement:
    endpoints = [{"address": "127.0.0.1", "port": port} for port in ports]
    return Measurement(kind="tcp", parameters={"endpoints": endpoints, "repeat": repeat, "timeout": 1})


@pytest.mark.parametrize("tool", ["bash", "nc", "curl", "wget"])
def test_each_tool_tells_open_from_refused(tool: str, server: tuple[int, int], tmp_path: Path) -> None:
    result = run(connections(*server), container(tmp_path, tool))
    assert isinstance(result, dict), result
    assert result["tool"] == tool
    assert [(row["attempts"], row["failures"]) for row in result["endpoints"]] == [(2, 0), (2, 2)]
    assert {one["failure"]["kind"] for one in result["endpoints"][1]["tries"]} == {"refused"}


@pytest.mark.parametrize("tool", ["bash", "nc", "curl"])
@pytest.mark.parametrize("address", ["::1", "0:0:0:0:0:0:0:1"])
def test_each_tool_reaches_ipv6_however_it_is_written(tool: str, address: str, tmp_path: Path) -> None:
    with socket.create_server(("::1", 0), family=socket.AF_INET6, backlog=64) as silent:
        place = {"address": address, "port": silent.getsockname()[1]}
        asked = Measurement(kind="tcp", parameters={"endpoints": [place], "repeat": 2, "timeout": 1})
        result = run(asked, container(tmp_path, tool))
    assert isinstance(result, dict), result
    assert [(row["address"], row["attempts"], row["failures"]) for row in result["endpoints"]] == [(address, 2, 0)]


def test_a_container_without_tools_is_said_to_have_none(server: tuple[int, int], tmp_path: Path) -> None:
    result = run(connections(*server), container(tmp_path))
    assert isinstance(result, Gap)
    assert (result.reason, result.blocking) == ("not-installed", False)


def test_a_name_by_getent(tmp_path: Path) -> None:
    result = run(Measurement(kind="getaddrinfo", parameters={"name": "localhost"}), container(tmp_path, "getent"))
    assert isinstance(result, dict)
    assert {"127.0.0.1", "::1"} & set(result["tries"][0]["addresses"])


@pytest.mark.parametrize(
    ("tool", "code", "said", "kind"),
    [
        ("nc", 1, "nc: connect to 10.0.0.1 port 80 (tcp) failed: Connection refused", "refused"),
        ("nc", 1, "nc: connect to 10.0.0.1 port 80 (tcp) timed out: Operation now in progress", "timeout"),
        ("nc", 1, "nc: 10.0.0.1 (10.0.0.1:80): No route to host", "unreachable"),
        ("nc", 1, "nc: timed out", "timeout"),
        ("bash", 124, "", "timeout"),
        ("bash", 143, "", "timeout"),
        ("curl", 28, "curl: (28) Connection timed out after 1000 milliseconds", "timeout"),
        ("wget", 1, "wget: can't connect to remote host (10.0.0.1): Connection refused", "refused"),
        ("wget", 4, "Connecting to 10.0.0.1:80... failed: Connection timed out.", "timeout"),
    ],
)
def test_how_a_tool_says_it(tool: str, code: int, said: str, kind: str) -> None:
    told = tools.read(connections(80, repeat=1), f"try {tool} 127.0.0.1 80 {code} {said}", "tcp")
    assert isinstance(told, dict)
    assert told["endpoints"][0]["tries"][0]["failure"]["kind"] == kind


@pytest.mark.parametrize(
    ("tool", "said"),
    [("curl", "*   Trying 10.0.0.1:80... * Connected to 10.0.0.1 (10.0.0.1) port 80 * Operation timed out"),
     ("wget", "wget: server returned error: HTTP/1.1 404 Not Found"),
     ("wget", "Connecting to 10.0.0.1:80... connected. HTTP request sent, awaiting response... Read error")],
)  # fmt: skip
def test_whoever_answers_anything_was_reached(tool: str, said: str) -> None:
    told = tools.read(connections(80, repeat=1), f"try {tool} 127.0.0.1 80 1 {said}", "tcp")
    assert isinstance(told, dict)
    assert told["endpoints"][0]["failures"] == 0


@pytest.mark.parametrize(
    ("tool", "code", "said"),
    [
        ("nc", 1, "nc: invalid option -- 'z' BusyBox v1.35.0"),
        ("wget", 139, "Segmentation fault"),
        ("wget", 1, "Connecting to 10.0.0.1:80 (10.0.0.1:80) wget: download timed out"),  # busybox: or a silent server
    ],
)
def test_words_that_are_not_known_are_no_failed_connection(tool: str, code: int, said: str) -> None:
    told = tools.read(connections(80, repeat=1), f"try {tool} 127.0.0.1 80 {code} {said}", "tcp")
    assert isinstance(told, Gap)
    assert (told.reason, told.blocking) == ("not-supported", False)
    assert said in told.detail


@pytest.mark.parametrize("shell", ["sh", "busybox"])
def test_busyboxs_nc_connects_with_and_without_its_option_to_scan(
    shell: str, server: tuple[int, int], tmp_path: Path
) -> None:
    busybox = shutil.which("busybox")
    if busybox is None:
        pytest.skip("busybox is not installed here")
    environ = container(tmp_path)
    (tmp_path / "nc").symlink_to(busybox)
    if shell == "busybox":
        (tmp_path / "sh").unlink()
        (tmp_path / "sh").symlink_to(busybox)
    result = run(connections(*server), environ)
    assert isinstance(result, dict), result
    assert (result["tool"], [(row["attempts"], row["failures"]) for row in result["endpoints"]]) == (
        "nc", [(2, 0), (2, 2)])  # fmt: skip
    assert {one["failure"]["kind"] for one in result["endpoints"][1]["tries"]} == {"refused"}


def test_getent_that_finds_nothing_does_not_say_why() -> None:
    asked = Measurement(kind="getaddrinfo", parameters={"name": "web"})
    told = tools.read(asked, "name getent 2\n\nconf\nnameserver 10.43.0.10\nsearch a b\noptions ndots:5\n", "name")
    assert isinstance(told, dict)
    assert told["conf"] == {"nameservers": ["10.43.0.10"], "search": ["a", "b"], "options": ["ndots:5"]}
    assert told["tries"][0]["failure"] == {"kind": "failed", "detail": "getent ended with 2 and says no more"}


def test_a_script_fits_the_url_or_is_none() -> None:
    """Proxies before API servers refuse URLs beyond 8 kB."""
    far = [{"address": f"2001:db8:aaaa:bbbb:cccc:dddd:eeee:{one:04x}", "port": 65535} for one in range(101)]
    asked = Measurement(kind="tcp", parameters={"endpoints": far[:100], "repeat": 1000})
    assert len(quote_plus(tools.script(asked))) < 8000
    with pytest.raises(ValueError, match="at once"):
        tools.script(Measurement(kind="tcp", parameters={"endpoints": far}))


@pytest.mark.parametrize("name", ["a; reboot", "$(id)", "-x", "a b", "`id`", "", "a'b", "a\nb"])
def test_no_name_becomes_a_command(name: str) -> None:
    with pytest.raises(ValueError, match="not a host name"):
        tools.script(Measurement(kind="getaddrinfo", parameters={"name": name}))
    with pytest.raises(ValueError, match="address"):
        tools.script(Measurement(kind="tcp", parameters={"endpoints": [{"address": name, "port": 1}]}))


@pytest.mark.parametrize("zone", ["$(id)", "eth0;id", "a b"])
def test_no_zone_of_an_address_becomes_a_command(zone: str) -> None:
    with pytest.raises(ValueError, match="not an address"):
        tools.script(Measurement(kind="tcp", parameters={"endpoints": [{"address": f"fe80::1%{zone}", "port": 1}]}))
