"""``dltui.watch``: what it writes, and that it changes nothing."""

from __future__ import annotations

import math
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor, nn

import dltui
from dltui.errors import DltuiError
from dltui.runs import open_run, read_metrics
from dltui.runs.control import ask
from dltui.runs.metrics import Row

from .conftest import digits, lenet, mlp  # noqa: TID252 - the tests of this folder share them

PATIENCE = 0.05  # seconds after which a request is looked at by the next step
ROOT = Path(__file__).resolve().parents[2]


def net_of_many_kinds() -> nn.Module:
    """Batch norm, dropout, an embedding, tied weights, a ReLU that is used twice, and frozen weights."""
    torch.manual_seed(0)

    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.words, self.act, self.drop = nn.Embedding(16, 8), nn.ReLU(), nn.Dropout(0.3)
            self.norm, self.into, self.out = nn.BatchNorm1d(8), nn.Linear(8, 8), nn.Linear(8, 16)
            self.out.weight = self.words.weight
            self.frozen = nn.Linear(8, 8).requires_grad_(False)

        def forward(self, x: Tensor) -> Tensor:
            h = self.drop(self.act(self.norm(self.words(x))))
            return self.out(self.act(self.into(h) + self.frozen(h)))  # type: ignore[no-any-return]

    return Net()


def trained(optimizer: str, *, watched: bool, steps: int = 25) -> dict[str, Tensor]:
    """The weights after some steps of a net of many kinds."""
    model = net_of_many_kinds()
    own = [p for p in model.parameters() if p.requires_grad]
    rule = getattr(torch.optim, optimizer)(own, lr=0.05)
    draw, loss_of = torch.Generator().manual_seed(1), nn.CrossEntropyLoss()
    recorder = dltui.watch(model, rule, classes=16, every=2) if watched else None
    torch.manual_seed(2)  # of dropout
    for _ in range(steps):
        x = torch.randint(16, (32,), generator=draw)

        def closure(x: Tensor = x) -> Tensor:
            rule.zero_grad()
            loss = loss_of(model(x), (x * 7) % 16)
            loss.backward()
            return loss  # type: ignore[no-any-return]

        if optimizer == "LBFGS":
            loss = rule.step(closure)
        else:
            loss = closure()
            rule.step()
        if recorder:
            recorder.step(loss)
    if recorder:
        recorder.close()
    return model.state_dict()


@pytest.mark.parametrize("optimizer", ["SGD", "Adam", "AdamW", "RMSprop", "LBFGS"])
def test_weights_are_equal_to_the_last_bit_with_and_without(optimizer: str) -> None:
    bare, seen = trained(optimizer, watched=False), trained(optimizer, watched=True)
    assert all(torch.equal(bare[name], seen[name]) for name in bare)


def test_numbers_on_an_accelerator_are_fetched_together_and_none_is_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dltui.recorder.sink.AT_HAND", set())  # as if this one were an accelerator
    monkeypatch.setattr("dltui.recorder.sink.LAG", 1e9)
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with dltui.watch(model, optimizer, every=5) as watched:
        losses = []
        for step in range(1, 13):
            loss = one_step(model, optimizer)
            losses.append(loss.item())
            watched.step(loss)
            known = [row for row in rows_of(watched.folder) if row["kind"] == "step"]
            assert len(known) <= step
        folder = watched.folder
    steps = [row for row in rows_of(folder) if row["kind"] == "step"]
    assert [row["loss"] for row in steps] == pytest.approx(losses)
    assert [row["step"] for row in steps] == list(range(1, 13))
    assert all(row["grad_norm"] > 0 for row in steps)
    assert [row["seconds"] for row in steps] == sorted(row["seconds"] for row in steps)


@pytest.mark.gpu
def test_a_gpu_is_not_waited_for_and_changes_nothing_either() -> None:
    def fit(*, watched: bool) -> tuple[list[Tensor], Path | None]:
        model = mlp(2).cuda()
        optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
        x, y, _, _ = (part.cuda() for part in digits(256))
        recorder = dltui.watch(model, optimizer, every=7) if watched else None
        for _ in range(50):
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(x), y)
            loss.backward()
            optimizer.step()
            if recorder:
                recorder.step(loss)
        folder = recorder.folder if recorder else None
        if recorder:
            recorder.close()
        return [p.detach() for p in model.parameters()], folder

    (bare, _), (seen, folder) = fit(watched=False), fit(watched=True)
    assert all(torch.equal(one, other) for one, other in zip(bare, seen, strict=True))
    steps = [row for row in rows_of(folder) if row["kind"] == "step"]
    assert [row["step"] for row in steps] == list(range(1, 51))
    assert all(row["grad_norm"] > 0 for row in steps)


