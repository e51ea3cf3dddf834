"""Random directions in the space of weights, scaled so that pictures of different networks can be compared.

Li et al. 2018, "Visualizing the Loss Landscape of Neural Nets" (arXiv:1712.09913), section 3: draw d ~ N(0, I) and
give every filter of d the norm of the same filter of θ. A network whose layers are scaled up and down without a change
of the function then has the same picture.
"""

from __future__ import annotations

from typing import Literal, get_args

import torch
from torch import Tensor

from dltui.errors import DltuiError, unknown
from dltui.objective import Slot, Twin

Normalize = Literal["filter", "layer", "weight", "none"]
NORMALIZE: tuple[str, ...] = get_args(Normalize)

TINY = 1e-10  # keeps a filter of zeros from being divided by


def scaling(normalize: str) -> str:
    """Return ``normalize`` when it names a way to scale directions.

    Args:
        normalize: ``filter``, ``layer``, ``weight`` or ``none``.

    Returns:
        The same word.

    Raises:
        UsageError: If it is none of them; it suggests the nearest.
    """
    if normalize not in NORMALIZE:
        raise unknown("normalisation", normalize, NORMALIZE)
    return normalize


def plane(
    twin: Twin, normalize: str, seed: int, count: int = 2, *, vectors: bool = False
) -> tuple[list[Tensor], float]:
    """Return one or two random directions and the cosine of the angle between them.

    Tensors of at most one dimension (biases, scales of norms) stay at 0, as in the paper, unless ``vectors`` or the
    model has no others. The second draw is made orthogonal to the first before either is scaled, so that the plane
    does not change with the scale of the layers; scaling turns both a little, which is what the cosine tells.

    Args:
        twin: Holds θ and where each tensor lies in it.
        normalize: ``filter``, ``layer``, ``weight`` (|d| times the weight's own size) or ``none``.
        seed: Seed of the draws; they don't depend on device or precision.
        count: 1 or 2.
        vectors: Move tensors of one dimension too, each scaled as a whole where others are scaled filter by filter.

    Returns:
        Directions of shape (n,), and their cosine (0 for one direction).

    Raises:
        DltuiError: If a direction is 0 because all weights are.
    """
    generator = torch.Generator().manual_seed(seed)
    drawn = [_draw(twin, generator, vectors=vectors) for _ in range(count)]
    if count == 2:
        drawn[1] -= (drawn[1] @ drawn[0]) / (drawn[0] @ drawn[0]) * drawn[0]
    found = [rescaled(raw, twin, normalize) for raw in drawn]
    return [d.to(twin.flat) for d in found], cosine(*found) if count == 2 else 0.0


def beside(first: Tensor, twin: Twin, normalize: str, seed: int, *, vectors: bool = False) -> Tensor:
    """Return a random direction upright on another one.

    Args:
        first: The other one, shape (n,).
        twin: Holds θ and where each tensor lies in it.
        normalize: As in ``plane``; ``none`` gives length 1.
        seed: Seed of the draw.
        vectors: Move tensors of one dimension too.

    Returns:
        The direction in float64 on the CPU, shape (n,); scaling may turn it a little from upright.
    """
    other = first.detach().to("cpu", torch.float64)
    raw = _draw(twin, torch.Generator().manual_seed(seed), vectors=vectors)
    raw -= (raw @ other) / (other @ other) * other
    return raw / raw.norm() if normalize == "none" else rescaled(raw, twin, normalize)


def cosine(first: Tensor, second: Tensor) -> float:
    """Return the cosine of the angle between two directions."""
    one, other = (d.detach().to("cpu", torch.float64) for d in (first, second))
    return float(one @ other / (one.norm() * other.norm()))


def rescaled(raw: Tensor, twin: Twin, normalize: str) -> Tensor:
    """Return a direction scaled by the norms of the weights.

    Args:
        raw: The direction, shape (n,).
        twin: Holds θ and where each tensor lies in it.
        normalize: ``filter``, ``layer``, ``weight`` or ``none``.

    Returns:
        The direction in float64 on the CPU, shape (n,).

    Raises:
        DltuiError: If it is 0 because all weights are.
    """
    found = _scaled(raw.detach().to("cpu", torch.float64), twin, normalize)
    if not found.any():
        raise DltuiError(
            f"the {normalize}-normalised direction is 0 because every weight is 0; expected weights that are "
            "not 0; try --normalize none"
        )
    return found


def _draw(twin: Twin, generator: torch.Generator, *, vectors: bool) -> Tensor:
    """Return a normal draw, 0 for the tensors that stay put, float64 on the CPU."""
    raw = torch.randn(len(twin.flat), generator=generator, dtype=torch.float64)
    if not vectors and any(len(slot.shape) > 1 for slot in twin.slots):
        for slot in twin.slots:
            slot.of(raw).mul_(len(slot.shape) > 1)
    return raw


def _scaled(raw: Tensor, twin: Twin, normalize: str) -> Tensor:
    """Return ``raw`` scaled tensor by tensor."""
    theta = twin.flat.detach().to("cpu", torch.float64)
    parts = [_rescale(slot.of(raw), slot.of(theta), slot, normalize) for slot in twin.slots]
    return torch.cat([part.reshape(-1) for part in parts])


def _rescale(d: Tensor, w: Tensor, slot: Slot, normalize: str) -> Tensor:
    """Return one tensor of a direction with the size that the weights have."""
    if normalize == "none":
        return d
    if normalize == "weight":
        return d * w.abs()
    if normalize == "layer" or d.ndim < 2:
        return _resized(d, w, tuple(range(d.ndim)))
    return _resized(filters(d, slot), filters(w, slot), (1, 3)).reshape(d.shape)


def filters(tensor: Tensor, slot: Slot) -> Tensor:
    """Return a weight as (groups, inputs, outputs, rest): all with equal group and output feed one unit.

    Most weights are (outputs, ...); those of a transposed convolution are (groups · inputs, outputs, ...).
    """
    groups, transposed = slot.fans
    if transposed:
        return tensor.reshape(groups, tensor.shape[0] // groups, tensor.shape[1], -1)
    return tensor.reshape(1, 1, tensor.shape[0], -1)


def _resized(d: Tensor, w: Tensor, over: tuple[int, ...]) -> Tensor:
    """Return ``d`` with the norm of ``w``, norms taken over some dimensions."""
    wanted: Tensor = torch.linalg.vector_norm(w, dim=over, keepdim=True)
    drawn: Tensor = torch.linalg.vector_norm(d, dim=over, keepdim=True)
    return d * (wanted / (drawn + TINY))
