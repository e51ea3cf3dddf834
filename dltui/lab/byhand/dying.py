"""ReLU units that die: no gradient, no way back."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from math import erf, pi, sqrt
from typing import Annotated, Any

import numpy as np

from dltui.figures import Heatmap, Lines, Prose, Series, Table
from dltui.lab import Choice, Frame, Slider, exhibit, near
from dltui.lab.byhand.curves import Array

SAMPLES, WIDTH, LAYERS, FRAMES = 48, 12, 2, 20
FAR = 1e60  # a loss beyond which there is nothing to see
KINDS = ("relu", "leaky", "elu", "gelu")
Net = list[tuple[Array, Array]]


@exhibit(
    "dying-relu",
    family="byhand",
    covers=("002a:dying-relu",),
    kin={
        "dltui lab run activations": "the slopes of all of them",
        'dltui byhand relu --x "[-2,-1]" --backward': "a gradient that is 0",
    },
    sources=("Lu et al. 2020, arXiv:1903.06733",),
)
def dying_relu(
    activation: Annotated[str, Choice(*KINDS, help="of the hidden layers")] = "relu",
    bias: Annotated[float, Slider(-4, 1, help="bias that all hidden units start with")] = -2.0,
    rate: Annotated[float, Slider(0.001, 2, log=True, help="learning rate")] = 0.05,
    cure: Annotated[str, Choice(*KINDS, help="activation from half time on")] = "relu",
    seed: Annotated[int, Slider(0, 100, help="seed of weights and data")] = 0,
) -> Iterator[Frame]:
    """A small net learns a curve; how many units of each layer are dead, what brings them back.

    Try: --cure leaky swaps the activation half way and dead units move again; --bias 0 --rate 1 kills by large steps.
    Notice: a dead unit's weights have a gradient of exactly 0 over the whole data set: training never changes it.

    A unit is dead when its slope is 0 at every sample. A strongly negative bias does it, or one step so large that the
    weights land there. Leaky ReLU, ELU and GELU have some slope below 0 and so a way back.
    """
    x, t = data(seed)
    net = draw_net(bias, seed)
    losses: list[float] = []
    dead: list[list[int]] = []
    shown: Frame | None = None
    for step in range(FRAMES):
        kind = activation if step < FRAMES // 2 else cure
        net = walked(net, x, t, kind, rate)
        loss, gradients, slopes = backward(net, x, t, kind)
        if not loss < FAR:
            yield flown_off(shown, step)
            return
        losses.append(loss)
        dead.append([int((one == 0).all(0).sum()) for one in slopes])
        shown = Frame(
            figures=figures(dead, losses, slopes, gradients),
            numbers={
                "loss": loss,
                "dead": [float(n) for n in dead[-1]],
                "largest_dead_gradient": of_dead(slopes, gradients),
            },
            caption=f"step {5 * (step + 1)}, {kind}, dead {dead[-1][0]} and {dead[-1][1]} of {WIDTH}",
            total=FRAMES,
        )
        yield shown


def walked(net: Net, x: Array, t: Array, kind: str, rate: float) -> Net:
    """Return the net five steps on, or as far as its loss stays below FAR."""
    for _ in range(5):
        loss, gradients, _ = backward(net, x, t, kind)
        if not loss < FAR:
            break
        net = [(w - rate * gw, b - rate * gb) for (w, b), (gw, gb) in zip(net, gradients, strict=True)]
    return net


def flown_off(shown: Frame | None, frames: int) -> Frame:
    """Return the last picture once more with a word on where it ended."""
    told = f"the loss grew beyond {FAR:g} before step {5 * (frames + 1)}; try a smaller --rate"
    if shown is None:
        return Frame(figures=(Prose(title="Flown off", text=told),), caption=told, total=1)
    return replace(shown, caption=told, total=frames + 1)


def data(seed: int) -> tuple[Array, Array]:
    """Return samples (n, 2) and what is to be learned (n, 1)."""
    draws = np.random.default_rng(seed)
    x = draws.uniform(-1, 1, (SAMPLES, 2))
    return x, np.sin(3 * x[:, :1]) * x[:, 1:]


def draw_net(bias: float, seed: int) -> Net:
    """Return weights and biases of two hidden layers and the output."""
    draws = np.random.default_rng(seed + 1)
    sizes = (2, *(WIDTH,) * LAYERS, 1)
    return [
        (
            draws.normal(size=(sizes[i], sizes[i + 1])) * np.sqrt(2 / sizes[i]),
            np.full(sizes[i + 1], bias if i < LAYERS else 0.0),
        )
        for i in range(len(sizes) - 1)
    ]


def activate(z: Array, kind: str) -> tuple[Array, Array]:
    """Return activation and slope of every sum."""
    if kind == "gelu":
        share = 0.5 * (1 + np.vectorize(erf)(z / sqrt(2)))
        return z * share, share + z * np.exp(-(z**2) / 2) / sqrt(2 * pi)
    if kind == "elu":
        low = np.exp(np.minimum(z, 0))
        return np.where(z > 0, z, low - 1), np.where(z > 0, 1.0, low)
    slope = np.where(z > 0, 1.0, 0.01 if kind == "leaky" else 0.0)
    return z * slope, slope


def backward(net: Net, x: Array, t: Array, kind: str) -> tuple[float, Net, list[Array]]:
    """Return the mean squared error, the gradient of every weight and bias, and the slopes of the hidden units."""
    inputs, slopes = [x], []
    for w, b in net[:-1]:
        a, slope = activate(inputs[-1] @ w + b, kind)
        inputs.append(a)
        slopes.append(slope)
    r = inputs[-1] @ net[-1][0] + net[-1][1] - t
    up = 2 * r / len(x)
    gradients: Net = []
    for i in reversed(range(len(net))):
        gradients.insert(0, (inputs[i].T @ up, up.sum(0)))
        if i:
            up = (up @ net[i][0].T) * slopes[i - 1]
    return float((r**2).mean()), gradients, slopes


def of_dead(slopes: list[Array], gradients: Net) -> float:
    """Return the largest gradient of a weight into a dead unit."""
    found = [
        float(np.abs(gw[:, (slope == 0).all(0)]).max(initial=0.0))
        for slope, (gw, _) in zip(slopes, gradients, strict=False)
    ]
    return max(found)


def figures(
    dead: list[list[int]], losses: list[float], slopes: list[Array], gradients: Net
) -> tuple[Any, ...]:
    """Return what is shown of a step."""
    steps = 5 * np.arange(1, len(dead) + 1, dtype=float)
    counts = np.array(dead, dtype=float)
    alive = np.array([(one != 0).mean(0) for one in slopes])
    rows = tuple(
        (f"layer {i + 1}", j + 1, float(alive[i, j]), float(np.abs(gradients[i][0][:, j]).max()))
        for i in range(LAYERS)
        for j in range(WIDTH)
    )
    return (
        Lines(
            title=f"Dead units of {WIDTH}",
            series=tuple(Series(name=f"layer {i + 1}", x=steps, y=counts[:, i]) for i in range(LAYERS)),
            x_label="step",
            y_label="dead units",
        ),
        Lines(
            title="Loss",
            series=(Series(name="mean squared error", x=steps, y=np.array(losses)),),
            x_label="step",
            y_label="loss",
        ),
        Heatmap(
            title="Share of samples that get a slope through each unit",
            values=alive,
            x=np.arange(1.0, WIDTH + 1),
            y=np.arange(1.0, LAYERS + 1),
            x_label="unit",
            y_label="layer",
            value_label="share",
            limits=(0.0, 1.0),
            downwards=True,
        ),
        Table(title="Units", columns=("", "unit", "samples with a slope", "largest |gradient|"), rows=rows),
    )


@dying_relu.check
def dead_units_have_no_gradient() -> None:
    """Some ReLU units die of a bias of −2, and their weights' gradients are exactly 0; with leaky ReLU none is dead."""
    last = dying_relu.last()
    assert sum(last.numbers["dead"]) > 0, "no unit died"  # type: ignore[arg-type]
    assert last.numbers["largest_dead_gradient"] == 0, "a dead unit has a gradient"
    last = dying_relu.last(activation="leaky", cure="leaky")
    near("dead with leaky", last.numbers["dead"], [0, 0])


