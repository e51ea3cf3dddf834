"""Questions about small models whose answers are known."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from dltui.instruments.attribution.question import Question
from dltui.models import build

MODELS = ("mlp:width=24", "lenet", "resnet8")


def question_of(module: nn.Module, x: Tensor, target: int = 0, **more: object) -> Question:
    """Return why ``module`` gives its output ``target`` for ``x``, with nothing as zeros."""
    kind = "image" if x.ndim == 4 else "array"
    given = {"baseline": torch.zeros_like(x), "kind": kind, **more}
    return Question(module=module.eval(), x=x, target=target, **given)  # type: ignore[arg-type]


def one_of_three(name: str) -> Question:
    """Return a question about a model with drawn weights, on a picture of 12 × 12."""
    torch.manual_seed(3)
    shape = (1, 12, 12)
    module = build(name, shape, 5)
    for part in module.modules():
        if isinstance(part, nn.BatchNorm2d):
            assert part.running_mean is not None
            assert part.running_var is not None
            nn.init.normal_(part.running_mean, std=0.1)
            nn.init.uniform_(part.running_var, 0.5, 1.5)
    picture = torch.rand((1, *shape))
    return question_of(module, picture, 3, baseline=torch.full_like(picture, 0.1))


class Function(nn.Module):
    """Any function of a row of numbers as a model with one output."""

    def __init__(self, function: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Tensor:
        """Return f(x), shape (n, 1)."""
        return self.function(x).reshape(len(x), 1)


def about(
    function: Callable[[Tensor], Tensor], x: list[float], baseline: list[float] | None = None
) -> Question:
    """Return why a function has its value at ``x``, in float64."""
    place = torch.tensor([x], dtype=torch.float64)
    nothing = torch.zeros_like(place) if baseline is None else torch.tensor([baseline], dtype=torch.float64)
    return question_of(Function(function), place, baseline=nothing)


def numbers(tensor: Tensor) -> np.ndarray:
    """Return a tensor as float64 numbers."""
    return tensor.detach().double().cpu().numpy()
