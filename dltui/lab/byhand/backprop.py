"""Back-propagation: the graph of an expression, values forwards and gradients back; and single gates."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import numpy as np

from dltui.byhand import Worked, work
from dltui.byhand.differences import differences
from dltui.figures import Bars, Table
from dltui.instruments.byhand import graph_of, steps_of, torch_answer
from dltui.lab import Choice, Frame, Slider, exhibit, near

NETWORK = "network 2-3-1"
EXPRESSIONS = {
    "(x + y)*z": "(x + y)*z",
    "sigmoid": "1/(1 + exp(-(x*y + z)))",
    "max and min": "max(x, y)*z + min(x, z)**2",
    "one variable twice": "x*y + tanh(x)*z",
    "squared error": "(tanh(x*y) - z)**2",
}
GATES = {
    "add": "x + y",
    "multiply": "x*y",
    "max": "max(x, y)",
    "subtract": "x - y",
    "divide": "x/y",
    "power": "x**y",
}


@exhibit(
    "backprop-graph",
    family="byhand",
    covers=(
        "000a:backprop",
        "000b:backprop",
        "001:backprop",
        "002a:computational-graph",
        "002a:backprop",
        "004:backprop",
    ),
    kin={
        "dltui byhand backprop '(x + y)*z' --x -2 --y 5 --z -4 --torch": "the same for any expression",
        "dltui byhand mlp --sizes 3,4,2 --torch": "through a network of any sizes",
    },
    sources=("Rumelhart, Hinton & Williams 1986, doi:10.1038/323533a0",),
)
def backprop_graph(
    what: Annotated[str, Choice(*EXPRESSIONS, NETWORK, help="what is differentiated")] = "(x + y)*z",
    x: Annotated[float, Slider(-6, 6, help="value of x")] = -2.0,
    y: Annotated[float, Slider(-6, 6, help="value of y")] = 5.0,
    z: Annotated[float, Slider(-6, 6, help="value of z")] = -4.0,
    seed: Annotated[int, Slider(0, 100, help="seed of the network's numbers")] = 0,
) -> Iterator[Frame]:
    """The graph of an expression: values run forwards, gradients back, a gate a frame.

    Try: --what sigmoid, --what "one variable twice", where two gradients meet and add up; --what "network 2-3-1".
    Notice: no gate knows the whole: it multiplies what comes back by its own slope and hands that on. After one walk
    back every input has its gradient, at the price of about one more forward walk.

    Chain rule: ∂L/∂input = ∂L/∂output · ∂output/∂input, summed over all gates that read the input.
    """
    worked = worked_case(what, x, y, z, seed)
    ahead, back = worked.sheet.lines, worked.gradients.sheet.lines
    total = len(ahead) + len(back) + 1
    tensors = worked.sheet.tensors | worked.gradients.sheet.tensors
    table = _witnesses(worked)
    slopes = [cell.value for one in worked.gradients.of.values() for cell in one.cells]
    for written in range(total):
        last = written == total - 1
        lines = [*ahead, *back][: written + last]
        steps = steps_of(lines, tensors, whole=True)
        yield Frame(
            figures=(graph_of(worked, lines=written), steps, *([table] if last else [])),
            numbers={"output": worked.output[()].value, "gradients": slopes} if last else {},
            caption=_caption(written, len(ahead), len(back)),
            total=total,
        )


def worked_case(what: str, x: float, y: float, z: float, seed: int) -> Worked:
    """Return an expression or the network, worked."""
    if what == NETWORK:
        from dltui.byhand.operations.mlp import Network

        return work(Network((2, 3, 1), seed=seed))
    return work("backprop", {"expression": EXPRESSIONS[what], "x": x, "y": y, "z": z})


def _caption(written: int, ahead: int, back: int) -> str:
    """Return where the walk is."""
    if written <= ahead:
        return f"forwards, line {written} of {ahead}"
    return f"backwards, line {written - ahead} of {back}"


def _witnesses(worked: Worked) -> Table:
    """Return every gradient beside torch's and the central difference."""
    answer, central = torch_answer(worked, backward=True), differences(worked)
    rows = [
        (
            cell.label.symbol + "".join(str(i + 1) for i in cell.label.place),
            cell.value,
            float(one),
            float(other),
        )
        for name, gradient in worked.gradients.of.items()
        for cell, one, other in zip(
            gradient.cells,
            np.ravel(answer.gradients[name]),
            np.ravel(central[name]),
            strict=True,
        )
        if cell.label is not None
    ]
    columns = ("gradient", "by hand", "torch.autograd", "central difference")
    return Table(title="Three witnesses", columns=columns, rows=tuple(rows))


