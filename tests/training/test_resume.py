"""A training that was stopped goes on to the last bit: the same weights and rows as one that never stopped."""

from __future__ import annotations

import json
import shutil
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from dltui.checkpoints import read_weights
from dltui.errors import Cancelled, DltuiError, UsageError
from dltui.runs import Run, find_run, read_metrics
from dltui.runs.folder import STATE
from dltui.training import Recipe, resume, train_recipe
from dltui.training.recipe import Optimizer, Schedule

BASE = Recipe(model="mlp:width=8", data="moons:n=100", epochs=4, batch_size=16, seed=5, save_every=5)


def dropping(input_shape: tuple[int, ...], outputs: int) -> nn.Module:
    """A network that draws numbers of torch's, numpy's and Python's generators as it goes."""
    import random

    import numpy as np

    class Noise(nn.Module):
        def forward(self, x: Tensor) -> Tensor:
            return x + 0.01 * (np.random.rand() + random.random()) if self.training else x

    return nn.Sequential(
        nn.Linear(*input_shape, 8),
        nn.BatchNorm1d(8),
        nn.ReLU(),
        nn.Dropout(0.3),
        Noise(),
        nn.Linear(8, outputs),
    )


CASES: dict[str, Recipe] = {
    "adam": BASE,
    "sgd with warm-up, clipping, accumulation": BASE.set(
        "optimizer=sgd", "optimizer.lr=0.2", "schedule.warmup=5", "clip=0.5", "accumulate=2", "batch_size=8"
    ),
    "dropout, batch norm and three generators": BASE.set(f"model={__name__}:dropping", "optimizer=adamw"),
    "ema": BASE.set("ema=0.95", "optimizer=nadam"),
    "plateau": BASE.set("schedule=plateau", "schedule.patience=0", "eval_every=2", "schedule.factor=0.5"),
    "lbfgs": BASE.set("optimizer=lbfgs", "optimizer.lr=0.5", "optimizer.max_iter=3", "schedule=constant"),
    "double, adafactor, rows on the way": BASE.set(
        "precision=64", "optimizer=adafactor", "layers_every=3", "keep_every=2", "optimizer.lr=0.05"
    ),
    "bf16": BASE.set("precision=bf16", "accumulate=2", "clip=1"),
    "muon": BASE.set("optimizer=muon", "schedule=one-cycle", "eval_every=3"),
}


def stopping_at(step: int) -> Any:
    def stop(done: int, total: int, partial: object = None) -> None:
        if done == step:
            raise Cancelled("cancelled")

    return stop


def final(run: Run) -> dict[str, Tensor]:
    return read_weights(run.checkpoint(run.steps()[-1])).state


def rows(run: Run) -> list[dict[str, Any]]:
    """The rows that count, without what the clock and the machine say."""
    kept: list[dict[str, Any]] = []
    for row in read_metrics(run):
        if row["kind"] == "start" and row["resumed_from"] is not None:
            kept = [old for old in kept if old["step"] <= row["resumed_from"]]
        elif row["kind"] in {"step", "eval", "layers"}:
            kept.append({k: v for k, v in row.items() if k not in {"seconds", "rate", "memory"}})
    return kept


def same(a: Run, b: Run) -> None:
    one, two = final(a), final(b)
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert rows(a) == rows(b)


@pytest.mark.parametrize("name", CASES)
def test_a_stopped_training_goes_on_to_the_last_bit(name: str) -> None:
    recipe = CASES[name]
    whole = train_recipe(recipe)
    with pytest.raises(Cancelled):
        train_recipe(recipe, name="stopped", report=stopping_at(7))
    run = find_run("stopped")
    assert run.state == "stopped"
    with pytest.raises(Cancelled):
        resume("run:stopped", report=stopping_at(12))
    again = resume("run:stopped")
    run = find_run("stopped")
    assert (run.state, run.attempt) == ("done", 3)
    same(find_run(whole.run), run)
    assert again.test_loss.tolist() == whole.test_loss.tolist()
    assert again.epochs.tolist() == whole.epochs.tolist()


def test_steps_after_the_newest_checkpoint_are_made_again() -> None:
    recipe = BASE.set("save_every=6", "eval_every=5")
    whole = train_recipe(recipe)
    with pytest.raises(Cancelled):
        train_recipe(recipe, name="stopped", report=stopping_at(10))
    run = find_run("stopped")
    shutil.rmtree(run.checkpoint_folder(10))  # as if it had been killed there
    resume("run:stopped")
    starts = [row for row in read_metrics(run) if row["kind"] == "start"]
    assert [(row["attempt"], row["resumed_from"]) for row in starts] == [(1, None), (2, 6)]
    assert len([row for row in read_metrics(run) if row["kind"] == "step" and row["step"] == 9]) == 2
    same(find_run(whole.run), find_run("stopped"))


