"""``dltui.watch``: three lines in a training loop of one's own, and the run can be watched."""

from __future__ import annotations

import atexit
import math
import sys
import time
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from types import TracebackType
from typing import Any, ParamSpec, Self, TypeVar

import torch
from torch import Tensor, nn

from dltui.errors import DltuiError
from dltui.recorder.firing import Firing
from dltui.recorder.norms import Layers, norms, not_finite
from dltui.recorder.sink import Facts, Sink, at_hand
from dltui.runs.folder import State

P = ParamSpec("P")
R = TypeVar("R")
HEED = 0.02  # seconds between two looks at what is asked for, which cost as much as a small operation each


def watch(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    *,
    data: str = "",
    classes: int | None = None,
    steps: int | None = None,
    every: int = 10,
    settings: dict[str, Any] | None = None,
) -> Watched:
    """Record a training loop into a run, without changing a bit of the training.

    Use it in a ``with`` block, as a decorator of the function that trains, or plainly with ``close()`` at the end; and
    call ``step(loss)`` after each ``optimizer.step()``. ``dltui watch`` shows the run while it goes on.

    Args:
        model: The model that is trained.
        optimizer: What moves its weights; hooks before and after its steps measure gradients and updates.
        data: What it is trained on, for the run's name and card.
        classes: Number of classes where the loss is a cross-entropy in nats, so that it is compared with ln C.
        steps: How many steps there will be, for the time that is left.
        every: Steps between two looks at every layer: norms, update ratios, units that never fire.
        settings: How it is trained, for the run's card.

    Returns:
        The recorder; the run begins with the ``with`` block or the first step.
    """
    facts = Facts(data=data, classes=classes, steps=steps, settings=settings or {})
    return Watched(model, optimizer, facts, every=every)


