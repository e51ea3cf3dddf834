"""Pictures of a ring of views: what they see, where they stand, which of them wins."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from dltui.data.shapes3d_views import ELEVATION
from dltui.figures import Array, Bars, Figure, Heatmap, Images, Lines, Scene, Series, number
from dltui.lab.scene3d.choices import VIEWS
from dltui.lab.scene3d.views import CLASSES
from dltui.lab.scene3d.views_nets import EVERY, EXAMPLE, HELD, Learnt, pooled
from dltui.lab.written import written
from dltui.models.mvcnn import Mvcnn

FEATURES = 48  # that are drawn
STANDS = 1.9  # how far cameras are drawn from the middle


def view_pictures(seen: Tensor, angles: tuple[str, ...], counts: Tensor) -> Images:
    """Return the pictures, with how many features each wins."""
    return Images(
        title="What the cameras see",
        caption="near is bright; below each: its azimuth, and the features that it wins",
        pixels=seen[:, 0].numpy(),
        names=tuple(f"{angle}: {int(count)}" for angle, count in zip(angles, counts, strict=True)),
        each_row=6,
    )


def ring_of(cloud: Array, chosen: Tensor) -> Scene:
    """Return the shape among its cameras."""
    lines = []
    for number_ in chosen.tolist():
        back = way(360 / VIEWS * number_)
        right = np.cross([0, 1, 0], back)
        right /= np.linalg.norm(right)
        up = np.cross(back, right)
        tip = STANDS * back
        ends = [
            tip - 0.35 * back + 0.18 * (x * right + y * up) for x, y in ((-1, -1), (1, -1), (1, 1), (-1, 1))
        ]
        lines += [(tip, end) for end in ends] + [(ends[i], ends[i - 1]) for i in range(4)]
    return Scene(
        title="The shape and the ring of cameras",
        caption=f"{len(chosen)} cameras, 30° above the ground, 30° between two; {len(cloud):,} points",
        points=np.asarray(cloud, np.float32),
        point_values=np.asarray(cloud[:, 1]),
        value_label="y",
        segments=np.array(lines, np.float32),
        up="y",
    )


def way(azimuth: float) -> Array:
    """Return the direction from the middle to a camera, y upwards."""
    a, e = math.radians(azimuth), math.radians(ELEVATION)
    return np.array([math.sin(a) * math.cos(e), math.sin(e), math.cos(a) * math.cos(e)])


def heat(found: Tensor, won: Tensor, angles: tuple[str, ...]) -> Heatmap:
    """Return the features of all views, each as a share of its largest; 1 is the winner."""
    spread = (found.amax(dim=0) - found.amin(dim=0)).numpy()
    some = np.sort(np.argsort(-spread, kind="stable")[:FEATURES])
    top = np.maximum(found.amax(dim=0).numpy(), 1e-9)
    live = int((won >= 0).sum())
    return Heatmap(
        title="Which view wins which feature",
        caption=f"{live} of {len(won)} features differ between views; here the {len(some)} that differ most",
        values=(found.numpy() / top)[:, some],
        x=np.arange(len(some)), y=np.arange(len(angles)), x_label="feature", y_label="view",
        row_names=angles, value_label="h over the winner's", downwards=True,
    )  # fmt: skip


def names_of(shares: Tensor, shape: str) -> Bars:
    """Return the shares of the classes."""
    return Bars(
        title="What it is taken for",
        labels=tuple(f"{name} ◀" if name == shape else name for name in CLASSES),
        values=shares.numpy().astype(float),
        value_label="probability; ◀ is right",
    )


def wins(counts: Tensor, angles: tuple[str, ...]) -> Bars:
    """Return how many features each view wins."""
    return Bars(
        title="Features that each view wins", caption="only winners get a gradient from this shape",
        labels=angles, values=counts.numpy().astype(float), value_label="features",
    )  # fmt: skip


def told_of(told: dict[str, float], missing: float, noise: float) -> Bars:
    """Return how many held-out shapes are told right when they are spoilt."""
    names = {
        "clean": "clean", "noisy": f"noise σ = {noise:g}", "cut": f"{100 * missing:.0f} % cut away", "both": "both",
    }  # fmt: skip
    return Bars(
        title="Held-out shapes that are told right",
        caption=f"{HELD} shapes; the network learnt from clean ones; guessing gives {number(1 / len(CLASSES), 2)}",
        labels=tuple(names[name] for name in told),
        values=np.array(list(told.values())),
        value_label="accuracy",
    )


def curves(moment: Learnt) -> Lines:
    """Return loss and accuracy over the steps."""
    x = np.arange(len(moment.loss)) * EVERY
    return Lines(
        title="How it learns",
        series=(
            Series(name="accuracy, held out", x=x, y=np.array(moment.right)),
            Series(name="loss, learnt from", x=x, y=np.array(moment.loss)),
        ),
        x_label="step",
    )


def pooled_of(network: Mvcnn, found: Tensor, won: Tensor, angles: tuple[str, ...]) -> Figure:
    """Return an example, and one feature of this shape."""
    one = pooled(torch.tensor(EXAMPLE)).tolist()
    j = int((found.amax(dim=0) - found.amin(dim=0)).argmax())
    shown = ", ".join(number(float(value), 3) for value in found[:4, j])
    count = sum(part.numel() for part in network.view.parameters())
    who = angles[int(won[j])] if int(won[j]) >= 0 else "no view: all are alike"
    return written(
        (
            f"max of (1, 5), (3, 2), (2, 4) = ({one[0]:g}, {one[1]:g})",
            "the second view wins first, the first second",
        ),
        ("∂g₁/∂h = (0, 1, 0), ∂g₂/∂h = (1, 0, 0)", "winners only"),
        (
            f"g_{j} = max({shown}{', …' if len(found) > 4 else ''}) = {number(float(found[:, j].max()), 3)}",
            f"won by {who}",
        ),
        (
            f"CNN₁: {count:,} weights, shared by {len(found)} views",
            f"one each would be {count * len(found):,}",
        ),
    )
