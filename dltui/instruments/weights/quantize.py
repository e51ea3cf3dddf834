"""What is lost when weights are kept in fewer bits: int8, int4, fp8, with one scale or one for each output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from dltui.figures import Array

Kind = Literal["int8", "int4", "e4m3", "e5m2"]
Per = Literal["tensor", "channel"]
KINDS: tuple[Kind, ...] = get_args(Kind)
LEVELS = {
    "int8": 127.0,
    "int4": 7.0,
}  # the largest whole number; −128 and −8 are left out, so that 0 is the middle
# fp8: bits of the fraction, least exponent of a normal number, the largest number (Micikevicius et al. 2022)
FLOATS = {"e4m3": (3, -6, 448.0), "e5m2": (2, -14, 57344.0)}


@dataclass(frozen=True)
class Loss:
    """What quantisation costs.

    Attributes:
        kind: The format.
        per: Whether all numbers share a scale, or those of each output.
        relative: ‖W − Q(W)‖ / ‖W‖.
        decibels: Signal to noise, −20 · log₁₀ of that.
        largest: max |W − Q(W)|.
        cosine: Cosine of W and Q(W).
        to_zero: Share of numbers that become 0 and were not.
    """

    kind: Kind
    per: Per
    relative: float
    decibels: float
    largest: float
    cosine: float
    to_zero: float


def float8(values: Array, kind: Literal["e4m3", "e5m2"]) -> Array:
    """Return numbers rounded to the nearest that fp8 has, ties to even, the large ones to the largest.

    Args:
        values: Numbers of any shape.
        kind: ``e4m3`` (torch's float8_e4m3fn) or ``e5m2``.

    Returns:
        float64 of the same shape; NaN stays.
    """
    fraction, least, largest = FLOATS[kind]
    wide = values.astype(np.float64)
    exponent = np.maximum(np.frexp(wide)[1] - 1, least)
    step = np.ldexp(1.0, exponent - fraction)
    found: Array = np.clip(np.rint(wide / step) * step, -largest, largest)
    return found


def quantized(values: Array, kind: Kind, per: Per) -> Array:
    """Return weights as a format would give them back.

    One scale maps the largest magnitude to the largest number of the format; what is between two numbers goes to the
    nearest, ties to even.

    Args:
        values: Weights, shape (outputs, …).
        kind: The format.
        per: One scale for all, or one for each output.

    Returns:
        float64 of the same shape.
    """
    wide = values.astype(np.float64)
    axes = tuple(range(1, wide.ndim)) if per == "channel" and wide.ndim > 1 else None
    return _scaled(wide, kind, np.abs(wide).max(axis=axes, keepdims=True, initial=0.0))


def _scaled(wide: Array, kind: Kind, top: Array) -> Array:
    """Return numbers as a format gives them back that maps ``top`` to its largest number."""
    reach = LEVELS.get(kind) or FLOATS[kind][2]
    scale = np.where(top > 0, top, 1.0) / reach
    if kind in LEVELS:
        found: Array = np.clip(np.rint(wide / scale), -reach, reach) * scale
        return found
    return float8(wide / scale, "e4m3" if kind == "e4m3" else "e5m2") * scale


def losses(values: Array) -> list[Loss]:
    """Return what every format costs.

    Args:
        values: Finite weights, shape (outputs, …).

    Returns:
        A loss for each format with one scale, and with one for each output where there are several.
    """
    ways: tuple[Per, ...] = ("tensor", "channel") if values.ndim > 1 and values.shape[0] > 1 else ("tensor",)
    return [_loss(values, kind, per) for kind in KINDS for per in ways]


def _loss(values: Array, kind: Kind, per: Per) -> Loss:
    """Return what one format costs, output by output so that little memory is taken."""
    error = signal = product = kept = largest = 0.0
    lost = 0
    top = np.abs(values).max(initial=0.0).astype(np.float64)
    rows = values.reshape(values.shape[0] if values.ndim else 1, -1)
    step = max(1, (1 << 20) // max(1, rows.shape[1]))
    for start in range(0, rows.shape[0], step):
        wide = rows[start : start + step].astype(np.float64)
        back = quantized(wide, kind, per) if per == "channel" else _scaled(wide, kind, top)
        apart = wide - back
        error += float((apart**2).sum())
        signal += float((wide**2).sum())
        product += float((wide * back).sum())
        kept += float((back**2).sum())
        largest = max(largest, float(np.abs(apart).max(initial=0.0)))
        lost += int(((back == 0) & (wide != 0)).sum())
    relative = float(np.sqrt(error / signal)) if signal else 0.0
    return Loss(
        kind,
        per,
        relative,
        float(-20 * np.log10(relative)) if relative else float("inf"),
        largest,
        product / float(np.sqrt(signal * kept)) if signal and kept else 1.0,
        lost / max(1, values.size),
    )
