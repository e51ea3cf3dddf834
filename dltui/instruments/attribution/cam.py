"""Class activation maps: where the last maps of a network speak for a class."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.errors import UsageError
from dltui.instruments.attribution.question import Question
from dltui.instruments.features.layers import default_layer, named_layers, watching

PREFIXES = (0, 1, 2, 5)  # tokens before those of the patches: [CLS], one for distillation, four registers
NO_CAM = (
    "CAM needs a network that averages its last maps over space and has one linear layer after that, as ResNet has: "
    "try grad-cam"
)
NO_MAPS = "it gives no maps of features over space on this input: try --layer, or a method such as occlusion"


@dataclass(frozen=True, eq=False)
class Head:
    """The end of a network that ends with global average pooling and one linear layer.

    Attributes:
        layer: Name of the layer whose maps are averaged.
        maps: What it gives, shape (1, K, h, w).
        weight: Weights of the linear layer, shape (classes, K).
        bias: Its bias, shape (classes,).
    """

    layer: str
    maps: Tensor
    weight: Tensor
    bias: Tensor


def cam(question: Question) -> tuple[Tensor, str]:
    """Return the class activation map M = Σₖ wₖ Aₖ. Zhou, Khosla, Lapedriza, Oliva and Torralba, 2016.

    Its mean over space is the class score without the bias, exactly.

    Args:
        question: What is explained; the score is the logit, whatever the question says.

    Returns:
        The map, shape (1, 1, h, w), and the layer whose maps it is made of.

    Raises:
        UsageError: If the network does not end with global average pooling and one linear layer.
    """
    _of_pictures(question)
    head = head_of(question)
    if head is None:
        raise UsageError(NO_CAM)
    return torch.einsum("k,bkhw->bhw", head.weight[question.target], head.maps)[:, None], head.layer


def grad_cam(question: Question, *, layer: str = "") -> tuple[Tensor, str]:
    """Return ReLU(Σₖ αₖ Aₖ) with αₖ the mean of ∂f/∂Aₖ over space. Selvaraju et al., 2017.

    Args:
        question: What is explained.
        layer: Whose maps A are used; where nothing is said, those that are averaged at the end, those of the last
            convolution after its activation, or the last block of a transformer whose patches still count.

    Returns:
        The map, shape (1, 1, h, w), and the layer.

    Raises:
        UsageError: If there is no such layer, or it gives no maps.
    """
    maps, slopes, name = _maps_and_slopes(question, layer)
    weights = slopes.mean(dim=(2, 3), keepdim=True)
    return functional.relu((weights * maps).sum(dim=1, keepdim=True)), name


def grad_cam_plus_plus(question: Question, *, layer: str = "") -> tuple[Tensor, str]:
    """Return ReLU(Σₖ wₖ Aₖ) with wₖ = Σ α · ReLU(∂f/∂Aₖ). Chattopadhay, Sarkar, Howlader and Balasubramanian, 2018.

    α = g² / (2g² + ΣA · g³) at each place of a map, with g = ∂f/∂A; it weighs several objects of a class alike.

    Args:
        question: What is explained.
        layer: As in ``grad_cam``.

    Returns:
        The map, shape (1, 1, h, w), and the layer.

    Raises:
        UsageError: If there is no such layer, or it gives no maps.
    """
    maps, slopes, name = _maps_and_slopes(question, layer)
    square, cube = slopes**2, slopes**3
    below = 2 * square + maps.sum(dim=(2, 3), keepdim=True) * cube
    share = torch.where(below != 0, square / torch.where(below != 0, below, torch.ones_like(below)), 0.0)
    weights = (share * functional.relu(slopes)).sum(dim=(2, 3), keepdim=True)
    return functional.relu((weights * maps).sum(dim=1, keepdim=True)), name


def enlarged(found: Tensor, size: tuple[int, int]) -> Tensor:
    """Return a map at the size of the picture, between its places bilinearly, shape (1, 1, H, W)."""
    return functional.interpolate(found, size, mode="bilinear", align_corners=False)


def head_of(question: Question) -> Head | None:
    """Return the end of the network if it is global average pooling and one linear layer, or None."""
    linear = [n for n, part in named_layers(question.module).items() if isinstance(part, nn.Linear)]
    if not linear:
        return None
    layer = question.module.get_submodule(linear[-1])
    assert isinstance(layer, nn.Linear)
    given: list[Tensor] = []
    handle = layer.register_forward_hook(lambda _, inputs, __: given.append(inputs[0].detach()))
    try:
        maps = _all_maps(question)
    finally:
        handle.remove()
    if not given or given[-1].ndim != 2 or layer.out_features <= question.target:
        return None
    pooled = given[-1]
    for name, found in reversed(maps.items()):
        if (
            found.ndim == 4
            and found.shape[1] == pooled.shape[1]
            and torch.allclose(found.mean(dim=(2, 3)), pooled, rtol=1e-4, atol=1e-5)
        ):
            bias = torch.zeros(layer.out_features) if layer.bias is None else layer.bias.detach()
            return Head(name, found, layer.weight.detach(), bias)
    return None


def _maps_and_slopes(question: Question, layer: str) -> tuple[Tensor, Tensor, str]:
    """Return maps (1, K, h, w) of a layer, the gradient of f there, and the layer's name."""
    _of_pictures(question)
    if layer:
        found = _slopes(question, layer)
        if found is None:
            raise UsageError(f"can't lay {layer} over the picture: {NO_MAPS}")
        return *found, layer
    maps = _all_maps(question)
    flat = [name for name, one in maps.items() if one.ndim == 4]
    for name in _candidates(question, maps, flat):
        found = _slopes(question, name)
        if found is not None and (name in flat or int((found[1].abs().sum(dim=1) > 0).sum()) > 1):
            return *found, name
    raise UsageError(f"can't find a layer of {type(question.module).__name__} for this: {NO_MAPS}")


