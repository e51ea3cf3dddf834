"""AtlasNet: Groueix, Fisher, Kim, Russell and Aubry, *A Papier-Mâché Approach to Learning 3D Surface Generation*, 2018.

Shape letters in this file: B batch, N points, C numbers of a code, P patches, M points of a patch.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

from dltui.errors import UsageError
from dltui.models._registry import model
from dltui.models.pointnet import PointLayer
from dltui.spelling import in_range

# 1/ρ and 1/ρ², ρ³ = ρ + 1: steps that fill the square evenly
GOLDEN = (0.7548776662466927, 0.5698402909980532)


class Patch(nn.Module):
    """Lays a square sheet into space, as a code says."""

    def __init__(self, code: int) -> None:
        super().__init__()
        sizes = (code + 2, code + 2, code // 2, code // 4)
        self.layers = nn.Sequential(*(PointLayer(into, out) for into, out in pairwise(sizes)))
        self.head = nn.Linear(sizes[-1], 3)

    def forward(self, code_BC: Tensor, uv_BM2: Tensor) -> Tensor:
        """Return where points of the sheet lie, (B, M, 3), within −1 … 1."""
        wide = code_BC[:, None].expand(-1, uv_BM2.shape[1], -1)
        y_BM3: Tensor = self.head(self.layers(torch.cat([uv_BM2, wide], dim=-1))).tanh()
        return y_BM3


class AtlasNet(nn.Module):
    """Reads a cloud into a code, and lays some sheets where the code says."""

    def __init__(self, points: int, *, patches: int, code: int) -> None:
        super().__init__()
        self.points = points
        steps = pairwise((3, max(code // 16, 1), max(code // 8, 1), code))
        self.encode_points = nn.Sequential(*(PointLayer(into, out) for into, out in steps))
        self.encode_whole = nn.Sequential(PointLayer(code, code), PointLayer(code, code))
        self.patches = nn.ModuleList(Patch(code) for _ in range(patches))

    def encode(self, x_BN3: Tensor) -> Tensor:
        """Return a code for each cloud, (B, C)."""
        code_BC: Tensor = self.encode_whole(self.encode_points(x_BN3).amax(dim=1))
        return code_BC

    def decode(self, code_BC: Tensor, uv_BM2: Tensor) -> Tensor:
        """Return where the points of every sheet lie, (B, P, M, 3)."""
        return torch.stack([patch(code_BC, uv_BM2) for patch in self.patches], dim=1)

    def forward(self, x_BN3: Tensor) -> Tensor:
        """Map clouds to places on the sheets, as many as asked for, (B, points · 3).

        Places are drawn anew in every step of a training; else they are always the same, and fill the sheets evenly.
        """
        each = -(-self.points // len(self.patches))
        if self.training:
            uv_BM2 = torch.rand((len(x_BN3), each, 2), dtype=x_BN3.dtype, device=x_BN3.device)
        else:
            steps = torch.arange(1, each + 1, dtype=x_BN3.dtype, device=x_BN3.device)
            uv_BM2 = (steps[:, None] * x_BN3.new_tensor(GOLDEN)).frac().expand(len(x_BN3), -1, -1)
        places = self.decode(self.encode(x_BN3), uv_BM2).transpose(1, 2)  # so that what is cut off is shared
        return places.flatten(1, 2)[:, : self.points].flatten(1)


@model("atlasnet")
def atlasnet(input_shape: tuple[int, ...], outputs: int, *, patches: int = 4, code: int = 128) -> nn.Module:
    """AtlasNet: a cloud becomes a code, and perceptrons lay square sheets into space as it says.

    Parameters: 148,372. The paper's own is ``patches=25,code=1024``: 45,126,725. It is taught by the Chamfer distance
    of its points to those of the cloud (``loss=chamfer``).

    Args:
        input_shape: (N, 3), places of N points.
        outputs: Three times the number of points that are given back.
        patches: How many sheets.
        code: Numbers of the code.

    Returns:
        The network, freshly initialised.

    Raises:
        UsageError: If the samples are no clouds, or the answers no places.
    """
    in_range("atlasnet", "patches", patches, 1, 1000)
    in_range("atlasnet", "code", code, 4, 65_536)
    if len(input_shape) != 2 or input_shape[1] != 3 or outputs % 3 or outputs // 3 < patches:
        raise UsageError(
            f"atlasnet needs clouds of points (N, 3) and a cloud as the answer, but each sample here has shape "
            f"{input_shape} and {outputs} answers: try --data shapes3d-copy"
        )
    return AtlasNet(outputs // 3, patches=patches, code=code)
