"""DeepSDF: Park et al., *DeepSDF: Learning Continuous Signed Distance Functions for Shape Representation*, 2019.

Shape letters in this file: B batch, C numbers of a code, F features.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from dltui.errors import UsageError
from dltui.models._registry import model
from dltui.spelling import in_range

LAYERS = 8  # hidden ones
AGAIN = 4  # the layer that is given code and place once more
PRIOR = 1e-4  # weight of the squared length of the codes in the loss
SPREAD = 0.01  # standard deviation of a fresh code's numbers times √C


class DeepSdf(nn.Module):
    """A code for each shape, learnt like a weight, and one perceptron that all shapes share."""

    def __init__(self, shapes: int, *, code: int, width: int, dropout: float) -> None:
        super().__init__()
        into = code + 3
        self.codes = nn.Embedding(shapes, code)
        nn.init.normal_(self.codes.weight, std=SPREAD / code**0.5)
        sizes = [into, *[width] * LAYERS]
        outs = [width - into if at + 1 == AGAIN else width for at in range(LAYERS)]
        self.layers = nn.ModuleList(weight_norm(nn.Linear(sizes[at], outs[at])) for at in range(LAYERS))
        self.dropout = nn.Dropout(dropout)
        self.head = nn.Linear(width, 1)

    def decode(self, code_BC: Tensor, q_B3: Tensor) -> Tensor:
        """Return the distance of each place, (B, 1), within −1 … 1."""
        given = torch.cat([code_BC, q_B3], dim=-1)
        h = given
        for at, layer in enumerate(self.layers):
            if at == AGAIN:
                h = torch.cat([h, given], dim=-1)
            h = self.dropout(layer(h).relu())
        y_B1: Tensor = self.head(h).tanh()
        return y_B1

    def forward(self, x_B4: Tensor) -> Tensor:
        """Map numbers of shapes and places to distances, (B, 1)."""
        return self.decode(self.codes(x_B4[:, 0].round().long()), x_B4[:, 1:])

    def penalty(self) -> Tensor:
        """Return what the loss is added: the mean squared length of the codes, weighted."""
        return PRIOR * self.codes.weight.square().sum(dim=1).mean()


@model("deepsdf")
def deepsdf(
    input_shape: tuple[int, ...],
    outputs: int,
    *,
    shapes: int = 20,
    code: int = 16,
    width: int = 96,
    dropout: float = 0.0,
) -> nn.Module:
    """DeepSDF: no encoder; a code for each shape is learnt, and with a place it gives the distance to the surface.

    Parameters: 66,427. The paper's own is ``code=256,width=512,dropout=0.2``: 1,843,195 without its codes. Eight
    layers with weight normalisation, code and place given once more to the fifth; a code's squared length is added to
    the loss.

    Args:
        input_shape: (4,): the number of a shape, and a place.
        outputs: 1, the distance.
        shapes: How many shapes there are codes for.
        code: Numbers of a code.
        width: Features of a layer.
        dropout: Share of features that are left out while training.

    Returns:
        The network, freshly initialised.

    Raises:
        UsageError: If the samples are no numbered places, or the width leaves no room for the code.
    """
    in_range("deepsdf", "shapes", shapes, 1, 1_000_000)
    in_range("deepsdf", "code", code, 1, 4096)
    in_range("deepsdf", "width", width, code + 4, 65_536)
    in_range("deepsdf", "dropout", dropout, 0, 0.99)
    if input_shape != (4,) or outputs != 1:
        raise UsageError(
            f"deepsdf needs the number of a shape and a place, (4,), and one answer, but each sample here has shape "
            f"{input_shape}: try --data shapes3d-distance"
        )
    return DeepSdf(shapes, code=code, width=width, dropout=dropout)
