"""``dltui inspect`` as a person or a script calls it."""

from __future__ import annotations

import json
import os
import pickle
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from dltui.cli import run
from dltui.results import load


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    """A small network with an epoch beside it, its last layer tied to its first."""
    model = nn.ModuleDict({"table": nn.Embedding(10, 4), "head": nn.Linear(4, 10, bias=False)})
    model["head"].weight = model["table"].weight
    torch.save(
        {"epoch": 3, "model": model.state_dict(), "half": torch.ones(2, dtype=torch.bfloat16)},
        tmp_path / "net.pt",
    )
    return tmp_path / "net.pt"


def test_the_document(checkpoint: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", str(checkpoint), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["format"] == "pytorch-zip"
    assert told["tensors"] == [
        {"name": "model.table.weight", "shape": [10, 4], "dtype": "float32", "elements": 40, "bytes": 160},
        {"name": "model.head.weight", "shape": [10, 4], "dtype": "float32", "elements": 40, "bytes": 160},
        {"name": "half", "shape": [2], "dtype": "bfloat16", "elements": 2, "bytes": 4},
    ]
    assert (told["tensor_count"], told["elements"], told["bytes"]) == (3, 82, 324)
    assert told["scalars"] == {"epoch": 3}
    assert told["shared"] == {"model.head.weight": "model.table.weight"}
    assert told["architecture"] is None or set(told["architecture"]) == {"guess", "because"}


def test_the_page_and_the_saved_result_are_the_same(
    checkpoint: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept.safetensors"
    assert (
        run([
            "inspect",
            str(checkpoint),
            "--save",
            str(kept),
            "--figure",
            str(tmp_path / "a.html"),
            "--quiet",
        ])
        == 0
    )
    page = capsys.readouterr().out
    assert "model" in page
    assert "head.weight = model.table.weight" in page
    assert "values  epoch 3" in page
    assert run(["open", str(kept)]) == 0
    assert capsys.readouterr().out == page
    assert load(kept).document()["tensor_count"] == 3
    assert "Tensors" in (tmp_path / "a.html").read_text(encoding="utf-8")


@pytest.mark.parametrize("extra", [["--ascii"], ["--plain"], ["--depth", "1"]])
def test_other_ways_to_show_it(
    checkpoint: Path, extra: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["inspect", str(checkpoint), *extra]) == 0
    shown = capsys.readouterr().out
    assert "82" in shown or "42" in shown
    assert extra != ["--ascii"] or shown.isascii()


def test_a_live_model_and_a_function(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    name = f"own_{tmp_path.name}".replace("-", "_")
    (tmp_path / f"{name}.py").write_text(
        "from torch import nn\ndef build():\n    print('noise')\n    return nn.Linear(2, 3)\n"
    )
    monkeypatch.chdir(tmp_path)
    for spec, count in (("lenet", 10), (f"{name}:build", 2)):
        assert run(["inspect", spec, "--json"]) == 0
        told = json.loads(capsys.readouterr().out)
        assert (told["format"], told["tensor_count"]) == ("model", count)


def test_a_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(os.environ["DLTUI_HOME"]) / "runs" / "digits-mlp-0001"
    (folder / "checkpoints").mkdir(parents=True)
    card = {
        "model": "mlp",
        "data": "digits",
        "settings": {},
        "started": "2026-11-24T20:00:00+00:00",
        "state": "done",
    }
    (folder / "run.json").write_text(json.dumps(card | {"command": "dltui train mlp"}))
    save_file({"w": torch.ones(3)}, folder / "checkpoints" / "step-000020.safetensors")
    assert run(["inspect", "run:digits-mlp@step=20", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told["title"], told["format"], told["elements"]) == ("digits-mlp-0001 step 20", "safetensors", 3)


class Caller:
    """Something whose pickle calls a function when it is read."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.mark}",)


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_pickle_that_calls_is_refused_in_one_line(tmp_path: Path, options: list[str]) -> None:
    torch.save({"w": torch.ones(2), "x": Caller(tmp_path / "mark"), "y": np.float64(1)}, tmp_path / "bad.pt")
    (tmp_path / "bare.pt").write_bytes(pickle.dumps(Caller(tmp_path / "mark"), protocol=2))
    for name in ("bad.pt", "bare.pt"):
        done = subprocess.run(
            [sys.executable, "-m", "dltui", "inspect", str(tmp_path / name), *options],
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 1
        assert done.stdout == ""
        assert len(done.stderr.splitlines()) == 1
        assert "posix.system" in done.stderr
    assert not (tmp_path / "mark").exists()


@pytest.mark.parametrize(
    ("spec", "code", "told"),
    [
        ("nowhere/net.pt", 2, "no file nowhere/net.pt"),
        ("lenett", 2, "did you mean lenet"),
        ("run:nothing", 2, "no runs"),
        ("hf:nothing", 2, "expected hf:org/name"),
    ],
)
def test_wrong_spellings(spec: str, code: int, told: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["inspect", spec]) == code
    assert told in capsys.readouterr().err


HEADER = json.dumps({"a.weight": {"dtype": "BF16", "shape": [3, 4], "data_offsets": [0, 24]}}).encode()
HOSTED = {"model.safetensors": struct.pack("<Q", len(HEADER)) + HEADER + bytes(24)}


class Hub(BaseHTTPRequestHandler):
    """As much of the hub as is needed to read headers: what a model holds, and parts of files."""

    asked: list[str] = []  # noqa: RUF012 - shared by all that answer

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def answer(self, code: int, body: bytes, **headers: str) -> None:
        self.send_response(code)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def do_GET(self) -> None:
        """Answer one question."""
        self.asked.append(f"{self.command} {self.path} {self.headers.get('Range', '')}")
        name = self.path.rpartition("/")[2]
        if "/org/net" not in self.path:
            body = b'{"error": "Repository not found"}'
            self.answer(404, body, X_Error_Code="RepoNotFound", Content_Type="application/json")
        elif "/resolve/" in self.path and name in HOSTED:
            data = HOSTED[name]
            wanted = self.headers.get("Range", "bytes=0-").removeprefix("bytes=").split("-")
            part = data[int(wanted[0]) : int(wanted[1] or len(data)) + 1]
            whole = f"bytes {wanted[0]}-{int(wanted[0]) + len(part) - 1}/{len(data)}"
            self.answer(206, part, Content_Range=whole, ETag='"1"', X_Repo_Commit="0" * 40)
        elif "/resolve/" in self.path:
            self.answer(404, b"", X_Error_Code="EntryNotFound")
        else:
            files = [{"rfilename": name} for name in HOSTED]
            told = {
                "id": "org/net",
                "sha": "0" * 40,
                "siblings": files,
                "tags": [],
                "private": False,
                "downloads": 0,
                "likes": 0,
            }
            self.answer(200, json.dumps(told).encode(), Content_Type="application/json")

    do_HEAD = do_GET  # noqa: N815 - so the server calls it


@pytest.fixture
def hub() -> Iterator[str]:
    """A hub on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def test_a_model_on_the_hub_is_listed_by_its_headers(hub: str, tmp_path: Path) -> None:
    pytest.importorskip("huggingface_hub")
    settings = {"HF_ENDPOINT": hub, "HF_HOME": str(tmp_path), "HF_HUB_DISABLE_TELEMETRY": "1"}
    done = subprocess.run(
        [sys.executable, "-m", "dltui", "inspect", "hf:org/net", "--json"],
        capture_output=True,
        text=True,
        env=os.environ | settings,
        check=False,
    )
    assert done.returncode == 0, (done.stderr, Hub.asked)
    told = json.loads(done.stdout)
    assert told["tensors"] == [
        {"name": "a.weight", "shape": [3, 4], "dtype": "bfloat16", "elements": 12, "bytes": 24}
    ]
    gone = subprocess.run(
        [sys.executable, "-m", "dltui", "inspect", "hf:org2/gone"],
        capture_output=True,
        text=True,
        env=os.environ | settings,
        check=False,
    )
    assert gone.returncode == 1
    assert "no model org2/gone" in gone.stderr
