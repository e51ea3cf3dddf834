"""What stands for "nothing there" when parts of an input are taken away."""

from __future__ import annotations

from typing import Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.data.takes import Takes
from dltui.errors import UsageError

Baseline = Literal["black", "white", "mean", "blur", "zero"]
BLUR = 0.1  # standard deviation of the blur, as a share of the shorter side
USUAL: dict[str, Baseline] = {"image": "black", "tokens": "zero", "array": "zero"}


def nothing(name: Baseline, x: Tensor, takes: Takes, embedding: nn.Module | None) -> Tensor:
    """Return the baseline of an input.

    Args:
        name: ``black`` or ``white`` pixels, the ``mean`` (of each channel of the picture, of all embeddings, or of the
            row of numbers), the picture's own ``blur``, or ``zero`` as the model takes it.
        x: The input, or the embeddings of the tokens, shape (1, …).
        takes: How pixels become numbers.
        embedding: The layer that gives the embeddings, or None.

    Returns:
        The same shape.

    Raises:
        UsageError: If there are no pixels to be black, white or blurred.
    """
    if name == "zero":
        return torch.zeros_like(x)
    if takes.kind == "image":
        return _of_pixels(name, x, takes)
    if name != "mean":
        raise UsageError(
            f"--baseline {name} is of pictures, and the model takes {takes.kind}: try zero or mean"
        )
    if isinstance(embedding, nn.Embedding):
        return embedding.weight.detach().mean(dim=0).to(x).expand_as(x).clone()
    return torch.full_like(x, float(x.mean()))


def _of_pixels(name: Baseline, x: Tensor, takes: Takes) -> Tensor:
    """Return the baseline of a picture."""
    if name == "mean":
        return x.mean(dim=(2, 3), keepdim=True).expand_as(x).clone()
    if name == "blur":
        return _blurred(x)
    shade = 1.0 if name == "white" else 0.0
    mean = torch.tensor(takes.mean or (0.0,)).to(x)
    std = torch.tensor(takes.std or (1.0,)).to(x)
    return ((shade - mean) / std)[None, :, None, None].expand_as(x).clone()


def _blurred(x: Tensor) -> Tensor:
    """Return a picture that has lost its details: a Gaussian blur, with the border carried on."""
    sigma = BLUR * min(x.shape[2:])
    radius = max(1, min(round(3 * sigma), min(x.shape[2:]) - 1))
    places = torch.arange(-radius, radius + 1).to(x)
    weights = torch.exp(-0.5 * (places / sigma) ** 2)
    weights = weights / weights.sum()
    channels = x.shape[1]
    across = weights.reshape(1, 1, 1, -1).expand(channels, 1, 1, -1)
    down = weights.reshape(1, 1, -1, 1).expand(channels, 1, -1, 1)
    wide = functional.conv2d(functional.pad(x, (radius, radius, 0, 0), "replicate"), across, groups=channels)
    return functional.conv2d(functional.pad(wide, (0, 0, radius, radius), "replicate"), down, groups=channels)
