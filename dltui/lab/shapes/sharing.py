"""Sizes that are inferred at the first forward pass, and one module that is used more than once."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Annotated

import numpy as np
from numpy.typing import NDArray

from dltui.figures import Bars, Figure, Graph, Heatmap, Table
from dltui.lab import Frame, Slider, exhibit, near
from dltui.shapes import Chain, chain

Array = NDArray[np.float64]
INPUT = 4  # features of the net that shares, as in the notes


@exhibit(
    "lazy-and-shared",
    family="shapes",
    covers=("001:param-sharing", "001:lazy-init"),
    kin={
        'dltui shapes chain "linear 8 | relu | linear 8 > s | relu | linear 8 tied" -i 2,4': "tied rows count once",
        "dltui shapes chain bert_base": "a network that shares its tables",
    },
    sources=("PyTorch 2.13, torch.nn.LazyLinear",),
)
def lazy_and_shared(
    features: Annotated[int, Slider(1, 64, help="features that the first forward pass brings")] = 20,
    hidden: Annotated[int, Slider(1, 512, log=True, help="units of the first lazy layer")] = 256,
    classes: Annotated[int, Slider(1, 64, help="units of the second")] = 10,
    width: Annotated[int, Slider(1, 32, help="width of the shared layer")] = 8,
    uses: Annotated[int, Slider(1, 5, help="how often the shared layer is used")] = 2,
    seed: Annotated[int, Slider(0, 9999, help="seed of weights and input")] = 0,
) -> Iterator[Frame]:
    """Lazy layers that learn their size from data, and a layer used twice whose gradient is a sum.

    Try: --features 7 changes the first weight and no other; --uses 4: still one weight, four contributions.
    Notice: before the first pass a lazy layer has no weight that could be counted; a shared layer is listed at every
    place it stands, so that state_dict holds more numbers than there are.

    LazyLinear(256) → ReLU → LazyLinear(10) becomes Linear(20, 256) and Linear(256, 10) when 20 features come in:
    7,946 parameters. The net Linear(4, 8) → ReLU → S → ReLU → S → ReLU → Linear(8, 1) with one S = Linear(8, 8) has
    121 numbers, 40 + 72 + 9, and state_dict lists 193. Since S stands in two places, ∂L/∂W is the sum of what each
    place alone would get. Optimisers see S once; a file format that refuses shared memory must be told.
    """
    lazy = chain(f"linear {hidden} | relu | linear {classes}", (2, features))
    shared = shared_chain(width, uses)
    net = Shared.drawn(width, uses, seed)
    each = net.gradients()
    total = np.sum(each, axis=0)
    listed = sum(step.report.parameters for step in shared.steps)
    figures: tuple[Figure, ...] = (
        before_and_after(lazy, features),
        tree(width, uses),
        counted(shared),
        Bars(
            title="‖∂L/∂W‖ of the shared weight, by the place it is used",
            labels=(*(f"use {i + 1}" for i in range(uses)), "together"),
            values=np.array([*(np.linalg.norm(one) for one in each), np.linalg.norm(total)]),
            value_label="norm of the gradient; the norms don't add, the gradients do",
        ),
        Heatmap(
            title="∂L/∂W, all uses together",
            values=total,
            x=np.arange(width, dtype=float),
            y=np.arange(width, dtype=float),
            x_label="in",
            y_label="out",
            value_label="∂L/∂W",
            colormap="coolwarm",
            downwards=True,
        ),
    )
    yield Frame(
        figures=figures,
        numbers={
            "lazy_parameters": lazy.parameters,
            "first_weight": [hidden, features],
            "second_weight": [classes, hidden],
            "unique": shared.parameters,
            "listed": listed,
            "gradients": [one.tolist() for one in each] if width <= 8 else [],
            "gradient_norm": float(np.linalg.norm(total)),
        },
        caption=f"{shared.parameters} numbers, listed {listed}",
        total=1,
    )


def shared_chain(width: int, uses: int) -> Chain:
    """Return the net that uses one layer several times, as a chain with tied rows."""
    rows = [f"linear {width}", "relu"]
    for use in range(uses):
        rows += [f"linear {width}{' tied' if use else ''}", "relu"]
    return chain(" | ".join([*rows, "linear 1"]), (1, INPUT))


def before_and_after(lazy: Chain, features: int) -> Table:
    """Return the lazy layers before and after the first forward pass."""
    first, second = lazy.steps[0].report, lazy.steps[2].report
    rows = [
        (
            f"net[{place}]",
            f"LazyLinear({report.settings['out_features']})",
            "uninitialised",
            report.layer,
            " × ".join(map(str, report.tensors["weight"])),
            report.parameters,
        )
        for place, report in ((0, first), (2, second))
    ]
    return Table(
        title=f"Before and after the first batch of {features} features",
        columns=("module", "before", "weight", "after", "weight now", "parameters"),
        rows=(*rows, ("net", "", "", "", "", lazy.parameters)),
    )


def tree(width: int, uses: int) -> Graph:
    """Return the net with the arrows of the shared layer going into one box."""
    nodes = ["x", f"Linear({INPUT}, {width})", f"S = Linear({width}, {width})", f"Linear({width}, 1)"]
    notes = ["", "used once", f"used {uses} time{'s' if uses > 1 else ''}, one weight", "used once"]
    edges = ((0, 1), (1, 2), (2, 3))
    return Graph(
        title="What is called (a ReLU after each but the last)",
        nodes=tuple(nodes),
        edges=edges,
        notes=tuple(notes),
    )


def counted(shared: Chain) -> Table:
    """Return what state_dict lists, and what is really there."""
    rows = []
    for place, step in enumerate(shared.steps):
        for name, shape in step.report.tensors.items():
            size = int(np.prod(shape))
            rows.append((f"{place}.{name}", " × ".join(map(str, shape)), size, 0 if step.row.tied else size))
    listed = sum(row[2] for row in rows)
    return Table(
        title="state_dict against the numbers there are",
        columns=("name", "shape", "listed", "new"),
        rows=(*rows, ("together", "", listed, shared.parameters)),
    )


@dataclass(frozen=True, slots=True)
class Shared:
    """The net with its weights, an input and L = ŷ.

    Attributes:
        first: Weight and bias of the first layer.
        middle: Weight and bias of the shared one.
        last: Weight and bias of the last.
        x: The input.
        uses: How often the shared layer is used.
    """

    first: tuple[Array, Array]
    middle: tuple[Array, Array]
    last: tuple[Array, Array]
    x: Array
    uses: int

    @classmethod
    def drawn(cls, width: int, uses: int, seed: int) -> Shared:
        """Return a net with weights drawn from U(−1/√n, 1/√n), as PyTorch's Linear is, and |x| drawn from N(0, 1)."""
        rng = np.random.default_rng(seed)

        def layer(n: int, m: int) -> tuple[Array, Array]:
            edge = 1 / np.sqrt(n)
            return rng.uniform(-edge, edge, (m, n)), rng.uniform(-edge, edge, m)

        return cls(
            layer(INPUT, width),
            layer(width, width),
            layer(width, 1),
            np.abs(rng.standard_normal(INPUT)),
            uses,
        )

    def gradients(self) -> list[Array]:
        """Return ∂ŷ/∂W of the shared weight, a matrix for each place where it is used, by going backwards."""
        layers = [self.first, *[self.middle] * self.uses, self.last]
        inputs, before = [], self.x
        for weight, bias in layers:
            inputs.append(before)
            before = np.maximum(weight @ before + bias, 0.0)
        slope = np.ones(1)
        found: list[Array] = []
        for place in range(len(layers) - 1, -1, -1):
            weight, bias = layers[place]
            if place < len(layers) - 1:
                slope = slope * (weight @ inputs[place] + bias > 0)
            if 0 < place < len(layers) - 1:
                found.insert(0, np.outer(slope, inputs[place]))
            slope = weight.T @ slope
        return found


