"""The model with more and more of its layers forgotten: a map that does not change does not explain the model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import nn

from dltui.instruments.attribution.question import Question


def learnt_layers(module: nn.Module) -> list[str]:
    """Return the layers that have parameters of their own, the last one first."""
    named = [
        name for name, part in module.named_modules() if any(True for _ in part.parameters(recurse=False))
    ]
    return named[::-1]


def cascade(question: Question, *, most: int, seed: int) -> Iterator[str]:
    """Forget one layer after the other, from the output to the input, and tell after which ones to look.

    Adebayo, Gilmer, Muelly, Goodfellow, Hardt and Kim, *Sanity Checks for Saliency Maps*, 2018. Each parameter is drawn
    anew from the normal distribution with its own mean and standard deviation, so that scales stay and what was learnt
    goes. The question's own module is changed: the caller gives it back as it was.

    Args:
        question: Whose module forgets.
        most: After how many layers to look at most; where there are more, several are forgotten between two looks.
        seed: Seed of the draws.

    Yields:
        The name of the last layer that was forgotten.
    """
    source = torch.Generator().manual_seed(seed)
    names = learnt_layers(question.module)
    done: set[int] = set()
    looks = set(np.linspace(1, len(names), min(most, len(names))).round().astype(int).tolist())
    for place, name in enumerate(names, 1):
        layer = question.module.get_submodule(name) if name else question.module
        with torch.no_grad():
            for parameter in layer.parameters(recurse=False):
                if id(parameter) in done or not parameter.is_floating_point():
                    continue  # shared with a layer nearer to the output
                done.add(id(parameter))
                drawn = torch.randn(parameter.shape, generator=source).to(parameter)
                spread = parameter.std(correction=0) if parameter.numel() > 1 else parameter.abs().mean()
                parameter.copy_(parameter.mean() + spread * drawn)
        if place in looks:
            yield name or type(question.module).__name__
