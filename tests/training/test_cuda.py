"""Training on a GPU: every precision, compiled or not, stopped and gone on with."""

from __future__ import annotations

import pytest
import torch

from dltui.checkpoints import read_weights
from dltui.errors import Cancelled
from dltui.runs import find_run, read_metrics
from dltui.training import find_recipe, resume, train_recipe

pytestmark = pytest.mark.gpu
SHORT = find_recipe("digits-cnn").set("epochs=4", "save_every=45")


@pytest.mark.parametrize(
    "words", [[], ["precision=bf16"], ["precision=fp16"], ["precision=64"], ["compile=true"]]
)
def test_digits_are_learnt(words: list[str]) -> None:
    found = train_recipe(SHORT.set(*words), device="cuda")
    assert found.test_accuracy[-1] >= 0.85
    run = find_run(found.run)
    steps = [row for row in read_metrics(run) if row["kind"] == "step"]
    assert [row["step"] for row in steps] == list(range(1, found.steps + 1))
    assert all(row["memory"] > 0 for row in steps)


def test_the_cpu_and_the_gpu_agree() -> None:
    recipe = find_recipe("digits-mlp").set("steps=20", "optimizer.lr=0.02")
    here, there = (train_recipe(recipe, device=device) for device in ("cpu", "cuda"))
    one, two = (read_weights(find_run(found.run).checkpoint(20)).state for found in (here, there))
    assert max(float((one[name] - two[name]).abs().max()) for name in one) < 1e-4


@pytest.mark.parametrize("words", [[], ["precision=fp16", "clip=1"], ["ema=0.9", "optimizer=sgd"]])
def test_a_stopped_training_goes_on(words: list[str]) -> None:
    recipe = SHORT.set(*words)
    whole = train_recipe(recipe, device="cuda")

    def stop(done: int, total: int, partial: object = None) -> None:
        if done == 70:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        train_recipe(recipe, name="stopped", device="cuda", report=stop)
    again = resume("run:stopped", device="cuda")
    assert again.test_loss[-1] == pytest.approx(float(whole.test_loss[-1]), rel=0.05)


def test_readings_of_the_device_are_kept() -> None:
    pytest.importorskip("pynvml")
    run = find_run(train_recipe(SHORT.set("epochs=30"), device="cuda").run)
    readings = [row for row in read_metrics(run) if row["kind"] == "device"]
    assert readings
    assert 0 <= readings[0]["utilisation"] <= 1
    assert readings[0]["memory_total"] >= readings[0]["memory_used"] > 0


def test_memory_that_runs_out_is_one_sentence() -> None:
    from dltui.errors import DltuiError

    torch.cuda.set_per_process_memory_fraction(0.0001)
    try:
        with pytest.raises(DltuiError, match="out of memory on cuda:0"):
            train_recipe(find_recipe("fashion-resnet20").set("batch_size=2000"), device="cuda")
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