def test_without_a_state_it_begins_anew() -> None:
    whole = train_recipe(BASE)
    with pytest.raises(Cancelled):
        train_recipe(BASE, name="stopped", report=stopping_at(3))
    run = find_run("stopped")
    shutil.rmtree(run.checkpoint_folder(3))
    resume("run:stopped")
    same(find_run(whole.run), find_run("stopped"))


def test_early_stopping_counts_over_the_break() -> None:
    recipe = BASE.set("patience=2", "optimizer.lr=0.0", "epochs=50", "optimizer=sgd")
    whole = train_recipe(recipe)
    assert whole.epochs.tolist() == [1, 2, 3]
    run = find_run(whole.run)
    assert (run.state, run.reason) == ("done", "no better held-out loss in 2 evaluations")
    with pytest.raises(Cancelled):
        train_recipe(recipe, name="stopped", report=stopping_at(11))
    assert resume("run:stopped").epochs.tolist() == [1, 2, 3]


def test_a_kill_after_the_last_step_leaves_nothing_but_the_card_to_write() -> None:
    from dltui.runs.new import change

    whole = train_recipe(BASE, name="whole")
    change(find_run("whole"), state="running", pid=0)
    assert find_run("whole").state_now() == "died"
    assert resume("run:whole").test_loss.tolist() == whole.test_loss.tolist()
    assert find_run("whole").state_now() == "done"


def test_a_training_can_be_made_longer() -> None:
    recipe = BASE.set("schedule=constant")
    whole = train_recipe(recipe.set("epochs=6"))
    short = train_recipe(recipe)
    with pytest.raises(UsageError, match="has made all its 20 steps: to train on, add --set epochs=8"):
        resume(f"run:{short.run}")
    found = resume(f"run:{short.run}", ["epochs=6"])
    assert found.test_loss.tolist() == whole.test_loss.tolist()
    assert find_run(short.run).recipe["epochs"] == 6
    with pytest.raises(UsageError, match=r"optimizer.name can't change when a run goes on"):
        resume(f"run:{short.run}", ["optimizer=sgd", "epochs=9"])


def test_a_damaged_state_is_passed_over_for_the_one_before() -> None:
    with pytest.raises(Cancelled):
        train_recipe(BASE, name="stopped", report=stopping_at(10))
    run = find_run("stopped")
    assert run.resumable() == [5, 10]
    state = run.checkpoint_folder(10) / STATE
    state.write_bytes(state.read_bytes()[:-100])
    whole = train_recipe(BASE)
    resume("run:stopped")
    same(find_run(whole.run), find_run("stopped"))
    for folder in (run.checkpoint_folder(step) for step in find_run("stopped").resumable()):
        (folder / STATE).write_bytes(b"no")
    with pytest.raises(DltuiError, match="as the state of a training"):
        resume("run:stopped", ["epochs=9"])


def test_only_the_newest_states_are_kept_but_all_weights() -> None:
    run = find_run(train_recipe(BASE).run)
    assert run.steps() == [0, 5, 10, 15, 20]
    assert run.resumable() == [15, 20]


def test_nothing_in_a_checkpoint_is_pickled() -> None:
    run = find_run(train_recipe(BASE).run)
    raw = (run.checkpoint_folder(20) / STATE).read_bytes()
    size = int.from_bytes(raw[:8], "little")
    header = json.loads(raw[8 : 8 + size])
    assert {"opt/0/state/0/exp_avg", "rng/0/torch"} <= set(header)
    told = json.loads(header["__metadata__"]["dltui-state"])
    assert told["step"] == 20


def test_another_model_s_checkpoint_is_one_sentence() -> None:
    with pytest.raises(Cancelled):
        train_recipe(BASE, name="stopped", report=stopping_at(7))
    with pytest.raises(Cancelled):
        train_recipe(BASE.set("model=mlp:width=4"), name="other", report=stopping_at(7))
    here, there = find_run("stopped").checkpoint_folder(7), find_run("other").checkpoint_folder(7)
    shutil.rmtree(here)
    shutil.copytree(there, here)
    with pytest.raises(DltuiError) as caught:
        resume("run:stopped")
    assert (
        "step 7 of the run stopped does not fit MLP: hidden.0.weight is [4, 2] in the file, [8, 2] in the model"
        in str(caught.value)
    )


def test_an_old_run_without_a_recipe_is_one_sentence() -> None:
    from dltui.runs import finish, new_run

    finish(new_run(model="mlp", data="moons", settings={}, name="old"), "stopped")
    with pytest.raises(
        UsageError, match="kept no recipe, as runs of older versions did: train on from its weights"
    ):
        resume("run:old")


def test_the_optimizer_s_arguments_survive() -> None:
    rule = Optimizer(name="sgd", lr=0.1, arguments={"momentum": 0.5, "nesterov": True})
    run = find_run(train_recipe(Recipe(model="mlp", data="moons:n=60", epochs=1, optimizer=rule)).run)
    from dltui.training.recipe import recipe_of

    assert recipe_of(run.recipe).optimizer == rule
    assert recipe_of(run.recipe).schedule == Schedule()