def rows_of(folder: Path | None) -> list[Row]:
    assert folder is not None
    return read_metrics(open_run(folder))


def one_step(model: nn.Module, optimizer: torch.optim.Optimizer) -> Tensor:
    x, y, _, _ = digits(32)
    optimizer.zero_grad()
    loss: Tensor = nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimizer.step()
    return loss


def test_what_is_measured_is_what_torch_measures() -> None:
    model = mlp(2)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.5)
    with dltui.watch(model, optimizer, data="digits", classes=10, steps=9, every=1) as watched:
        before = [p.detach().clone() for p in model.parameters()]
        loss = one_step(model, optimizer)
        watched.step(loss, samples=32, extra=torch.tensor(7.0))
        folder = watched.folder
    start, step, layers, end = rows_of(folder)
    assert (start["classes"], start["steps"], start["device"]) == (10, 9, "cpu")
    assert start["parameters"] == sum(p.numel() for p in model.parameters())
    grads = [p.grad for p in model.parameters()]
    assert step["loss"] == pytest.approx(float(loss.detach()))
    assert step["grad_norm"] == pytest.approx(float(torch.nn.utils.get_total_norm(grads)), rel=1e-6)  # type: ignore[arg-type]
    assert step["learning_rate"] == 0.5
    assert step["extra"] == 7.0
    size = math.sqrt(sum(float((p.detach() ** 2).sum()) for p in model.parameters()))
    moved = math.sqrt(
        sum(float(((p.detach() - q) ** 2).sum()) for p, q in zip(model.parameters(), before, strict=True))
    )
    assert step["weight_norm"] == pytest.approx(size, rel=1e-6)
    assert step["update_ratio"] == pytest.approx(moved / size, rel=1e-5)
    assert list(layers["grad_norm"]) == ["0", "2", "4"]
    last = model[4]
    assert isinstance(last, nn.Linear)
    assert last.weight.grad is not None
    assert last.bias.grad is not None
    whole = math.hypot(float(last.weight.grad.norm()), float(last.bias.grad.norm()))
    assert layers["grad_norm"]["4"] == pytest.approx(whole, rel=1e-6)
    assert end["state"] == "done"


def test_dead_units_are_those_that_never_fire() -> None:
    model = lenet()
    with torch.no_grad():
        model[1].bias[:6] = -100.0  # type: ignore[index]
    optimizer = torch.optim.SGD(model.parameters(), lr=0.0)
    with dltui.watch(model, optimizer, every=1) as watched:
        for _ in range(5):
            watched.step(one_step(model, optimizer))
        folder = watched.folder
    told = [row["dead"] for row in rows_of(folder) if row["kind"] == "layers"]
    assert told[:3] == [{}, {}, {}]  # four batches in a row make a dead unit
    x = digits(32)[0]
    hidden = model[:9](x)  # type: ignore[index]
    assert told[3]["2"] == 0.75
    assert told[3]["9"] == pytest.approx(float((hidden <= 0).all(0).float().mean()))


def test_the_end_is_written_down_and_every_hook_is_gone() -> None:
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters())

    def broken(error: BaseException) -> Path:
        with pytest.raises(type(error)), dltui.watch(model, optimizer) as watched:
            watched.step(one_step(model, optimizer))
            folder = watched.folder
            raise error
        assert folder is not None
        return folder

    failed, stopped = open_run(broken(ValueError("no such class"))), open_run(broken(KeyboardInterrupt()))
    assert (failed.state_now(), failed.reason) == ("failed", "ValueError: no such class")
    assert stopped.state_now() == "stopped"
    assert rows_of(failed.folder)[-1]["state"] == "failed"
    assert not optimizer._optimizer_step_pre_hooks
    assert not optimizer._optimizer_step_post_hooks
    assert all(not module._forward_hooks for module in model.modules())


