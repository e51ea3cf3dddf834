"""The line breaks, servers misbehave, passwords stay where they belong: one sentence each time, and nothing half."""

from __future__ import annotations

import base64
import fcntl
import hashlib
from pathlib import Path

import pytest

from dltui.data.fetch import web
from dltui.data.fetch.web import Access, Expected, Unreachable, download
from dltui.errors import DltuiError, UsageError
from tests.data.fetch.conftest import DATA, Site, sha256

KNOWN = Expected(len(DATA), sha256(DATA))
UNKNOWN = Expected()
CUT = 150_000
PATH = "/data.bin"


@pytest.fixture
def target(tmp_path: Path, site: Site) -> Path:
    site.files[PATH] = DATA
    return tmp_path / "data.bin"


def ranges(site: Site) -> list[str | None]:
    """Return which part each request asked for."""
    return [headers.get("range") for path, headers in site.asked if path == PATH]


def got(site: Site, target: Path, expected: Expected = KNOWN, access: Access | None = None) -> bytes:
    found = download(site.address + PATH, target, expected, access or Access())
    data = target.read_bytes()
    assert found == hashlib.sha256(data).hexdigest()
    assert [path.name for path in target.parent.iterdir()] == [target.name]
    return data


@pytest.mark.parametrize("expected", [KNOWN, UNKNOWN])
@pytest.mark.parametrize("mark", ["", '"v1"'])
def test_a_broken_line_is_taken_up_where_it_broke(
    site: Site, target: Path, expected: Expected, mark: str
) -> None:
    site.breaks[PATH] = [CUT, 1000, CUT]
    if mark:
        site.marks[PATH] = mark
    assert got(site, target, expected) == DATA
    if expected is KNOWN or mark:
        assert ranges(site) == [None, f"bytes={CUT}-", f"bytes={CUT + 1000}-", f"bytes={2 * CUT + 1000}-"]
        assert {headers.get("if-range") for _, headers in site.asked[1:]} == {mark or None}
    else:
        assert set(ranges(site)) == {None}  # nothing proves that the second answer is of the same file


def test_a_server_that_knows_no_parts_sends_it_all_again(site: Site, target: Path) -> None:
    site.ranges = False
    site.breaks[PATH] = [CUT]
    assert got(site, target) == DATA
    assert ranges(site) == [None, f"bytes={CUT}-"]


def test_a_file_that_changed_meanwhile_is_fetched_anew(site: Site, target: Path) -> None:
    site.marks[PATH], site.breaks[PATH] = '"v1"', [CUT] * web.TRIES * 10
    site.files[PATH] = b"old" * len(DATA)
    part = target.with_name("data.bin.part")
    part.write_bytes(b"old" * 1000)
    web._note_path(part).write_text(f'{{"address": "{site.address}{PATH}", "mark": "\\"v1\\""}}')
    site.files[PATH], site.marks[PATH], site.breaks = DATA, '"v2"', {}
    assert got(site, target, UNKNOWN) == DATA


def test_what_lay_there_of_another_file_is_found_out_by_the_hash(site: Site, target: Path) -> None:
    target.with_name("data.bin.part").write_bytes(b"x" * CUT)
    assert got(site, target) == DATA
    assert ranges(site) == [f"bytes={CUT}-", None]


def test_what_came_whole_is_not_fetched_again(site: Site, target: Path) -> None:
    target.with_name("data.bin.part").write_bytes(DATA)
    assert got(site, target) == DATA
    assert site.asked == []


def test_a_line_that_breaks_without_end_keeps_what_came(site: Site, target: Path) -> None:
    site.breaks[PATH] = [CUT] + [0] * 20
    with pytest.raises(Unreachable, match="150 kB are kept, the same command goes on from there"):
        got(site, target)
    assert not target.exists()
    assert target.with_name("data.bin.part").stat().st_size == CUT
    site.breaks = {}
    assert got(site, target) == DATA


def test_a_server_that_sends_too_much_is_cut_off(site: Site, target: Path) -> None:
    with pytest.raises(DltuiError, match="sends more than the 399999 bytes that it should have"):
        got(site, target, Expected(len(DATA) - 1, KNOWN.sha256))
    assert not target.exists()
    assert target.with_name("data.bin.part").stat().st_size == 0


