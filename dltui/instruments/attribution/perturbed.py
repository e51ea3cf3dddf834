"""Attributions from taking parts of the input away: occlusion, LIME, kernel SHAP. Only outputs are looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from dltui.instruments.attribution.parts import Labels, as_mask, kept
from dltui.instruments.attribution.question import Question
from dltui.progress import Report, silent

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

RIDGE = 1e-9  # added to the normal equations of LIME, as a share of their mean diagonal: only where they are singular


def occlusion(
    question: Question, *, patch: Sequence[int], stride: Sequence[int], report: Report = silent
) -> Tensor:
    """Return how much f falls when a patch of baseline covers a place, the mean over the patches that cover it.

    Zeiler and Fergus, 2014.

    Args:
        question: What is explained.
        patch: Size of the patch along each axis of a place: (h, w), (tokens,), or the axes of a sample.
        stride: How far the patch moves each time, at most its size.
        report: Told how many patches are done.

    Returns:
        f(x) − f(covered), of the shape of the places; 0 everywhere where the patch has no size.
    """
    places = _places(question)
    total, count = torch.zeros(places, dtype=torch.float64), torch.zeros(places, dtype=torch.float64)
    if min(patch) < 1:
        return total
    axes = [_windows(*axis) for axis in zip(places, patch, stride, strict=True)]
    windows: list[tuple[slice, ...]] = list(product(*axes))
    whole = float(question.values(question.x)[0])
    for start in range(0, len(windows), question.block):
        some = windows[start : start + question.block]
        cover = torch.zeros((len(some), *places), dtype=torch.bool)
        for row, window in zip(cover, some, strict=True):
            row[window] = True
        x = torch.where(_over(cover, question).to(question.x.device), question.baseline, question.x)
        for window, value in zip(some, question.values(x).tolist(), strict=True):
            total[window] += whole - value
            count[window] += 1
        report(start + len(some), len(windows))
    return total / count.clamp(min=1)


def with_parts(question: Question, labels: Labels, present: Bools, report: Report = silent) -> Floats:
    """Return f of the input with only some of its parts.

    Args:
        question: What is explained.
        labels: Which part each place belongs to.
        present: Which parts are there, shape (n, parts).
        report: Told how many are done.

    Returns:
        Shape (n,).
    """
    mask = as_mask(labels, question.kind)
    there = torch.from_numpy(present)

    def make(part: slice) -> Tensor:
        report(part.start, len(present))
        return kept(question.x, question.baseline, mask, there[part])

    return question.made(len(present), make).numpy()


def lime(
    question: Question,
    labels: Labels,
    *,
    samples: int = 1000,
    width: float = 0.25,
    seed: int = 0,
    report: Report = silent,
) -> tuple[Floats, float]:
    """Return the weights of the line that imitates f around the input, and how well it does.

    Parts are there or not by a fair coin; a sample counts exp(−d² / width²), with d its cosine distance from the whole
    input. Ribeiro, Singh and Guestrin, 2016.

    Args:
        question: What is explained.
        labels: Which part each place belongs to.
        samples: How many inputs are tried, the whole one among them.
        width: Width of the kernel.
        seed: Seed of the coin.
        report: Told how many are done.

    Returns:
        A weight for each part, shape (parts,), and the weighted R² of the line.
    """
    count = int(labels.max()) + 1
    present = np.random.default_rng(seed).random((samples, count)) < 0.5
    present[0] = True
    values = with_parts(question, labels, present, report)
    near = 1 - np.sqrt(present.sum(axis=1) / count)  # cosine distance of 0s and 1s from all 1s
    return fitted_line(present.astype(float), values, np.exp(-((near / width) ** 2)))


def lime_around(
    question: Question, *, samples: int = 1000, width: float = 0.3, seed: int = 0, report: Report = silent
) -> tuple[Floats, float]:
    """Return the slopes of the line that imitates f around a row of numbers, and how well it does.

    The numbers are moved by N(0, width²), so that samples near the input are the more the nearer they are: this is the
    kernel exp(−d² / 2width²).

    Args:
        question: What is explained.
        samples: How many inputs are tried, in pairs on either side.
        width: How far they lie, in units of the input.
        seed: Seed of the draws.
        report: Told how many are done.

    Returns:
        A slope for each number, of the shape of a sample, and R² of the line.
    """
    x = question.x
    half = np.random.default_rng(seed).normal(size=(max(1, samples // 2), x[0].numel())) * width
    moved = np.concatenate([half, -half])

    def make(part: slice) -> Tensor:
        report(part.start, len(moved))
        return x + torch.from_numpy(moved[part]).to(x).reshape(-1, *x.shape[1:])

    values = question.made(len(moved), make).numpy()
    slopes, quality = fitted_line(moved, values, np.ones(len(moved)))
    return slopes.reshape(tuple(x.shape[1:])), quality


def fitted_line(inputs: Floats, values: Floats, weights: Floats) -> tuple[Floats, float]:
    """Return the slopes of the weighted least-squares line, and its weighted R².

    Args:
        inputs: Shape (n, features).
        values: Shape (n,).
        weights: How much each row counts, shape (n,).

    Returns:
        Slopes, shape (features,); the smallest ones where several lines fit alike.
    """
    share = weights / weights.sum()
    middle, height = share @ inputs, float(share @ values)
    apart, rise = inputs - middle, values - height
    square = apart.T @ (share[:, None] * apart)
    square[np.diag_indices_from(square)] += RIDGE * max(float(np.trace(square)) / len(square), 1e-300)
    slopes: Floats = np.linalg.lstsq(square, apart.T @ (share * rise), rcond=None)[0]
    whole = float(share @ rise**2)
    missing = float(share @ (rise - apart @ slopes) ** 2)
    return slopes, 1 - missing / whole if whole > 0 else 1.0


def kernel_shap(
    question: Question, labels: Labels, *, samples: int = 2048, seed: int = 0, report: Report = silent
) -> tuple[Floats, bool]:
    """Return the Shapley value of each part: what it adds to f, the mean over all orders in which parts may come.

    Solved as a weighted regression on coalitions S with weights (M − 1) / (C(M, |S|) |S| (M − |S|)), in which the
    values add up to f(x) − f(baseline) exactly. Lundberg and Lee, 2017. Where all coalitions are tried the values are
    exact; otherwise they are drawn in pairs S and not S, in proportion to the weights.

    Args:
        question: What is explained.
        labels: Which part each place belongs to.
        samples: Coalitions that are tried at most.
        seed: Seed of the draws.
        report: Told how many are done.

    Returns:
        A value for each part, shape (parts,), and whether they are exact.
    """
    count = int(labels.max()) + 1
    nothing, whole = with_parts(question, labels, np.array([[False] * count, [True] * count])).tolist()
    if count == 1:
        return np.array([whole - nothing]), True
    exact = count < 60 and 2**count - 2 <= samples
    present, weights = _all(count) if exact else _drawn(count, samples, seed)
    values = with_parts(question, labels, present, report)
    return constrained(present, values - nothing, weights, whole - nothing), exact


def constrained(present: Bools, values: Floats, weights: Floats, total: float) -> Floats:
    """Return the weighted least-squares values of the parts that add up to ``total``.

    Args:
        present: Coalitions, shape (n, parts).
        values: What each is worth, shape (n,).
        weights: How much each counts, shape (n,).
        total: What all parts are worth together.

    Returns:
        Shape (parts,).
    """
    inputs = present.astype(float)
    last = inputs[:, -1:]
    root = np.sqrt(weights / weights.sum())
    reduced = (inputs[:, :-1] - last) * root[:, None]
    rest = (values - last[:, 0] * total) * root
    first: Floats = np.linalg.lstsq(reduced, rest, rcond=None)[0]
    return np.append(first, total - first.sum())


def _all(count: int) -> tuple[Bools, Floats]:
    """Return every coalition but none and all, with its weight."""
    number = np.arange(1, 2**count - 1)
    present = (number[:, None] >> np.arange(count)) & 1 == 1
    size = present.sum(axis=1)
    by_size = np.array(
        [0.0] + [(count - 1) / (math.comb(count, s) * s * (count - s)) for s in range(1, count)]
    )
    return present, by_size[size]


def _drawn(count: int, samples: int, seed: int) -> tuple[Bools, Floats]:
    """Return coalitions drawn in proportion to their weights, each with its opposite; all count alike then."""
    source = np.random.default_rng(seed)
    size = np.arange(1, count)
    chance = 1.0 / (size * (count - size))
    half = max(count, samples // 2)
    sizes = source.choice(size, half, p=chance / chance.sum())
    order = source.random((half, count)).argsort(axis=1)
    present = order < sizes[:, None]
    both = np.concatenate([present, ~present])
    return both, np.ones(len(both))


def _places(question: Question) -> tuple[int, ...]:
    """Return the shape of what can be covered: (H, W), (T,), or that of a sample."""
    shape = tuple(question.x.shape)
    if question.kind == "image":
        return shape[2:]
    return shape[1:2] if question.kind == "tokens" else shape[1:]


def _over(cover: Tensor, question: Question) -> Tensor:
    """Return what covers places in a shape that lies over inputs."""
    if question.kind == "image":
        return cover[:, None]
    return cover[..., None] if question.kind == "tokens" else cover


def _windows(size: int, patch: int, stride: int) -> list[slice]:
    """Return where a patch stands along an axis; the last one may hang over its end."""
    count = max(0, math.ceil((size - patch) / stride)) + 1
    return [slice(i * stride, min(i * stride + patch, size)) for i in range(count)]
