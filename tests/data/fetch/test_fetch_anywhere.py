"""Files from web addresses and folders of the hub: kept with the hash they had, found again, verified."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dltui.data.fetch.anywhere import fetch_from, is_anywhere
from dltui.data.fetch.records import ill_record, plain_name, record_of, records
from dltui.errors import DltuiError, UsageError
from tests.data.fetch.conftest import DATA, WORDS, Site, sha256

pytestmark = pytest.mark.usefixtures("home")


def test_a_file_is_fetched_once_and_found_again(site: Site, home: Path) -> None:
    site.files["/some/net.safetensors"] = DATA
    address = f"{site.address}/some/net.safetensors"
    assert is_anywhere(address)
    with pytest.raises(
        DltuiError, match=f"{address} is not on this machine: fetch it with `dltui data get {address}`"
    ):
        record_of(address)
    came = fetch_from(address)
    assert came.path.read_bytes() == DATA
    assert came.path.is_relative_to(home)
    assert came.files[0].sha256 == sha256(DATA)
    assert fetch_from(address, sha256=sha256(DATA)) == record_of(address) == came
    assert len(site.asked) == 1
    assert records() == [came]
    fetch_from(address, again=True)
    assert len(site.asked) == 2


def test_a_file_must_be_what_was_asked_for(site: Site) -> None:
    site.files["/net.pt"] = DATA
    with pytest.raises(DltuiError, match="it is another file and was thrown away"):
        fetch_from(f"{site.address}/net.pt", sha256="0" * 64)
    assert records() == []
    with pytest.raises(UsageError, match="is no hash: expected 64 digits"):
        fetch_from(f"{site.address}/net.pt", sha256="abc")


def test_damage_is_told(site: Site) -> None:
    site.files["/net.pt"] = DATA
    came = fetch_from(f"{site.address}/net.pt")
    assert ill_record(came) == []
    came.path.write_bytes(b"x")
    assert ill_record(came) == ["net.pt: another sha256"]
    came.path.unlink()
    assert ill_record(came) == ["net.pt: missing"]


@pytest.mark.parametrize(
    ("name", "plain"),
    [("a.pt", "a.pt"), ("../../etc/passwd", "_.._etc_passwd"), ("..", "file"), ("", "file"), (".bashrc", "bashrc"),
     ("a b\x00ü.pt", "a_b_.pt"), ("x" * 300, "x" * 80)],
)  # fmt: skip
def test_names_of_strangers_are_made_plain(name: str, plain: str) -> None:
    assert plain_name(name) == plain


@pytest.mark.parametrize("spelled", ["hf:", "hf:one", "hf:a/b/c", "hf:../x y"])
def test_names_that_the_hub_cannot_have_are_refused(spelled: str) -> None:
    with pytest.raises(UsageError, match="is no name on the hub: expected hf:org/name"):
        fetch_from(spelled)


COMMIT = "0123456789abcdef0123456789abcdef01234567"


def hub(site: Site, files: dict[str, bytes], told: dict[str, str] | None = None) -> None:
    """Let the server be a hub with one model."""
    siblings = []
    for name, data in files.items():
        blob: dict[str, object] = {"rfilename": name, "size": len(data), "blobId": "0" * 40}
        if name.endswith((".safetensors", ".bin")):
            code = (told or {}).get(name, sha256(data))
            blob["lfs"] = {"sha256": code, "size": len(data), "pointerSize": 134}
        siblings.append(blob)
        site.files[f"/org/net/resolve/{COMMIT}/{name}"] = data
        site.marks[f"/org/net/resolve/{COMMIT}/{name}"] = f'"{sha256(data)}"'
    page = {"_id": "1", "id": "org/net", "modelId": "org/net", "sha": COMMIT, "siblings": siblings, "private": False,
            "tags": [], "downloads": 0, "likes": 0}  # fmt: skip
    for path in ("/api/models/org/net", f"/api/models/org/net/revision/{COMMIT}"):
        site.files[path] = json.dumps(page).encode()
        site.kinds[path] = "application/json"
    site.commit = COMMIT


def from_hub(site: Site, *words: str) -> subprocess.CompletedProcess[str]:
    """Run ``dltui data`` with the server as its hub."""
    environ = os.environ | {"HF_ENDPOINT": site.address, "HF_HUB_DISABLE_XET": "1", "NO_PROXY": "127.0.0.1"}
    return subprocess.run(
        [sys.executable, "-m", "dltui", "data", *words, "--json"], env=environ, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def test_a_model_of_the_hub_comes_without_its_code(site: Site) -> None:
    pytest.importorskip("huggingface_hub")
    hub(site, {
        "config.json": b"{}", "model.safetensors": DATA, "pytorch_model.bin": DATA, "evil.py": b"1 / 0",
        "sub/vocab.txt": WORDS,
    })  # fmt: skip
    done = from_hub(site, "get", "hf:org/net")
    assert done.returncode == 0, done.stderr
    record = record_of("hf:org/net")
    assert {file.name for file in record.files} == {"config.json", "model.safetensors", "sub/vocab.txt"}
    assert record.version == COMMIT
    assert (record.path / "model.safetensors").read_bytes() == DATA
    assert ill_record(record) == []
    assert json.loads(from_hub(site, "path", "hf:org/net").stdout)["path"] == str(record.path)


def test_a_model_of_the_hub_with_another_hash_is_refused(site: Site) -> None:
    pytest.importorskip("huggingface_hub")
    hub(site, {"model.safetensors": DATA}, {"model.safetensors": "0" * 64})
    done = from_hub(site, "get", "hf:org/net")
    assert done.returncode == 1
    assert "has sha256" in done.stderr
    assert done.stderr.count("\n") == 1
    assert records() == []


def test_a_hub_that_does_not_answer_is_told_in_one_line(site: Site) -> None:
    pytest.importorskip("huggingface_hub")
    done = from_hub(site, "get", "hf:org/net")
    assert done.returncode == 1
    assert "hf:org/net can't be fetched: " in done.stderr
    assert done.stderr.count("\n") == 1
