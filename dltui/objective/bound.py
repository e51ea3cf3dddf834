"""The objective: L(θ) = (1/N) Σᵢ ℓ(f(xᵢ; θ), yᵢ), ready to be evaluated and differentiated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from math import isfinite
from typing import TYPE_CHECKING, Literal, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dltui.device import seeded
from dltui.errors import DltuiError, UsageError
from dltui.objective.bundle import bundled, finite, placed, split, take_apart
from dltui.objective.criterion import UNASKED, Criterion, Loss, Task, mean_of_rows, scalar
from dltui.objective.nonfinite import first_place
from dltui.objective.positions import scores_first
from dltui.objective.probe import first_outputs
from dltui.objective.twin import Twin
from dltui.objective.undisturbed import same_randomness

if TYPE_CHECKING:
    from dltui.data import Dataset

CACHE = 1 << 20  # bytes of the largest activation of a block: it then stays in the cache of one core
CARD = 1 << 26  # the same on an accelerator, which wants to be kept busy
DROPPED = 0  # seed of what dropout drops in train mode: the same in every evaluation
MOST = 4096  # samples in a block at most

DETACHED = (
    "the loss doesn't depend on the parameters as far as autograd can see; expected no torch.no_grad, detach or argmax "
    "on the way from the weights to the loss"
)

Mode = Literal["eval", "train"]


@dataclass(frozen=True)
class Reading:
    """What one evaluation gives.

    Attributes:
        loss: Mean loss over all samples.
        accuracy: Share of right answers, or None where it has no meaning.
    """

    loss: float
    accuracy: float | None


@dataclass(frozen=True, eq=False)
class Objective:
    """The scalar L(θ) of one model on one set of samples.

    In eval mode batch norm uses its running statistics and dropout is off. In train mode all samples are one batch,
    whose statistics batch norm uses, and dropout drops the same units in every evaluation. Sums over samples run in
    blocks that count by their size, added up in float64.

    Attributes:
        model: The model; never changed.
        inputs: Inputs of all samples on ``device``, shape (N, ...); of a model that takes several, a ``Bundle``, which
            has rows like a tensor and is taken apart by the twin.
        targets: Their targets, shape (N, ...).
        criterion: The loss.
        title: What is looked at, such as ``lenet on digits``.
        device: Where it is computed.
        dtype: Of parameters and floating inputs.
        block: Samples a block.
        mode: ``eval`` or ``train``.
    """

    model: nn.Module
    inputs: Tensor
    targets: Tensor
    criterion: Criterion
    title: str
    device: torch.device
    dtype: torch.dtype
    block: int
    mode: Mode = "eval"

    @classmethod
    def of(
        cls,
        model: nn.Module,
        dataset: Dataset,
        *,
        part: str = "train",
        device: torch.device | str = "cpu",
        samples: int | None = None,
        loss: Loss | None = None,
        title: str = "",
        double: bool = False,
        seed: int = 0,
        mode: Mode = "eval",
    ) -> Objective:
        """Bind a model to one part of a data set.

        Args:
            model: Any module that maps a batch of inputs to a batch of outputs.
            dataset: Where the samples come from.
            part: ``train`` or ``test``.
            device: Where to compute.
            samples: How many samples to draw without replacement, or None for all.
            loss: A mean loss (outputs, targets) -> scalar instead of the usual one.
            title: What to call the model; its class name otherwise.
            double: Compute in float64.
            seed: Seed of the draw of samples.
            mode: ``eval`` or ``train``.

        Returns:
            The objective.

        Raises:
            UsageError: If there is no such part, too few samples, or model and data don't fit.
        """
        if part not in {"train", "test"}:
            raise UsageError(f"unknown part {part!r} of {dataset.name}: expected train or test")
        x, y = (dataset.x_train, dataset.y_train) if part == "train" else (dataset.x_test, dataset.y_test)
        kept = subset(len(x), samples, f"the {part} part of {dataset.name}", seed)
        return cls.bind(
            model,
            torch.from_numpy(np.ascontiguousarray(x[kept])),
            torch.from_numpy(np.ascontiguousarray(y[kept])),
            task=dataset.task,
            loss=loss,
            device=device,
            title=f"{title or type(model).__name__} on {dataset.name}",
            double=double,
            mode=mode,
        )

    @classmethod
    def bind(
        cls,
        model: nn.Module,
        inputs: Tensor | Sequence[Tensor],
        targets: Tensor,
        *,
        task: Task = "classes",
        loss: Loss | None = None,
        device: torch.device | str = "cpu",
        title: str = "",
        double: bool = False,
        block: int | None = None,
        mode: Mode = "eval",
    ) -> Objective:
        """Bind a model to plain tensors.

        Args:
            model: Any module that maps a batch of inputs to a batch of outputs.
            inputs: Shape (N, ...); a tensor for each argument of a model that takes several.
            targets: Shape (N, ...); class numbers, numbers, or for tokens the number of the next one at every position,
                −100 where none is asked for.
            task: What the targets are.
            loss: A mean loss (outputs, targets) -> scalar instead of the usual one.
            device: Where to compute.
            title: What is looked at.
            double: Compute in float64.
            block: Samples a block; as many as a cache holds otherwise, all of them in train mode.
            mode: ``eval`` or ``train``.

        Returns:
            The objective.

        Raises:
            UsageError: If the shapes of model and data don't fit.
            DltuiError: If the inputs are not finite.
        """
        title, where = title or type(model).__name__, torch.device(device)
        dtype = torch.float64 if double else _dtype(model)
        given = bundled(inputs, title)
        if not len(given) or len(given) != len(targets):
            raise UsageError(
                f"{title}: {len(given)} inputs and {len(targets)} targets; expected as many, at least one"
            )
        if not finite(given):
            raise DltuiError(
                f"{title}: the inputs hold NaN or infinite numbers; expected finite ones; clean the data"
            )
        x = placed(given, where, dtype)
        y = targets.to(where, dtype) if task == "numbers" else targets.to(where, torch.long)
        uneven = task == "tokens" and bool((y == UNASKED).any())
        criterion = Criterion.of(task, loss or (mean_of_rows if uneven else None))
        bare = cls(model, x, y, criterion, title, where, dtype, 1, mode)
        outputs, each = first_outputs(bare.twin(), x[:2], title)
        size = block or (len(x) if mode == "train" else bare.fitting(each))
        return replace(bare, targets=criterion.fitted(outputs, y, title), block=size)

    @property
    def samples(self) -> int:
        """How many samples the loss is the mean of."""
        return len(self.inputs)

    @cached_property
    def blocks(self) -> list[tuple[Tensor, Tensor, float]]:
        """Inputs, targets and share of all samples of every block; the shares add up to 1."""
        pairs = zip(split(self.inputs, self.block), torch.split(self.targets, self.block), strict=True)
        return [(x, y, len(x) / self.samples) for x, y in pairs]

    def fitting(self, each: int) -> int:
        """Return how many samples make a block that stays in the cache.

        Args:
            each: Bytes of the largest activation of one sample.

        Returns:
            Samples a block, so that all blocks are of like size.
        """
        cached = max(1, min(MOST, (CACHE if self.device.type == "cpu" else CARD) // each))
        return _alike(self.samples, cached + cached // 4)

    def spread(self, workers: int) -> Objective:
        """Return the same objective in blocks small enough that each worker has one; in train mode a batch is whole."""
        if self.mode == "train":
            return self
        return replace(self, block=min(self.block, -(-self.samples // workers)))

    def twin(self) -> Twin:
        """Return a private copy of the model, in the mode of the objective, whose parameters are one flat vector."""
        twin = Twin(self.model, device=self.device, dtype=self.dtype)
        twin.module.train(self.mode == "train")
        take_apart(self.inputs, twin.module)
        if self.criterion.task == "tokens":
            scores_first(twin.module)
        return twin

    def at(self, model: nn.Module) -> Objective:
        """Return the same objective with other weights: of ``model``, which must be of the same kind."""
        return replace(self, model=model)

    def on(self, device: torch.device) -> Objective:
        """Return the same objective on another device."""
        if device == self.device:
            return self
        x, y = placed(self.inputs, device, self.dtype), self.targets.to(device)
        return replace(self, inputs=x, targets=y, device=device)

    def doubled(self) -> Objective:
        """Return the same objective in float64, on the CPU where the device knows no float64.

        A model whose forward insists on float32 is left as it is.
        """
        device = torch.device("cpu") if self.device.type == "mps" else self.device
        x = placed(self.inputs, device, torch.float64)
        y = placed(self.targets, device, torch.float64)
        found = replace(self, inputs=x, targets=y, device=device, dtype=torch.float64)
        try:
            with torch.no_grad(), same_randomness():
                outputs = found.outputs(found.twin(), x[:2])
        except RuntimeError:
            return self
        return found if outputs.dtype is torch.float64 else self

    def loss(self, twin: Twin, x: Tensor, y: Tensor) -> Tensor:
        """Return the mean loss of one block, a scalar that can be differentiated."""
        return scalar(self.criterion.loss(self.outputs(twin, x), y), self.criterion.name)

    def outputs(self, twin: Twin, x: Tensor) -> Tensor:
        """Return the outputs for a block of inputs; in train mode dropout drops the same units in every call."""
        if self.mode == "eval":
            return cast("Tensor", twin.module(x))
        with seeded(DROPPED):
            return cast("Tensor", twin.module(x))

    def readings(self, twin: Twin) -> Iterator[tuple[float, float, float]]:
        """Evaluate block by block where ``twin`` stands now.

        Args:
            twin: A copy of the model; nothing is differentiated.

        Yields:
            Mean loss, share of right answers (0 where it has no meaning) and share of samples of each block.
        """
        counts, criterion = self.criterion.counts, self.criterion
        for x, y, share in self.blocks:
            with torch.inference_mode():
                outputs = self.outputs(twin, x)
                loss = scalar(criterion.loss(outputs, y), criterion.name).item()
                yield loss, criterion.right(outputs, y).item() if counts else 0.0, share

    def gradient(self, twin: Twin, tick: Callable[[int], None] = lambda _: None) -> Tensor:
        """Return ∇L where ``twin`` stands now, summed in float64 where the device has it.

        Args:
            twin: A copy of the model.
            tick: Called after every block with how many samples have gone through.

        Returns:
            The gradient, shape (n,).

        Raises:
            DltuiError: If autograd sees no way from the parameters to the loss.
        """
        done = 0
        wide = torch.float32 if self.device.type == "mps" else torch.float64
        total = torch.zeros(len(twin.flat), dtype=wide, device=self.device)
        for x, y, share in self.blocks:
            loss = self.loss(twin, x, y)
            if not loss.requires_grad:
                raise DltuiError(f"{self.title}: {DETACHED}")
            parts = torch.autograd.grad(loss, twin.parameters, allow_unused=True, materialize_grads=True)
            total.add_(torch.cat([part.reshape(-1) for part in parts]), alpha=share)
            done += len(x)
            tick(done)
        return total

    def read(self, twin: Twin) -> Reading:
        """Return mean loss and accuracy over all samples where ``twin`` stands now."""
        return self._whole(self.readings(twin))

    def _whole(self, parts: Iterable[tuple[float, float, float]]) -> Reading:
        """Return the loss and accuracy that blocks have together."""
        loss = right = 0.0
        for one, hits, share in parts:
            loss += one * share
            right += hits * share
        return Reading(loss, right if self.criterion.counts else None)

    def center(self) -> Reading:
        """Return loss and accuracy at the model's own weights θ*.

        Returns:
            The reading.

        Raises:
            DltuiError: If the loss is not finite there, or changes from one call to the next.
        """
        with same_randomness():
            twin = self.twin()
            parts = list(self.readings(twin))
            again = next(self.readings(twin))  # what is drawn at random shows in any block
        found = self._whole(parts)
        self._finite(found.loss)
        self._steady(parts[0][0], again[0])
        return found

    def glance(self) -> None:
        """Look at the loss of the first block only, for the same as ``center``.

        Raises:
            DltuiError: If the loss is not finite there, or changes from one call to the next.
        """
        with same_randomness():
            twin = self.twin()
            first, again = (next(self.readings(twin))[0] for _ in range(2))
        self._finite(first)
        self._steady(first, again)

    def _finite(self, loss: float) -> None:
        """Refuse a loss that is not finite."""
        if not isfinite(loss):
            raise DltuiError(
                f"the loss of {self.title} is {loss} before anything is changed: {self._culprit()}; expected a "
                "finite number; check the weights, or train with a smaller learning rate"
            )

    def _steady(self, first: float, again: float) -> None:
        """Refuse a loss that two calls tell differently."""
        if abs(first - again) > 1e-4 * max(abs(first), 1e-12):
            raise DltuiError(
                f"the loss of {self.title} changes from one call to the next ({first:.6g}, then {again:.6g}) "
                "though dropout is off; expected a model that draws nothing at random in eval mode"
            )

    def _culprit(self) -> str:
        """Return where the loss stops being finite."""
        pairs = zip(self.blocks, self.readings(self.twin()), strict=True)
        bad = next(x for (x, _, _), (loss, _, _) in pairs if not isfinite(loss))
        return first_place(self.twin(), bad)


def _dtype(model: nn.Module) -> torch.dtype:
    """Return the precision of the model, at least float32."""
    found = {p.dtype for p in model.parameters() if p.is_floating_point()}
    return torch.float64 if found == {torch.float64} else torch.float32


def _alike(total: int, most: int) -> int:
    """Return the size of blocks of like size: a last one of a few samples would cost nearly as much as a whole one."""
    return -(-total // -(-total // most))


def subset(total: int, samples: int | None, where: str, seed: int) -> NDArray[np.intp]:
    """Return the indices of the samples that are looked at, ascending."""
    if samples is None or samples == total:
        return np.arange(total)
    if not 0 < samples < total:
        raise UsageError(f"{where} has {total} samples, so {samples} can't be drawn; expected 1 to {total}")
    return np.sort(np.random.default_rng(seed).permutation(total)[:samples])