def test_another_hash_leaves_nothing(site: Site, target: Path) -> None:
    with pytest.raises(DltuiError, match=r"has sha256 .{16}…, expected 0{16}…: it is another file"):
        got(site, target, Expected(len(DATA), "0" * 64))
    assert list(target.parent.iterdir()) == []


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("/nothing", r"http://127.0.0.1:\d+/nothing answers 404 Not Found"),
        (
            "/secret",
            r"http://127.0.0.1:\d+/secret answers 401 Unauthorized; a name and password may go into the netrc",
        ),
    ],
)
def test_a_server_that_refuses_is_told(site: Site, target: Path, path: str, sentence: str) -> None:
    site.files["/secret"], site.passwords["/secret"] = DATA, "Basic x"
    with pytest.raises(Unreachable, match=sentence):
        download(site.address + path, target, KNOWN, Access())
    assert len(site.asked) == 1


def test_a_password_in_the_address_is_sent_and_never_shown(
    site: Site, other_site: Site, target: Path
) -> None:
    site.passwords[PATH] = "Basic " + base64.b64encode(b"me:p@ss").decode()
    address = site.address.replace("http://", "http://me:p%40ss@")
    assert download(address + PATH, target, KNOWN, Access()) == KNOWN.sha256
    with pytest.raises(Unreachable) as caught:
        download(address + "/nothing?token=secret", target, KNOWN, Access())
    assert "p%40ss" not in str(caught.value)
    assert "secret" not in str(caught.value)
    site.files["/go"], site.redirects["/go"] = b"", other_site.address + PATH
    other_site.files[PATH] = DATA
    download(address + "/go", target.with_name("other"), KNOWN, Access())
    assert "authorization" not in other_site.asked[0][1]


def test_the_password_of_the_netrc_file_is_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, site: Site, target: Path
) -> None:
    netrc = tmp_path / "folder" / "netrc"
    netrc.parent.mkdir()
    netrc.write_text("machine 127.0.0.1 login me password word\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    site.passwords[PATH] = "Basic " + base64.b64encode(b"me:word").decode()
    assert download(site.address + PATH, target, KNOWN, Access()) == KNOWN.sha256


def test_a_proxy_is_gone_through(site: Site, other_site: Site, target: Path) -> None:
    other_site.files["http://data.invalid/data.bin"] = DATA
    proxy = Access(proxy=other_site.address)
    assert download("http://data.invalid/data.bin", target, KNOWN, proxy) == KNOWN.sha256
    assert other_site.paths() == ["http://data.invalid/data.bin"]


@pytest.mark.parametrize("leads", ["file:///etc/passwd", "ftp://127.0.0.1/x"])
def test_a_redirection_off_the_web_is_not_followed(site: Site, target: Path, leads: str) -> None:
    site.files["/go"], site.redirects["/go"] = b"", leads
    with pytest.raises(Unreachable):
        download(site.address + "/go", target, UNKNOWN, Access())
    assert not target.exists()


@pytest.mark.parametrize("address", ["ftp://a/b", "data:,x", "/etc/passwd", "gopher://a"])
def test_other_kinds_of_addresses_are_refused(target: Path, address: str) -> None:
    with pytest.raises(UsageError, match="is no address to fetch from: expected http:// or https://"):
        download(address, target, UNKNOWN, Access())


def test_two_processes_do_not_write_one_file(site: Site, target: Path) -> None:
    with target.with_name("data.bin.part").open("ab") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(DltuiError, match="another dltui is fetching data.bin just now"):
            got(site, target)


def test_a_file_on_this_machine_is_fetched_as_well(target: Path, tmp_path: Path) -> None:
    (tmp_path / "from").mkdir()
    (tmp_path / "from" / "x").write_bytes(DATA)
    assert download((tmp_path / "from" / "x").as_uri(), target, KNOWN, Access()) == KNOWN.sha256
    with pytest.raises(Unreachable, match="No such file"):
        download((tmp_path / "from" / "y").as_uri(), target.with_name("y"), KNOWN, Access())


def test_certificates_that_cannot_be_read_are_told(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, target: Path
) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(DltuiError, match="can't read the certificates in .*ca.pem"):
        download("https://127.0.0.1:9/x", target, KNOWN, Access(certificates=str(tmp_path / "ca.pem")))
