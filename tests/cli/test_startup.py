"""What a command loads: listing touches no client, and a snapshot is read without one."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from netdoc.demo import assemble

HEAVY = ("kubernetes", "textual", "scapy", "httpx", "dns", "cryptography")
CLIENTS = ("kubernetes", "textual", "scapy")
PROGRAM = """
import json, sys
from netdoc.cli import main
try:
    main()
finally:
    json.dump(sorted({name.partition(".")[0] for name in sys.modules}), open(sys.argv[-1], "w"))
"""


def loaded(folder: Path, *arguments: str) -> set[str]:
    """The packages that a process holds at the end of a command. Its argv ends in the file that they go to."""
    told = folder / "modules.json"
    program = PROGRAM.replace("main()", f"sys.argv[1:] = {list(arguments)!r}; main()").replace(
        "sys.argv[-1]", repr(str(told))
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode in (0, 1, 3), done.stderr
    names: list[str] = json.loads(told.read_text())
    return set(names)


@pytest.mark.parametrize(
    "arguments",
    [("--version",), ("--help",), ("diagnose", "--help"), ("checks",), ("codes",), ("codes", "-o", "json"),
     ("checks", "-o", "json"), ("demo", "--list"), ("explain", "service.selector-no-match"), ("schema", "report")],
    ids=" ".join,
)  # fmt: skip
def test_listing_loads_nothing_heavy(arguments: tuple[str, ...], tmp_path: Path) -> None:
    assert loaded(tmp_path, *arguments).isdisjoint(HEAVY)


def test_the_version_loads_the_parser_alone(tmp_path: Path) -> None:
    assert loaded(tmp_path, "--version").isdisjoint({"netdoc_checks", "msgspec", "yaml", "rich", "asyncio"})


def held_after(statement: str) -> set[str]:
    """The modules that a process holds after a statement."""
    program = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    return set(done.stdout.split())


def rooms(modules: set[str]) -> set[str]:
    """netdoc's own rooms among the modules."""
    return {".".join(name.split(".")[:2]) for name in modules if name.startswith("netdoc.")}


def test_options_bring_nothing_along() -> None:
    """Every command's help, and every Tab, loads them."""
    held = held_after("import netdoc.cli.options")
    assert rooms(held) == {"netdoc.cli"}
    assert "asyncio" not in held


@pytest.mark.parametrize("command", ["diagnose", "run", "demo", "app", "snapshot", "completion"])
def test_the_help_of_a_command_loads_no_engine(command: str) -> None:
    held = held_after(f"import netdoc.cli.entry, netdoc.cli.commands.{command}")
    assert rooms(held) == {"netdoc.cli"}
    assert "asyncio" not in held


def test_the_apps_first_screen_needs_no_model_and_no_engine() -> None:
    """What a page and a line need of netdoc.report is there without a report."""
    held = held_after("import netdoc.cli.commands.app, netdoc.tui.app")
    assert rooms(held) == {"netdoc.cli", "netdoc.tui", "netdoc.report"}
    assert "netdoc.report.phrases" not in held


def test_help_loads_no_check(tmp_path: Path) -> None:
    assert loaded(tmp_path, "--help").isdisjoint({"netdoc_checks", "yaml", "rich"})


@pytest.mark.parametrize("command", [("diagnose",), ("check", "endpoints")], ids=" ".join)
def test_a_snapshot_is_judged_without_a_client(command: tuple[str, ...], tmp_path: Path) -> None:
    path = tmp_path / "all.json"
    path.write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": list(assemble.network())}))
    asked = (*command, "svc/web.shop", "--from", "deploy/client.shop", "--snapshot", str(path))
    assert loaded(tmp_path, *asked).isdisjoint(CLIENTS)


def test_the_demo_needs_no_client_either(tmp_path: Path) -> None:
    assert loaded(tmp_path, "diagnose", "--demo=crash-loop").isdisjoint(CLIENTS)


def test_the_client_is_loaded_where_there_is_a_cluster(tmp_path: Path) -> None:
    """So that the tests above are known to be able to fail."""
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps({
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
        "clusters": [{"name": "c", "cluster": {"server": "http://127.0.0.1:1"}}], "users": [{"name": "u", "user": {}}],
    }))  # fmt: skip
    asked = ("check", "endpoints", "svc/web.shop", "--kubeconfig", str(path))
    assert "kubernetes" in loaded(tmp_path, *asked)


def test_the_patterns_of_error_lines_are_compiled_where_one_was_pasted() -> None:
    parse = "from netdoc.path import parse_target; parse_target({!r})"
    assert "netdoc.path.forms" not in held_after(parse.format("svc/web.shop:80"))
    assert "netdoc.path.forms" in held_after(parse.format("dial tcp 10.43.7.9:5432: i/o timeout"))