@backprop_graph.check
def circuit_of_the_notes() -> None:
    """(x + y)·z at (−2, 5, −4): f = −12, gradients −4, −4 and 3 (002a)."""
    last = backprop_graph.last()
    near("f", last.numbers["output"], -12.0)
    near("gradients", last.numbers["gradients"], [-4.0, -4.0, 3.0])


@backprop_graph.check
def autograd_and_differences() -> None:
    """Every expression and the network: torch.autograd to 1e-10, central differences to 1e-6."""
    for what in (*EXPRESSIONS, NETWORK):
        worked = worked_case(what, 1.3, -0.7, 0.4, 3)
        answer = torch_answer(worked, backward=True)
        assert answer.gradient_difference is not None
        near(f"value of {what}", answer.difference, 0.0, 1e-10)
        near(f"gradients of {what}", answer.gradient_difference, 0.0, 1e-10)
        for name, slopes in differences(worked).items():
            near(f"∂{name} of {what}", slopes, worked.gradients.of[name].numbers(), 1e-6)


@exhibit(
    "gates",
    family="byhand",
    covers=("002a:chain-rule", "002a:add-gate", "002a:mul-gate", "002a:max-gate"),
    kin={
        "dltui byhand backprop 'max(x, y)' --x 4 --y 5 --upstream 9": "one gate, line by line",
        "dltui lab run backprop-graph": "many gates in a row",
    },
)
def gates(
    gate: Annotated[str, Choice(*GATES, help="which gate")] = "multiply",
    x: Annotated[float, Slider(-6, 6, help="value of x")] = 2.0,
    y: Annotated[float, Slider(-6, 6, help="value of y")] = 3.0,
    upstream: Annotated[float, Slider(-10, 10, help="gradient that comes back to the gate")] = 5.0,
) -> Iterator[Frame]:
    """One gate: the gradient that comes back, its local slopes, and what it hands on to either input.

    Try: --gate add hands on equally, --gate max all to the larger; --gate multiply swaps the inputs' sizes.
    Notice: an add gate distributes, a multiply gate switches (the small input gets the large gradient), a max gate
    routes: the input that lost gets exactly 0. Max pooling goes back by that rule.

    downstream = upstream · local, local = ∂f/∂x at the values that went through.
    """
    worked = gate_case(gate, x, y, upstream)
    down = _slopes(worked)
    local = _slopes(gate_case(gate, x, y, 1.0))
    table = Table(
        title=f"The {gate} gate f = {GATES[gate]}",
        columns=("input", "value", "upstream", "local slope", "downstream"),
        rows=(("x", x, upstream, local[0], down[0]), ("y", y, upstream, local[1], down[1])),
    )
    bars = Bars(
        title="What is handed on",
        labels=("upstream", "to x", "to y"),
        values=np.array([upstream, *down], float),
        value_label="gradient",
    )
    lines = [*worked.sheet.lines, *worked.gradients.sheet.lines]
    tensors = worked.sheet.tensors | worked.gradients.sheet.tensors
    yield Frame(
        figures=(graph_of(worked), table, bars, steps_of(lines, tensors)),
        numbers={"value": worked.output[()].value, "local": local, "downstream": down},
        caption=f"{upstream:g} → {', '.join('none' if one is None else f'{one:g}' for one in down)}"
        + ("; xʸ has a slope in y only where x > 0" if None in down else ""),
        total=1,
    )


def _slopes(worked: Worked) -> list[float | None]:
    """Return what is handed on to x and y; None where there is no slope."""
    found = [worked.gradients.of[name][()].value for name in ("x", "y")]
    return [float(one) if np.isfinite(one) else None for one in found]


def gate_case(gate: str, x: float, y: float, upstream: float) -> Worked:
    """Return one gate with what comes back to it."""
    return work("backprop", {"expression": GATES[gate], "x": x, "y": y, "upstream": upstream})


@gates.check
def gates_of_the_notes() -> None:
    """Add with upstream 2 → 2, 2; multiply 2, 3 with 5 → 15, 10; max 4, 5 with 9 → 0, 9 (002a)."""
    for gate, x, y, upstream, known in (
        ("add", 1.0, 6.0, 2.0, [2.0, 2.0]),
        ("multiply", 2.0, 3.0, 5.0, [15.0, 10.0]),
        ("max", 4.0, 5.0, 9.0, [0.0, 9.0]),
    ):
        last = gates.last(gate=gate, x=x, y=y, upstream=upstream)
        near(gate, last.numbers["downstream"], known)


@gates.check
def gates_of_torch() -> None:
    """What every gate hands on is what torch.autograd hands on."""
    for gate in GATES:
        answer = torch_answer(gate_case(gate, 1.5, -0.4 if gate != "power" else 2.2, 3.0), backward=True)
        assert answer.gradient_difference is not None
        near(gate, answer.gradient_difference, 0.0, 1e-10)
