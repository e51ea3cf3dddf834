"""Blending splats from front to back, as one list of (pixel, splat) pairs and one sort.

A pixel's colour is C = Σ Tᵢαᵢcᵢ + T·paper with αᵢ = min(o·e^(−q/2), 0.99), cut below 1/255, and Tᵢ = ∏_{j<i} (1 − αⱼ).
Every splat is spelled out as the pixels that its ellipse covers, row by row, nearest splats first; a stable sort by
pixel then leaves each pixel's splats in the order of their depths. Products become sums of logarithms that run through
the whole list, in float64, since in float32 their errors would add up. Along a row the exponent is a polynomial of
degree two, so that a pair needs three numbers of its row and none of its splat; on the way back, sums over a row give
all that the splat has to know.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import embedding_bag

from dltui.scene.splats.project import NEAR, Flat

CUT = 1 / 255  # opacity below which a splat is not seen
FULL = 0.99  # opacity of a pixel by one splat at most


@dataclass(frozen=True, eq=False)
class Rows:
    """The rows of pixels that splats cover, nearest splats first.

    Attributes:
        order: Numbers of the splats, nearest first, shape (m,).
        whose: Place in the order of the splat of each row, ascending, shape (r,).
        below: From the splat's middle down to the row's, shape (r,).
        aside: From the splat's middle to the first covered pixel's, shape (r,).
        pixel: Number of the first covered pixel, shape (r,).
        count: How many pixels are covered, shape (r,).
    """

    order: Tensor
    whose: Tensor
    below: Tensor
    aside: Tensor
    pixel: Tensor
    count: Tensor


@dataclass(frozen=True, eq=False)
class Pairs:
    """Which pixel sees which splat, and how well.

    Attributes:
        line: The row of each pair, ascending, shape (p,).
        step: Pixels from the first of its row, shape (p,).
        where: Its pixel, shape (p,).
        alpha: Opacity, shape (p,).
        by_pixel: Their places when they are sorted by pixel, each pixel's nearest first, shape (p,).
        pixel: Those pixels, row by row, ascending, shape (p,).
        splat: The numbers of the splats in that order, shape (p,).
        first: Of each pixel, the place of its first pair in that order, and behind all their number, (pixels + 1,).
        before: Light that comes through what is in front, T, in that order, shape (p,).
        left: Light that comes through all, shape (pixels,).
    """

    line: Tensor
    step: Tensor
    where: Tensor
    alpha: Tensor
    by_pixel: Tensor
    pixel: Tensor
    splat: Tensor
    first: Tensor
    before: Tensor
    left: Tensor

    @property
    def weight(self) -> Tensor:
        """What each pair adds to its pixel, T·α, sorted by pixel, shape (p,)."""
        return self.before * self.alpha.index_select(0, self.by_pixel)


def nearest_first(flat: Flat) -> Tensor:
    """Return the numbers of the splats that may be seen, nearest first."""
    seen = torch.nonzero((flat.depth > NEAR) & (flat.opacity > CUT))[:, 0]
    bits = (
        flat.depth.detach()[seen].float().contiguous().view(torch.int32)
    )  # of positive floats order like them
    return seen[torch.sort(bits, stable=True).indices]


@torch.no_grad()
def rows_of(flat: Flat, order: Tensor, width: int, height: int) -> Rows:
    """Return the rows of pixels in which splats have an opacity of at least 1/255.

    Args:
        flat: Splats on the picture.
        order: Numbers of those to draw, nearest first.
        width: Pixels across.
        height: Pixels down.

    Returns:
        The rows.
    """
    u, v = flat.middle[order].unbind(1)
    a, b, c = flat.conic[order].unbind(1)
    squared = 2 * torch.log(flat.opacity[order] / CUT)  # q at which α is cut
    det = a * c - b * b
    low, high = _whole(v, (squared * a / det).sqrt(), height)
    count = (high - low + 1).clamp(min=0)
    whose = torch.repeat_interleave(count)
    y = torch.arange(len(whose), device=low.device) + (low - (count.cumsum(0) - count))[whose]
    below = y + 0.5 - v[whose]
    along = a[whose]
    half = ((squared * a)[whose] - det[whose] * below * below).clamp(min=0).sqrt() / along
    middle = u[whose]
    left, right = _whole(middle - b[whose] * below / along, half, width)
    return Rows(order, whose, below, left + 0.5 - middle, y * width + left, (right - left + 1).clamp(min=0))


def _whole(middle: Tensor, half: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """Return the first and last pixels whose middles lie within an interval and on the picture."""
    low = torch.ceil(middle - half - 0.5).clamp(0, size)
    high = torch.floor(middle + half - 0.5).clamp(-1, size - 1)
    return low.long(), high.long()


@torch.no_grad()
def pairs_of(flat: Flat, rows: Rows, pixels: int, *, unseen: Tensor | None = None) -> Pairs:
    """Return the pairs of pixels and splats.

    Args:
        flat: Splats on the picture.
        rows: The rows of pixels that they cover.
        pixels: How many pixels there are.
        unseen: Pixels that are covered already and take no more, shape (pixels,), or None.

    Returns:
        The pairs, with what each is seen by.
    """
    who = rows.order[rows.whose]
    a, b, c = flat.conic[who].unbind(1)
    dx, dy = rows.aside, rows.below
    exponent = -0.5 * (dx * (a * dx + 2 * b * dy) + c * dy * dy) + flat.opacity[who].log()
    line = torch.repeat_interleave(rows.count)
    start = (rows.count.cumsum(0) - rows.count).index_select(0, line)
    whole = torch.arange(len(line), device=line.device) - start
    where = rows.pixel.index_select(0, line) + whole
    if unseen is not None:
        kept = torch.nonzero(~unseen[where])[:, 0]
        line, whole, where = line[kept], whole[kept], where[kept]
    step = whole.to(a.dtype)
    square, slope = (-0.5 * a).index_select(0, line), (-(a * dx + b * dy)).index_select(0, line)
    alpha = torch.exp((square * step + slope) * step + exponent.index_select(0, line)).clamp(max=FULL)
    pixel, by_pixel = torch.sort(where.to(torch.int16 if pixels < 1 << 15 else torch.int32), stable=True)
    pixel = pixel.long()
    first = torch.zeros(pixels + 1, dtype=torch.long, device=line.device)
    first[1:] = torch.bincount(pixel, minlength=pixels).cumsum(0)
    total = _running(torch.log1p(-alpha.index_select(0, by_pixel)))
    ends = total[first]
    before = torch.exp(total[:-1] - ends[:-1].index_select(0, pixel)).to(alpha.dtype)
    left = torch.exp(ends[1:] - ends[:-1]).to(alpha.dtype)
    splat = who.index_select(0, line.index_select(0, by_pixel))
    return Pairs(line, step, where, alpha, by_pixel, pixel, splat, first, before, left)


def _running(values: Tensor) -> Tensor:
    """Return 0 and the sums of the first one, two, … values, in float64."""
    total = torch.zeros(len(values) + 1, dtype=torch.double, device=values.device)
    torch.cumsum(values, 0, dtype=torch.double, out=total[1:])
    return total


def summed(bears: Tensor, weight: Tensor, pairs: Pairs) -> Tensor:
    """Return what all pixels gather, Σ weight·bears, shape (pixels, k).

    Args:
        bears: What each splat bears, shape (n, k).
        weight: Of each pair, sorted by pixel, shape (p,).
        pairs: Who is where.

    Returns:
        Sums.
    """
    return embedding_bag(pairs.splat, bears, pairs.first[:-1], mode="sum", per_sample_weights=weight)


class Blend(torch.autograd.Function):
    """Pictures of splats, with their gradient written out by hand."""

    @staticmethod
    def forward(
        ctx: Any,
        conic: Tensor,
        opacity: Tensor,
        colour: Tensor,
        middle: Tensor,  # noqa: ARG004 - its gradient is worked out from the rows
        rows: Rows,
        pairs: Pairs,
        paper: float,
    ) -> Tensor:
        """Return the colours of all pixels, shape (pixels, 3)."""
        weight = pairs.weight
        ctx.save_for_backward(conic, opacity, colour)
        ctx.rows, ctx.pairs, ctx.weight, ctx.paper = rows, pairs, weight, paper
        return summed(colour, weight, pairs) + (paper * pairs.left)[:, None]

    @staticmethod
    def backward(ctx: Any, grad: Tensor) -> tuple[Tensor | None, ...]:
        """Return the gradients of conics, opacities, colours and middles."""
        conic, opacity, colour = ctx.saved_tensors
        rows, pairs, weight = ctx.rows, ctx.pairs, ctx.weight
        own = torch.zeros_like(weight)  # what a unit of weight is worth
        for asked, given in zip(grad.unbind(1), colour.unbind(1), strict=True):
            own.addcmul_(asked.index_select(0, pairs.pixel), given.index_select(0, pairs.splat))
        total = _running(weight * own)
        behind = total[pairs.first[1:]] + (ctx.paper * pairs.left * grad.sum(1)).double()
        behind = (behind.index_select(0, pairs.pixel) - total[1:]).to(weight.dtype)
        # back to the order of the rows: Σ of the slope of the exponent, and weights for the colours
        alpha = pairs.alpha.index_select(0, pairs.by_pixel)
        slope, share = torch.empty_like(weight), torch.empty_like(weight)
        slope.scatter_(0, pairs.by_pixel, (weight * own - behind * alpha / (1 - alpha)) * (alpha < FULL))
        share.scatter_(0, pairs.by_pixel, weight)
        ends = torch.cat([rows.count.new_zeros(1), rows.count.cumsum(0)])
        size = len(rows.order)
        parts = torch.zeros(size + 1, dtype=torch.long, device=grad.device)
        parts[1:] = torch.bincount(rows.whose, minlength=size).cumsum(0)
        colours = torch.zeros_like(colour)
        colours[rows.order] = embedding_bag(
            pairs.where, grad.contiguous(), ends[parts[:-1]], mode="sum", per_sample_weights=share
        )
        sums = _moments(slope, rows, pairs.step, ends, parts)
        table = torch.zeros(len(conic), 6, dtype=grad.dtype, device=grad.device)
        table[rows.order] = sums.to(grad.dtype)
        plain, across, down, xx, xy, yy = table.unbind(1)
        a, b, c = conic.unbind(1)
        conics = -0.5 * torch.stack([xx, 2 * xy, yy], 1)
        middles = torch.stack([a * across + b * down, b * across + c * down], 1)
        return conics, plain / opacity, colours, middles, None, None, None


def _moments(slope: Tensor, rows: Rows, step: Tensor, ends: Tensor, parts: Tensor) -> Tensor:
    """Return Σs, Σs·dx, Σs·dy, Σs·dx², Σs·dx·dy and Σs·dy² of each splat in the order, shape (m, 6)."""
    sums = []
    part = slope
    for power in range(3):
        total = _running(part)[ends]
        sums.append(total[1:] - total[:-1])
        if power < 2:
            part = part * step
    s0, s1, s2 = sums
    dx, dy = rows.aside.double(), rows.below.double()
    x1 = s1 + dx * s0
    x2 = s2 + dx * (2 * s1 + dx * s0)
    table = torch.stack([s0, x1, dy * s0, x2, dy * x1, dy * dy * s0], 1)
    total = torch.zeros(len(table) + 1, 6, dtype=torch.double, device=table.device)
    torch.cumsum(table, 0, out=total[1:])
    total = total[parts]
    return total[1:] - total[:-1]


def blend(flat: Flat, width: int, height: int, paper: float) -> Tensor:
    """Return the colours of all pixels, shape (height·width, 3), with gradients to everything about the splats.

    Args:
        flat: Splats on the picture.
        width: Pixels across.
        height: Pixels down.
        paper: Brightness of what is behind everything.

    Returns:
        Colours.
    """
    rows = rows_of(flat, nearest_first(flat), width, height)
    pairs = pairs_of(flat, rows, width * height)
    seen: Tensor = Blend.apply(  # type: ignore[no-untyped-call]
        flat.conic, flat.opacity, flat.colour, flat.middle, rows, pairs, paper
    )
    return seen