class Watched:
    """Records what the loop tells and what hooks of the optimiser and of the ReLUs see.

    Attributes:
        stopping: Whether somebody asked for the training to end, in ``dltui watch``; a loop may heed it.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        facts: Facts,
        *,
        every: int,
    ) -> None:
        if every < 1:
            raise DltuiError(f"every={every} is out of range: expected 1 or more steps between two looks")
        self._model, self._optimizer = model, optimizer
        self._facts = facts
        self._every = every
        self._sink: Sink | None = None
        self._layers = Layers(model, optimizer)
        self._firing: Firing | None = None
        self._hooks: list[torch.utils.hooks.RemovableHandle] = []
        self._before: list[Tensor] | None = None
        self._measured: dict[str, Any] = {}
        self._step = 0
        self._last = self._heeded = 0.0
        self.stopping = False

    @property
    def folder(self) -> Path | None:
        """The run's folder; None before it began, and in processes of a group that record nothing."""
        return None if self._sink is None else self._sink.folder

    # what the loop calls

    def step(self, loss: Tensor | float, **metrics: Tensor | float) -> None:
        """Record one step, after ``optimizer.step()``.

        Args:
            loss: The loss of the batch.
            metrics: Anything else that is worth a curve, such as ``samples=len(x)`` for the throughput.
        """
        sink = self._begun()
        self._step += 1
        now = time.perf_counter()
        samples = metrics.pop("samples", None)
        if samples is not None and self._last:
            metrics["rate"] = float(samples) / max(now - self._last, 1e-9)
        self._last = now
        rates = {"learning_rate": float(self._optimizer.param_groups[0]["lr"])}
        sink.step(self._step, {"loss": loss, **rates, **self._measured.pop("step", {}), **metrics})
        if "layers" in self._measured:
            sink.row("layers", self._step, self._measured.pop("layers"))
        if self._firing is not None:
            self._firing.looking = self._step % self._every == 0
        if now - self._heeded > HEED:
            self._heeded = now
            self.stopping |= sink.asked(self._model, self._step)

    def evaluate(self, **metrics: Tensor | float) -> None:
        """Record an evaluation, such as ``train_loss=…, test_loss=…, test_accuracy=…, epoch=…``."""
        sink = self._begun()
        rates = {"learning_rate": float(self._optimizer.param_groups[0]["lr"])}
        sink.row("eval", self._step, rates | {name: float(value) for name, value in metrics.items()})

    def note(self, text: str) -> None:
        """Record a sentence."""
        self._begun().row("note", self._step, {"level": "info", "text": text})

    def checkpoint(self) -> Path | None:
        """Write the weights as they are, for landscapes and the like; return their file."""
        return self._begun().checkpoint(self._model, self._step)

    def close(self) -> None:
        """End the run, as done."""
        self._end("done")

    # with, and decorator

    def __enter__(self) -> Self:
        if self._sink is not None:
            raise DltuiError(
                "this loop is recorded already: end its run with close() before you begin another"
            )
        self._begun()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_by(error)

    def __call__(self, function: Callable[P, R]) -> Callable[P, R]:
        """Return ``function`` so that each call of it is a run."""

        @wraps(function)
        def recorded(*args: P.args, **options: P.kwargs) -> R:
            with self:
                return function(*args, **options)

        return recorded

    # beginning and end

    def _begun(self) -> Sink:
        """Begin the run, unless it goes on."""
        if self._sink is None:
            self._step, self._last, self.stopping = 0, 0.0, False
            self._sink = Sink(self._model, self._layers.parameters, self._facts)
            if self._sink.writes:
                self._firing = Firing(self._model)
                self._firing.looking = True
                self._hooks = [
                    self._optimizer.register_step_pre_hook(self._before_step),
                    self._optimizer.register_step_post_hook(self._after_step),
                ]
            atexit.register(self._at_exit)
        return self._sink

    def _end(self, state: State, reason: str = "") -> None:
        """Take every hook away and write down how it ended; nothing where no run goes on."""
        sink, self._sink = self._sink, None
        for hook in self._hooks:
            hook.remove()
        if self._firing is not None:
            self._firing.close()
        self._hooks, self._firing, self._before, self._measured = [], None, None, {}
        atexit.unregister(self._at_exit)
        if sink is not None:
            sink.close(self._step, state, reason)

    def _at_exit(self) -> None:
        """End the run of a script that forgot to, by whether an error ended the script."""
        self._end_by(getattr(sys, "last_value", None))

    def _end_by(self, error: BaseException | None) -> None:
        """End the run by what ended the loop."""
        if error is None:
            self._end("done")
        elif isinstance(error, KeyboardInterrupt):
            self._end("stopped")
        else:
            self._end("failed", f"{type(error).__name__}: {error}")

    # what is measured

    @property
    def _looks(self) -> bool:
        """Whether this step looks at every layer."""
        return self._firing is not None and self._firing.looking

    @torch.no_grad()
    def _before_step(
        self, optimizer: torch.optim.Optimizer, args: tuple[Any, ...], options: dict[str, Any]
    ) -> None:
        """Measure the gradient as the optimiser gets it, and keep the weights of now and then."""
        del optimizer
        if not _closed(args, options):
            self._measure_gradient()
        self._before = self._layers.copies() if self._looks else None

    @torch.no_grad()
    def _after_step(
        self, optimizer: torch.optim.Optimizer, args: tuple[Any, ...], options: dict[str, Any]
    ) -> None:
        """Measure by how much the weights moved."""
        del optimizer
        if _closed(args, options):  # the gradient came within the step
            self._measure_gradient()
        if self._before is None:
            return
        moved, sizes = self._layers.moved(self._before), self._layers.weight_sizes()
        self._before = None
        whole, weight = float(moved.norm()), float(sizes.norm())
        self._measured["step"] |= {"weight_norm": weight, "update_ratio": whole / max(weight, 1e-30)}
        steps, weights = self._layers.by_layer(moved), self._layers.by_layer(sizes)
        told = self._measured["layers"]
        told["weight_norm"] = self._named(weights)
        told["update_ratio"] = self._named(steps / weights.clamp(min=1e-30))
        assert self._firing is not None, "it looked"
        if not self._firing.hooked:
            self._firing.see(self._layers.silent_rows())
        told["dead"] = self._firing.looked()

    def _measure_gradient(self) -> None:
        """Measure the whole gradient, and where one looks every layer's."""
        gradients = self._layers.gradients()
        sizes = norms(gradients)
        total: Tensor | float = sizes.norm()
        told: dict[str, Any] = {"grad_norm": total}
        if at_hand(sizes):
            told["grad_norm"] = total = float(total)
            told["nonfinite"] = 0 if math.isfinite(total) else not_finite(gradients)
        self._measured["step"] = told
        if self._looks:
            if "nonfinite" not in told:
                told["nonfinite"] = not_finite(gradients)
            self._measured["layers"] = {"grad_norm": self._named(self._layers.by_layer(sizes))}

    def _named(self, values: Tensor) -> dict[str, float]:
        """Return one number a layer, by its name."""
        return dict(zip(self._layers.names, values.tolist(), strict=True))


def _closed(args: tuple[Any, ...], options: dict[str, Any]) -> bool:
    """Return whether a step was given a closure, that computes the gradient itself; the optimiser is the first one."""
    return len(args) > 1 or options.get("closure") is not None