@dying_relu.check
def a_cure_revives() -> None:
    """The same net, leaky from half time on: no unit without gradient is left, and the loss is below that of ReLU."""
    frames = [*dying_relu(cure="leaky")]
    assert sum(frames[FRAMES // 2 - 1].numbers["dead"]) > 0, "no unit was dead"  # type: ignore[arg-type]
    near("dead after it", frames[-1].numbers["dead"], [0, 0])
    last = dying_relu.last()
    assert frames[-1].numbers["loss"] < last.numbers["loss"], "the cure did not help"  # type: ignore[operator]


@dying_relu.check
def torch_gradients() -> None:
    """Loss and all gradients of the net against torch, for four activations."""
    import torch
    from torch.nn import functional

    known = {
        "relu": torch.relu, "leaky": functional.leaky_relu, "elu": functional.elu, "gelu": functional.gelu,
    }  # fmt: skip
    x, t = data(3)
    net = draw_net(-0.5, 3)
    for kind, function in known.items():
        parts = [[torch.tensor(one, requires_grad=True) for one in layer] for layer in net]
        a = torch.tensor(x)
        for w, b in parts[:-1]:
            a = function(a @ w + b)
        functional.mse_loss(a @ parts[-1][0] + parts[-1][1], torch.tensor(t)).backward()  # type: ignore[no-untyped-call]
        _, gradients, _ = backward(net, x, t, kind)
        for layer, found in zip(parts, gradients, strict=True):
            for one, other in zip(layer, found, strict=True):
                assert one.grad is not None
                near(f"gradient with {kind}", other, one.grad.numpy(), 1e-10)
