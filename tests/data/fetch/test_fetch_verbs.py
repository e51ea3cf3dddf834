"""``dltui data get``, ``list``, ``verify`` and ``path``, as a person and a script use them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dltui.cli import run
from dltui.commands import _fetched
from dltui.data.fetch import get as getting
from dltui.data.fetch.manifest import Thing
from dltui.data.fetch.pip_settings import PipSettings
from dltui.data.fetch.web import Access
from tests.data.fetch.conftest import DATA, WEIGHTS, Site, sha256

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture(autouse=True)
def _one_thing(monkeypatch: pytest.MonkeyPatch, site: Site, toy: Thing) -> None:
    monkeypatch.setattr(_fetched, "things", lambda: {"toy": toy})
    settings = PipSettings((f"{site.address}/simple",), (), Access())
    monkeypatch.setattr(getting, "pip_settings", lambda: settings)


def told(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> tuple[str, str]:
    """Return what ``dltui data`` writes to stdout and stderr."""
    capsys.readouterr()
    assert run(["data", *words]) == code
    out, err = capsys.readouterr()
    return out, err


def document(capsys: pytest.CaptureFixture[str], *words: str, code: int = 0) -> dict[str, object]:
    numbers: dict[str, object] = json.loads(told(capsys, *words, "--json", code=code)[0])
    return numbers.get("numbers", numbers)  # type: ignore[return-value]


def test_getting_listing_verifying_and_finding(
    capsys: pytest.CaptureFixture[str], home: Path, toy: Thing
) -> None:
    (before,) = document(capsys, "list")["to fetch"]  # type: ignore[misc]
    assert (before["here"], before["package"], before["bytes"]) == (False, "Toy.Pkg==1.0", toy.bytes)
    out, err = told(capsys, "get", "toy")
    assert "toy" in out
    wanted = f"in {home}; try: dltui data path toy"  # wherever its line was broken
    assert "".join(wanted.split()) in "".join(out.split())
    assert "--save" not in err
    (after,) = document(capsys, "list")["to fetch"]  # type: ignore[misc]
    assert after["here"]
    assert document(capsys, "verify")["verified"] == [{"name": "toy", "files": 2, "whole": True, "wrong": []}]
    assert told(capsys, "path", "toy")[0] == f"{home / 'toy'}\n"
    assert told(capsys, "path", "toy", "sub/words.txt")[0] == f"{home / 'toy' / 'sub' / 'words.txt'}\n"
    assert document(capsys, "path", "toy", "weights.bin")["path"] == str(home / "toy" / "weights.bin")
    (again,) = document(capsys, "get", "toy")["fetched"]  # type: ignore[misc]
    assert not again["new"]


def test_known_data_sets_are_listed_as_before(capsys: pytest.CaptureFixture[str]) -> None:
    listed = document(capsys, "list")["data sets"]
    assert {"digits", "moons", "hamlet", "mnist"} <= {row["name"] for row in listed}  # type: ignore[union-attr,index]
    assert set(listed[0]) == {"name", "family", "summary"}  # type: ignore[index]


def test_damage_ends_with_exit_code_1(capsys: pytest.CaptureFixture[str], home: Path) -> None:
    told(capsys, "get", "toy")
    (home / "toy" / "weights.bin").write_bytes(b"!" + WEIGHTS[1:])
    out, err = told(capsys, "verify", code=1)
    assert "weights.bin: another sha256" in out
    assert err == "error: not whole: toy; try dltui data get toy\n"
    told(capsys, "get", "toy")
    told(capsys, "verify", "toy")


def test_verifying_nothing_and_what_is_not_here(capsys: pytest.CaptureFixture[str]) -> None:
    assert "nothing was fetched yet" in told(capsys, "verify")[0]
    assert "not on this machine" in told(capsys, "verify", "toy", code=1)[0]


@pytest.mark.parametrize(
    ("words", "code", "sentence"),
    [
        (("path", "toy"), 1, "toy is not on this machine: fetch it (401 kB) with `dltui data get toy`"),
        (("path", "toy", "x"), 2, "unknown file of toy 'x'"),
        (("path", "toi"), 2, "unknown name of something to fetch 'toi': did you mean toy?"),
        (("get", "toi"), 2, "unknown name of something to fetch 'toi': did you mean toy?"),
        (("get", "toy", "--sha256", "0" * 64), 2, "--sha256 goes with one https://…"),
        (
            ("get", "https://a.invalid/x", "--client"),
            2,
            "--from and --client go with names such as mobilenet-v2",
        ),
        (("get", "ftp://a/x"), 2, "is no address to fetch from: expected http:// or https://"),
        (("get",), 2, "missing argument 'NAME...'"),
    ],
)
def test_wrong_input_is_told_in_a_sentence(
    capsys: pytest.CaptureFixture[str], words: tuple[str, ...], code: int, sentence: str
) -> None:
    out, err = told(capsys, *words, code=code)
    assert out == ""
    assert sentence in err
    assert err.count("\n") == 1


def test_a_file_from_an_address_is_listed_verified_and_found(
    capsys: pytest.CaptureFixture[str], site: Site
) -> None:
    site.files["/net.safetensors"] = DATA
    address = f"{site.address}/net.safetensors"
    (came,) = document(capsys, "get", address, "--sha256", sha256(DATA))["fetched"]  # type: ignore[misc]
    assert Path(came["path"]).read_bytes() == DATA
    assert document(capsys, "list")["fetched from elsewhere"] == [came]
    assert told(capsys, "path", address)[0] == f"{came['path']}\n"
    Path(came["path"]).write_bytes(b"")
    assert "net.safetensors: another sha256" in told(capsys, "verify", code=1)[0]
