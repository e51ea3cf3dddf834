"""The hinge loss: content once the right score leads by the margin."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import numpy as np

from dltui.byhand import work
from dltui.figures import Bars, Lines, Series
from dltui.instruments.byhand import steps_of
from dltui.lab import Frame, Slider, exhibit, near
from dltui.lab.byhand.curves import Array

NAMES = ("cat", "car", "frog")


@exhibit(
    "hinge-loss",
    family="byhand",
    covers=("002a:hinge-loss", "002a:hinge-vs-softmax"),
    kin={
        "dltui byhand hingeloss --backward --torch": "three pictures, line by line",
        "dltui lab run cross-entropy": "the loss that is never content",
    },
    sources=("Weston and Watkins 1999", "Crammer and Singer 2001"),
)
def hinge_loss(
    cat: Annotated[float, Slider(-10, 15, help="score of cat")] = 3.2,
    car: Annotated[float, Slider(-10, 15, help="score of car")] = 5.1,
    frog: Annotated[float, Slider(-10, 15, help="score of frog")] = -1.7,
    right: Annotated[int, Slider(1, 3, help="the right class: 1 cat, 2 car, 3 frog")] = 1,
    margin: Annotated[float, Slider(0, 5, help="margin Δ")] = 1.0,
) -> Iterator[Frame]:
    """How far wrong scores reach into the margin; hinge and cross-entropy as the right one rises.

    Try: --right 2 costs nothing, --right 3 costs 13.7; --cat 6.2 is just past the margin.
    Notice: past the margin the gradient of the hinge is exactly 0; that of cross-entropy shrinks, but never ends.

    ℓ = Σ_{j≠t} max(0, s_j − s_t + Δ). Each wrong class that reaches into the margin has the gradient 1, the right one
    minus their number. Where all scores are alike it is (C − 1)·Δ: what a fresh network should begin with.
    """
    scores = [cat, car, frog]
    worked = work("hingeloss", {"x": [scores], "target": [right - 1], "margin": margin})
    reach = worked.sheet.tensors["h"].numbers()[0]
    lead = np.linspace(-5, 8, 53)
    losses = np.array([both(scores, right - 1, margin, one) for one in lead])
    gap = scores[right - 1] - max(s for i, s in enumerate(scores) if i != right - 1)
    yield Frame(
        figures=(
            Bars(
                title=f"Reaching into the margin of {NAMES[right - 1]}",
                labels=NAMES,
                values=np.array(reach),
                value_label="max(0, s − s_t + Δ)",
            ),
            steps_of(worked.sheet.lines, worked.sheet.tensors),
            _lines("Loss", lead, losses[:, :2], "loss"),
            _lines("|gradient| of the right score", lead, losses[:, 2:], "|gradient|"),
        ),
        numbers={
            "loss": worked.output.numbers(),
            "gradient": worked.gradients.of["x"].numbers()[0],
            "entropy_gradient": entropy_gradient(scores, right - 1).tolist(),
            "lead": gap,
        },
        caption=f"{NAMES[right - 1]} is right and leads by {gap:.4g}: loss {worked.output.numbers():.4g}",
        total=1,
    )


def both(
    scores: Sequence[float], right: int, margin: float, lead: float
) -> tuple[float, float, float, float]:
    """Return hinge, cross-entropy and the size of their gradients at the right score, when it leads by so much."""
    moved = [*scores]
    moved[right] = max(s for i, s in enumerate(scores) if i != right) + lead
    hinge = work("hingeloss", {"x": [moved], "target": [right], "margin": margin})
    entropy = work("crossentropyloss", {"x": [moved], "target": [right]})
    return (
        hinge.output.numbers(),
        entropy.output.numbers(),
        abs(hinge.gradients.of["x"].numbers()[0][right]),
        abs(entropy_gradient(moved, right)[right]),
    )


def entropy_gradient(scores: Sequence[float], right: int) -> Array:
    """Return the gradient of cross-entropy at the scores."""
    worked = work("crossentropyloss", {"x": [[*scores]], "target": [right]})
    return np.array(worked.gradients.of["x"].numbers()[0])


def _lines(title: str, lead: Array, values: Array, label: str) -> Lines:
    """Return hinge and cross-entropy over the lead of the right score."""
    names = ("hinge", "cross-entropy")
    return Lines(
        title=title,
        series=tuple(Series(name=name, x=lead, y=values[:, i]) for i, name in enumerate(names)),
        x_label="lead of the right score",
        y_label=label,
    )


@hinge_loss.check
def the_notes_scores() -> None:
    """S = (3.2, 5.1, −1.7): 2.9, 0 and 13.7 with cat, car, frog right (notes 002a); alike scores: (C − 1)·Δ."""
    for right, known in ((1, 2.9), (2, 0.0), (3, 13.7)):
        last = hinge_loss.last(right=right)
        near(f"loss, {NAMES[right - 1]}", last.numbers["loss"], known)
    last = hinge_loss.last(cat=0.1, car=0.1, frog=0.1, margin=1.5)
    near("a fresh network", last.numbers["loss"], 3.0)


@hinge_loss.check
def content_past_the_margin() -> None:
    """Hinge gradient exactly 0 for a lead above the margin, that of cross-entropy never; below: 1 each, −count."""
    for cat in (6.2, 7.0, 15.0):
        last = hinge_loss.last(cat=cat)
        assert last.numbers["gradient"] == [0, 0, 0], "the hinge should be content"
        near("hinge gradient", last.numbers["gradient"], [0, 0, 0], 0.0)
        never = np.abs(np.array(last.numbers["entropy_gradient"], dtype=float)) > 0
        assert never.all(), "cross-entropy is never content"
    last = hinge_loss.last(right=3)
    near("gradient", last.numbers["gradient"], [1, 1, -2])


@hinge_loss.check
def torch_agrees() -> None:
    """Against torch.nn.functional.multi_margin_loss times C, for three margins."""
    import torch
    from torch.nn import functional

    for margin in (0.3, 1.0, 4.0):
        last = hinge_loss.last(cat=0.7, car=-1.1, frog=1.3, right=2, margin=margin)
        x = torch.tensor([[0.7, -1.1, 1.3]], dtype=torch.float64)
        known = functional.multi_margin_loss(x, torch.tensor([1]), margin=margin).item() * 3
        near(f"loss, Δ = {margin}", last.numbers["loss"], known)
