"""The gradient of every layer of a deep network, while it learns or fails to."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

import numpy as np

from dltui.figures import Bars, Lines, Series, Steps, Table, number
from dltui.lab import Choice, Frame, Number, Slider, Switch, exhibit, near
from dltui.lab.geometry.jets import Array
from dltui.lab.written import written

if TYPE_CHECKING:
    from dltui.lab.geometry.plain_nets import Plan, Reading

SAMPLES, EACH = 100, 5  # digits in a batch, steps between two readings
FLOOR = 1e-40  # what 0 is drawn as
STEEPEST = 0.25  # σ′(0), the largest slope of the sigmoid
REMEDIES: dict[str, dict[str, object]] = {  # what the chosen network is held against
    "sigmoid, Xavier": {"activation": "sigmoid", "start": "xavier"},
    "sigmoid with skips": {"activation": "sigmoid", "start": "xavier", "skip": True},
    "sigmoid with batch norm": {"activation": "sigmoid", "start": "xavier", "norm": True},
    "ReLU, He": {"activation": "relu", "start": "he"},
}


@exhibit(
    "gradient-thermometer",
    family="geometry",
    covers=(
        "000a:vanishing-gradient",
        "002a:vanishing-gradient-depth",
        "003:vanish-explode",
        "004:vanishing-exploding-gradient",
    ),
    kin={
        "dltui lab run blow-up-watch": "the other end: numbers that grow until there are none",
        "dltui lab run chain-product": "where the quarter comes from",
        "dltui lab run degradation": "what depth does to the training loss",
        "dltui lab run normed-landscape": "what batch norm does to the curvature",
        "dltui gradients MODEL": "the same for your own model, by layer and by sample",
    },
    sources=(
        "Glorot and Bengio 2010, PMLR 9:249",
        "He et al. 2015, arXiv:1502.01852",
        "Yang et al. 2019, arXiv:1902.08129",
    ),
)
def gradient_thermometer(
    activation: Annotated[str, Choice("sigmoid", "tanh", "relu", help="of the hidden layers")] = "sigmoid",
    init: Annotated[str, Choice("xavier", "he", help="how weights are drawn")] = "xavier",
    gain: Annotated[float, Slider(0.25, 4, log=True, help="what they are multiplied by")] = 1.0,
    depth: Annotated[int, Slider(2, 50, help="hidden layers")] = 20,
    width: Annotated[int, Slider(8, 128, log=True, help="units of each")] = 64,
    skip: Annotated[bool, Switch(help="add each layer's input to its output")] = False,
    norm: Annotated[bool, Switch(help="batch norm before each activation")] = False,
    lr: Annotated[float, Slider(0.001, 1, log=True, help="learning rate of plain SGD")] = 0.1,
    steps: Annotated[int, Slider(0, 100, help="steps of training")] = 40,
    seed: Annotated[int, Slider(0, 99, help="seed of the weights")] = 0,
) -> Iterator[Frame]:
    """The length of the gradient in every layer of a deep network on digits, live while it is trained.

    Try: --activation relu --init he levels all layers; --skip or --norm thaw the sigmoid; --activation relu --gain 2
    explodes; --depth 50.
    Notice: through sigmoids the gradient shrinks to a quarter or less a layer, so that the first of twenty layers gets
    a millionth of a millionth of the last one's: it is frozen, and the loss does not move.

    δ_l = σ′(z_l) ⊙ W_{l+1}ᵀδ_{l+1}: each layer back multiplies by a slope and a matrix. σ′ ≤ ¼, so that ten layers of
    weights of norm 1 leave at most ¼¹⁰ = 9.54e-7. With ReLU and He's variance 2/n the factors are 1 on the average; a
    gain above or below it turns the thermometer one way or the other.

    Told as it is: in a ReLU net without biases the weights' gradients have the same length in all layers at any gain
    when the signals δ do not, for activations shrink as gradients grow. Skips without any scaling let forward signals
    double with every layer, and batch norm with ReLU makes gradients grow by about 1.2 a layer towards the input.
    """
    from dltui.lab.geometry.plain_nets import Plan

    plan = Plan(depth, width, activation, init, gain, skip, norm)
    readings: list[Reading] = []
    total = steps // EACH + 1
    others = _others(depth, width, seed)
    for reading in _trained(plan, lr, steps, seed):
        readings.append(reading)
        ended = not np.isfinite(reading.loss)
        known = readings[:-1] if ended and len(readings) > 1 else readings
        yield Frame(
            figures=(
                _bars(known),
                _course(known),
                _signals(known, others),
                _worked(known[-1]),
                _table(known),
            ),
            numbers=_numbers(known),
            caption=_caption(known, ended, len(readings) - 1),
            total=0 if ended else total,
        )


def _trained(plan: Plan, lr: float, steps: int, seed: int) -> Iterator[Reading]:
    """Yield what backward passes tell, before the first step and after every few; ends where numbers end."""
    import torch

    from dltui.device import threads
    from dltui.lab.geometry.plain_nets import batch, made, read

    net, (x, y) = made(plan, seed), batch(6 * SAMPLES)
    order = torch.Generator().manual_seed(seed)
    with threads(1):
        for step in range(steps + 1):
            rows = torch.randperm(len(x), generator=order)[:SAMPLES] if step else torch.arange(SAMPLES)
            reading = read(net, x[rows], y[rows])
            if not step % EACH or not np.isfinite(reading.loss):
                yield reading
            if not np.isfinite(reading.loss):
                return
            with torch.no_grad():
                for parameter in net.parameters():
                    parameter.sub_(parameter.grad, alpha=lr)  # type: ignore[arg-type]


@lru_cache(maxsize=8)
def _others(depth: int, width: int, seed: int) -> tuple[tuple[str, Reading], ...]:
    """Return the first reading of networks of the same size with other remedies."""
    from dltui.lab.geometry.plain_nets import Plan, batch, made, read

    x, y = batch(SAMPLES)
    plans = {name: Plan(depth, width, **wish) for name, wish in REMEDIES.items()}  # type: ignore[arg-type]
    return tuple((name, read(made(plan, seed), x, y)) for name, plan in plans.items())


def ratio(reading: Reading) -> float:
    """Return the length of the first layer's gradient over that of the output layer."""
    return float(reading.weights[0] / reading.weights[-1]) if reading.weights[-1] else 0.0