def test_a_decorated_function_makes_a_run_a_call() -> None:
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters())
    watched = dltui.watch(model, optimizer, data="digits")
    folders = []

    @watched
    def fit(steps: int) -> int:
        """Train."""
        for _ in range(steps):
            watched.step(one_step(model, optimizer))
        folders.append(watched.folder)
        return steps

    assert (fit(2), fit(steps=3)) == (2, 3)
    assert fit.__name__ == "fit"
    assert [sum(row["kind"] == "step" for row in rows_of(folder)) for folder in folders] == [2, 3]
    with watched, pytest.raises(DltuiError, match="recorded already"):
        fit(1)


def test_requests_are_heeded(tmp_path: Path) -> None:
    model = mlp()
    optimizer = torch.optim.Adam(model.parameters())
    with dltui.watch(model, optimizer) as watched:
        watched.step(one_step(model, optimizer))
        assert watched.folder is not None
        run = open_run(watched.folder)
        ask(run, "checkpoint")
        time.sleep(PATIENCE)
        watched.step(one_step(model, optimizer))
        assert run.steps() == [2]
        kept = load_file(run.checkpoint(2))
        assert all(torch.equal(kept[name], tensor) for name, tensor in model.state_dict().items())
        ask(run, "pause")
        timer = threading.Timer(0.3, ask, (run, "go-on"))
        timer.start()
        time.sleep(PATIENCE)
        began = time.monotonic()
        watched.step(one_step(model, optimizer))
        assert time.monotonic() - began > 0.2
        timer.join()
        assert not watched.stopping
        ask(run, "stop")
        time.sleep(PATIENCE)
        watched.step(one_step(model, optimizer))
        assert watched.stopping
    said = [row["text"] for row in rows_of(run.folder) if row["kind"] == "note"]
    assert said == ["paused", "goes on", "asked to stop"]


def test_what_is_not_finite_is_null_and_counted() -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters(), lr=1e38)
    with dltui.watch(model, optimizer, every=1) as watched:
        for _ in range(4):
            watched.step(one_step(model, optimizer))
        folder = watched.folder
    last = [row for row in rows_of(folder) if row["kind"] == "step"][-1]
    assert last["loss"] is None
    assert 0 < last["nonfinite"] <= 4810
    assert {"loss", "grad_norm"} <= set(last["nonfinite_fields"])


def test_plain_use_ends_with_the_script() -> None:
    code = """
import torch, dltui
model = torch.nn.Linear(2, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
watched = dltui.watch(model, optimizer)
loss = model(torch.ones(1, 2)).sum(); loss.backward(); optimizer.step()
watched.step(loss)
print(watched.folder, flush=True)
1 / 0
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    run = open_run(Path(done.stdout.strip()))
    assert (run.state_now(), run.reason) == ("failed", "ZeroDivisionError: division by zero")
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters())
    watched = dltui.watch(model, optimizer)
    watched.step(one_step(model, optimizer))
    folder = watched.folder
    assert folder is not None
    watched._at_exit()  # as the interpreter does when it ends
    assert open_run(folder).state_now() == "done"


def test_a_script_that_is_interrupted_leaves_a_run_that_was_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    model = mlp()
    watched = dltui.watch(model, torch.optim.SGD(model.parameters()))
    watched.step(1.0)
    folder = watched.folder
    assert folder is not None
    monkeypatch.setattr(sys, "last_value", KeyboardInterrupt(), raising=False)
    watched._at_exit()
    assert open_run(folder).state_now() == "stopped"


def test_a_disk_that_is_full_ends_no_training(monkeypatch: pytest.MonkeyPatch) -> None:
    model = mlp()
    optimizer = torch.optim.SGD(model.parameters())
    watched = dltui.watch(model, optimizer)
    watched.step(one_step(model, optimizer))

    def full(self: object, row: Row) -> None:
        raise DltuiError("can't write metrics.jsonl: no space left on device")

    monkeypatch.setattr("dltui.runs.MetricsWriter.append", full)
    with pytest.warns(RuntimeWarning, match="no space left"):
        watched.step(one_step(model, optimizer))
    watched.step(one_step(model, optimizer))  # told once
    monkeypatch.undo()
    watched.close()


def test_importing_dltui_imports_nothing_heavy() -> None:
    code = "import sys, dltui; print([n for n in ('torch', 'numpy', 'textual', 'typer') if n in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    assert done.stdout.strip() == "[]"
    with pytest.raises(AttributeError, match="no attribute 'wotch'"):
        _ = dltui.wotch


def test_nonsense_is_refused() -> None:
    model = mlp()
    with pytest.raises(DltuiError, match="every=0"):
        dltui.watch(model, torch.optim.SGD(model.parameters()), every=0)
