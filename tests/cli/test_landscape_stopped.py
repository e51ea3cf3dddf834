"""Ctrl-C in the middle of a scan: what is known is shown and kept, and the same command goes on from there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
import torch

from dltui.cli import run
from dltui.commands._unfinished import Unfinished
from dltui.errors import ExitCode
from dltui.models import build
from dltui.results import load
from dltui.results.connection import Connection
from dltui.results.landscape import Landscape

SCAN = ["landscape", "mlp", "--steps", "101", "--exact", "--workers", "1"]


def begun(words: list[str], folder: Path, root: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "dltui", *words],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(root), "PYTHONUTF8": "1", "DLTUI_HOME": str(folder / "home")},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_ctrl_c_keeps_what_is_known_and_the_same_command_goes_on(tmp_path: Path, root: Path) -> None:
    words = [*SCAN, "--save", "out.safetensors", "--json"]
    process, partial = begun(words, tmp_path, root), tmp_path / "out.partial.safetensors"
    end = time.monotonic() + 60
    while not partial.exists() and time.monotonic() < end:
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == ExitCode.CANCELLED, err
    assert "Traceback" not in err
    assert "error:" not in err
    assert "of 10201 cells; kept in out.partial.safetensors; the same command goes on from there" in err
    shown, kept = json.loads(out), load(partial)
    assert isinstance(kept, Landscape)
    assert kept.known is not None
    assert not shown["complete"]
    assert np.array_equal(shown["evaluated"], kept.known)
    assert 0 < kept.known.sum() < 10201
    assert not (tmp_path / "out.safetensors").exists()

    process = begun(words, tmp_path, root)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 0, err
    assert f"going on from {kept.known.sum()} of 10201 cells in out.partial.safetensors" in err
    assert not partial.exists()
    found = load(tmp_path / "out.safetensors")
    assert isinstance(found, Landscape)
    assert found.complete
    assert np.array_equal(found.loss[kept.known], kept.loss[kept.known])
    assert [path.name for path in tmp_path.iterdir() if "tmp-" in path.name] == []


def test_without_a_file_the_picture_is_shown_as_far_as_it_goes(tmp_path: Path, root: Path) -> None:
    process = begun(["landscape", "lenet", "--steps", "151", "--exact", "--plain"], tmp_path, root)
    time.sleep(6)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == ExitCode.CANCELLED, err
    if "stopped at" in err:  # else the machine was too slow to know anything yet
        assert "--save FILE would keep them" in err
        assert "coarse: " in out
    assert "Traceback" not in err


def test_a_file_can_be_gone_on_from_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["landscape", "mlp", "-d", "moons", "--steps", "9", "--exact", "--json"]
    whole, part = tmp_path / "whole.safetensors", tmp_path / "part.safetensors"
    assert run([*words, "--save", str(whole)]) == 0
    found = load(whole)
    assert isinstance(found, Landscape)
    known = np.zeros((9, 9), bool)
    known[4] = True
    from dataclasses import replace

    replace(found, known=known, loss=np.where(known, found.loss, np.nan)).save(part)
    capsys.readouterr()
    assert run([*words, "--resume", str(part)]) == 0
    out, err = capsys.readouterr()
    assert json.loads(out)["loss"] == found.loss.tolist()
    assert "going on from 9 of 81 cells" in err
    assert run([*words, "--seed", "1", "--resume", str(part)]) == 2
    assert "can't go on with a scan of mlp on moons" in capsys.readouterr().err
    assert run([*words, "--resume", str(whole)]) == 2
    assert "is no unfinished scan" in capsys.readouterr().err
    assert run([*words, "--resume", str(tmp_path / "nothing.safetensors")]) == 2


def test_a_way_to_another_network_that_was_stopped_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = [
        "landscape",
        "mlp:width=6",
        "-d",
        "moons:n=80",
        "--to",
        str(tmp_path / "b.pt"),
        "--steps",
        "9",
        "--json",
    ]
    torch.manual_seed(1)
    torch.save(build("mlp:width=6", (2,), 2).state_dict(), tmp_path / "b.pt")
    assert run(words) == 0
    whole = json.loads(capsys.readouterr().out)
    calls = []

    def stop(self: Unfinished, known: Connection) -> None:
        take(self, known)
        calls.append(known)
        if len(calls) == 7:
            raise KeyboardInterrupt

    take = Unfinished.__call__
    out = tmp_path / "out.safetensors"
    monkeypatch.setattr("sys.argv", ["dltui", *words, "--save", str(out)])
    with monkeypatch.context() as patched:
        patched.setattr(Unfinished, "__call__", stop)
        assert run([*words, "--save", str(out)]) == ExitCode.CANCELLED
    told, err = capsys.readouterr()
    assert "stopped at 7 of 26 positions; kept in" in err
    assert not json.loads(told)["complete"]
    assert run([*words, "--save", str(out)]) == 0
    told, err = capsys.readouterr()
    assert "going on from 7 of 26 positions" in err
    assert json.loads(told)["paths"] == whole["paths"]
    assert not (tmp_path / "out.partial.safetensors").exists()


def test_both_parts_and_the_penalty_come_with_one_command(capsys: pytest.CaptureFixture[str]) -> None:
    words = ["landscape", "mlp", "-d", "moons", "--steps", "5", "--json"]
    assert run([*words, "--part", "both", "--weight-decay", "0.1"]) == 0
    both = json.loads(capsys.readouterr().out)
    for part, key in (("train", "loss"), ("test", "test_loss")):
        assert run([*words, "--part", part]) == 0
        assert json.loads(capsys.readouterr().out)["loss"] == both[key]
    assert np.subtract(both["regularised_loss"], both["loss"]).min() > 0
    assert both["weight_decay"] == 0.1
    assert np.shape(both["test_error"]) == (5, 5)


WRONG = {
    "tolerance": (["--tolerance", "0"], "try 1e-4"),
    "decay": (["--weight-decay", "-1"], "'--weight-decay': -1"),
    "workers": (["--workers", "0"], "'--workers': 0"),
    "part": (["--part", "all"], "not one of 'train', 'test', 'both'"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_makes_no_sense_is_refused_in_a_sentence(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    words, told = WRONG[name]
    assert run(["landscape", "mlp", "-d", "moons", *words]) == 2
    assert told in capsys.readouterr().err
