"""Archives and folders that nobody vouches for: nothing outside is read, nothing is written, nothing grows."""

from __future__ import annotations

import gzip
import io
import os
import random
import tarfile
from pathlib import Path

import pytest
import yaml

from netdoc.cluster import ClusterError, files, open_snapshot
from netdoc.model.kube import Pod
from tests.cluster.objects import pod

POD = yaml.safe_dump(pod("a")).encode()


def tar(path: Path, *members: tuple[tarfile.TarInfo, bytes], mode: str = "w:gz") -> Path:
    with tarfile.open(path, mode) as archive:  # type: ignore[call-overload]
        for info, data in members:
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def plain(name: str, data: bytes = POD) -> tuple[tarfile.TarInfo, bytes]:
    return tarfile.TarInfo(name), data


def link(name: str, to: str, kind: bytes = tarfile.SYMTYPE) -> tuple[tarfile.TarInfo, bytes]:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, to
    return info, b""


async def pods(path: Path) -> list[str]:
    return [one.name for one in (await open_snapshot(path).list(Pod)).items]


@pytest.mark.parametrize("mode", ["w:gz", "w"])
async def test_an_archive_is_read_whatever_it_is_called(tmp_path: Path, mode: str) -> None:
    assert await pods(tar(tmp_path / "bundle.bin", plain("./x/pods.yaml"), mode=mode)) == ["a"]


async def test_members_with_names_outside_write_nothing(tmp_path: Path) -> None:
    inner = tmp_path / "inner"
    inner.mkdir()
    absolute = str(tmp_path / "evil.yaml")
    archive = tar(inner / "b.tar.gz", plain("../evil.yaml"), plain(absolute))
    assert await pods(archive) == ["a"]
    assert sorted(os.listdir(tmp_path)) == ["inner"]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
async def test_links_and_devices_in_an_archive_are_named_and_not_followed(tmp_path: Path, kind: bytes) -> None:
    secret = tmp_path / "outside.yaml"
    secret.write_bytes(yaml.safe_dump(pod("outside")).encode())
    snapshot = open_snapshot(tar(tmp_path / "b.tar.gz", plain("a.yaml"), link("l.yaml", str(secret), kind)))
    assert [one.name for one in (await snapshot.list(Pod)).items] == ["a"]
    assert [one.where for one in snapshot.unreadable] == ["l.yaml"]


async def test_links_in_a_folder_are_named_and_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.yaml").write_bytes(yaml.safe_dump(pod("outside")).encode())
    inside = tmp_path / "inside"
    inside.mkdir()
    (inside / "a.yaml").write_bytes(POD)
    (inside / "l.yaml").symlink_to(outside / "x.yaml")
    (inside / "folder").symlink_to(outside)
    snapshot = open_snapshot(inside)
    assert [one.name for one in (await snapshot.list(Pod)).items] == ["a"]
    assert [one.where for one in snapshot.unreadable] == ["l.yaml"]


async def test_a_pipe_in_a_folder_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(POD)
    os.mkfifo(tmp_path / "pipe.yaml")
    assert await pods(tmp_path) == ["a"]


def test_a_pipe_as_the_snapshot_is_an_error(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ClusterError, match="neither a file nor a folder"):
        open_snapshot(tmp_path / "pipe")


async def test_a_bomb_is_stopped_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "RATIO_COUNTS_FROM", 1 << 20)
    archive = tar(tmp_path / "b.tar.gz", plain("a.yaml"), plain("zeros.json", bytes(32 << 20)), plain("b.yaml"))
    assert archive.stat().st_size < 64 << 10
    snapshot = open_snapshot(archive)
    listing = await snapshot.list(Pod)
    assert [one.name for one in listing.items] == ["a"]
    assert not listing.complete
    assert "expands without end" in str(snapshot.unreadable[-1])


