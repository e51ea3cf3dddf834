"""What tells two scans apart, and the penalty on the size of the weights."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

import numpy as np
import torch
from torch import Tensor

from dltui.figures import Array
from dltui.instruments.landscape.plane import Plane
from dltui.instruments.landscape.window import Window
from dltui.objective import Objective
from dltui.objective.bundle import each_input

ROWS = 4096  # samples that tell data apart, at most


def identity(plane: Plane, sets: Sequence[Objective], window: Window, statistics: str) -> str:
    """Return a fingerprint of everything that the cells of a scan depend on.

    Args:
        plane: Weights and directions.
        sets: The samples.
        window: The cells.
        statistics: What becomes of running statistics on the way.

    Returns:
        Letters and digits; two scans with the same ones have the same cells.
    """
    told = sha256(statistics.encode())
    for name, tensor in plane.twin.module.state_dict().items():
        told.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}".encode() + bytes_of(tensor))
    for direction in plane.directions:
        told.update(bytes_of(direction))
    for one in sets:
        told.update(f"{one.criterion.name} {one.samples} {one.dtype}".encode())
        told.update(some_rows(one.inputs) + some_rows(one.targets))
    told.update(window.alphas.tobytes() + window.betas.tobytes())
    return told.hexdigest()[:32]


def penalty(plane: Plane, window: Window, weight_decay: float) -> Array:
    """Return λ/2·‖θ* + α·d₁ + β·d₂‖² of every cell, from the products of the three vectors alone.

    Args:
        plane: Weights and directions.
        window: The cells.
        weight_decay: λ.

    Returns:
        Shape (rows, columns), float64.
    """
    vectors = np.stack([v.detach().cpu().double().numpy() for v in (plane.twin.flat, *plane.directions)])
    gram = vectors @ vectors.T
    a, b = np.meshgrid(window.alphas, window.betas)
    steps = np.stack([np.ones_like(a), a, b][: len(vectors)])
    return np.asarray(weight_decay / 2 * np.einsum("ihw,ij,jhw->hw", steps, gram, steps))


def some_rows(data: Tensor) -> bytes:
    """Return what tells some data apart from others: rows from everywhere, 4096 at most, as they lie in memory."""
    every = -(-len(data) // ROWS)
    return b"".join(map(bytes_of, each_input(data[::every])))


def bytes_of(tensor: Tensor) -> bytes:
    """Return the numbers of a tensor as they lie in memory."""
    return tensor.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
