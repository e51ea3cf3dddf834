"""Every method by name: from a question to a map of its places."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from dltui.instruments.attribution import gradients, perturbed
from dltui.instruments.attribution.cam import cam, enlarged, grad_cam, grad_cam_plus_plus
from dltui.instruments.attribution.parts import SINGLE, Labels
from dltui.instruments.attribution.question import Question
from dltui.progress import Report
from dltui.results.explanation import SIZES

Floats = NDArray[np.float64]
PATCHES = 7  # patches of an occlusion that lie side by side, without overlap


@dataclass(frozen=True)
class Choices:
    """What a person may choose of the methods.

    Attributes:
        layer: Whose maps Grad-CAM uses; empty for the usual one.
        steps: Points on the way of integrated gradients; None for as many as make it complete to 1 %.
        noise: σ of SmoothGrad's noise as a share of the input's range, and of LIME's for rows of numbers in units of
            their standard deviation.
        copies: Noisy copies of SmoothGrad.
        samples: Inputs that LIME and kernel SHAP try.
        patch: Side of the patch of occlusion; None for a seventh of the input's.
        stride: How far it moves; None for half its side.
        seed: Seed of all draws.
    """

    layer: str = ""
    steps: int | None = None
    noise: float = 0.15
    copies: int = 50
    samples: int = 1000
    patch: int | None = None
    stride: int | None = None
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Found:
    """What a method gives.

    Attributes:
        values: A number for each place.
        details: What it tells of itself.
    """

    values: Floats
    details: dict[str, Any] = field(default_factory=dict)


Method = Callable[[Question, Labels, Choices, Report], Found]


def per_place(question: Question, found: Tensor, method: str) -> Floats:
    """Return attributions of numbers as those of places.

    Args:
        question: What was explained.
        found: Of the shape of its input.
        method: Which method; of those whose size counts the largest channel is taken of pictures, and the length of
            the gradient of tokens; all others are added up.

    Returns:
        Shape (H, W), (T,) or that of a sample.
    """
    values: Floats = found[0].cpu().double().numpy()
    if question.kind == "image":
        pixels: Floats = np.abs(values).max(axis=0) if method in SIZES else values.sum(axis=0)
        return pixels
    if question.kind == "tokens":
        tokens: Floats = np.linalg.norm(values, axis=-1) if method in SIZES else values.sum(axis=-1)
        return tokens
    return values


def _saliency(question: Question, labels: Labels, choices: Choices, report: Report) -> Found:
    del labels, choices, report
    return Found(per_place(question, gradients.saliency(question), "saliency"))


def _gradient_x_input(question: Question, labels: Labels, choices: Choices, report: Report) -> Found:
    del labels, choices, report
    return Found(per_place(question, gradients.gradient_x_input(question), "gradient-x-input"))


def _smoothgrad(question: Question, labels: Labels, choices: Choices, report: Report) -> Found:
    del labels
    found = gradients.smoothgrad(
        question, samples=choices.copies, noise=choices.noise, seed=choices.seed, report=report
    )
    details = {"copies": choices.copies, "noise": choices.noise}
    return Found(per_place(question, found, "smoothgrad"), details)


def _integrated_gradients(question: Question, labels: Labels, choices: Choices, report: Report) -> Found:
    del labels
    found, steps, gap = gradients.integrated_gradients(question, steps=choices.steps, report=report)
    return Found(per_place(question, found, "integrated-gradients"), {"steps": steps, "gap": gap})


def _guided_backprop(question: Question, labels: Labels, choices: Choices, report: Report) -> Found:
    del labels, choices, report
    return Found(per_place(question, gradients.guided_backprop(question), "guided-backprop"))


def _cam(question: Question, labels: Labels, choices: Choices, report: Report) -> Found:
    del labels, choices, report
    return _map(question, *cam(question))


def _grad_cam(question: Question, labels: Labels, choices: Choices, report: Report) -> Found:
    del labels, report
    return _map(question, *grad_cam(question, layer=choices.layer))


def _grad_cam_plus_plus(question: Question, labels: Labels, choices: Choices, report: Report) -> Found:
    del labels, report
    return _map(question, *grad_cam_plus_plus(question, layer=choices.layer))


def _occlusion(question: Question, labels: Labels, choices: Choices, report: Report) -> Found:
    places = labels.shape
    patch = [_side(size, choices.patch, single=question.kind != "image") for size in places]
    stride = [min(choices.stride or max(1, side // 2), side) for side in patch]
    found = perturbed.occlusion(question, patch=patch, stride=stride, report=report)
    return Found(found.numpy(), {"patch": "×".join(map(str, patch)), "stride": "×".join(map(str, stride))})


def _lime(question: Question, labels: Labels, choices: Choices, report: Report) -> Found:
    if question.kind == "array" and labels.size <= SINGLE:
        slopes, quality = perturbed.lime_around(
            question, samples=choices.samples, width=2 * choices.noise, seed=choices.seed, report=report
        )
        return Found(slopes, {"quality": quality})
    weights, quality = perturbed.lime(
        question, labels, samples=choices.samples, seed=choices.seed, report=report
    )
    return Found(_shared(weights, labels), {"quality": quality, "parts": len(weights)})


def _shap(question: Question, labels: Labels, choices: Choices, report: Report) -> Found:
    values, exact = perturbed.kernel_shap(
        question, labels, samples=max(choices.samples, 2), seed=choices.seed, report=report
    )
    return Found(_shared(values, labels), {"exact": exact, "parts": len(values)})


# in the order of dltui.results.explanation.METHODS
RUN: dict[str, Method] = {
    "saliency": _saliency,
    "gradient-x-input": _gradient_x_input,
    "smoothgrad": _smoothgrad,
    "integrated-gradients": _integrated_gradients,
    "guided-backprop": _guided_backprop,
    "cam": _cam,
    "grad-cam": _grad_cam,
    "grad-cam++": _grad_cam_plus_plus,
    "occlusion": _occlusion,
    "lime": _lime,
    "shap": _shap,
}


def _map(question: Question, found: Tensor, layer: str) -> Found:
    """Return a class activation map at the size of the picture."""
    height, width = question.x.shape[-2:]
    values = enlarged(found, (height, width))[0, 0].cpu().double().numpy()
    return Found(values, {"layer": layer, "maps": f"{found.shape[-2]}×{found.shape[-1]}"})


def _shared(values: Floats, labels: Labels) -> Floats:
    """Return the value of each part shared out among its places: the sum of all places is that of all parts."""
    size = np.bincount(labels.ravel(), minlength=len(values))
    return (values / size)[labels]


def _side(size: int, wanted: int | None, *, single: bool) -> int:
    """Return the side of a patch along an axis; tokens and numbers are covered one by one if nothing is said."""
    if wanted is not None:
        return min(wanted, size)
    return 1 if single and size <= SINGLE else max(1, round(size / PATCHES))
