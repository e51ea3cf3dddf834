"""Archives that are damaged or made to do harm: refused in one line, nothing written outside, nothing run."""

from __future__ import annotations

import gzip
import io
import lzma
import tarfile
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from dltui.data.fetch.manifest import Member, things
from dltui.data.fetch.unpack import Hostile, unpack
from tests.data.fetch.conftest import DATA, WORDS, ar, deb, member, tarred, zipped

WANTED = member("a/b", DATA, "b")


def unpacked(tmp_path: Path, archive: bytes, *members: Member) -> dict[str, bytes]:
    """Return what an archive gives, by name."""
    (tmp_path / "archive").write_bytes(archive)
    folder = tmp_path / "folder"
    folder.mkdir()
    unpack(tmp_path / "archive", members or (WANTED,), folder)
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def entry(name: str = "a/b", **facts: object) -> bytes:
    """Return a compressed tar of one entry that is not a plain file, or lies."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w", format=tarfile.GNU_FORMAT) as archive:
        made = tarfile.TarInfo(name)
        for key, value in facts.items():
            setattr(made, key, value)
        archive.addfile(made)
    return gzip.compress(packed.getvalue())


def zip_with(name: str, data: bytes, **facts: object) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        info = zipfile.ZipInfo(name)
        for key, value in facts.items():
            setattr(info, key, value)
        archive.writestr(info, data, zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def lying(archive: bytes, size: int) -> bytes:
    """Return a zip whose directory tells another size of its one member than there is."""
    place = archive.index(b"PK\x01\x02") + 24
    told = archive[:place] + size.to_bytes(4, "little") + archive[place + 4 :]
    return told[:22] + size.to_bytes(4, "little") + told[26:]


GOOD: dict[str, Callable[[], bytes]] = {
    "zip": lambda: zipped({"x": b"1 / 0", "a/b": DATA}),
    "tar.gz": lambda: gzip.compress(tarred({"x": b"1", "a/b": DATA, "y": b"2"})),
    "deb xz": lambda: deb({"x": b"1", "a/b": DATA}),
    "deb gz": lambda: deb({"x": b"1", "a/b": DATA}, "gz"),
    "deb of a plain tar": lambda: ar({"debian-binary": b"2.0\n", "data.tar": tarred({"./a/b": DATA})}),
}


@pytest.mark.parametrize("kind", GOOD)
def test_only_what_is_wanted_is_written(tmp_path: Path, kind: str) -> None:
    assert unpacked(tmp_path, GOOD[kind]()) == {"b": DATA}


BOMB = 1 << 26  # bytes of zeros
HOSTILE: dict[str, tuple[Callable[[], bytes], str]] = {
    "empty": (lambda: b"", "is no wheel, no .tar.gz and no .deb"),
    "a page": (lambda: b"<html>sign in first</html>", "is no wheel, no .tar.gz and no .deb: it begins with 3c68746d"),
    "a zip without it": (lambda: zipped({"a/c": DATA}), "has no a/b"),
    "a tar without it": (lambda: gzip.compress(tarred({"a/c": DATA})), "has no a/b"),
    "another content in a zip": (lambda: zipped({"a/b": DATA[::-1]}), "has another sha256 than it should"),
    "another content in a tar": (lambda: gzip.compress(tarred({"a/b": DATA[::-1]})), "has another sha256"),
    "another content in a deb": (lambda: deb({"a/b": DATA[::-1]}), "has another sha256 than it should"),
    "a shorter member": (lambda: zipped({"a/b": DATA[:9]}), "says that it has 9 bytes instead of 400000"),
    "a zip cut short": (lambda: GOOD["zip"]()[:-30], "can't be unpacked, it is damaged"),
    "a tar cut short": (lambda: GOOD["tar.gz"]()[:-100_000], "can't be unpacked, it is damaged|ends after"),
    "a deb cut short": (lambda: GOOD["deb xz"]()[:-1000], "a part reaches past the end"),
    "a deb whose header is cut": (lambda: GOOD["deb xz"]()[:90], "a header of ar is cut short"),
    "a deb without data": (lambda: ar({"debian-binary": b"2.0\n"}), "has no data.tar in it"),
    "a deb of a kind that isn't read": (
        lambda: ar({"data.tar.zst": b"x"}), "holds data.tar.zst: expected data.tar.xz or data.tar.gz",
    ),
    "a deb with broken xz": (lambda: ar({"data.tar.xz": b"\xfd7zXZ\x00 no"}), "can't be unpacked, it is damaged"),
    "a deb with a negative part": (
        lambda: b"!<arch>\n" + f"{'data.tar.xz':<16}{0:<32}{-5:<10}`\n".encode(), "reaches past the end",
    ),
    "a bit turned over in a zip": (
        lambda: GOOD["zip"]()[:5000] + bytes([GOOD["zip"]()[5000] ^ 1]) + GOOD["zip"]()[5001:],
        "it is damaged|another sha256",
    ),
    "a zip bomb": (lambda: zip_with("a/b", bytes(BOMB)), "says that it has 67108864 bytes instead of 400000"),
    "a zip bomb that lies": (
        lambda: lying(zip_with("a/b", bytes(BOMB)), len(DATA)), "is longer|another sha256|damaged",
    ),
    "a tar bomb": (
        lambda: gzip.compress(tarred({"bomb": bytes(BOMB), "a/b": DATA}), 9), "it is made to fill the disk",
    ),
    "a deb bomb": (lambda: deb({"bomb": bytes(BOMB), "a/b": DATA}), "it is made to fill the disk"),
    "a link in a tar": (
        lambda: entry(type=tarfile.SYMTYPE, linkname="/etc/passwd"), "is no plain file but a link or a device",
    ),
    "a hard link in a tar": (lambda: entry(type=tarfile.LNKTYPE, linkname="x"), "is no plain file but a link"),
    "a device in a tar": (lambda: entry(type=tarfile.CHRTYPE), "is no plain file but a link or a device"),
    "an encrypted zip": (
        lambda: zip_with("a/b", DATA).replace(b"\x00\x00\x08\x00", b"\x01\x00\x08\x00"), "is encrypted|damaged",
    ),
    "a link in a zip": (lambda: zip_with("a/b", b"/etc/passwd", external_attr=0xA1FF << 16), "says that it has 11"),
}  # fmt: skip


@pytest.mark.parametrize("name", HOSTILE)
def test_what_is_hostile_is_refused_in_one_line_and_little_memory(tmp_path: Path, name: str) -> None:
    make, sentence = HOSTILE[name]
    archive = make()
    (tmp_path / "outside").mkdir()
    tracemalloc.start()
    try:
        with pytest.raises(Hostile, match=sentence) as caught:
            unpacked(tmp_path, archive)
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "\n" not in str(caught.value)
    assert most < 200_000_000
    assert {path.name for path in tmp_path.iterdir()} == {"archive", "folder", "outside"}
    written = [path for path in (tmp_path / "folder").rglob("*") if path.is_file()]
    assert all(not path.is_symlink() and path.stat().st_size <= len(DATA) for path in written)


@pytest.mark.parametrize("name", ["../b", "/tmp/b", "x/../../b", ".", ""])
def test_a_name_that_leads_outside_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(Hostile, match="would be written outside"):
        unpacked(tmp_path, zipped({"a/b": WORDS}), Member("a/b", name, len(WORDS), WANTED.sha256))
    assert {path.name for path in tmp_path.iterdir()} == {"archive", "folder"}


def test_members_that_climb_are_only_names_that_nobody_asks_for(tmp_path: Path) -> None:
    assert unpacked(tmp_path, zipped({"../../evil": b"x", "/etc/evil": b"x", "a/b": DATA})) == {"b": DATA}


def test_xz_that_wants_too_much_memory_is_refused(tmp_path: Path) -> None:
    filters = [{"id": lzma.FILTER_LZMA2, "preset": 0, "dict_size": 1 << 30}]
    packed = lzma.compress(tarred({"./a/b": DATA}), filters=filters)
    with pytest.raises(Hostile, match="it is damaged"):
        unpacked(tmp_path, ar({"data.tar.xz": packed}))


def test_the_manifest_can_be_trusted_on_every_disk() -> None:
    known = things()
    for thing in known.values():
        assert len(thing.sha256) == 64
        assert thing.bytes > 0
        assert thing.licence
        assert thing.attribution
        assert thing.unlocks
        names = [member.name for member in thing.members]
        assert len({name.lower() for name in names}) == len(names) > 0
        for one in thing.members:
            assert len(one.sha256) == 64
            assert not Path(one.name).is_absolute()
            assert ".." not in one.name.split("/")
    named = {
        "mnist", "fashion-full", "mobilenet-v2", "efficientnet-lite0", "mtcnn", "minilm", "smollm2", "crepe-tiny",
        "crepe-full", "silero", "shakespeare-all", "dragon", "skimage-photos", "clips",
    }  # fmt: skip
    assert named <= set(known)
