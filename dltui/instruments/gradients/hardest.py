"""The samples that pull hardest at the weights: what they are, and what the model makes of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dltui.objective import Objective

SHOWN = 20  # samples
READ = 40  # characters of a text that are told


@dataclass(frozen=True)
class Origins:
    """Where the samples of an objective come from.

    Attributes:
        rows: Row of each sample in its data set, shape (n,), or None for 0, 1, 2 ….
        classes: Names of the classes; empty for their numbers.
    """

    rows: NDArray[np.intp] | None = None
    classes: Sequence[str] = ()


def hardest(objective: Objective, norms: NDArray[np.float64], origins: Origins) -> dict[str, Any]:
    """Look at the samples whose gradients are longest.

    Args:
        objective: The loss.
        norms: ‖∇ℓᵢ‖ of every sample, shape (n,).
        origins: Where the samples come from.

    Returns:
        Fields of ``GradientNorms`` by name.
    """
    places = np.argsort(-norms, kind="stable")[:SHOWN]
    rows = torch.from_numpy(places).to(objective.device)
    x, y = objective.inputs[rows], objective.targets[rows]
    twin = objective.twin()
    with torch.no_grad():
        parts = [twin.module(x[i : i + 1]) for i in range(len(x))]
        losses = [float(objective.criterion.loss(part, y[i : i + 1])) for i, part in enumerate(parts)]
    scores = torch.cat(parts)
    counts = objective.criterion.task == "classes" and scores.ndim == 2 and y.ndim == 1
    if objective.criterion.task == "tokens" and origins.classes:
        answers, guesses = _read(y, origins.classes), _read(scores.argmax(1), origins.classes)
    elif counts:
        answers, guesses = _named(y, origins.classes), _named(scores.argmax(1), origins.classes)
    else:
        numbers = objective.criterion.task == "numbers"
        answers, guesses = [_short(one) for one in y], [_short(one) for one in scores] if numbers else []
    return {
        "hardest": places if origins.rows is None else origins.rows[places],
        "hardest_norms": norms[places],
        "hardest_losses": np.array(losses),
        "hardest_answers": answers,
        "hardest_guesses": guesses,
        "hardest_pixels": _pixels(objective.inputs, x),
    }


def _named(numbers: Tensor, classes: Sequence[str]) -> list[str]:
    """Return class numbers by name."""
    return [classes[k] if k < len(classes) else str(k) for k in numbers.tolist()]


def _read(tokens: Tensor, classes: Sequence[str]) -> list[str]:
    """Return rows of tokens as text, their beginnings where they are long; what isn't asked for is left out."""
    rows = ["".join(_named(row[row >= 0], classes)).replace("\n", "⏎") for row in tokens]
    return [text if len(text) <= READ else f"{text[: READ - 1]}…" for text in rows]


def _short(values: Tensor) -> str:
    """Return the first few numbers of an answer."""
    flat = values.flatten().tolist()
    return ", ".join(f"{value:.4g}" for value in flat[:3]) + (" …" if len(flat) > 3 else "")


def _pixels(everything: Tensor, x: Tensor) -> NDArray[np.float64] | None:
    """Return samples as pictures between 0 and 1, or None where they are none."""
    if not isinstance(x, Tensor) or x.ndim != 4 or x.shape[1] not in (1, 3) or not x.is_floating_point():
        return None
    low, high = float(everything.min()), float(everything.max())
    pixels = ((x - low) / ((high - low) or 1.0)).permute(0, 2, 3, 1).cpu().double().numpy()
    return np.ascontiguousarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
