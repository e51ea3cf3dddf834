"""Splats: Gaussians in space with an opacity and a colour that changes with the direction of sight.

After Kerbl et al. 2023, whose names of parameters and whose spherical harmonics are kept, so that files are the same.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import torch
from torch import Tensor

Y0 = 0.28209479177387814
Y1 = 0.4886025119029199
Y2 = (1.0925484305920792, -1.0925484305920792, 0.31539156525252005, -1.0925484305920792, 0.5462742152960396)
Y3 = (
    -0.5900435899266435, 2.890611442640554, -0.4570457994644658, 0.3731763325901154, -0.4570457994644658,
    1.445305721320277, -0.5900435899266435,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Gaussians:
    """Many splats.

    Attributes:
        place: Middles, shape (n, 3).
        log_scale: Logarithms of the standard deviations along their own axes, shape (n, 3).
        turn: Quaternions w, x, y, z that turn those axes into the world's, of any length but 0, shape (n, 4).
        logit: Opacities before the sigmoid, shape (n,).
        harmonics: Coefficients of the colours, shape (n, (degree + 1)², 3).
    """

    place: Tensor
    log_scale: Tensor
    turn: Tensor
    logit: Tensor
    harmonics: Tensor

    def __len__(self) -> int:
        """Return how many there are."""
        return len(self.place)

    @property
    def degree(self) -> int:
        """Of the spherical harmonics: 0 … 3."""
        return int(self.harmonics.shape[1] ** 0.5) - 1

    @property
    def tensors(self) -> list[Tensor]:
        """All parameters, in the order of the fields."""
        return [getattr(self, part.name) for part in fields(self)]

    def to(self, *target: torch.device | torch.dtype) -> Gaussians:
        """Return the same splats elsewhere or in another kind of numbers."""
        moved = self.tensors
        for one in target:
            moved = [tensor.to(one) for tensor in moved]
        return Gaussians(*moved)

    def detached(self) -> Gaussians:
        """Return a copy that nothing else changes and that no gradient flows to."""
        return Gaussians(*(tensor.detach().clone() for tensor in self.tensors))


def rotations(turn: Tensor) -> Tensor:
    """Return the matrices of quaternions w, x, y, z of any length, shape (n, 3, 3)."""
    w, x, y, z = torch.nn.functional.normalize(turn, dim=1).unbind(1)
    rows = [
        1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y),
        2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x),
        2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y),
    ]  # fmt: skip
    return torch.stack(rows, 1).reshape(-1, 3, 3)


def axes(splats: Gaussians) -> Tensor:
    """Return R·S, the half axes as columns; the covariance is that times its transpose, shape (n, 3, 3)."""
    return rotations(splats.turn) * splats.log_scale.exp()[:, None, :]


def colours(splats: Gaussians, eye: Tensor) -> Tensor:
    """Return what colours splats have from a place, 0 or more, shape (n, 3)."""
    if splats.degree == 0:
        return (0.5 + Y0 * splats.harmonics[:, 0]).clamp(min=0)
    way = torch.nn.functional.normalize(splats.place - eye, dim=1)
    basis = harmonics(way, splats.degree)
    return (0.5 + (basis[:, :, None] * splats.harmonics).sum(1)).clamp(min=0)


def harmonics(way: Tensor, degree: int) -> Tensor:
    """Return the real spherical harmonics of unit directions, shape (n, (degree + 1)²)."""
    x, y, z = way.unbind(1)
    parts = [torch.full_like(x, Y0)]
    if degree > 0:
        parts += [-Y1 * y, Y1 * z, -Y1 * x]
    if degree > 1:
        xx, yy, zz = x * x, y * y, z * z
        parts += [Y2[0] * x * y, Y2[1] * y * z, Y2[2] * (2 * zz - xx - yy), Y2[3] * x * z, Y2[4] * (xx - yy)]
    if degree > 2:
        parts += [
            Y3[0] * y * (3 * xx - yy), Y3[1] * x * y * z, Y3[2] * y * (4 * zz - xx - yy),
            Y3[3] * z * (2 * zz - 3 * xx - 3 * yy), Y3[4] * x * (4 * zz - xx - yy), Y3[5] * z * (xx - yy),
            Y3[6] * x * (xx - 3 * yy),
        ]  # fmt: skip
    return torch.stack(parts, 1)
