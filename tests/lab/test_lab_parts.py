"""What the lab decides before it touches the machine, and how it knows its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab import build, network, processes, tools
from tests.lab.parts import LabError, Places, places


@pytest.mark.parametrize("state", ["/", "/var", "~"])
def test_a_state_directory_that_is_not_the_labs_own_is_refused(state: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NETDOC_LAB_STATE", os.path.expanduser(state))
    with pytest.raises(LabError, match="of the lab's own"):
        places()


def test_what_is_missing_is_named_with_its_package(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CI", "NETDOC_LAB_INSTALL"):
        monkeypatch.delenv(name, raising=False)
    wanted = {"no-such-tool": "wonderful", "/no/such/file": "other", "sh": "dash"}
    with pytest.raises(LabError, match="no-such-tool: Debian package wonderful") as told:
        tools.require(wanted)
    assert "apt-get install -y --no-install-recommends other wonderful" in str(told.value)
    assert "dash" not in str(told.value)


def test_a_parts_key_follows_the_content_of_its_inputs() -> None:
    def key(*inputs: bytes) -> str:
        return build.Part("x", inputs, lambda place: None).key

    assert key(b"a", b"b") == key(b"a", b"b")
    assert len({key(b"a", b"b"), key(b"ab"), key(b"a", b"c"), key(b"b", b"a")}) == 4


def test_a_part_is_made_once_and_replaces_its_older_self(tmp_path: Path) -> None:
    made: list[str] = []

    def part(content: bytes) -> build.Part:
        def make(place: Path) -> None:
            made.append(content.decode())
            (place / "file").write_bytes(content)

        return build.Part("thing", (content,), make)

    for content in (b"one", b"one", b"two"):
        place = build.made(tmp_path, part(content), tools_needed={})
        assert (place / "file").read_bytes() == content
    assert made == ["one", "two"]
    assert [path.name for path in tmp_path.iterdir()] == [place.name]


def test_a_part_that_fails_leaves_nothing_in_the_cache(tmp_path: Path) -> None:
    def fail(place: Path) -> None:
        (place / "half").touch()
        raise LabError("no")

    with pytest.raises(LabError, match="no"):
        build.made(tmp_path, build.Part("thing", (), fail), tools_needed={})
    assert list(tmp_path.iterdir()) == []


def test_a_pid_file_means_the_process_that_wrote_it_and_no_later_one(tmp_path: Path) -> None:
    lab = Places(tmp_path / "state", tmp_path / "cache")
    lab.run.mkdir(parents=True)
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as child:
        stat = Path(f"/proc/{child.pid}/stat").read_text()
        (lab.run / "child.pid").write_text(stat)
        before, _, after = stat.rpartition(")")
        fields = after.split()
        fields[19] = str(int(fields[19]) - 1)  # the same number, started at another time
        (lab.run / "earlier.pid").write_text(f"{before}) {' '.join(fields)}")
        assert processes.started(lab) == {"child": True, "earlier": False}
        child.kill()
    assert processes.started(lab) == {"child": False, "earlier": False}


def test_a_program_that_ended_is_told_with_the_end_of_its_log(tmp_path: Path) -> None:
    lab = Places(tmp_path / "state", tmp_path / "cache")
    for folder in (lab.run, lab.logs):
        folder.mkdir(parents=True)
    (lab.run / "etcd.pid").write_text("")
    (lab.logs / "etcd.log").write_text("one\nno space left\n")
    with pytest.raises(LabError, match=r"etcd ended.*\none\nno space left"):
        processes.see_alive(lab, "etcd")


def test_others_rules_are_not_taken_for_ours() -> None:
    ours = ["cali-FORWARD", "KUBE-FIREWALL"]
    rules = [
        '-A FORWARD -m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD',
        '-A FORWARD -m mark --mark 0x10000 -m comment --comment "cali:S93hcgKJrXEqnTfs" -j ACCEPT',
        "-A INPUT -j KUBE-FIREWALL",
        "-A FORWARD -j DOCKER-USER",
        '-A INPUT -p tcp -m comment --comment "local calico office" -j ACCEPT',
        "-A cali-FORWARD -j RETURN",
    ]
    told = network.removal("filter", ours, rules).splitlines()
    assert [line for line in told if line.startswith("-D")] == [f"-D {rule[3:]}" for rule in rules[:3]]
    assert [line for line in told if line.startswith("-X")] == ["-X cali-FORWARD", "-X KUBE-FIREWALL"]
    assert told[0] == "*filter"
    assert told[-1] == "COMMIT"
