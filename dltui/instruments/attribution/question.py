"""The question that every attribution answers: one number a model gives, as a function of its input."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, replace
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.utils import _pytree as pytree

from dltui.data.takes import Kind
from dltui.errors import UsageError
from dltui.instruments.features.layers import forward

Score = Literal["logit", "probability"]
BLOCK = (
    1 << 19
)  # numbers of input in one block of samples: few photos, whose activations then stay in the cache
CARD = 1 << 24  # the same on an accelerator, which wants to be kept busy
MOST = 64  # samples in a block


@dataclass(frozen=True, eq=False)
class Question:
    """Why did the model give this output for this input?

    What is explained is a function f of ``x``, shape (n, …) -> (n,). For tokens ``x`` is not the tokens themselves,
    which have no gradient, but their embeddings; they are put in place of what the embedding layer gives.

    Attributes:
        module: The model, in evaluation mode.
        x: What is explained: pictures (1, C, H, W), embeddings (1, T, D), or any other numbers (1, …).
        baseline: What stands for "nothing there", of the same shape.
        target: Which output.
        kind: What the model takes.
        score: Whether the output itself is explained or its softmax probability.
        ids: The tokens, shape (1, T), or None.
        embedding: The layer that turns them into embeddings, or None.
    """

    module: nn.Module
    x: Tensor
    baseline: Tensor
    target: int
    kind: Kind
    score: Score = "logit"
    ids: Tensor | None = None
    embedding: nn.Module | None = None

    def outputs(self, x: Tensor) -> Tensor:
        """Return all outputs for inputs of shape (n, …): (n, K); of a model of tokens those at the last position."""
        if self.ids is None or self.embedding is None:
            return rows_of_outputs(forward(self.module, x), len(x), tokens=False)
        with embedded(self.embedding, x):
            found = forward(self.module, self.ids.expand(len(x), -1))
        return rows_of_outputs(found, len(x), tokens=True)

    def value(self, x: Tensor) -> Tensor:
        """Return f for inputs of shape (n, …): (n,)."""
        found = self.outputs(x)
        if self.score == "probability" and found.shape[1] > 1:
            found = found.softmax(dim=1)
        return found[:, self.target]

    def values(self, x: Tensor) -> Tensor:
        """Return f without recording gradients, block by block, in float64 on the CPU, shape (n,)."""
        with torch.no_grad():
            blocks = [self.value(part).cpu().double() for part in torch.split(x, self.block)]
        return torch.cat(blocks) if blocks else torch.zeros(0, dtype=torch.float64)

    def made(self, count: int, make: Callable[[slice], Tensor]) -> Tensor:
        """Return f of inputs that are made block by block, so that not all of them are held at once, shape (count,)."""
        parts = [
            self.values(make(slice(start, min(start + self.block, count))))
            for start in range(0, count, self.block)
        ]
        return torch.cat(parts) if parts else torch.zeros(0, dtype=torch.float64)

    def gradient(self, x: Tensor) -> Tensor:
        """Return ∂f/∂x for each of several inputs, of the shape of ``x``.

        Raises:
            UsageError: If the output does not depend on the input as far as autograd can see.
        """
        parts = []
        for part in torch.split(x, self.block):
            leaf = part.detach().clone().requires_grad_(True)
            with torch.enable_grad(), _differentiable(self.module, x.device):
                value = self.value(leaf)
                try:
                    (slope,) = torch.autograd.grad(value.sum(), leaf)
                except RuntimeError as error:
                    raise UsageError(
                        f"the output doesn't depend on the input as far as autograd can see ({_first(error)}); "
                        "try a method without gradients: occlusion, lime or shap"
                    ) from error
            parts.append(slope.detach())
        return torch.cat(parts)

    @property
    def block(self) -> int:
        """How many inputs run at once."""
        room = BLOCK if self.x.device.type == "cpu" else CARD
        return max(1, min(MOST, room // max(1, self.x.numel())))

    def asked(self, **changes: Any) -> Question:
        """Return the same question with parts of it replaced."""
        return replace(self, **changes)


def rows_of_outputs(found: Any, count: int, *, tokens: bool) -> Tensor:
    """Return what a model gave as one row of outputs a sample.

    Args:
        found: What it gave; of tuples and dictionaries the first tensor counts.
        count: How many samples there were.
        tokens: Whether it read tokens; the last position counts then, otherwise the mean over places.

    Returns:
        Shape (count, K).

    Raises:
        DltuiError: If there is no such tensor.
    """
    leaves = [leaf for leaf in pytree.tree_leaves(found) if isinstance(leaf, Tensor)]
    if not leaves or leaves[0].ndim == 0 or len(leaves[0]) != count or not leaves[0].is_floating_point():
        raise UsageError(
            f"the model gives {type(found).__name__} without a row of numbers for each sample: "
            "expected outputs of shape (samples, outputs)"
        )
    rows = leaves[0]
    if rows.ndim == 1:
        return rows[:, None]
    if rows.ndim == 3 and tokens:
        return rows[:, -1]
    return rows if rows.ndim == 2 else rows.flatten(2).mean(dim=2)


def embedding_of(module: nn.Module, ids: Tensor) -> tuple[nn.Module, Tensor]:
    """Return the layer that turns tokens into embeddings, and what it gives for them.

    Args:
        module: A model that takes tokens.
        ids: The tokens, shape (1, T).

    Returns:
        The first ``nn.Embedding`` that is called with the tokens themselves, and embeddings of shape (1, T, D).

    Raises:
        UsageError: If there is none.
    """
    found: list[tuple[nn.Module, Tensor]] = []

    def listen(layer: nn.Module, given: tuple[Any, ...], given_out: Tensor) -> None:
        if not found and given and isinstance(given[0], Tensor) and torch.equal(given[0], ids):
            found.append((layer, given_out.detach().clone()))

    layers = [part for part in module.modules() if isinstance(part, nn.Embedding)]
    handles = [part.register_forward_hook(listen) for part in layers]
    try:
        with torch.no_grad():
            forward(module, ids)
    finally:
        for handle in handles:
            handle.remove()
    if not found:
        raise UsageError(
            f"{type(module).__name__} has no nn.Embedding that reads the tokens: there is nothing to attribute to"
        )
    return found[0]


@contextmanager
def embedded(layer: nn.Module, x: Tensor) -> Iterator[None]:
    """Let an embedding layer give ``x`` when it is next called, while this lasts."""
    calls = 0

    def put(_: nn.Module, __: object, ___: object) -> Tensor | None:
        nonlocal calls
        calls += 1
        return x if calls == 1 else None

    handle = layer.register_forward_hook(put)
    try:
        yield
    finally:
        handle.remove()


def _differentiable(module: nn.Module, device: torch.device) -> Any:
    """Return where recurrent layers have gradients in evaluation mode: cuDNN's have none."""
    recurrent = any(isinstance(part, nn.RNNBase) for part in module.modules())
    return torch.backends.cudnn.flags(enabled=False) if recurrent and device.type == "cuda" else nullcontext()


def _first(error: Exception) -> str:
    """Return the first line of what an error says."""
    return str(error).strip().partition("\n")[0]