def _worked(now: Reading) -> Steps:
    """Return what is left of the gradient on its way back, with the numbers put in."""
    first, last, layers = float(now.weights[0]), float(now.weights[-1]), len(now.weights) - 1
    share = ratio(now)
    lines = [
        (
            f"‖∂L/∂W₁‖/‖∂L/∂W_out‖ = {number(first)}/{number(last)} = {number(share)}",
            "first over output layer",
        )
    ]
    if share > 0 and layers:
        lines.append((
            f"{number(share)}^(1/{layers}) = {number(share ** (1 / layers), 3)}",
            "the factor of a layer",
        ))
    lines.append((f"¼^{layers} = {number(STEEPEST**layers)}", "most that sigmoids and norms of 1 leave"))
    return written(*lines)


def _caption(known: list[Reading], ended: bool, reading: int) -> str:
    """Return what is known by now."""
    if ended:
        return f"ran away before step {reading * EACH}: the loss is not finite; try a smaller --gain or --lr"
    now = known[-1]
    step, share = (len(known) - 1) * EACH, number(ratio(now), 3)
    return f"step {step}: loss {number(now.loss)}, first layer / output layer {share}"


def _numbers(known: list[Reading]) -> dict[str, Number]:
    """Return what ``--json`` tells."""
    from dltui.lab.geometry.plain_nets import slope

    first, now = known[0], known[-1]
    tilt = slope(first.signals)
    return {
        "step": (len(known) - 1) * EACH,
        "loss": now.loss,
        "first_loss": first.loss,
        "ratio_at_start": ratio(first),
        "ratio": ratio(now),
        "norms_at_start": first.weights.tolist(),
        "norms": now.weights.tolist(),
        "slope_at_start": tilt if np.isfinite(tilt) else None,
        "bound_of_ten_sigmoids": STEEPEST**10,
    }


