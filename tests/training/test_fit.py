"""Training: it learns, it repeats to the last bit, and it leaves a readable run whatever happens."""

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
from torch import nn

from dltui.checkpoints import open_model, read_weights
from dltui.data import load
from dltui.errors import Cancelled, DltuiError, UsageError
from dltui.runs import Run, find_run, history, list_runs, new_run, read_metrics
from dltui.training import Optimizer, Recipe, Schedule, fit, recipe_for, train

SHORT = Recipe(epochs=3, batch_size=16, optimizer=Optimizer(lr=0.05))


def weights(module: nn.Module) -> torch.Tensor:
    return torch.cat([value.detach().flatten().double() for value in module.state_dict().values()])


def a_run(model: str = "mlp", data: str = "moons") -> Run:
    return new_run(model=model, data=data, settings=SHORT.flat())


@pytest.mark.parametrize(("model", "least"), [("mlp", 0.96), ("lenet", 0.97)])
def test_digits_are_learnt(model: str, least: float) -> None:
    found = train(model, "digits")
    assert found.test_accuracy[-1] >= least
    assert found.title == f"{model} on digits"


def test_resnet8_learns_digits_in_a_few_epochs() -> None:
    assert train("resnet8", "digits", wishes={"epochs": 3}).test_accuracy[-1] >= 0.95


def test_twice_the_same_to_the_last_bit() -> None:
    data = load("digits")

    def trained(seed: int) -> tuple[torch.Tensor, np.ndarray]:
        opened = open_model("lenet", data, seed=seed)
        found = fit(opened.module, data, recipe_for("lenet").set("epochs=1", f"seed={seed}"))
        return weights(opened.module), found.train_loss

    (first, loss), (again, same), (other, _) = trained(0), trained(0), trained(1)
    assert torch.equal(first, again)
    assert np.array_equal(loss, same)
    assert not torch.equal(first, other)


def test_one_step_is_the_one_written_by_hand() -> None:
    data = load("moons:n=50")
    opened = open_model("mlp:width=4", data)
    twin = open_model("mlp:width=4", data).module
    fit(
        opened.module,
        data,
        Recipe(
            epochs=1,
            batch_size=40,
            optimizer=Optimizer(name="sgd", lr=0.1, arguments={"momentum": 0.0}),
            schedule=Schedule(name="constant"),
        ),
    )
    x, y = torch.tensor(data.x_train), torch.tensor(data.y_train)
    loss = nn.functional.cross_entropy(twin(x), y)
    gradients = torch.autograd.grad(loss, list(twin.parameters()))
    for mine, theirs, gradient in zip(opened.module.parameters(), twin.parameters(), gradients, strict=True):
        assert torch.allclose(mine, theirs - 0.1 * gradient, atol=1e-6)


def test_numbers_are_fitted(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(200, 3))
    np.savez(tmp_path / "line.npz", x=x, y=x @ [1.0, -2.0, 0.5] + 0.25)
    found = train("mlp:depth=0", str(tmp_path / "line.npz"), wishes={"epochs": 30, "optimizer.lr": 0.05})
    assert found.test_loss[-1] < 1e-4
    assert np.isnan(found.test_accuracy).all()


def test_what_is_left_as_found() -> None:
    data = load("moons:n=60")
    module = open_model("mlp", data).module
    state, threads = torch.random.get_rng_state(), torch.get_num_threads()
    fit(module, data, SHORT)
    assert torch.equal(torch.random.get_rng_state(), state)
    assert torch.get_num_threads() == threads
    assert not module.training


def test_the_run_tells_what_the_result_tells() -> None:
    found = train("mlp", "moons:n=200", wishes={"epochs": 4, "save_every": 12}, command="dltui train mlp")
    run = find_run(found.run)
    assert run.state == "done"
    steps = len(load("moons:n=200").x_train) // 32
    assert run.steps() == [0, 12, 4 * steps]
    assert run.resumable() == [12, 4 * steps]
    kept = history(run)
    for name in ("epochs", "train_loss", "test_loss", "test_accuracy", "learning_rate"):
        assert np.array_equal(getattr(kept, name), getattr(found, name))
    assert (kept.title, kept.parameters, kept.split) == (found.title, found.parameters, found.split)
    rows = [row for row in read_metrics(run) if row["kind"] == "step"]
    assert [row["step"] for row in rows] == list(range(1, 4 * steps + 1))
    seen = {
        "kind",
        "step",
        "seconds",
        "epoch",
        "loss",
        "learning_rate",
        "grad_norm",
        "nonfinite",
        "weight_norm",
    }
    assert set(rows[0]) == seen | {"update_ratio", "rate", "memory"}
    opened = open_model(f"run:{run.name}", load("moons:n=200"))
    with torch.no_grad():
        outputs = opened.module(torch.tensor(load("moons:n=200").x_test)).argmax(1)
    right = (outputs.numpy() == load("moons:n=200").y_test).mean()
    assert right == found.test_accuracy[-1]


