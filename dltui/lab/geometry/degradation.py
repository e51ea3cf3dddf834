"""Degradation: deeper plain networks that train worse, and their residual twins that do not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated

import numpy as np

from dltui.figures import Bars, Lines, Series, Steps, Table, number
from dltui.lab import Frame, Number, Slider, Switch, exhibit, near
from dltui.lab.written import written

if TYPE_CHECKING:
    from dltui.lab.geometry.stacks import Course

SHALLOW, MIDDLE = 8, 20


@exhibit(
    "degradation",
    family="geometry",
    covers=("000a:degradation", "000b:degradation", "002a:degradation", "003:depth-degradation"),
    kin={
        "dltui lab run landscape-slice": "the ground on which such twins descend",
        "dltui lab run gradient-thermometer": "the gradient of each layer of a deep network",
        "dltui lab run skip-highway": "the gradient with skips and without",
        "dltui lab run identity-block": "why a residual block copies so easily",
        "dltui landscape resnet20-noskip": "a ResNet-20 without its skips",
    },
    sources=("He et al. 2015, arXiv:1512.03385", "He et al. 2016, arXiv:1603.05027"),
)
def degradation(
    deep: Annotated[
        int, Slider(24, 56, help="linear layers of the deepest twins; the others have 8 and 20")
    ] = 56,
    epochs: Annotated[int, Slider(1, 15, help="passes over 384 digits")] = 10,
    rate: Annotated[float, Slider(0.01, 0.1, log=True, help="learning rate of SGD with momentum 0.9")] = 0.06,
    norm: Annotated[bool, Switch(help="batch norm in every block")] = True,
    seed: Annotated[int, Slider(0, 99, help="seed of weights and batches")] = 0,
) -> Iterator[Frame]:
    """Training loss of plain stacks of 8, 20 and 56 layers, and of their residual twins.

    Try: --deep 24 degrades less; --no-norm; --epochs 15 gives the deep ones more time.
    Notice: the deeper plain stack has the higher loss on its own training samples, so that it does not overfit; with
    skips depth costs nothing. Held-out samples tell the same.

    It is no lack of capacity: a 56-layer stack could copy an 8-layer one and pass its outputs on unchanged, for
    ReLU(I·h) = h. The table's last row does just that and has the loss of the shallow one (both in eval mode, where
    batch norm is a fixed line). Training does not find it; a residual block x + F(x) is there as soon as F is small.

    What is right where notes differ: "deeper overfits" is another case, told apart by the training loss. Nor are
    vanishing gradients the cause: with batch norm the first block's gradient is larger than the last one's (see the
    table), and the deep plain stack degrades all the same (He et al. 2015, section 4.1).
    """
    from dltui.lab.geometry.stacks import raced

    shallow = next(raced((SHALLOW,), 0, norm=norm, rate=rate, seed=seed))
    yield Frame(
        figures=(_bars(shallow), _worked(shallow)),
        numbers={},
        caption=f"the stacks of {SHALLOW} layers before training; deeper ones come next",
        total=epochs + 2,
    )
    for epoch, courses in enumerate(raced((SHALLOW, MIDDLE, deep), epochs, norm=norm, rate=rate, seed=seed)):
        last = epoch == epochs
        copied = _copied(courses, deep) if last and norm else None
        yield Frame(
            figures=(_curves(courses), _bars(courses), _worked(courses), _table(courses, copied)),
            numbers=_numbers(courses, copied),
            caption=_caption(courses, epoch),
            total=epochs + 2,
        )


def _copied(courses: list[Course], deep: int) -> tuple[float, float, float]:
    """Return the training loss and both accuracies of the shallow plain stack, grown to the depth of the deepest."""
    import copy

    import torch
    from torch import nn

    from dltui.lab.geometry.stacks import grown, samples

    data, net = samples(), grown(copy.deepcopy(courses[0].net), deep)
    with torch.no_grad():
        scores, held = net(data.x.double()), net(data.x_held.double())
        loss = float(nn.functional.cross_entropy(scores, data.y))
    right, kept = (scores.argmax(1) == data.y), (held.argmax(1) == data.y_held)
    return loss, float(right.float().mean()), float(kept.float().mean())


def _caption(courses: list[Course], epoch: int) -> str:
    """Return the training losses of the deepest stacks by now."""
    deepest = max(one.depth for one in courses)
    told = ", ".join(
        f"{number(one.losses[-1], 3)} {'residual' if one.skip else 'plain'}"
        for one in courses
        if one.depth == deepest
    )
    return f"epoch {epoch}: training loss of {deepest} layers {told}"


def _numbers(courses: list[Course], copied: tuple[float, float, float] | None) -> dict[str, Number]:
    """Return what ``--json`` tells; the deepest stacks are called deep."""
    names = ("8", "20", "deep")
    told: dict[str, Number] = {"epoch": len(courses[0].losses) - 1}
    for place, one in enumerate(courses):
        key = f"{'residual' if one.skip else 'plain'}_{names[place % 3]}"
        told |= {
            f"{key}_loss": _known(one.losses[-1]),
            f"{key}_accuracy": one.accuracy[-1],
            f"{key}_held_accuracy": one.held[-1],
            f"{key}_slope": _known(one.slope),
        }
    return told | ({"copied_loss": copied[0], "copied_from": courses[0].settled} if copied else {})


def _known(value: float) -> float | None:
    """Return a number, or none where it is not finite."""
    return value if np.isfinite(value) else None


def _curves(courses: list[Course]) -> Lines:
    """Return the training losses over the epochs."""
    lines = []
    for one in courses:
        known = np.array(one.losses)
        lines.append(
            Series(
                name=one.name, x=np.arange(float(len(known))), y=np.where(np.isfinite(known), known, np.nan)
            )
        )
    return Lines(
        title="Training loss",
        caption="mean cross-entropy over all training samples, batch norm by their own statistics",
        series=tuple(line for line in lines if np.isfinite(line.y).any()),
        x_label="epoch",
        y_label="loss",
        y_scale="log",
        levels=((float(np.log(10)), "guessing"),),
    )


def _bars(courses: list[Course]) -> Bars:
    """Return the error on held-out samples."""
    return Bars(
        title="Error on held-out samples",
        labels=tuple(one.name for one in courses),
        values=np.array([1 - one.held[-1] for one in courses]),
        value_label="share wrong",
    )


def _worked(courses: list[Course]) -> Steps:
    """Return what depth costs, with the training losses put in."""
    lines = []
    for skip, name in ((False, "plain"), (True, "residual")):
        stacks = sorted((one for one in courses if one.skip == skip), key=lambda one: one.depth)
        low, high = stacks[0], stacks[-1]
        cost = high.losses[-1] - low.losses[-1]
        lines.append((
            f"L({high.depth}) − L({low.depth}) = {number(high.losses[-1])} − {number(low.losses[-1])} = {number(cost)}",
            f"what depth costs, {name}",
        ))
    return written(*lines)


def _table(courses: list[Course], copied: tuple[float, float, float] | None) -> Table:
    """Return all stacks in numbers, and the shallow one copied into the deep one."""
    rows: list[tuple[str | float | None, ...]] = [
        (one.name, one.losses[-1], one.accuracy[-1], one.held[-1], one.accuracy[-1] - one.held[-1], one.slope)
        for one in courses
    ]
    if copied:
        loss, right, kept = copied
        name, first = f"plain {SHALLOW}", courses[0]
        rows.append((f"{name}, eval mode", first.settled, None, first.held[-1], None, None))
        rows.append((f"its copy in {courses[2].depth} layers", loss, right, kept, right - kept, None))
    return Table(
        title="In numbers",
        caption="gradient: ‖∂L/∂W‖ of the first block over that of the last one, before training",
        columns=("stack", "training loss", "right", "held-out right", "gap", "gradient"),
        rows=tuple(rows),
    )


@degradation.check
def plain_ones_degrade_and_residual_ones_do_not() -> None:
    """Training loss and held-out error: plain-56 above plain-20 above plain-8, residual-56 not above residual-20."""
    frame = degradation.last()
    names = ("8", "20", "deep")
    plain, twins = ([frame.value(f"{kind}_{name}_loss") for name in names] for kind in ("plain", "residual"))
    assert plain[0] + 0.1 < plain[1] < plain[2] - 0.1, f"plain losses {plain}"
    assert twins[2] < twins[1] + 0.1, f"residual losses {twins}"
    assert twins[2] < plain[2] / 5, f"{twins[2]} with skips, {plain[2]} without"
    held = {
        f"{kind}_{name}": 1 - frame.value(f"{kind}_{name}_held_accuracy")
        for kind in ("plain", "residual")
        for name in names
    }
    assert held["plain_deep"] > held["plain_20"] + 0.1, held
    assert held["residual_deep"] < held["residual_20"] + 0.05, held
    assert frame.value("plain_deep_accuracy") < 0.5, (
        "the deep plain stack fits its samples: this is overfitting"
    )


@degradation.check
def capacity_is_there() -> None:
    """A 24-layer plain stack that copies a trained 8-layer one has its training loss, to 1e-6 (notes 003)."""
    frame = degradation.last(deep=24, epochs=2)
    near("loss of the copy", frame.value("copied_loss"), frame.value("copied_from"), 1e-6)


@degradation.check
def not_for_want_of_gradient() -> None:
    """With batch norm the first block of the deep plain stack has a gradient no smaller than a tenth of the last's."""
    first = next(frame for frame in degradation() if frame.numbers)  # of all stacks
    assert first.value("plain_deep_slope") > 0.1, first.numbers["plain_deep_slope"]
