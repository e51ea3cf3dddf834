"""A first look at a tensor's numbers: few enough to be drawn while one walks through a tree."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import numpy as np

from dltui.archives import Archive, Entry
from dltui.archives.decode import is_native
from dltui.contents import BITS
from dltui.contents.outline import Line
from dltui.contents.page import shape_text, short, size, unit_for
from dltui.figures import (
    Array,
    Bars,
    Figure,
    Heatmap,
    Histogram,
    Images,
    Prose,
    Series,
    difference,
    number,
    on_one_scale,
    same_grid,
)
from dltui.figures import Lines as Curves

SAMPLE = 1 << 18  # numbers that are looked at
STRETCHES = 64  # places that they are taken from
ROWS, COLUMNS = 96, 192  # of the picture of a matrix
POINTS = 2000  # of a curve
FEW = 64  # numbers that are told one by one
BINS = 60
BARS = 24
PICTURES = 64  # kernels that are shown
WHOLE = 64_000_000  # bytes up to which blocks are decoded as a whole


def glance(archive: Archive, entry: Entry) -> list[Figure]:
    """Return pictures of a tensor.

    Args:
        archive: The file, open.
        entry: The tensor.

    Returns:
        A histogram and the tensor itself: its kernels, a matrix, or a curve.

    Raises:
        DltuiError: If its numbers can't be read.
    """
    where = f"{entry.name} {shape_text(entry.shape)} {entry.dtype}"
    if entry.dtype == "str" or not entry.elements:
        return [
            Prose(
                title=where, text="There are no numbers in it." if not entry.elements else "It holds texts."
            )
        ]
    values = _values(archive, entry)
    flat = values.reshape(-1)
    sample, told = _sample(flat, entry)
    shown: list[Figure] = []
    if np.iscomplexobj(sample):
        sample, told = np.abs(sample), f"magnitudes; {told}"
    if flat.size > 1:
        shown.append(_histogram(sample, where, told))
    if flat.size == entry.elements and not np.iscomplexobj(flat):
        shown += _picture(values.reshape(entry.shape), entry, where)
    return shown or [Prose(title=where, text=f"The one number is {number(float(sample[0]))}.")]


def _values(archive: Archive, entry: Entry) -> Array:
    """Return the numbers, or the first of them where all would have to be decoded."""
    mapped = entry.dtype in BITS and is_native(entry.dtype) and archive.format != "hdf5"
    if mapped or entry.nbytes <= WHOLE:
        return archive.values(entry.name)
    pieces = [piece.copy() for piece in islice(archive.blocks(entry.name, 1 << 20), 4)]
    return np.concatenate(pieces)


def _sample(flat: Array, entry: Entry) -> tuple[Array, str]:
    """Return numbers from all over a tensor as floats, and what they are in words."""
    if flat.size <= SAMPLE:
        told = "all numbers" if flat.size == entry.elements else f"the first {flat.size:,} numbers"
        return _floats(flat), told
    length = SAMPLE // STRETCHES
    starts = np.linspace(0, flat.size - length, STRETCHES).astype(int)
    found = np.concatenate([_floats(flat[start : start + length]) for start in starts])
    return found, f"{found.size:,} of {entry.elements:,} numbers, from {STRETCHES} places"


def _floats(values: Array) -> Array:
    """Return numbers as floats that histograms can be made of."""
    return np.asarray(values) if np.iscomplexobj(values) else np.asarray(values, np.float64)


def _histogram(sample: Array, where: str, told: str) -> Figure:
    """Return the histogram of a sample, with what is not finite told in words."""
    finite = sample[np.isfinite(sample)]
    odd = f"; {sample.size - finite.size:,} are not finite" if finite.size < sample.size else ""
    if not finite.size:
        return Prose(title=f"Histogram · {where}", text=f"None of {told} is finite.")
    counts, edges = np.histogram(finite, min(BINS, 8 + finite.size // 8))
    spread = f"mean {number(finite.mean(), 3)}, std {number(finite.std(), 3)}"
    return Histogram(
        title=f"Histogram · {where}",
        caption=f"{told}: {spread}{odd}",
        edges=edges,
        counts=counts,
        value_label="value",
    )


def _picture(values: Array, entry: Entry, where: str) -> list[Figure]:
    """Return the tensor itself."""
    if values.ndim == 4 and values.shape[1] in {1, 3} and min(values.shape[2:]) > 2:
        return [_kernels(values, where)]
    if values.ndim >= 2 and max(values.shape) > 1:
        return [_matrix(values.reshape(values.shape[0], -1), where)]
    flat = values.reshape(-1)
    if flat.size < 2:
        return []
    step = -(-flat.size // POINTS)
    caption = f"every {step}th number" if step > 1 else ""
    line = Series(name=entry.name, x=np.arange(0, flat.size, step, dtype=float), y=_floats(flat[::step]))
    return [
        Curves(title=f"Values · {where}", caption=caption, series=(line,), x_label="index", y_label="value")
    ]


def _matrix(values: Array, where: str) -> Figure:
    """Return a matrix as a picture, thinned evenly where it is large."""
    down, across = (-(-size // most) for size, most in zip(values.shape, (ROWS, COLUMNS), strict=True))
    seen = _floats(values[::down, ::across])
    thin = f"every {down}. row and {across}. column" if down * across > 1 else ""
    return Heatmap(
        title=f"Matrix · {where}",
        caption=thin,
        values=seen,
        x=np.arange(seen.shape[1], dtype=float) * across,
        y=np.arange(seen.shape[0], dtype=float) * down,
        x_label="column",
        y_label="row",
        value_label="value",
        colormap="coolwarm",
        downwards=True,
    )


def _kernels(values: Array, where: str) -> Figure:
    """Return kernels of the first layer as pictures, each from its least to its greatest value."""
    kernels = _floats(values[:PICTURES])
    low, high = kernels.min(axis=(1, 2, 3), keepdims=True), kernels.max(axis=(1, 2, 3), keepdims=True)
    scaled = ((kernels - low) / np.where(high > low, high - low, 1)).transpose(0, 2, 3, 1)
    more = f"; the first {PICTURES} of {len(values)}" if len(values) > PICTURES else ""
    return Images(
        title=f"Kernels · {where}",
        caption=f"each from its least value, black, to its greatest{more}",
        pixels=scaled if scaled.shape[-1] == 3 else scaled[..., 0],
        names=tuple(map(str, range(len(scaled)))),
    )


def paired(one: Sequence[Figure], other: Sequence[Figure]) -> tuple[list[Figure], list[Figure]]:
    """Return the pictures of a tensor in two files so that colours mean the same, and their difference.

    Args:
        one: Those of the first file.
        other: Those of the second.

    Returns:
        Both, in pairs; where both are fields of one grid, the second less the first comes last, alone.
    """
    first, second = list(one), list(other)
    for place, (left, right) in enumerate(zip(one, other, strict=False)):
        if isinstance(left, Heatmap) and isinstance(right, Heatmap):
            first[place], second[place] = on_one_scale([left, right])
            if same_grid(left, right):
                return [*first, difference(left, right, ("the first", "the second"))], second
    return first, second


def inside(line: Line, whole: int) -> Figure:
    """Return what a module holds as bars.

    Args:
        line: The module, or several alike.
        whole: Bytes of everything.

    Returns:
        The largest parts, with their share of everything.
    """
    parts = line.alike if len(line.alike) > 1 else line.node.inside
    largest = sorted(parts, key=lambda one: -one.nbytes)[:BARS]
    more = f"; {len(parts) - len(largest)} smaller parts are left out" if len(parts) > len(largest) else ""
    told = f"{short(line.elements)} numbers, {size(line.nbytes)}"
    each, unit = unit_for(largest[0].nbytes if largest else 0)
    return Bars(
        title=f"Inside · {line.path if len(line.alike) == 1 else line.label}",
        caption=f"{told}, {100 * line.nbytes / max(1, whole):.1f} % of everything{more}",
        labels=tuple(one.label for one in largest),
        values=np.array([one.nbytes / each for one in largest]),
        value_label=unit,
    )
