"""Several processes: what they learn is what one learns, and a training outlives any of them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from torch import Tensor

from dltui.checkpoints import read_weights
from dltui.errors import DltuiError
from dltui.runs import Run, find_run, read_metrics
from dltui.training import find_recipe, train_recipe

STRIKES = int(os.environ.get("DLTUI_RANK_STRIKES", "1"))
LONG_ONES = pytest.mark.skipif(
    "DLTUI_LONG_TESTS" not in os.environ,
    reason="starts several processes several times: set DLTUI_LONG_TESTS=1",
)


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "dltui", "train", *words, "--json"]


def together(*words: str, expect: int = 0) -> tuple[dict[str, Any], str]:
    ended = subprocess.run(command(*words), capture_output=True, text=True, timeout=240, check=False)
    assert ended.returncode == expect, ended.stderr
    return (json.loads(ended.stdout) if ended.stdout else {}), ended.stderr


def weights(run: Run, step: int | None = None) -> dict[str, Tensor]:
    return read_weights(run.checkpoint(run.steps()[-1] if step is None else step)).state


def largest_difference(a: Run, b: Run, step: int | None = None) -> float:
    one, two = weights(a, step), weights(b, step)
    assert one.keys() == two.keys()
    return max(float((one[name] - two[name]).abs().max()) for name in one)


def ranks_of(supervisor: int) -> dict[int, int]:
    """Process ids by rank."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(supervisor)], capture_output=True, text=True
    ).stdout
    found = {}
    for pid in map(int, listed.split()):
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            continue
        for entry in environment:
            if entry.startswith(b"RANK="):
                found[int(entry[5:])] = pid
    return found


def step_of(name: str) -> int:
    try:
        rows = read_metrics(find_run(name))
    except DltuiError:
        return 0
    return max((row["step"] for row in rows if row["kind"] == "step"), default=0)


LONG = ["digits-mlp", "--set", "steps=160", "--schedule", "constant", "--lr", "0.05", "--devices", "2"]
LONG += ["--set", "batch_size=16", "--set", "accumulate=2", "--save-every", "20", "--set", "eval_every=80"]
ALONE = find_recipe("digits-mlp").set("steps=20", "optimizer.lr=0.05", "schedule=constant", "batch_size=64")


def wait_for_step(name: str, step: int) -> None:
    for _ in range(2400):
        if step_of(name) >= step:
            return
        time.sleep(0.02)
    raise AssertionError(f"{name} did not reach step {step}")


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_two_processes_are_one_with_the_doubled_batch_and_outlive_a_kill() -> None:
    found, _ = together(*LONG, "--name", "whole")
    two, one = find_run("whole"), find_run(train_recipe(ALONE).run)
    assert (two.world, two.state, found["steps"]) == (2, "done", 160)
    assert largest_difference(two, one, step=20) < 1e-5
    losses = [[row["loss"] for row in read_metrics(run) if row["kind"] == "step"][:20] for run in (two, one)]
    assert losses[0] == pytest.approx(losses[1], abs=1e-4)
    for strike in range(STRIKES):
        name = f"struck-{strike}"
        process = subprocess.Popen(
            command(*LONG, "--name", name), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        wait_for_step(name, 30 + 5 * strike)
        os.kill(ranks_of(process.pid)[1 - strike % 2], signal.SIGKILL)
        _, said = process.communicate(timeout=240)
        assert process.returncode == 0, said
        run = find_run(name)
        assert (run.state, run.attempt) == ("done", 2)
        assert largest_difference(two, run) == 0.0


@LONG_ONES
def test_shared_weights_learn_the_same() -> None:
    words = ["digits-mlp", "--set", "steps=20", "--lr", "0.05", "--schedule", "constant", "--set", "clip=1"]
    found, _ = together(*words, "--devices", "2", "--strategy", "fsdp", "--name", "two", "--save-every", "10")
    alone = train_recipe(ALONE.set("clip=1"))
    two, one = find_run("two"), find_run(alone.run)
    assert largest_difference(two, one) < 1e-5
    norms = [[row["grad_norm"] for row in read_metrics(run) if row["kind"] == "step"] for run in (two, one)]
    assert norms[0] == pytest.approx(norms[1], rel=1e-3)
    assert found["metrics"]["test_loss"] == pytest.approx(float(alone.test_loss[-1]), abs=1e-4)
    shutil.rmtree(two.checkpoint_folder(20))
    together("--resume", "run:two", "--strategy", "fsdp")
    assert largest_difference(find_run("two"), one) < 1e-5


@LONG_ONES
@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_sigterm_makes_room_and_the_run_goes_on() -> None:
    process = subprocess.Popen(
        command(*LONG, "--name", "room"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    wait_for_step("room", 10)
    ranks = ranks_of(process.pid)
    process.send_signal(signal.SIGTERM)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 75, said
    assert "dltui train --resume run:room" in said
    assert find_run("room").state == "stopped"
    step = find_run("room").resumable()[-1]
    assert not any(Path(f"/proc/{pid}").exists() for pid in ranks.values())
    _, said = together("--resume", "run:room", "--devices", "1", expect=1)
    assert f"step {step} was kept by 2 processes, not 1: go on with --devices 2" in said


@LONG_ONES
def test_what_can_t_be_begun_leaves_no_run() -> None:
    _, said = together("lenet", "--data", "moons", "--devices", "2", "--name", "no", expect=2)
    assert "lenet needs pictures" in said
    assert not (Path(os.environ["DLTUI_HOME"]) / "runs" / "no").exists()


def test_strategies_and_processes_must_suit() -> None:
    _, said = together("digits-mlp", "--strategy", "fsdp", expect=2)
    assert "--strategy fsdp is for several processes: add --devices 2 or more" in said
    _, said = together("digits-mlp", "--strategy", "single", "--devices", "2", expect=2)
    assert "--strategy single trains in one process, not 2" in said


@LONG_ONES
def test_under_somebody_elses_torchrun(tmp_path: Path) -> None:
    line = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    line += [
        "--no-python",
        *command(
            "digits-mlp", "--set", "steps=20", "--lr", "0.05", "--schedule", "constant", "--name", "outer"
        ),
    ]
    told = {"GLOO_SOCKET_IFNAME": "lo", "OMP_NUM_THREADS": "1"}
    ended = subprocess.run(
        line, capture_output=True, text=True, timeout=240, env=dict(os.environ) | told, check=False
    )
    assert ended.returncode == 0, ended.stderr
    (document,) = (json.loads(text) for text in ended.stdout.splitlines() if text.startswith("{"))
    assert document["run"] == "outer"
    alone = train_recipe(ALONE)
    assert largest_difference(find_run("outer"), find_run(alone.run)) < 1e-5
