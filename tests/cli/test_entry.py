"""Every way out of netdoc: the exit code of the contract, and one line that says what, where and the mend."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from netdoc.cli.exits import Exit, exit_code
from netdoc.demo import assemble
from netdoc.model.report import FindingCounts, Report
from tests.calling import Answer, netdoc
from tests.fakes import apiserver
from tests.fakes.apiserver import ApiServer
from tests.report import reports

DEMO = ("diagnose", "svc/web.shop:80", "--from", "deploy/client.shop", "--demo")
PATIENT = ("--timeout", "5m", "--request-timeout", "1m")  # a busy machine must not decide what a test says
LIMIT = 60  # seconds until a test gives up waiting; nothing takes that long


@pytest.fixture(autouse=True)
def no_kubeconfig(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("KUBERNETES_SERVICE_HOST", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
        monkeypatch.delenv(name, raising=False)


def kubeconfig(folder: Path, server: str, **user: object) -> str:
    content = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": "test",
        "contexts": [{"name": "test", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
        "clusters": [{"name": "c", "cluster": {"server": server}}],
        "users": [{"name": "u", "user": user}],
    }
    path = folder / "kubeconfig"
    path.write_text(json.dumps(content))
    return str(path)


@pytest.fixture
def api() -> Iterator[ApiServer]:
    with ApiServer(list(assemble.network())) as server:
        yield server


# 2: nothing was checked

WRONG: list[tuple[tuple[str, ...], tuple[str, ...]]] = [
    (("frob",), ("frob", "did you mean")),
    (("diagnose", "--nope", "svc/web"), ("--nope", "--help")),
    (("diagnose",), ("TARGET is missing", "svc/web.shop:80")),
    (("diagnose", "x/y", "--demo"), ('no kind "x"',)),
    (("diagnose", "svcs/y", "--demo"), ('no kind "svcs"', "svc")),
    (("diagnose", "svc/web:99999", "--demo"), ("99999 is not a port", "65535")),
    (("diagnose", "svc/web:80/icmp", "--demo"), ("icmp", "/udp")),
    (("diagnose", "svc/web", "--from", "svc/web", "--demo"), ("--from svc/web", "sends no packets")),
    (("diagnose", "svc/web", "--from", "pod/a:80", "--demo"), ("no port", "leave out :80")),
    (("diagnose", "svc/web"), ("no kubeconfig", "--kubeconfig", "--snapshot", "--demo")),
    (("diagnose", "svc/web", "--kubeconfig", "/nowhere"), ("/nowhere", "--kubeconfig")),
    (("diagnose", "svc/web", "--snapshot", "/nowhere"), ("/nowhere", "--snapshot")),
    (("snapshot", "show", "/nowhere"), ("/nowhere",)),
    (("diagnose", "--demo=nope"), ('no scenario "nope"', "netdoc demo --list")),
    (("diagnose", "--demo=crash-lop"), ('"crash-loop"',)),
    (("demo", "nope"), ('no scenario "nope"',)),
    (("diagnose", "--demo", "crash-loop"), ("crash-loop is a scenario", "--demo=crash-loop")),
    (("diagnose", "svc/web.shop", "--demo", "crash-loop"), ("--demo=crash-loop",)),
    (("diagnose", "--port-forwar"), ("Did you mean '--port-forward'? See netdoc diagnose --help",)),
    (("dns", "lookup", "web.shop", "--demo"), ("--from deploy/client.shop", "netdoc dns predict")),
    (("completion", "tcsh"), ("'SHELL'", "fish")),
    ((*DEMO, "--context", "x"), ("--demo", "--context")),
    ((*DEMO, "-o", "nope"), ('no format "nope"', "json")),
    ((*DEMO, "-o", "json="), ("no file",)),
    ((*DEMO, "-o", "json=/nowhere/report"), ("/nowhere/report",)),
    ((*DEMO, "-o", "json", "-o", "yaml"), ("two formats cannot share stdout", "-o json=")),
    ((*DEMO, "-o", "json", "-o", "json"), ("two formats cannot share stdout",)),
    ((*DEMO, "--timeout", "soon"), ('"soon" is not a duration', "30s")),
    ((*DEMO, "--since", "-1h"), ("--since",)),
    ((*DEMO, "--repeat", "0"), ("--repeat",)),
    ((*DEMO, "--fail-on", "info"), ("--fail-on", "error", "warning", "never")),
    ((*DEMO, "--color", "maybe"), ("--color",)),
    (("check", "nope", "svc/web", "--demo"), ('no check "nope"', "netdoc checks")),
    (("check", "endpoint", "svc/web", "--demo"), ('"endpoints"',)),
    (("explain", "pod.crash-loping"), ('"pod.crash-looping"',)),
    (("codes", "pods"), ('"pod"',)),
    (("schema", "nope"), ("report",)),
]


@pytest.mark.parametrize(("arguments", "words"), WRONG, ids=lambda given: " ".join(given)[:50])
def test_bad_input_is_one_line_with_the_mend(arguments: tuple[str, ...], words: tuple[str, ...]) -> None:
    answer = netdoc(*arguments)
    assert answer.code == 2
    assert not answer.out
    _one_line(answer)
    assert all(word in answer.err for word in words), answer.err


def _one_line(answer: Answer) -> None:
    lines = answer.err.splitlines()
    assert len(lines) == 1, answer.err
    assert lines[0].startswith("netdoc: ")
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("arguments", [("check",), ("snapshot",)])
def test_a_group_alone_says_what_there_is(arguments: tuple[str, ...]) -> None:
    answer = netdoc(*arguments)
    assert answer.code == 2
    assert not answer.out
    assert "\nCommands:" in answer.err or "\nChecks:" in answer.err


@pytest.mark.parametrize("content", [b"", b"\x00\x01\x02", b"kind: [", b"{", b"just words\n", b"a: 1\n"], ids=repr)
def test_a_snapshot_that_holds_nothing(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bad.yaml"
    path.write_bytes(content)
    answer = netdoc("diagnose", "svc/web", "--snapshot", str(path))
    assert answer.code == 2
    assert not answer.out
    assert all(one.startswith("netdoc: ") for one in answer.err.splitlines())
    assert "bad.yaml" in answer.err


def test_an_unknown_context_names_the_known_ones(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, "http://127.0.0.1:1")
    answer = netdoc("diagnose", "svc/web", "--kubeconfig", path, "--context", "tset")
    assert answer.code == 2
    _one_line(answer)
    assert '"tset"' in answer.err
    assert "test" in answer.err.replace("tset", "")


def test_as_kubectls_plugin_it_calls_itself_so() -> None:
    program = "import sys; from netdoc.cli.entry import run; sys.exit(run(['/x/kubectl-netdoc', 'frob']))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=LIMIT, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("kubectl netdoc: ")


# 0 and 1


def test_healthy_is_zero() -> None:
    assert netdoc(*DEMO).code == 0


@pytest.mark.parametrize(
    ("scenario", "fail_on", "code"),
    [
        ("crash-loop", "error", 1),
        ("crash-loop", "warning", 1),
        ("crash-loop", "never", 0),
        ("healthy", "warning", 0),
    ],
)
def test_fail_on(scenario: str, fail_on: str, code: int) -> None:
    asked = DEMO[:-1] if scenario == "healthy" else ("diagnose",)
    assert netdoc(*asked, f"--demo={scenario}", "--fail-on", fail_on).code == code


@pytest.mark.parametrize(
    "target", ["svc/wbe.shop", "shop/service/wbe", "pod/nope.shop", "svc/web.shpo", "deploy/wbe.shop"]
)
def test_an_absent_target_is_a_finding_with_the_near_miss(target: str) -> None:
    answer = netdoc("diagnose", target, "--demo", "-o", "json")
    assert answer.code == 1
    (finding,) = answer.json["findings"]
    assert finding["code"] in ("target.not-found", "target.namespace-not-found")
    assert answer.json["rootCauses"] == [finding["id"]]
    assert target.startswith("pod/") or '"web"' in finding["title"] or '"shop"' in finding["title"]


def test_an_absent_source_is_one_too() -> None:
    answer = netdoc("diagnose", "svc/web.shop", "--from", "deploy/clint.shop", "--demo", "-o", "json")
    assert answer.code == 1
    assert "target.not-found" in {one["code"] for one in answer.json["findings"]}


# 3: it could not be established


def test_a_code_that_only_require_measured_makes_is_explained() -> None:
    answer = netdoc(*DEMO, "--require-measured")
    assert answer.code == 3
    assert "--require-measured" in answer.err
    assert "--exec" in answer.err
    assert netdoc(*DEMO, "--require-measured", "-q").err == ""


def test_no_packet_was_sent() -> None:
    assert netdoc(*DEMO, "--require-measured").code == 3


def test_nobody_answers(tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, "http://127.0.0.1:1")  # tcpmux: nothing listens there
    answer = netdoc("diagnose", "svc/web.shop", "--kubeconfig", path, "-o", "json")
    assert answer.code == 3
    assert answer.json["status"] == "unknown"
    assert {one["reason"] for one in answer.json["notChecked"]} & {"unreachable", "timeout"}


@pytest.mark.parametrize(("status", "reason"), [(401, "Unauthorized"), (403, "Forbidden")])
def test_refused(api: ApiServer, tmp_path: Path, status: int, reason: str) -> None:
    api.fail(apiserver.answers(status, reason))
    answer = netdoc("diagnose", "svc/web.shop", "--kubeconfig", kubeconfig(tmp_path, api.url), "-o", "json")
    assert answer.code == 3
    assert answer.json["status"] == "unknown"
    assert not answer.json["findings"], "a refusal was taken for an absence"
    assert "Traceback" not in answer.err


def test_a_kind_that_may_not_be_read(api: ApiServer, tmp_path: Path) -> None:
    api.fail(apiserver.answers(403, "Forbidden"), resource="endpointslices")
    path = kubeconfig(tmp_path, api.url)
    answer = netdoc("diagnose", "svc/web.shop", "--from", "deploy/client.shop", "--kubeconfig", path, "-o", "json")
    assert answer.code == 3
    assert any("endpointslices" in one["what"] for one in answer.json["notChecked"])


def test_live_and_demo_say_the_same(api: ApiServer, tmp_path: Path) -> None:
    path = kubeconfig(tmp_path, api.url)
    live = netdoc(*DEMO[:-1], "--kubeconfig", path, *PATIENT, "-o", "json").json
    demo = netdoc(*DEMO, "-o", "json").json
    assert live["status"] == demo["status"] == "pass", live["notChecked"]
    assert [one["id"] for one in live["path"]] == [one["id"] for one in demo["path"]]


# 4 and 130: cut short, and what was found is reported


def test_the_time_limit(api: ApiServer, tmp_path: Path) -> None:
    api.fail(apiserver.silent)
    path = kubeconfig(tmp_path, api.url)
    answer = netdoc("diagnose", "svc/web.shop", "--kubeconfig", path, "--timeout", "300ms", "-o", "json")
    assert answer.code == 4
    assert answer.json["status"] == "unknown"
    assert "time limit" in answer.json["headline"]


def test_what_was_found_before_the_time_limit_is_reported(api: ApiServer, tmp_path: Path) -> None:
    """The Service is found, its slices never come."""
    api.fail(apiserver.silent, resource="endpointslices")
    path = kubeconfig(tmp_path, api.url)
    answer = netdoc("diagnose", "svc/web.shop", "--kubeconfig", path, "--timeout", "1s", "-o", "json")
    assert answer.code == 4
    assert answer.json["summary"]["apiRequests"] >= 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_reports_and_ends_at_once(api: ApiServer, tmp_path: Path, number: signal.Signals) -> None:
    asked = threading.Event()

    def hang(handler: apiserver.Handler) -> None:
        asked.set()
        apiserver.silent(handler)

    api.fail(hang)
    path = kubeconfig(tmp_path, api.url)
    command = [sys.executable, "-m", "netdoc", "diagnose", "svc/web.shop", "--kubeconfig", path, "-o", "json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert asked.wait(LIMIT)
            process.send_signal(number)
            out, err = process.communicate(timeout=LIMIT)
        finally:
            process.kill()
    assert process.returncode == 130, err
    assert json.loads(out)["status"] == "unknown"
    assert "interrupted" in json.loads(out)["headline"]
    assert "Traceback" not in err


@pytest.mark.parametrize("arguments", [("codes",), ("diagnose", "--demo=crash-loop")])
def test_a_reader_that_goes_away_is_told_nothing_and_never_told_zero(arguments: tuple[str, ...]) -> None:
    """`netdoc .. | head -1`: the pipe breaks while there is more to say. kubectl ends by SIGPIPE: 141."""
    with subprocess.Popen(
        [sys.executable, "-m", "netdoc", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.stderr is not None
        err = process.stderr.read()
        assert process.wait(LIMIT) == 141
    assert not err


# The order: 130, 4, 1, 3, 0

FAULTY, UNKNOWN, FINE = reports.selector_typo(), reports.refused(), reports.healthy()


def counted(report: Report, error: int, warning: int) -> Report:
    counts = FindingCounts(error=error, warning=warning, info=3)
    return msgspec.structs.replace(report, summary=msgspec.structs.replace(report.summary, findings=counts))


@pytest.mark.parametrize(
    ("report", "ending", "fail_on", "measured", "code"),
    [
        (FAULTY, "interrupted", "error", False, Exit.INTERRUPTED),
        (FAULTY, "timeout", "error", False, Exit.TIMEOUT),
        (FAULTY, "finished", "error", True, Exit.FOUND),
        (counted(UNKNOWN, 1, 0), "finished", "error", False, Exit.FOUND),
        (counted(UNKNOWN, 0, 1), "finished", "error", False, Exit.UNKNOWN),
        (counted(UNKNOWN, 0, 1), "finished", "warning", False, Exit.FOUND),
        (counted(UNKNOWN, 1, 1), "finished", "never", False, Exit.UNKNOWN),
        (counted(FINE, 0, 1), "finished", "error", False, Exit.OK),
        (counted(FINE, 0, 1), "finished", "warning", False, Exit.FOUND),
        (counted(FINE, 0, 0), "finished", "warning", False, Exit.OK),
        (counted(FINE, 0, 0), "finished", "error", True, Exit.UNKNOWN),
        (counted(FINE, 0, 0), "timeout", "never", False, Exit.TIMEOUT),
    ],
)
def test_the_first_that_holds(report: Report, ending: str, fail_on: str, measured: bool, code: Exit) -> None:
    assert exit_code(report, ending, fail_on=fail_on, require_measured=measured) is code


@pytest.mark.parametrize(
    ("typed", "suggested"),
    [
        (("svc/x", "--demo"), "netdoc diagnose svc/x --demo=healthy"),
        (("app", "svc/x", "--demo=crash-loop"), "netdoc diagnose svc/x --demo=crash-loop"),
        (("--demo",), "netdoc diagnose --demo=healthy"),
        (("-n", "a b", "svc/x", "--from", "ns/y"), "netdoc diagnose -n 'a b' svc/x --from ns/y"),
        ((), "netdoc diagnose TARGET"),
    ],
)
def test_off_a_terminal_the_same_question_is_suggested(typed: tuple[str, ...], suggested: str) -> None:
    answer = netdoc(*typed)
    assert (answer.code, answer.out) == (2, "")
    (line,) = answer.err.splitlines()
    assert line.endswith(f"without it: {suggested}")
