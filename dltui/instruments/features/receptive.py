"""Which pixels a unit in the middle of a layer really heeds: the effective receptive field.

Luo, Li, Urtasun and Zemel, *Understanding the Effective Receptive Field in Deep Convolutional Neural Networks*, 2016:
the gradient of the unit with respect to the input, and as its size the root of the number of pixels whose gradient is
at least 4.55 % of the greatest (two standard deviations of a bell curve).
"""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

import numpy as np
import torch
from torch import Tensor, nn

from dltui.checkpoints.live import LiveModel
from dltui.errors import UsageError
from dltui.figures import Array
from dltui.instruments.features.layers import capture
from dltui.instruments.features.watch import device_of
from dltui.instruments.modelgraph import traced
from dltui.instruments.summary import summarize
from dltui.progress import Report
from dltui.progress import silent as unheard
from dltui.results.receptive import ReceptiveField

BATCH = 16


def receptive_field(
    live: LiveModel,
    samples: Tensor,
    *,
    layers: Sequence[str] = (),
    title: str = "",
    picture: Array | None = None,
    seed: int = 0,
    report: Report = unheard,
) -> ReceptiveField:
    """Return how strongly the units in the middle of each layer depend on every pixel.

    The square of the gradient is summed over the channels of the layer and of the input, and averaged over the samples;
    the channels of the layer are added with random signs, fresh for every sample, which gives that sum on average and
    exactly for one channel.

    Args:
        live: A network of pictures.
        samples: Inputs, shape (n, c, h, w).
        layers: Names of layers that give maps, ``*`` stands for anything; every convolution and pooling when empty.
        title: What the samples are.
        picture: The one sample as it is seen, shape (h, w, c), 0 … 255, or None.
        seed: Seed of the signs.
        report: Progress.

    Returns:
        Root mean square gradients.

    Raises:
        UsageError: If the inputs are no pictures, or no such layer gives maps.
    """
    if samples.ndim != 4:
        raise UsageError(f"a receptive field lies in a picture, but {live.title} takes {live.takes.kind}")
    names = _chosen(live.module, samples[:1], layers)
    generator = torch.Generator().manual_seed(seed)
    sums = torch.zeros((len(names), *samples.shape[2:]), dtype=torch.float64)
    for start in range(0, len(samples), BATCH):
        x = samples[start : start + BATCH].to(device_of(live.module), copy=True).requires_grad_()
        with torch.enable_grad():
            found = capture(live.module, names, x)
        for place, name in enumerate(names):
            output = found[name]
            middle = output[:, :, output.shape[2] // 2, output.shape[3] // 2]
            signs = torch.randint(0, 2, middle.shape, generator=generator) * 2.0 - 1.0
            (gradient,) = torch.autograd.grad((middle * signs.to(middle)).sum(), x, retain_graph=True)
            sums[place] += gradient.cpu().double().square().sum((0, 1))
        report(min(start + BATCH, len(samples)), len(samples))
    maps: Array = (sums / len(samples)).sqrt().numpy()
    return ReceptiveField(
        title=f"{live.title} on {title}" if title else live.title,
        weights=live.weights_note,
        layers=names,
        maps=maps,
        theory=_theory(live.module, tuple(samples.shape[1:]), names),
        samples=len(samples),
        given=title,
        picture=picture,
    )


def _chosen(module: nn.Module, x: Tensor, layers: Sequence[str]) -> list[str]:
    """Return the names of the layers whose middles are looked at."""
    nodes, _, _ = traced(module, x.to(device_of(module)))
    modules = dict(module.named_modules())
    maps = [node for node in nodes if node.name in modules and len(node.shape) == 4]
    if layers:
        found = [node.name for node in maps if any(fnmatchcase(node.name, one) for one in layers)]
    else:
        found = [node.name for node in maps if "Conv" in node.kind or "Pool" in node.kind]
    if not found:
        wanted = f"no layer named {' or '.join(layers)} gives maps" if layers else "no layer gives maps"
        told = f": {', '.join(node.name for node in maps[:6])} do" if maps else ""
        raise UsageError(f"{wanted}{told}")
    return found


def _theory(module: nn.Module, shape: tuple[int, ...], names: Sequence[str]) -> Array:
    """Return the sizes that windows and strides allow, shape (layers, 2); NaN where all pixels are in reach."""
    fields = {row["path"]: row["receptive_field"] for row in summarize(module, (1, *shape), mode="eval").rows}
    found = np.full((len(names), 2), np.nan)
    for place, name in enumerate(names):
        if fields.get(name):
            found[place] = fields[name]
    return found