def test_steps_within_an_epoch_are_kept_too() -> None:
    found = train("mlp:width=4", "moons:n=200", wishes={"epochs": 2, "batch_size": 16, "keep_every": 4})
    assert find_run(found.run).steps() == [0, 4, 8, 10, 12, 16, 20]
    few = train("mlp:width=4", "moons:n=200", wishes={"epochs": 2, "batch_size": 16})
    assert find_run(few.run).steps() == [0, 10, 20]


def test_the_first_checkpoint_is_the_fresh_model() -> None:
    data = load("moons:n=60")
    found = train("mlp", "moons:n=60", wishes={"epochs": 1})
    fresh = open_model("mlp", data).module
    assert torch.equal(weights(open_model(f"run:{found.run}@step=0", data).module), weights(fresh))


def test_training_goes_on_from_a_run() -> None:
    first = train("mlp:width=8", "moons:n=60", wishes={"epochs": 1})
    second = train(f"run:{first.run}", "moons:n=60", wishes={"epochs": 1})
    run = find_run(second.run)
    assert run.model == "mlp:width=8"
    assert f"run {first.run}, step" in str(run.settings["weights"])
    data = load("moons:n=60")
    start, end = (open_model(f"run:{name}", data).module for name in (f"{second.run}@step=0", first.run))
    assert torch.equal(weights(start), weights(end))


def test_nan_is_one_sentence_and_the_run_failed() -> None:
    with pytest.raises(DltuiError) as caught:
        train(
            "mlp",
            "moons:n=100,noise=1000",
            wishes={"optimizer": "sgd", "optimizer.lr": 1e9, "schedule": "constant"},
        )
    assert "the loss became" in str(caught.value)
    assert "with learning rate 1e+09: try a smaller --lr, such as 1e+08, or --set clip=1 (" in str(
        caught.value
    )
    assert "is the first that gives such numbers; step 0 is kept)" in str(caught.value)
    (run,) = list_runs()
    assert run.state == "failed"
    assert run.reason == str(caught.value)
    assert run.steps()[0] == 0


def test_cancel_keeps_the_weights_of_the_last_step() -> None:
    data, run = load("moons:n=200"), a_run()
    module = open_model("mlp", data).module

    def stop(done: int, total: int, partial: object = None) -> None:
        if done == 7:
            raise Cancelled("cancelled")

    with pytest.raises(Cancelled):
        fit(module, data, SHORT, run=run, report=stop)
    run = find_run(run.name)
    assert run.state == "stopped"
    assert run.steps() == [0, 7]
    assert torch.equal(weights(open_model("run:latest", data).module), weights(module))
    assert not list(run.folder.rglob("*.tmp-*"))


def test_wrong_usage_begins_no_run() -> None:
    for model, data, wishes in (("lenet", "moons", {}), ("mlp", "moons", {"epochs": 0}), ("mlp", "mons", {})):
        with pytest.raises(UsageError):
            train(model, data, wishes=wishes)
    assert list_runs() == []


def begin(*arguments: str) -> subprocess.Popen[str]:
    line = [sys.executable, "-m", "dltui", "train", "lenet", "--epochs", "500", "--json", *arguments]
    return subprocess.Popen(
        line, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=dict(os.environ)
    )


def wait_for_steps(at_least: int) -> Run:
    for _ in range(2400):
        runs = list_runs()
        if runs and len(runs[0].steps()) >= at_least:
            return runs[0]
        time.sleep(0.05)
    raise AssertionError("no checkpoints within two minutes")


def test_kill_in_the_middle_leaves_a_readable_run() -> None:
    process = begin()
    run = wait_for_steps(3)
    assert run.state_now() == "running"
    process.kill()
    process.communicate()
    run = find_run("latest")
    assert run.state_now() == "died"
    data = load("digits")
    for step in run.steps():
        assert len(read_weights(run.checkpoint(step)).state) == 10
    assert open_model("run:latest", data).weights_note.startswith(f"run {run.name}, step ")
    assert history(run).epochs.size >= 2


def test_interrupt_is_exit_130_without_half_files() -> None:
    process = begin()
    wait_for_steps(2)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    run = find_run("latest")
    assert run.state_now() == "stopped"
    assert not list(run.folder.rglob("*.tmp-*"))
    for step in run.steps():
        read_weights(run.checkpoint(step))
    assert all(json.loads(line) for line in run.metrics.read_text().splitlines())


class Weighed(nn.Linear):
    """A user's own model in which ``penalty`` is a number that only it needs."""

    penalty = 0.1


class Judged(nn.Linear):
    """Another, in which it is asked with something."""

    def penalty(self, outputs: torch.Tensor) -> torch.Tensor:
        return outputs.sum()


class Held(nn.Linear):
    """One that has its loss add something."""

    def penalty(self) -> torch.Tensor:
        return 1e3 * self.weight.square().sum()


def test_a_model_has_its_loss_add_what_it_is_asked_for_without_anything() -> None:
    data, plain = load("moons"), Recipe(epochs=1, batch_size=16)

    def trained(kind: type[nn.Module]) -> torch.Tensor:
        torch.manual_seed(0)
        module = kind(2, 2)
        fit(module, data, plain)
        return weights(module)

    known = trained(nn.Linear)
    assert torch.equal(trained(Weighed), known)
    assert torch.equal(trained(Judged), known)
    assert not torch.equal(trained(Held), known)
