"""Occupancy network: Mescheder, Oechsle, Niemeyer, Nowozin and Geiger, *Occupancy Networks*, 2019.

Shape letters in this file: B batch, N points, Q places that are asked for, C numbers of a code, H features.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from dltui.errors import UsageError
from dltui.models._registry import model
from dltui.spelling import in_range

BLOCKS = 5


class Residual(nn.Module):
    """Two layers, added to what goes in, or to a linear map of it where the sizes differ."""

    def __init__(self, into: int, out: int) -> None:
        super().__init__()
        least = min(into, out)
        self.first, self.second = nn.Linear(into, least), nn.Linear(least, out)
        self.short = nn.Identity() if into == out else nn.Linear(into, out, bias=False)
        nn.init.zeros_(self.second.weight)

    def forward(self, x: Tensor) -> Tensor:
        """Map (…, into) to (…, out)."""
        y: Tensor = self.short(x) + self.second(self.first(x.relu()).relu())
        return y


class CloudEncoder(nn.Module):
    """A PointNet of residual blocks: after each but the last, every point is told the maximum over all."""

    def __init__(self, width: int, code: int) -> None:
        super().__init__()
        self.place = nn.Linear(3, 2 * width)
        self.blocks = nn.ModuleList(Residual(2 * width, width) for _ in range(BLOCKS))
        self.code = nn.Linear(width, code)

    def forward(self, x_BN3: Tensor) -> Tensor:
        """Return a code for each cloud, (B, C)."""
        h_BNH = self.blocks[0](self.place(x_BN3))
        for block in self.blocks[1:]:
            most = h_BNH.amax(dim=1, keepdim=True).expand_as(h_BNH)
            h_BNH = block(torch.cat([h_BNH, most], dim=-1))
        code_BC: Tensor = self.code(h_BNH.amax(dim=1).relu())
        return code_BC


class ConditionalNorm(nn.Module):
    """Batch normalisation whose scale and shift are linear in a code."""

    def __init__(self, code: int, width: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(width, affine=False)
        self.scale, self.shift = nn.Linear(code, width), nn.Linear(code, width)
        for layer, bias in ((self.scale, 1.0), (self.shift, 0.0)):
            nn.init.zeros_(layer.weight)
            nn.init.constant_(layer.bias, bias)

    def forward(self, h_BQH: Tensor, code_BC: Tensor) -> Tensor:
        """Return features of the same shape."""
        even = self.norm(h_BQH.flatten(0, 1)).view_as(h_BQH)
        y_BQH: Tensor = self.scale(code_BC)[:, None] * even + self.shift(code_BC)[:, None]
        return y_BQH


class ConditionalBlock(nn.Module):
    """Two layers behind conditional normalisation, added to what goes in."""

    def __init__(self, code: int, width: int) -> None:
        super().__init__()
        self.norms = nn.ModuleList(ConditionalNorm(code, width) for _ in range(2))
        first, second = (nn.Linear(width, width) for _ in range(2))
        nn.init.zeros_(second.weight)
        self.layers = nn.ModuleList([first, second])

    def forward(self, h_BQH: Tensor, code_BC: Tensor) -> Tensor:
        """Return features of the same shape."""
        y = h_BQH
        for norm, layer in zip(self.norms, self.layers, strict=True):
            y = layer(norm(y, code_BC).relu())
        return h_BQH + y


class Occupancy(nn.Module):
    """Reads a cloud into a code, and tells for any place, by the code, how likely it lies inside."""

    def __init__(self, points: int, *, width: int, code: int) -> None:
        super().__init__()
        self.points = points
        self.encode = CloudEncoder(code, code)
        self.place = nn.Linear(3, width)
        self.blocks = nn.ModuleList(ConditionalBlock(code, width) for _ in range(BLOCKS))
        self.last = ConditionalNorm(code, width)
        self.head = nn.Linear(width, 1)

    def decode(self, code_BC: Tensor, q_BQ3: Tensor) -> Tensor:
        """Return the logit of being inside for each place, (B, Q)."""
        h_BQH = self.place(q_BQ3)
        for block in self.blocks:
            h_BQH = block(h_BQH, code_BC)
        y_BQ: Tensor = self.head(self.last(h_BQH, code_BC).relu()).squeeze(-1)
        return y_BQ

    def forward(self, x: Tensor) -> Tensor:
        """Map clouds followed by places, (B, N + Q, 3), to logits, (B, Q)."""
        return self.decode(self.encode(x[:, : self.points]), x[:, self.points :])


@model("occupancy")
def occupancy(input_shape: tuple[int, ...], outputs: int, *, width: int = 64, code: int = 64) -> nn.Module:
    """Occupancy network: a cloud becomes a code, and the code tells of any place whether it lies inside.

    Parameters: 241,153. The paper's own is ``width=256,code=512``: 10,373,889.

    Args:
        input_shape: (N + Q, 3): a cloud, and the places that are asked for.
        outputs: Q, how many of the rows are places.
        width: Features of the decoder.
        code: Numbers of the code, and features of the encoder.

    Returns:
        The network, freshly initialised; it gives logits, above 0 inside.

    Raises:
        UsageError: If the samples are no clouds followed by places.
    """
    in_range("occupancy", "width", width, 1, 4096)
    in_range("occupancy", "code", code, 1, 4096)
    if len(input_shape) != 2 or input_shape[1] != 3 or input_shape[0] <= outputs:
        raise UsageError(
            f"occupancy needs clouds followed by {outputs} places, (N + {outputs}, 3), but each sample here has shape "
            f"{input_shape}: try --data shapes3d-inside"
        )
    return Occupancy(input_shape[0] - outputs, width=width, code=code)
