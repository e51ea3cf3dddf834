"""Whatever ends a training, nothing that was kept is lost: kills, signals, a full disk, requests from outside."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch

from dltui.checkpoints import read_weights
from dltui.errors import Cancelled, DltuiError, Requeue
from dltui.runs import Run, find_run, read_metrics
from dltui.runs.control import ask
from dltui.training import Recipe, resume, train_recipe

STRIKES = int(os.environ.get("DLTUI_STRIKES", "4"))
HERE = Path(__file__).parent
BASE = Recipe(model="mlp:width=8", data="moons:n=100", epochs=4, batch_size=16, seed=5, save_every=5)
LONG = BASE.set("steps=100000", "eval_every=5000", "save_every=5000")


def test_kill_9_at_random_moments_costs_nothing() -> None:
    line = [sys.executable, str(HERE / "striker.py"), str(STRIKES), "7"]
    ended = subprocess.run(line, capture_output=True, text=True, timeout=60 + 20 * STRIKES, check=False)
    assert ended.returncode == 0, ended.stderr
    told = json.loads(ended.stdout.splitlines()[-1])
    assert told["strikes"] == STRIKES
    assert told["finished"] >= 1


def weights(run: Run) -> torch.Tensor:
    state = read_weights(run.checkpoint(run.steps()[-1])).state
    return torch.cat([tensor.flatten() for tensor in state.values()])


def sending(number: int, at: int) -> object:
    def report(done: int, total: int, partial: object = None) -> None:
        if done == at:
            os.kill(os.getpid(), number)

    return report


@pytest.mark.parametrize(
    ("number", "error", "code"),
    [(signal.SIGINT, Cancelled, 130), (signal.SIGTERM, Requeue, 75), (signal.SIGUSR1, Requeue, 75)],
)
def test_a_signal_ends_after_a_step_and_keeps_the_state(
    number: int, error: type[DltuiError], code: int
) -> None:
    before = signal.getsignal(number)
    with pytest.raises(error) as caught:
        train_recipe(BASE, name="told", report=sending(number, 7))  # type: ignore[arg-type]
    assert caught.value.exit_code == code
    run = find_run("told")
    assert (run.state, run.resumable()[-1]) == ("stopped", 8)
    assert "go on with: dltui train --resume run:told" in str(caught.value)
    assert signal.getsignal(number) == before
    resume("run:told")
    assert torch.equal(weights(find_run("told")), weights(find_run(train_recipe(BASE).run)))


def test_a_second_ctrl_c_ends_at_once() -> None:
    def twice(done: int, total: int, partial: object = None) -> None:
        if done == 7:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train_recipe(BASE, name="told", report=twice)
    run = find_run("told")
    assert run.state == "stopped"
    assert 7 not in run.steps()  # nothing is waited for, not even a checkpoint that was on its way


def wait_for(name: str, step: int) -> Run:
    for _ in range(1200):
        try:
            run = find_run(name)
            if max((row["step"] for row in read_metrics(run) if row["kind"] == "step"), default=0) >= step:
                return run
        except DltuiError:
            pass
        time.sleep(0.05)
    raise AssertionError(f"{name} did not reach step {step}")


def test_others_may_ask_for_a_checkpoint_a_pause_and_a_stop() -> None:
    found: list[BaseException] = []

    def work() -> None:
        try:
            train_recipe(LONG, name="asked")
        except DltuiError as error:
            found.append(error)

    thread = threading.Thread(target=work)
    thread.start()
    try:
        run = wait_for("asked", 20)
        ask(run, "checkpoint")
        while not run.resumable():
            time.sleep(0.02)
        ask(run, "pause")
        while not any("paused" in row.get("text", "") for row in read_metrics(run)):
            time.sleep(0.02)
        paused = len(read_metrics(run))
        time.sleep(0.4)
        assert len(read_metrics(run)) == paused
        ask(run, "go-on")
        wait_for("asked", read_metrics(run)[-2]["step"] + 10)
    finally:
        ask(find_run("asked"), "stop")
        thread.join(60)
    assert isinstance(found[0], Cancelled)
    assert find_run("asked").state == "stopped"
    rows = [row["step"] for row in read_metrics(run) if row["kind"] == "step"]
    assert rows == list(range(1, rows[-1] + 1))
    assert (run.folder / "log.txt").read_text().count("paused after step") == 1


def test_a_full_disk_is_one_sentence_and_no_loss() -> None:
    """A limit on the size of files stands for a disk that is full."""
    code = (
        "import resource, signal\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, 60_000))\n"
        "import sys; from dltui.cli import run\n"
        "sys.exit(run(['train', 'mlp:width=8', '--data', 'moons:n=100', '-e', '500', '-b', '16', '--name', 'full',"
        " '--save-every', '20', '--json']))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=120, check=False
    )
    assert ended.returncode == 1
    assert "File too large" in ended.stderr
    assert len(ended.stderr.strip().splitlines()) == 1
    run = find_run("full")
    assert run.state == "failed"
    step = run.resumable()[-1]
    told = {row["step"] for row in read_metrics(run) if row["kind"] == "step"}
    assert told >= set(range(1, step + 1))
    found = resume("run:full", ["steps=" + str(step + 40)])
    assert found.steps == step + 40
    whole = train_recipe(
        Recipe.set(BASE, f"steps={step + 40}", "save_every=1000", "model=mlp:width=8", "seed=0")
    )
    assert whole.steps == found.steps


def test_two_writers_are_refused() -> None:
    from dltui.runs.metrics import MetricsWriter

    with pytest.raises(Cancelled):
        train_recipe(BASE, name="held", report=lambda *_: (_ for _ in ()).throw(Cancelled("stop")))
    with (
        MetricsWriter(find_run("held")),
        pytest.raises(DltuiError, match="another process is writing the run held"),
    ):
        resume("run:held")


def test_memory_that_runs_out_is_one_sentence() -> None:
    from dltui.training.trouble import out_of_memory

    told = out_of_memory(torch.OutOfMemoryError("CUDA out of memory"), BASE, torch.device("cpu"), 3)
    assert "out of memory on cpu at step 3" in str(told)
    assert "--set batch_size=8 --set accumulate=2 (the same steps in less memory)" in str(told)
    assert "--precision bf16, or --devices 2 --strategy fsdp" in str(told)
    assert out_of_memory(RuntimeError("something else"), BASE, torch.device("cpu"), 3) is None
    spent = RuntimeError(
        "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: not enough memory: you tried to allocate"
    )
    assert out_of_memory(spent, BASE, torch.device("cpu"), 3) is not None


def test_a_gradient_that_is_not_finite_names_its_place() -> None:
    recipe = BASE.set(f"model={__name__}:exploding", "eval_every=2")
    with pytest.raises(DltuiError) as caught:
        train_recipe(recipe, name="bad")
    assert "the gradient is not finite at step 6" in str(caught.value)
    assert "it began in the gradient of last; step 5 is kept" in str(caught.value)
    run = find_run("bad")
    assert (run.state, run.resumable()) == ("failed", [5])
    assert torch.isfinite(weights(run)).all()


def exploding(input_shape: tuple[int, ...], outputs: int) -> torch.nn.Module:
    """A network whose seventh gradient is infinite while its loss is not."""

    class Exploding(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.first, self.last = torch.nn.Linear(*input_shape, 4), torch.nn.Linear(4, outputs)
            self.calls = 0

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            self.calls += self.training
            y = self.last(self.first(x).relu())
            if self.calls == 7 and self.training:
                y.register_hook(lambda gradient: gradient * torch.inf)
            return y

    return Exploding()