def _bars(known: list[Reading]) -> Bars:
    """Return the thermometer: a bar a layer."""
    now = known[-1]
    return Bars(
        title="‖∂L/∂W‖ by layer",
        caption=f"from the input to the output; at the start {number(ratio(known[0]), 3)} from first to last",
        labels=(*(f"layer {i + 1}" for i in range(len(now.weights) - 1)), "output"),
        values=np.maximum(now.weights, FLOOR),
        value_label="length of the gradient",
        scale="log",
    )


def _course(known: list[Reading]) -> Lines:
    """Return loss, first and last gradient over the steps."""
    step = EACH * np.arange(float(len(known)))
    curves = {
        "loss": [one.loss for one in known],
        "gradient of layer 1": [one.weights[0] for one in known],
        "gradient of the output layer": [one.weights[-1] for one in known],
    }
    return Lines(
        title="While it is trained",
        series=tuple(Series(name=name, x=step, y=np.maximum(y, FLOOR)) for name, y in curves.items()),
        x_label="step",
        y_label="loss, ‖∂L/∂W‖",
        y_scale="log",
        levels=((float(np.log(10)), "guessing"),),
    )


def _signals(known: list[Reading], others: tuple[tuple[str, Reading], ...]) -> Lines:
    """Return the gradients of the signals through the depth, beside those of other networks."""
    lines = [Series(name="this network", x=_layers(known[0]), y=np.maximum(known[0].signals, FLOOR))]
    lines += [Series(name=name, x=_layers(one), y=np.maximum(one.signals, FLOOR)) for name, one in others]
    return Lines(
        title="‖∂L/∂z‖ through the depth, before training",
        caption="Level is well; it rises towards the output where gradients vanish, and falls where they explode.",
        series=tuple(lines),
        x_label="layer",
        y_label="‖∂L/∂z‖",
        y_scale="log",
    )


def _layers(reading: Reading) -> Array:
    return np.arange(1.0, len(reading.signals) + 1)