@lazy_and_shared.check
def notes_counts() -> None:
    """20 features: weights (256, 20), (10, 256), 7,946 parameters; the shared net 121, listed 193 (001, W1, W2)."""
    last = lazy_and_shared.last()
    near("lazy parameters", last.numbers["lazy_parameters"], 7_946)
    near("first weight", last.numbers["first_weight"], (256, 20))
    near("second weight", last.numbers["second_weight"], (10, 256))
    near("unique", last.numbers["unique"], 121)
    near("listed", last.numbers["listed"], 193)


@lazy_and_shared.check
def torch_counts_alike() -> None:
    """Lazy and shared modules of torch: parameters, entries of state_dict, net[2] is net[4]."""
    import torch
    from torch import nn

    lazy = nn.Sequential(nn.LazyLinear(256), nn.ReLU(), nn.LazyLinear(10))
    lazy(torch.zeros(2, 20))
    shared = nn.Linear(8, 8)
    net = nn.Sequential(nn.Linear(4, 8), nn.ReLU(), shared, nn.ReLU(), shared, nn.ReLU(), nn.Linear(8, 1))
    last = lazy_and_shared.last()
    near("lazy", last.numbers["lazy_parameters"], sum(p.numel() for p in lazy.parameters()))
    near("unique", last.numbers["unique"], sum(p.numel() for p in net.parameters()))
    near("listed", last.numbers["listed"], sum(p.numel() for p in net.state_dict().values()))
    assert net[2] is net[4], "the shared layer is two modules"


@lazy_and_shared.check
def gradients_add_up() -> None:
    """The gradient at each place against untied copies in torch, and their sum against the shared weight's."""
    import torch

    for seed in range(5):
        net = Shared.drawn(8, 3, seed)
        weights = [torch.tensor(net.middle[0], requires_grad=True) for _ in range(3)]
        one = torch.tensor(net.middle[0], requires_grad=True)
        for used in (weights, [one] * 3):
            x = torch.relu(torch.tensor(net.first[0]) @ torch.tensor(net.x) + torch.tensor(net.first[1]))
            for weight in used:
                x = torch.relu(weight @ x + torch.tensor(net.middle[1]))
            (torch.tensor(net.last[0]) @ x + torch.tensor(net.last[1])).sum().backward()  # type: ignore[no-untyped-call]
        for place, (ours, theirs) in enumerate(zip(net.gradients(), weights, strict=True)):
            assert theirs.grad is not None
            near(f"use {place + 1}", ours, theirs.grad.numpy(), 1e-12)
        assert one.grad is not None
        near("together", np.sum(net.gradients(), axis=0), one.grad.numpy(), 1e-12)
