"""What the first layer of a model tells of the inputs that the model takes, where nothing else is known."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import torch
from torch import nn

IMAGES = (224, 32, 28, 64, 96, 128, 256, 299, 8, 16, 48)  # sides of pictures that are tried, in this order
LENGTHS = (128, 1024, 16_000, 32)
CUBES = (32, 64, 16)
TOKENS = 128
CONVS = {
    "Conv1d": 1,
    "Conv2d": 2,
    "Conv3d": 3,
    "ConvTranspose1d": 1,
    "ConvTranspose2d": 2,
    "ConvTranspose3d": 3,
}
FEATURES = {"RNN": "input_size", "LSTM": "input_size", "GRU": "input_size", "MultiheadAttention": "embed_dim"}
NORMS = {"BatchNorm1d": 1, "BatchNorm2d": 2, "BatchNorm3d": 3}


def starts_with_tokens(model: nn.Module) -> bool:
    """Return whether the first layer with weights looks up indices."""
    return isinstance(_first_layer(model), nn.Embedding | nn.EmbeddingBag)


def usual_dtype(model: nn.Module) -> torch.dtype:
    """Return the type of the model's first weights that are floating-point, or torch's own."""
    found = (p.dtype for p in model.parameters() if p.is_floating_point())
    return next(found, torch.get_default_dtype())


def guesses(model: nn.Module) -> Iterator[tuple[tuple[int, ...], str]]:
    """Yield shapes that the first layer could take, the likeliest first, and which layer that is.

    Args:
        model: Any module.

    Yields:
        A shape with a batch of 1, and the layer in words.
    """
    layer: Any = _first_layer(model)
    if layer is None:
        return
    said = f"{type(layer).__name__}({layer.extra_repr()})"
    for shape in _likely(layer, type(layer).__name__.removeprefix("Lazy")):
        yield shape, said


def _likely(layer: Any, kind: str) -> Iterator[tuple[int, ...]]:
    """Yield shapes that a layer takes."""
    axes = CONVS.get(kind) or NORMS.get(kind)
    if axes:
        channels = getattr(layer, "in_channels", 0) or getattr(layer, "num_features", 0) or 3
        yield from ((1, channels, *(side,) * axes) for side in {1: LENGTHS, 2: IMAGES, 3: CUBES}[axes])
    elif kind == "Linear":
        features = layer.in_features or 64
        yield from ((1, features), (1, TOKENS, features))
        for side, channels in product(IMAGES, (1, 3)):  # pictures that are flattened first
            if channels * side**2 == features:
                yield (1, channels, side, side)
    elif kind in {"Embedding", "EmbeddingBag"}:
        yield (1, TOKENS)
    elif kind in FEATURES:
        yield (1, TOKENS, getattr(layer, FEATURES[kind]))
    elif kind == "LayerNorm":
        yield (1, TOKENS, *layer.normalized_shape)


def _first_layer(model: nn.Module) -> nn.Module | None:
    """Return the first module, in the order of registration, that has weights of its own or within."""
    for module in model.modules():
        if isinstance(module, nn.MultiheadAttention):
            return module
        if module._parameters and not module._modules:
            return module
    return None
