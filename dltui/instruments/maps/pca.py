"""Principal components by the singular values of the centred points."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Components:
    """Points along their directions of largest variance.

    Attributes:
        places: Coordinates along the first components, shape (n, k).
        variances: Variance along every component, with n − 1 below, shape (min(n, d),), descending.
    """

    places: Tensor
    variances: Tensor

    @property
    def shares(self) -> Tensor:
        """Share of the whole variance along every component."""
        return self.variances / self.variances.sum().clamp_min(1e-30)


def pca(x: Tensor, count: int = 2) -> Components:
    """Return the first principal components.

    With x − mean = U S Vᵀ, the places are U S, and the variances S² / (n − 1). The singular vectors come from the
    smaller of the two symmetric products, in float64. Signs are so that the largest coordinate of each is positive.

    Args:
        x: Points, shape (n, d).
        count: k, how many components are wanted; further ones are 0 where there are fewer.

    Returns:
        Places and variances.
    """
    centred = x.double().cpu() - x.double().cpu().mean(0)
    rows, columns = centred.shape
    if columns <= rows:
        values, vectors = torch.linalg.eigh(centred.T @ centred)
        places = centred @ vectors.flip(1)[:, :count]
    else:
        values, vectors = torch.linalg.eigh(centred @ centred.T)
        places = vectors.flip(1)[:, :count] * values.flip(0)[:count].clamp_min(0).sqrt()
    if places.shape[1] < count:
        places = torch.cat([places, places.new_zeros(rows, count - places.shape[1])], 1)
    far = places.abs().argmax(0)
    signs = torch.sign(places[far, torch.arange(count)])
    return Components(
        places * torch.where(signs == 0, 1.0, signs), values.flip(0).clamp_min(0) / max(1, rows - 1)
    )