def _of_pictures(question: Question) -> None:
    """Refuse what is no picture."""
    if question.kind != "image":
        raise UsageError("class activation maps are of pictures: try saliency or integrated-gradients")


def _candidates(question: Question, maps: dict[str, Tensor], flat: list[str]) -> list[str]:
    """Return layers whose maps may be used, the best one first; those of ``flat`` are no patches in a row."""
    head = head_of(question)
    if head is not None:
        return [head.layer]
    rows = [name for name, found in maps.items() if found.ndim == 3]
    places = list(maps)
    if rows and (not flat or places.index(rows[-1]) > places.index(flat[-1])):
        return rows[::-1]  # a transformer: patches before the last one that only its [CLS] reads
    usual = default_layer(question.module, "image")
    return [*([_activated(usual, maps)] if usual in flat else []), *flat[::-1]]


def _activated(name: str, maps: dict[str, Tensor]) -> str:
    """Return the last of the layers that follow a convolution at once and keep its shape: its norm, its activation."""
    names = list(maps)
    for after in names[names.index(name) + 1 :]:
        if maps[after].shape != maps[name].shape:
            break
        name = after
    return name


def _slopes(question: Question, layer: str) -> tuple[Tensor, Tensor] | None:
    """Return what a layer gives as maps, and the gradient of f there, or None where it gives no maps."""
    x = question.x.detach().clone().requires_grad_(True)
    caught: dict[str, Tensor] = {}
    with torch.enable_grad(), watching(question.module, [layer], caught):
        value = question.value(x)
    output = caught.get(layer)
    if output is None or not output.requires_grad:
        return None
    (slope,) = torch.autograd.grad(value.sum(), output, allow_unused=True)
    maps = as_maps(output.detach())
    slopes = None if slope is None else as_maps(slope)
    return None if maps is None or slopes is None else (maps, slopes)


def as_maps(found: Tensor) -> Tensor | None:
    """Return what a layer gives as maps (1, K, h, w), or None.

    Args:
        found: Maps already, or patches in a row (1, N, K) with 1, 2 or 5 other tokens before them, or none.

    Returns:
        Maps with more than one place.
    """
    if found.ndim == 4:
        return found if found.shape[2] * found.shape[3] > 1 else None
    if found.ndim != 3:
        return None
    side = math.isqrt(found.shape[1])
    before = found.shape[1] - side * side
    if side < 2 or before not in PREFIXES:
        return None
    patches = found[:, before:].transpose(1, 2)
    return patches.reshape(*patches.shape[:2], side, side)


def _all_maps(question: Question) -> dict[str, Tensor]:
    """Return what every layer gives that has places, in the order in which the layers ran."""
    caught: dict[str, Tensor] = {}
    with torch.no_grad(), watching(question.module, list(named_layers(question.module)), caught):
        question.outputs(question.x)
    return {name: found for name, found in caught.items() if found.ndim == 4 or as_maps(found) is not None}
