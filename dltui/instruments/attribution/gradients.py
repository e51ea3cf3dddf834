"""Attributions from gradients: ∂f/∂x as it is, times x, averaged over noise or along a path."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from dltui.errors import UsageError
from dltui.instruments.attribution.question import Question
from dltui.progress import Report, silent

Rule = Literal["gauss-legendre", "midpoint"]
GAP = 0.01  # share of F(x) − F(x′) that may be missing from the sum of integrated gradients
FIRST, LAST = 50, 1600  # steps at first, and at most


def saliency(question: Question) -> Tensor:
    """Return ∂f/∂x, shape (1, …). Simonyan, Vedaldi and Zisserman, 2014."""
    return question.gradient(question.x)


def gradient_x_input(question: Question) -> Tensor:
    """Return x · ∂f/∂x, shape (1, …). Shrikumar, Greenside, Shcherbina and Kundaje, 2016."""
    return question.x * question.gradient(question.x)


def smoothgrad(
    question: Question, *, samples: int = 50, noise: float = 0.15, seed: int = 0, report: Report = silent
) -> Tensor:
    """Return the mean of ∂f/∂x over noisy copies of the input. Smilkov, Thorat, Kim, Viégas and Wattenberg, 2017.

    The signs are kept: gradients that point to and fro cancel.

    Args:
        question: What is explained.
        samples: Noisy copies, n.
        noise: Standard deviation σ of the noise, as a share of the range of the input.
        seed: Seed of the noise.
        report: Told how many copies are done.

    Returns:
        (1/n) Σ ∂f/∂x at x + N(0, σ²), shape (1, …); the plain gradient where the noise is 0.
    """
    x = question.x
    sigma = noise * float(x.max() - x.min())
    source = torch.Generator().manual_seed(seed)
    total = torch.zeros_like(x, dtype=torch.float64, device="cpu")
    for start in range(0, samples, question.block):
        count = min(question.block, samples - start)
        drawn = torch.randn((count, *x.shape[1:]), generator=source, dtype=x.dtype).to(x.device)
        total += question.gradient(x + sigma * drawn).cpu().double().sum(dim=0, keepdim=True)
        report(start + count, samples)
    return (total / samples).to(x)


def integrated_gradients(
    question: Question, *, steps: int | None = None, rule: Rule = "gauss-legendre", report: Report = silent
) -> tuple[Tensor, int, float]:
    """Return the gradients along the straight way from the baseline, times that way, and how much of f is missing.

    IGᵢ = (xᵢ − x′ᵢ) · ∫₀¹ ∂f/∂xᵢ(x′ + α(x − x′)) dα. Completeness: Σᵢ IGᵢ = f(x) − f(x′). Sundararajan, Taly and Yan,
    2017.

    Args:
        question: What is explained.
        steps: Points on the way; None to double them from 50 on until at most 1 % is missing.
        rule: Where the points are: ``gauss-legendre``, or ``midpoint`` of equal steps.
        report: Told how many points are done.

    Returns:
        The attributions, shape (1, …), the steps that were taken, and |Σ IG − (f(x) − f(x′))| as a share of
        |f(x) − f(x′)|.
    """
    change = _change(question)
    count = steps or FIRST
    while True:
        found = _along(question, count, rule, report)
        gap = abs(float(found.double().sum()) - change) / (abs(change) or 1.0)
        if steps is not None or gap <= GAP or count >= LAST:
            return found, count, gap
        count *= 2


def guided_backprop(question: Question) -> Tensor:
    """Return ∂f/∂x where every ReLU lets only positive gradients through as well. Springenberg et al., 2015.

    Args:
        question: What is explained; every ReLU counts, modules and plain calls of functions alike.

    Returns:
        Shape (1, …).

    Raises:
        UsageError: If the model has no ReLU.
    """
    with GuidedReLU() as guide:
        found = question.gradient(question.x)
    if not guide.calls:
        raise UsageError(
            "guided backprop changes what goes back through ReLUs, and this model has none: try saliency"
        )
    return found


class GuidedReLU(TorchFunctionMode):
    """While this lasts, ReLUs pass only positive gradients back, whoever calls them."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Any,
        args: tuple[Any, ...] = (),
        kwargs: dict[str, Any] | None = None,
    ) -> Any:
        """Take the place of every ReLU; leave all else as it is."""
        del types
        given = kwargs or {}
        top = _top_of(func, args, given) if torch.is_grad_enabled() else None
        if top is None:
            return func(*args, **given)
        self.calls += 1
        x: Tensor = args[0] if args else given["input"]
        asked = args[-1] if len(args) > 1 and isinstance(args[-1], bool) else given.get("inplace", False)
        in_place = func in IN_PLACE or bool(asked)
        found = _Guided.apply(x.clone() if in_place else x, top)  # type: ignore[no-untyped-call]
        return x.copy_(found) if in_place else found


RELUS = frozenset({functional.relu, functional.relu_, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_})
CLIPPED = frozenset({functional.hardtanh, functional.hardtanh_})
IN_PLACE = frozenset({functional.relu_, torch.relu_, Tensor.relu_, functional.hardtanh_})


def _top_of(func: Callable[..., Any], args: tuple[Any, ...], given: dict[str, Any]) -> float | None:
    """Return where a ReLU is clipped, infinity for a plain one, or None for what is none."""
    if func in RELUS:
        return math.inf
    if func is functional.relu6:
        return 6.0
    if func in CLIPPED:
        low = args[1] if len(args) > 1 else given.get("min_val", -1.0)
        return float(args[2] if len(args) > 2 else given.get("max_val", 1.0)) if low == 0 else None
    return None


class _Guided(torch.autograd.Function):
    """min(max(x, 0), top), whose gradient passes where it is positive and x lies between."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, top: float) -> Tensor:
        """Return min(max(x, 0), top)."""
        ctx.save_for_backward(x)
        ctx.top = top
        return x.clamp(min=0, max=top)

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor, None]:
        """Return the gradient where 0 < x < top and it is positive itself."""
        (x,) = ctx.saved_tensors
        return torch.where((x > 0) & (x < ctx.top), grad.clamp(min=0), torch.zeros_like(grad)), None


def _change(question: Question) -> float:
    """Return f(x) − f(x′)."""
    here, there = question.values(torch.cat([question.x, question.baseline])).tolist()
    return float(here - there)


def _along(question: Question, steps: int, rule: Rule, report: Report) -> Tensor:
    """Return integrated gradients with a number of points."""
    places, weights = _points(steps, rule)
    way = question.x - question.baseline
    total = torch.zeros_like(question.x, dtype=torch.float64, device="cpu")
    for start in range(0, steps, question.block):
        part = slice(start, start + question.block)
        shares = torch.from_numpy(places[part]).to(question.x).reshape(-1, *[1] * (way.ndim - 1))
        slopes = question.gradient(question.baseline + shares * way).cpu().double()
        weight = torch.from_numpy(weights[part]).reshape(-1, *[1] * (way.ndim - 1))
        total += (slopes * weight).sum(dim=0, keepdim=True)
        report(min(start + question.block, steps), steps)
    return way * total.to(way)


def _points(steps: int, rule: Rule) -> tuple[Any, Any]:
    """Return places within 0 … 1 and the weights of a rule of integration."""
    if rule == "midpoint":
        return (np.arange(steps) + 0.5) / steps, np.full(steps, 1 / steps)
    places, weights = np.polynomial.legendre.leggauss(steps)
    return (places + 1) / 2, weights / 2