async def test_a_member_that_is_too_large_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_FILE", 1000)
    big = POD + b"#" * 1000
    for path in (tar(tmp_path / "b.tar.gz", plain("a.yaml"), plain("big.yaml", big)), tmp_path / "folder"):
        if path.name == "folder":
            path.mkdir()
            (path / "a.yaml").write_bytes(POD)
            (path / "big.yaml").write_bytes(big)
        snapshot = open_snapshot(path)
        assert [one.where for one in snapshot.unreadable] == ["big.yaml"]
        assert not (await snapshot.list(Pod)).complete


async def test_all_members_together_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    large = POD + b"#" * 50_000
    monkeypatch.setattr(files, "MAX_TOTAL", len(large) * 2 + 10)
    many = [plain(f"{name}.yaml", large) for name in "abcd"]
    snapshot = open_snapshot(tar(tmp_path / "b.tar.gz", *many))
    assert [one.where for one in snapshot.unreadable] == ["c.yaml", "d.yaml"]


async def test_too_many_members_are_stopped_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MAX_MEMBERS", 3)
    snapshot = open_snapshot(tar(tmp_path / "b.tar.gz", *(plain(f"{name}.yaml") for name in "abcde")))
    assert "more than 3 files" in str(snapshot.unreadable[0])
    assert not (await snapshot.list(Pod)).complete


@pytest.mark.parametrize("keep", [0.3, 0.9])
async def test_an_archive_cut_short_may_hold_anything_more(tmp_path: Path, keep: float) -> None:
    noise = os.urandom(50_000).hex().encode()
    whole = tar(tmp_path / "b.tar.gz", plain("a.yaml"), plain("x.log", noise), plain("b.yaml"))
    whole.write_bytes(whole.read_bytes()[: int(whole.stat().st_size * keep)])
    snapshot = open_snapshot(whole)
    listing = await snapshot.list(Pod)
    assert [one.name for one in listing.items] == ["a"]
    assert not listing.complete


def test_what_is_compressed_and_no_archive_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "x.gz").write_bytes(gzip.compress(b"not a tar"))
    with pytest.raises(ClusterError, match="not a whole tar archive"):
        open_snapshot(tmp_path / "x.gz")


async def test_an_archive_inside_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(POD)
    tar(tmp_path / "more.tar.gz", plain("b.yaml"))
    (unreadable,) = open_snapshot(tmp_path).unreadable
    assert unreadable.where == "more.tar.gz"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
async def test_a_file_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(POD)
    (tmp_path / "b.yaml").write_bytes(POD)
    (tmp_path / "b.yaml").chmod(0)
    assert not (await open_snapshot(tmp_path).list(Pod)).complete


@pytest.mark.parametrize(
    ("name", "data", "why"),
    [
        ("cut.tar.gz", random.Random(7).randbytes(3000).replace(b"\x1f\x8b", b"xx"), "is broken"),
        ("x.tgz", b"\x00" * 2000, "is broken"),
        ("x.tar", b"no tar at all", "is broken"),
        ("x.zip", b"PK\x03\x04" + b"\x00" * 100, "unpack it"),
        ("x.tar.xz", b"\xfd7zXZ\x00" + b"\x00" * 100, "unpack it"),
        ("x.tar.bz2", b"BZh91AY" + b"\x00" * 100, "unpack it"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_archive_that_is_none_is_not_taken_for_text(tmp_path: Path, name: str, data: bytes, why: str) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(ClusterError, match=why) as raised:
        open_snapshot(path)
    assert "character" not in str(raised.value)
    assert str(raised.value).count(name) == 1


async def test_text_is_read_whatever_it_is_called(tmp_path: Path) -> None:
    path = tmp_path / "pods.gz"
    path.write_bytes(POD)
    assert await pods(path) == ["a"]


def test_a_file_of_bytes_is_named_in_one_line(tmp_path: Path) -> None:
    path = tmp_path / "core.yaml"
    path.write_bytes(b"\x7fELF\x02\x01\x01\x00" * 50)
    with pytest.raises(ClusterError) as raised:
        open_snapshot(path)
    assert "\n" not in str(raised.value)
