"""Gradient checking: differences against the chain rule, and how small a step may be."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np

from dltui.byhand import Worked, work
from dltui.byhand.differences import differences
from dltui.byhand.names import OPERATIONS, load
from dltui.figures import Lines, Series, Table
from dltui.figures import number as spoken
from dltui.lab import Choice, Frame, Slider, Switch, exhibit, near

FUNCTIONS = {
    "e^x": ("exp(x)", 1.0),
    "sin": ("sin(x)", 1.0),
    "sigmoid": ("sigmoid(x)", 1.0),
    "cube": ("x**3", 1.0),
}
LAYERS = ("mlp", "linear", "conv2d", "softmax", "layernorm", "batchnorm", "attention", "lstm")
STEPS = np.logspace(-15, 0, 61)
PASSES = 1e-7  # relative error in float64 of a gradient that is right
Numbers = np.ndarray[Any, np.dtype[np.float64]]


@exhibit(
    "gradient-check",
    family="byhand",
    covers=("002a:numerical-gradient", "002a:analytic-gradient", "002a:gradient-check"),
    kin={
        "dltui byhand conv2d --backward --torch": "gradients of a layer beside torch's and finite differences",
        "dltui gradients": "the gradients of a model of yours",
    },
)
def gradient_check(
    function: Annotated[str, Choice(*FUNCTIONS, help="whose slope is taken")] = "e^x",
    x: Annotated[float, Slider(-3, 3, help="where")] = 1.0,
    h: Annotated[float, Slider(1e-15, 1, log=True, help="step of the differences")] = 1e-3,
    layer: Annotated[str, Choice(*LAYERS, help="which layer is checked")] = "mlp",
    broken: Annotated[bool, Switch(help="break its gradient: one number is off by a thousandth")] = False,
) -> Iterator[Frame]:
    """The error of finite differences over their step, a V on log-log axes; a layer's gradient checked.

    Try: --h 1e-12: less is not better; --broken; --layer attention.
    Notice: to the right the error falls with the step (h for forward, h² for central differences), to the left
    round-off grows as ε/h. The best step is near √ε ≈ 1e-8 forwards and ∛ε ≈ 6e-6 for central ones.

    forward (f(x + h) − f(x))/h, central (f(x + h) − f(x − h))/2h. Relative error |a − n|/max(|a|, |n|): below 1e-7 in
    float64 the gradient is right, above 1e-4 it is wrong.
    """
    ahead, central = errors(function, x, STEPS)
    here = [float(one[0]) for one in errors(function, x, np.array([h]))]
    chart = Lines(
        title=f"Error of the slope of {function} at x = {spoken(x)}",
        series=(
            Series(name="forward", x=STEPS, y=ahead),
            Series(name="central", x=STEPS, y=central),
            Series(name=f"h = {h:.2g}", x=np.array([h, h]), y=np.array(here), marks=True),
        ),
        x_label="step h",
        y_label="|difference − slope|",
        x_scale="log",
        y_scale="log",
    )
    rows = relative_errors(layer, broken=broken)
    table = Table(
        title=f"{layer}: chain rule against central differences",
        columns=("input", "numbers", "largest relative error", "verdict"),
        rows=tuple((name, n, worst, "right" if worst < PASSES else "WRONG") for name, n, worst in rows),
    )
    worst = max(error for *_, error in rows)
    yield Frame(
        figures=(chart, table),
        numbers={"forward": here[0], "central": here[1], "worst": worst, "right": worst < PASSES},
        caption=f"at h = {h:.3g}: {here[0]:.3g} forward, {here[1]:.3g} central",
        total=1,
    )


def errors(function: str, x: float, steps: Numbers) -> tuple[Numbers, Numbers]:
    """Return how far forward and central differences are off the slope by the chain rule; nothing is drawn as 1e-17."""
    text = FUNCTIONS[function][0]

    def value(at: float) -> float:
        return work("backprop", {"expression": text, "x": at}).output[()].value

    slope = work("backprop", {"expression": text, "x": x}).gradients.of["x"][()].value
    ends = np.array([[value(x + h), value(x - h)] for h in steps])
    ahead = np.abs((ends[:, 0] - value(x)) / steps - slope)
    central = np.abs((ends[:, 0] - ends[:, 1]) / (2 * steps) - slope)
    return np.maximum(ahead, 1e-17), np.maximum(central, 1e-17)


def relative_errors(layer: str, *, broken: bool) -> list[tuple[str, int, float]]:
    """Return the largest relative error of each input's gradient, and how many numbers it has.

    Args:
        layer: Which operation.
        broken: Make one number of each gradient wrong by a thousandth of the largest.

    Returns:
        Name, count and error of each input.
    """
    worked = checked_case(layer)
    found = []
    for name, numbers in differences(worked).items():
        hand = np.array([cell.value for cell in worked.gradients.of[name].cells])
        if broken:
            hand[0] += 1e-3 * max(1.0, np.abs(hand).max())
        other = np.ravel(numbers)
        scale = max(float(np.abs(hand).max()), float(np.abs(other).max()), 1e-8)
        found.append((name, len(hand), float(np.abs(hand - other).max()) / scale))
    return found


def checked_case(layer: str) -> Worked:
    """Return a layer on its example, with an upstream gradient in which every number counts otherwise."""
    one = load(layer)
    shape = work(one).output
    if not shape.shape:
        return work(one)
    upstream = (np.arange(1, len(shape.cells) + 1) / len(shape.cells)).reshape(shape.shape).tolist()
    return work(one, dict(next(iter(one.examples.values()))) | {"upstream": upstream})


@gradient_check.check
def slope_of_the_exponential() -> None:
    """e^x at 1 with h = 1e-3: 1.36e-3 forward, 4.53e-7 central (002a); rates h and h², best steps near √ε and ∛ε."""
    last = gradient_check.last()
    near("forward", last.numbers["forward"], 1.36e-3, 1e-5)
    near("central", float(str(last.numbers["central"])) * 1e7, 4.53, 1e-2)
    (one, ten), (small, large) = errors("e^x", 1.0, np.array([1e-4, 1e-3]))
    near("forward falls as h", ten / one, 10.0, 1e-2)
    near("central falls as h²", large / small, 100.0, 5e-2)
    ahead, central = errors("e^x", 1.0, STEPS)
    assert 1e-9 < STEPS[ahead.argmin()] < 1e-7, f"the best forward step is {STEPS[ahead.argmin()]:g}"
    assert 1e-7 < STEPS[central.argmin()] < 1e-3, f"the best central step is {STEPS[central.argmin()]:g}"


@gradient_check.check
def layers_pass() -> None:
    """The gradient of every layer has a relative error below 1e-7 in float64."""
    for layer in LAYERS:
        assert layer in OPERATIONS
        for name, _, worst in relative_errors(layer, broken=False):
            assert worst < PASSES, f"∂{name} of {layer} is {worst:g} off"


@gradient_check.check
def broken_backward_is_caught() -> None:
    """A gradient of which one number is off by a thousandth fails, for every layer and every input."""
    for layer in LAYERS:
        for name, _, worst in relative_errors(layer, broken=True):
            assert worst > PASSES, f"the broken ∂{name} of {layer} passed with {worst:g}"
