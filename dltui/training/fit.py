"""The training loop."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from dltui.data import Dataset
from dltui.device import seeded, threads
from dltui.errors import DltuiError
from dltui.progress import Report, silent
from dltui.results.base import Made
from dltui.results.training import TrainingHistory
from dltui.runs.folder import Run
from dltui.runs.history import from_rows
from dltui.training.record import Recorder, recording
from dltui.training.settings import Settings
from dltui.training.steps import batch_count, batches, judge, loss_of, make_optimizer, rate_at

ROW_EVERY = 10  # steps between two rows of metrics within an epoch


def fit(
    module: nn.Module,
    dataset: Dataset,
    settings: Settings,
    *,
    title: str = "",
    seed: int = 0,
    device: torch.device | str = "cpu",
    cpu_threads: int = 1,
    run: Run | None = None,
    save_every: int = 1,
    keep_every: int | None = None,
    report: Report = silent,
) -> TrainingHistory:
    """Train ``module`` on the training part of ``dataset`` and judge it on the held-out part after every epoch.

    The same seed gives the same weights to the last bit on the same machine with as many threads. torch's
    generators are left as found; the model stays on ``device``, in the mode it had.

    Args:
        module: The model; its weights are changed.
        dataset: What to learn.
        settings: How.
        title: What to call the result; the class and the data's name when empty.
        seed: Seed of the order of the batches and of dropout.
        device: Where to compute.
        cpu_threads: Threads of an operation on the CPU. One is the fastest for small models (two on two busy cores
            took ten times as long), and the last bits of the weights depend on it.
        run: Where to keep metrics and checkpoints; nothing is kept when None.
        save_every: Epochs between two checkpoints; the first and the last weights are always kept.
        keep_every: Steps between two checkpoints besides those; none when None.
        report: Called after every step with the steps done and in all, after every epoch with the history so far.

    Returns:
        Loss and accuracy by epoch.

    Raises:
        DltuiError: If the loss stops being finite.
    """
    module.to(device)
    was_training = module.training
    module.train()
    try:
        with seeded(seed), threads(cpu_threads), recording(run, module, dataset) as recorder:
            loop = _Loop(module, dataset, settings, seed, torch.device(device), recorder, report)
            loop.keep_every = keep_every
            loop.title = title or f"{type(module).__name__} on {dataset.name}"
            return loop.run(save_every)
    finally:
        module.train(was_training)


class _Loop:
    """What the steps of one training share."""

    title = ""
    keep_every: int | None = None

    def __init__(
        self,
        module: nn.Module,
        dataset: Dataset,
        settings: Settings,
        seed: int,
        device: torch.device,
        recorder: Recorder,
        report: Report,
    ) -> None:
        self.module, self.dataset, self.settings = module, dataset, settings
        self.seed, self.device, self.recorder, self.report = seed, device, recorder, report
        self.x, self.y = _tensor(dataset.x_train, device), _tensor(dataset.y_train, device)
        self.x_test, self.y_test = _tensor(dataset.x_test, device), _tensor(dataset.y_test, device)
        self.optimizer = make_optimizer(module, settings)
        self.parameters = sum(p.numel() for p in module.parameters() if p.requires_grad)
        self.total = settings.epochs * batch_count(len(self.x), settings.batch_size)

    def run(self, save_every: int) -> TrainingHistory:
        """Go through every epoch."""
        self.recorder.row(
            "start",
            device=str(self.device),
            parameters=self.parameters,
            split=self.dataset.split,
            steps=self.total,
            epochs=self.settings.epochs,
        )
        self.recorder.save()
        for epoch in range(1, self.settings.epochs + 1):
            self.epoch(epoch)
            if epoch % save_every == 0 or epoch == self.settings.epochs:
                self.recorder.save()
            self.report(self.recorder.step, self.total, self.history())
        return self.history()

    def epoch(self, epoch: int) -> None:
        """Go through every batch once, then judge on the held-out part."""
        seen, sum_of_losses, rate = 0, 0.0, 0.0
        for rows in batches(len(self.x), self.settings.batch_size, seed=self.seed, epoch=epoch):
            rate = rate_at(self.recorder.step, self.total, self.settings)
            chosen = torch.from_numpy(rows).to(self.device)
            loss = self.step(self.x[chosen], self.y[chosen], rate)
            seen, sum_of_losses = seen + len(rows), sum_of_losses + loss * len(rows)
            if self.recorder.step % ROW_EVERY == 0:
                self.recorder.row("step", epoch=epoch, loss=loss, learning_rate=rate)
            if self.keep_every and self.recorder.step % self.keep_every == 0:
                self.recorder.save()
            self.report(self.recorder.step, self.total)
        test_loss, accuracy = judge(self.module, self.x_test, self.y_test, self.dataset.task)
        self.recorder.row(
            "eval",
            epoch=epoch,
            train_loss=sum_of_losses / seen,
            test_loss=test_loss,
            test_accuracy=accuracy,
            learning_rate=rate,
        )

    def step(self, x: Tensor, y: Tensor, rate: float) -> float:
        """Make one step of the optimiser and return the loss before it."""
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        self.optimizer.zero_grad()
        loss = loss_of(self.module(x), y, self.dataset.task)
        value = loss.item()
        if not math.isfinite(value):
            raise DltuiError(
                f"the loss became {value} at step {self.recorder.step} with learning rate {rate:.3g}: "
                f"try a smaller --lr, such as {self.settings.learning_rate / 10:.3g}"
            )
        loss.backward()  # type: ignore[no-untyped-call]
        self.optimizer.step()
        self.recorder.step += 1
        return value

    def history(self) -> TrainingHistory:
        """Return the epochs so far."""
        run = self.recorder.name
        made = Made(seconds=self.recorder.seconds, device=str(self.device), seed=self.seed)
        return from_rows(
            self.recorder.epochs,
            title=self.title,
            run=run,
            parameters=self.parameters,
            split=self.dataset.split,
            made=made,
        )


def _tensor(values: object, device: torch.device) -> Tensor:
    """Return an array on the device; its memory is not shared."""
    return torch.tensor(values, device=device)
