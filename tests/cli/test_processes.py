"""``--processes``: the same numbers to the bit, a process that dies, and going on after it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from dltui.cli import run
from dltui.instruments.team import Team
from dltui.results import load

SCAN = ("landscape", "mlp:width=16", "--data", "moons:n=400", "--steps", "25", "--exact", "--quiet")


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Run a verb here, which is the first of its processes, on two threads in all."""

    def ask(*words: str) -> Any:
        monkeypatch.setattr(sys, "argv", ["dltui", *words])
        assert run([*words]) == 0, capsys.readouterr().err
        return json.loads(capsys.readouterr().out)

    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield ask
    torch.set_num_threads(before)


def numbers(found: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in found.items() if name not in {"made", "seconds"}}


@pytest.mark.parametrize("devices", [(), ("--devices", "cpu,cpu,cpu")], ids=["one thread each", "2 and 1"])
def test_a_scan_by_two_processes_is_that_of_one_to_the_bit(
    told: Callable[..., Any], monkeypatch: pytest.MonkeyPatch, devices: tuple[str, ...]
) -> None:
    alone = told(*SCAN, "--json")
    answers, agree, asker = [0], Team.agree, Team.asker

    def wait_until_ready(self: Team, identity: str, channels: int) -> None:
        agree(self, identity, channels)
        self._seen(self._store(), "ready/1")

    def counted(self: Team, rank: int, channel: int) -> Callable[[bytes], bytes | None]:
        ask = asker(self, rank, channel)

        def asked(question: bytes) -> bytes | None:
            answers[0] += 1
            return ask(question)

        return asked

    scan = sys.modules["dltui.instruments.landscape.scan"]
    monkeypatch.setattr(scan, "PIECE", 0.0)  # cell by cell, so that both have some
    monkeypatch.setattr(Team, "agree", wait_until_ready)
    monkeypatch.setattr(Team, "asker", counted)
    together = told(*SCAN, "--json", "--processes", "2", *devices)
    assert answers[0] > 0
    assert numbers(alone) == numbers(together)


@pytest.mark.parametrize(
    "words",
    [
        ("landscape", "mlp", "--data", "moons", "--processes", "999"),
        ("hessian", "mlp", "--data", "moons", "--processes", "999"),
        ("train", "moons-mlp", "--devices", "999"),
    ],
)
def test_more_processes_than_a_machine_carries_are_not_started(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("dltui.ranks.environment.cores", lambda: 2)
    monkeypatch.setattr("dltui.ranks.group.Ranks.start", lambda *given: pytest.fail("a process was started"))
    assert run([*words]) == 2
    assert capsys.readouterr().err == (
        f"error: {words[-2]} 999 is too much for this machine with 2 cores: expected at most 8, "
        f"try {words[-2]} 2\n"
    )


def test_a_spectrum_by_two_processes_is_that_of_one_to_the_bit(told: Callable[..., Any]) -> None:
    words = (
        "hessian",
        "mlp:width=32",
        "--data",
        "moons:n=200",
        "--top",
        "2",
        "--bottom",
        "1",
        "--quiet",
        "--json",
    )
    assert numbers(told(*words)) == numbers(told(*words, "--processes", "2"))


def test_one_process_starts_no_other(told: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a process was started")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    told(*SCAN, "--json", "--processes", "1")


def begun(*words: str) -> tuple[subprocess.Popen[str], int]:
    """Start a scan of two processes, and return it with the number of the second once that is there."""
    line = [sys.executable, "-m", "dltui", *words]
    first = subprocess.Popen(line, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    children = Path(f"/proc/{first.pid}/task/{first.pid}/children")
    end = time.monotonic() + 60
    while not (found := children.read_text().split()):
        assert time.monotonic() < end, "the second process never came"
        time.sleep(0.02)
    return first, int(found[0])


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc")
def test_a_process_that_dies_is_told_in_a_sentence_and_the_scan_goes_on_later(
    tmp_path: Path, told: Callable[..., Any]
) -> None:
    file = tmp_path / "found.safetensors"
    words = (
        "landscape",
        "lenet",
        "--data",
        "digits",
        "--steps",
        "41",
        "--exact",
        "--quiet",
        "--save",
        str(file),
    )
    first, second = begun(*words, "--processes", "2")
    partial = tmp_path / "found.partial.safetensors"
    end = time.monotonic() + 60
    while not partial.exists():
        assert time.monotonic() < end, "nothing was kept"
        time.sleep(0.02)
    os.kill(second, signal.SIGKILL)
    _, err = first.communicate(timeout=60)
    assert first.returncode == 1
    (sentence,) = err.strip().splitlines()
    assert "process 1 of 2 was ended by SIGKILL" in sentence
    assert "are kept in" in sentence
    known = load(partial)
    assert known.known is not None
    assert 0 < known.known.sum() < known.loss.size
    told(*words, "--resume", str(partial), "--json")
    alone = tmp_path / "alone.safetensors"
    told(*words[:-1], str(alone), "--json")
    assert np.array_equal(load(file).loss, load(alone).loss)


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="needs /proc")
def test_the_others_end_with_the_first() -> None:
    first, second = begun(*SCAN, "--processes", "2")
    first.kill()
    first.communicate()
    end = time.monotonic() + 60
    while (
        Path(f"/proc/{second}/stat").exists() and Path(f"/proc/{second}/stat").read_text().split()[2] != "Z"
    ):
        assert time.monotonic() < end, "the second process goes on alone"
        time.sleep(0.05)
