"""The size of what a convolution or a pooling gives, and the windows that make it so."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from dltui.figures import Figure, Heatmap, Prose, Step, Steps, Table, number
from dltui.lab import Choice, Frame, Slider, exhibit, near
from dltui.shapes import ShapeError, infer

MOMENTS = 24  # windows that are shown of a long row
LEGEND = "3 now, 2 read, 1 not yet"
OUTSIDE, INSIDE, SEEN, TAP = 0.0, 1.0, 2.0, 3.0


@exhibit(
    "conv-output",
    family="shapes",
    covers=("002a:conv-output-size", "003:conv-shape", "003:conv1d-shape"),
    kin={
        "dltui shapes conv2d --input N,3,H,W -o 64 -k 7 -s 2 -p 3": "the same with letters, and what it costs",
        "dltui shapes solve conv2d --from 32 --to 16": "the question turned round: which settings lead there",
        "dltui lab run receptive-field": "what several such layers look at",
    },
    sources=("Dumoulin, Visin 2016, arXiv:1603.07285",),
)
def conv_output(
    kind: Annotated[str, Choice("conv", "maxpool", help="convolution or pooling")] = "conv",
    size: Annotated[int, Slider(1, 256, help="places n that go in")] = 12,
    kernel: Annotated[int, Slider(1, 15, help="taps k of the kernel")] = 3,
    stride: Annotated[int, Slider(1, 8, help="places s between windows")] = 2,
    padding: Annotated[int, Slider(0, 10, help="places p added on each side")] = 1,
    dilation: Annotated[int, Slider(1, 5, help="places d between taps")] = 1,
    axes: Annotated[int, Slider(1, 3, help="axes: a sequence, a picture, a volume")] = 2,
) -> Iterator[Frame]:
    """How many windows fit: n_out = ⌊(n + 2p − d·(k − 1) − 1) / s⌋ + 1, and where each of them lies.

    Try: --size 224 --kernel 7 --padding 3 --stride 2 rounds 112.5 down to 112; --size 7 --kernel 3 --stride 3
    --padding 0 leaves a place over; --dilation 3 pulls the taps apart; --size 2 --kernel 9 is refused.
    Notice: when the stride does not divide, the last places are read by no window, without a word from PyTorch.

    The kernel spans d·(k − 1) + 1 places. Its first place can lie at 0, s, 2s, … as long as the last one stays
    within the n + 2p places: that is what the formula counts, along every axis alike. A convolution with p = (k − 1)/2
    and s = 1 keeps the size. Pooling uses the same formula, but its stride is the kernel when none is given, its
    padding at most half the kernel, and ceil_mode rounds up.
    """
    try:
        settings = {"kernel_size": kernel, "stride": stride, "padding": padding, "dilation": dilation}
        more = {"out_channels": 1} if kind == "conv" else {}
        report = infer(f"{kind}{axes}d", (1, 1, *(size,) * axes), **settings, **more)
    except ShapeError as error:
        told = Prose(title="Refused", text=f"PyTorch refuses this, and so does dltui: {error}.")
        yield Frame(figures=(told,), numbers={"output": 0, "refused": str(error)}, caption="refused", total=1)
        return
    count = report.output[-1]
    table = Table(
        title="The shape",
        columns=("", "shape"),
        rows=(("in", _shape(report.input)), ("out", _shape(report.output))),
    )
    windows = count if axes == 1 else count * count
    chosen = np.unique(np.linspace(0, windows - 1, min(windows, MOMENTS)).astype(int))
    for at in chosen:
        figures: tuple[Figure, ...] = (
            (row if axes == 1 else grid)(size, kernel, stride, padding, dilation, int(at), count),
            worked(size, kernel, stride, padding, dilation),
            table,
        )
        numbers = {
            "output": count,
            "exact": exact(size, kernel, stride, padding, dilation),
            "left_over": left_over(size, kernel, stride, padding, dilation),
            "window": int(at),
        }
        yield Frame(
            figures=figures, numbers=numbers, caption=f"window {at + 1} of {windows}", total=len(chosen)
        )


def exact(n: int, k: int, s: int, p: int, d: int) -> float:
    """Return (n + 2p − d·(k − 1) − 1) / s + 1 before it is rounded down."""
    return (n + 2 * p - d * (k - 1) - 1) / s + 1


def left_over(n: int, k: int, s: int, p: int, d: int) -> int:
    """Return how many places at the end no window reaches."""
    return (n + 2 * p - d * (k - 1) - 1) % s


def taps(k: int, s: int, p: int, d: int, at: int) -> NDArray[np.int64]:
    """Return the places that window ``at`` reads, counted from the first place of the input."""
    return at * s - p + d * np.arange(k)


def grid(n: int, k: int, s: int, p: int, d: int, at: int, count: int) -> Heatmap:
    """Return a picture with its border, seen from above, one window lit and what was read before it."""
    places = np.arange(-p, n + p)
    down, right = divmod(at, count)
    inside = (places >= 0) & (places < n)
    values = np.where(inside[:, None] & inside, INSIDE, OUTSIDE)
    columns = [taps(k, s, p, d, i) + p for i in range(count)]
    for rows, wide in ((columns[:down], columns), (columns[down : down + 1], columns[: right + 1])):
        if rows:
            read = np.ix_(np.unique(rows), np.unique(wide))
            values[read] = np.where(values[read] == INSIDE, SEEN, values[read])
    values[np.ix_(taps(k, s, p, d, down) + p, taps(k, s, p, d, right) + p)] = TAP
    return Heatmap(
        title=f"Window {at + 1}: it gives the output in row {down}, column {right}",
        caption="the border dark; a volume is cut along its first axis"
        if p
        else "a volume is cut along its first axis",
        values=values,
        x=places.astype(float),
        y=places.astype(float),
        x_label="column, from 0; the border lies outside",
        y_label="row",
        value_label=LEGEND,
        downwards=True,
    )


def row(n: int, k: int, s: int, p: int, d: int, at: int, count: int) -> Heatmap:
    """Return the row of places with its border, one window lit, and the outputs below it."""
    places = np.arange(-p, n + p)
    values = np.where((places >= 0) & (places < n), INSIDE, OUTSIDE)
    read = np.unique(np.concatenate([taps(k, s, p, d, i) for i in range(at + 1)]))
    values = np.where(np.isin(places, read) & (values == INSIDE), SEEN, values)
    values = np.where(np.isin(places, taps(k, s, p, d, at)), TAP, values)
    made = np.full(len(places), np.nan)
    centres = np.round(np.arange(count) * s - p + d * (k - 1) / 2 + p).astype(int)
    made[centres] = INSIDE
    made[centres[: at + 1]] = SEEN
    made[centres[at]] = TAP
    return Heatmap(
        title=f"Window {at + 1}: places {', '.join(map(str, taps(k, s, p, d, at)))}",
        caption="below the row of places, its border dark; above it an output at the middle of each window",
        values=np.vstack((values, made)),
        x=places.astype(float),
        y=np.array([0.0, 1.0]),
        x_label="place, from 0; the border lies outside",
        y_label="in, out",
        value_label=LEGEND,
    )


def worked(n: int, k: int, s: int, p: int, d: int) -> Steps:
    """Return the formula with the numbers put in, a step a line."""
    reach, wide, rest = d * (k - 1) + 1, n + 2 * p, left_over(n, k, s, p, d)
    whole = (
        "whole"
        if not rest
        else f"not whole: {rest} place{'s' if rest > 1 else ''} at the end read by no window"
    )
    return Steps(
        title="Worked out, along each axis",
        steps=(
            Step(formula=f"n + 2p = {n} + 2·{p} = {wide}", note="places with the border"),
            Step(formula=f"d·(k − 1) + 1 = {d}·({k} − 1) + 1 = {reach}", note="places that the kernel spans"),
            Step(formula=f"({wide} − {reach}) / {s} + 1 = {number(exact(n, k, s, p, d), 6)}", note=whole),
            Step(formula=f"n_out = ⌊{number(exact(n, k, s, p, d), 6)}⌋ = {int(exact(n, k, s, p, d))}"),
        ),
    )


def _shape(shape: tuple[int, ...]) -> str:
    return " × ".join(map(str, shape))


@conv_output.check
def notes_examples() -> None:
    """32,k5 → 28; 224,k7,p3,s2: 112.5 → 112; 7,k3,s3: 2.33 → 2 (002a); 3,k3 → 1; 1-D 5,k3 → 3 (003)."""
    for n, k, s, p, before, after in (
        (32, 5, 1, 0, 28, 28),
        (224, 7, 2, 3, 112.5, 112),
        (7, 3, 3, 0, 7 / 3, 2),
        (3, 3, 1, 0, 1, 1),
        (5, 3, 1, 0, 3, 3),
    ):
        last = conv_output.last(size=n, kernel=k, stride=s, padding=p, axes=1 if n == 5 else 2)
        near(f"exact size of {n}, k{k}, s{s}, p{p}", last.numbers["exact"], before)
        near(f"size of {n}, k{k}, s{s}, p{p}", last.numbers["output"], after)


@conv_output.check
def a_grid_against_torch() -> None:
    """Convolutions and poolings over n, k, s, p, d against torch, refusals included: 1,536 settings."""
    import torch
    from torch import nn

    for n, k, s, p, d in product(range(1, 7), range(1, 5), range(1, 5), range(4), (1, 2)):
        for kind, module in (
            ("conv", lambda: nn.Conv1d(1, 1, k, s, p, d)),  # noqa: B023
            ("maxpool", lambda: nn.MaxPool1d(k, s, p, d)),  # noqa: B023
        ):
            last = conv_output.last(kind=kind, size=n, kernel=k, stride=s, padding=p, dilation=d, axes=1)
            try:
                with torch.no_grad():
                    wanted = module()(torch.zeros(1, 1, n)).shape[-1]
            except RuntimeError:
                wanted = 0
            near(f"{kind} of {n}, k{k}, s{s}, p{p}, d{d}", last.numbers["output"], wanted)


@conv_output.check
def windows_read_what_torch_reads() -> None:
    """The places of each window against the gradient of torch's convolution, for six settings."""
    import torch

    for n, k, s, p, d in (
        (9, 3, 2, 1, 1),
        (12, 3, 1, 0, 3),
        (7, 4, 3, 2, 1),
        (5, 2, 2, 0, 2),
        (6, 5, 1, 2, 1),
        (4, 1, 3, 0, 1),
    ):
        x = torch.zeros(1, 1, n, requires_grad=True)
        y = torch.nn.functional.conv1d(x, torch.ones(1, 1, k), stride=s, padding=p, dilation=d)
        for at in range(y.shape[-1]):
            (slope,) = torch.autograd.grad(y[0, 0, at], x, retain_graph=True)
            read = taps(k, s, p, d, at)
            near(
                f"window {at} of {n}, k{k}",
                np.flatnonzero(slope[0, 0].numpy()),
                read[(read >= 0) & (read < n)],
            )