def _table(known: list[Reading]) -> Table:
    """Return the first, middle and last layers in numbers, at the start and now."""
    first, now = known[0], known[-1]
    count = len(first.weights) - 1
    places = sorted({0, count // 2, count - 1})
    rows = [(f"layer {i + 1}", float(first.weights[i]), float(now.weights[i])) for i in places]
    rows.append(("output", float(first.weights[-1]), float(now.weights[-1])))
    rows.append(("first / output", ratio(first), ratio(now)))
    return Table(title="In numbers", columns=("‖∂L/∂W‖", "at the start", "now"), rows=tuple(rows))


def _start(**knobs: object) -> Frame:
    """Return the frame before the first step."""
    return next(iter(gradient_thermometer(steps=0, **knobs)))


@gradient_thermometer.check
def ratios_of_the_notes() -> None:
    """20 × 64: sigmoid 5.5e-13, He and ReLU 1.07, sigmoid with skips 8.4e-2 (notes 000a), to a power of ten or so."""
    for knobs, known, allowed in (
        ({}, 5.5e-13, 1.5),
        ({"activation": "relu", "init": "he"}, 1.07, 0.7),
        ({"skip": True}, 8.4e-2, 1.0),
    ):
        for seed in (0, 1):
            found = _start(seed=seed, **knobs).value("ratio_at_start")
            near(f"log₁₀ of the ratio, {knobs or 'sigmoid'}", np.log10(found) - np.log10(known), 0, allowed)


@gradient_thermometer.check
def width_of_a_hundred() -> None:
    """20 × 100, first layer: sigmoid ~2e-13, tanh .13, ReLU and He .42 (notes 002a), to a power of ten."""
    for knobs, known in (
        ({}, 2e-13),
        ({"activation": "tanh"}, 0.13),
        ({"activation": "relu", "init": "he"}, 0.42),
    ):
        norms = np.array(_start(width=100, **knobs).numbers["norms_at_start"])
        near(f"log₁₀ of the first layer's gradient, {knobs or 'sigmoid'}", np.log10(norms[0] / known), 0, 1)


@gradient_thermometer.check
def sigmoids_keep_their_bound() -> None:
    """¼¹⁰ = 9.54e-7; ten layers back leave at most that times the product of the matrices' norms (notes 002a, 004)."""
    import torch

    from dltui.lab.geometry.plain_nets import Plan, batch, made, read

    near("¼¹⁰", STEEPEST**10 / 9.54e-7, 1, 1e-3)
    net = made(Plan(), 0)
    signals = read(net, *batch(SAMPLES)).signals
    norms = [float(torch.linalg.matrix_norm(layer.weight.detach(), 2)) for layer in net.layers]  # type: ignore[operator]
    for i in range(10):
        bound = STEEPEST**10 * np.prod(norms[i + 1 : i + 11]) * signals[i + 10]
        assert signals[i] <= bound, f"layer {i + 1}: {signals[i]} above its bound {bound}"


@gradient_thermometer.check
def gain_turns_the_slope() -> None:
    """The slope of log ‖∂L/∂z‖ changes its sign with the gain, and remedies flatten it (notes 003)."""
    found = {
        gain: _start(activation="relu", init="he", gain=gain).value("slope_at_start")
        for gain in (0.5, 1.0, 2.0)
    }
    assert found[0.5] > 0.2, f"gain ½: {found[0.5]}"
    assert found[2.0] < -0.2, f"gain 2: {found[2.0]}"
    near(
        "slopes of the gains ½ and 2, in log₁₀ 2",
        np.array([found[0.5], -found[2.0]]) / np.log10(2),
        (1, 1),
        0.15,
    )
    plain = _start().value("slope_at_start")
    for knobs in ({"skip": True}, {"norm": True}, {"activation": "relu", "init": "he"}):
        flat = _start(**knobs).value("slope_at_start")
        assert abs(flat) < abs(plain) / 5, f"{knobs}: slope {flat}, the sigmoid's is {plain}"


@gradient_thermometer.check
def back_propagation_by_hand() -> None:
    """The norms of a network of three sigmoid layers against the chain rule in numpy, to 1e-12."""
    from dltui.lab.geometry.plain_nets import Plan, batch, made, read

    net, (x, y) = made(Plan(depth=3, width=10), 0), batch(7)
    reading = read(net, x, y)
    weights = [layer.weight.detach().numpy() for layer in (*net.layers, net.head)]
    signals: list[np.floating] = []
    outs = [x.numpy()]
    for w in weights[:-1]:
        outs.append(1 / (1 + np.exp(-outs[-1] @ w.T)))
    scores = outs[-1] @ weights[-1].T
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    delta = (shares - np.eye(10)[y.numpy()]) / len(y)
    norms = [np.linalg.norm(delta.T @ outs[-1])]
    for place in (2, 1, 0):
        delta = delta @ weights[place + 1] * outs[place + 1] * (1 - outs[place + 1])
        signals.insert(0, np.linalg.norm(delta))
        norms.insert(0, np.linalg.norm(delta.T @ outs[place]))
    near("‖∂L/∂z‖", reading.signals, signals, 1e-12)
    near("‖∂L/∂W‖", reading.weights, norms, 1e-12)


@gradient_thermometer.check
def frozen_and_thawed() -> None:
    """Forty steps leave the sigmoid net where guessing is, ln 10; with batch norm, or ReLU and He, it learns."""
    plain = gradient_thermometer.last()
    near("loss of the sigmoid net", plain.value("loss"), np.log(10), 0.06)
    for knobs in ({"norm": True}, {"activation": "relu", "init": "he", "lr": 0.03}):
        thawed = gradient_thermometer.last(**knobs)
        assert thawed.value("loss") < 2.0, f"{knobs} ends at {thawed.value('loss')}"
