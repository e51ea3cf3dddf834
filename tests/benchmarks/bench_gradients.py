"""Our per-sample gradient norms beside a loop, vmap, Opacus and BackPACK, and beside one batch gradient, as ratios.

    python tests/benchmarks/bench_gradients.py [--seconds 6] [--models mlp lenet resnet8]

All ways take turns, round after round, in one process with one thread each, and the second of two calls is timed; a
figure is the median over the rounds of how much longer a way took than ours, so that a busy machine slows all of them
alike. Peers are measured where they are installed (extra ``bench``). ``must`` and ``aim`` are what was set out to
reach; nothing here fails a build.
"""

from __future__ import annotations

import argparse
import copy
import importlib.util
import statistics
import time
import warnings
from collections.abc import Callable
from typing import Any

import torch
from table import Goal, head, row, times
from torch import Tensor, nn
from torch.func import functional_call, grad, vmap
from torch.nn import functional

from dltui.data import load
from dltui.instruments.gradients.per_sample import Sampler, sample_norms
from dltui.models import build
from dltui.objective import Objective

Way = Callable[[], object]
CHUNKS = (32, 128, 256)
LOOP, VMAP, BATCH = "loop of backward", "best vmap", "one batch gradient"
GOALS = {  # how many times faster; of the batch gradient, how many of them ours takes
    "mlp": {LOOP: Goal(100, 200), VMAP: Goal(8, 11), BATCH: Goal(1.0, 0.8, less=True)},
    "lenet": {LOOP: Goal(10, 14), VMAP: Goal(1.6, 1.9), BATCH: Goal(2.0, 1.7, less=True)},
    "resnet8": {LOOP: Goal(6, 8), VMAP: Goal(1.5, 1.8), BATCH: Goal(2.4, 2.1, less=True)},
}
LOOPED = 64  # samples of the loop; it is scaled up


def batch_gradient(model: nn.Module, objective: Objective) -> Way:
    """One gradient over all samples, in the blocks that ours uses."""
    parameters = list(model.parameters())

    def gradient() -> None:
        for a, b, _ in objective.blocks:
            torch.autograd.grad(functional.cross_entropy(model(a), b, reduction="sum"), parameters)

    return gradient


def loop(model: nn.Module, x: Tensor, y: Tensor) -> Way:
    """One backward pass for each of the first samples."""
    parameters = list(model.parameters())

    def norms() -> None:
        for i in range(LOOPED):
            grads = torch.autograd.grad(
                functional.cross_entropy(model(x[i : i + 1]), y[i : i + 1]), parameters
            )
            torch.stack([g.square().sum() for g in grads]).sum().sqrt().item()

    return norms


def by_vmap(model: nn.Module, x: Tensor, y: Tensor, chunk: int) -> Way:
    """``vmap(grad)`` over chunks."""
    weights = {name: p.detach() for name, p in model.named_parameters()}

    def one(trained: dict[str, Tensor], a: Tensor, b: Tensor) -> Tensor:
        return functional.cross_entropy(functional_call(model, trained, (a[None],)), b[None])

    many = vmap(grad(one), in_dims=(None, 0, 0))

    def norms() -> None:
        for a, b in zip(torch.split(x, chunk), torch.split(y, chunk), strict=True):
            squares = [g.flatten(1).square().sum(1) for g in many(weights, a, b).values()]
            torch.stack(squares).sum(0).sqrt()

    return norms


def backpack(model: nn.Module, x: Tensor, y: Tensor) -> Way | None:
    """BackPACK's squared norms, or None where it can't follow the model or is not installed."""
    if importlib.util.find_spec("backpack") is None or sequential(model) is None:
        return None
    from backpack import backpack as extended
    from backpack import extend
    from backpack.extensions import BatchL2Grad

    net, loss = extend(sequential(model)), extend(nn.CrossEntropyLoss(reduction="sum"))

    def norms() -> None:
        for a, b in zip(torch.split(x, 256), torch.split(y, 256), strict=True):
            net.zero_grad()
            with extended(BatchL2Grad()):
                loss(net(a), b).backward()
            torch.stack([p.batch_l2 for p in net.parameters()]).sum(0).sqrt()

    return norms


def opacus(model: nn.Module, x: Tensor, y: Tensor, *, ghost: bool) -> Way | None:
    """Opacus's ghost norms or its per-sample gradients, or None where it is not installed or refuses the model."""
    if importlib.util.find_spec("opacus") is None or sequential(model) is None:
        return None
    from opacus.grad_sample import GradSampleModule, GradSampleModuleFastGradientClipping

    net = copy.deepcopy(model).train()  # it listens only then
    wrapped = (
        GradSampleModuleFastGradientClipping(
            net,
            batch_first=True,
            loss_reduction="sum",
            max_grad_norm=1.0,
            use_ghost_clipping=True,
            strict=False,
        )
        if ghost
        else GradSampleModule(net, batch_first=True, loss_reduction="sum", strict=False)
    )

    def norms() -> None:
        for a, b in zip(torch.split(x, 256), torch.split(y, 256), strict=True):
            wrapped.zero_grad()
            functional.cross_entropy(wrapped(a), b, reduction="sum").backward()
            if ghost:
                wrapped.get_norm_sample()
            else:
                parts = [p.grad_sample.flatten(1).square().sum(1) for p in wrapped.parameters()]
                torch.stack(parts).sum(0).sqrt()

    return norms


def sequential(model: nn.Module) -> nn.Module | None:
    """Return the same network as a plain chain of modules, the only thing BackPACK can follow, or None."""
    net: Any = copy.deepcopy(model)
    if isinstance(model, nn.Sequential):
        return net
    if type(model).__name__ == "MLP":
        parts = [part for pair in zip(net.hidden, net.activations, strict=True) for part in pair]
        return nn.Sequential(nn.Flatten(), *parts, net.head)
    if type(model).__name__ == "LeNet":
        features = (net.conv1, net.act1, net.pool1, net.conv2, net.act2, net.pool2)
        return nn.Sequential(*features, nn.Flatten(), net.fc1, net.act3, net.fc2, net.act4, net.fc3)
    return None


def raced(ways: dict[str, Way], seconds: float) -> dict[str, float]:
    """Return the median over the rounds of how much longer each way takes than the first."""
    spent: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        way()
    end = time.perf_counter() + seconds
    while time.perf_counter() < end or len(spent[next(iter(spent))]) < 3:
        for name, way in ways.items():
            way()  # what the one before it left in the caches is nobody's merit
            started = time.perf_counter()
            way()
            spent[name].append(time.perf_counter() - started)
    ours = spent[next(iter(spent))]
    print(f"ours: {statistics.median(ours) * 1e3:.2f} ms, {len(ours)} rounds")
    return {name: statistics.median(a / b for a, b in zip(t, ours, strict=True)) for name, t in spent.items()}


def ways_of(model: nn.Module, objective: Objective, x: Tensor, y: Tensor) -> dict[str, Way]:
    """Return every way there is, ours first."""
    chunks = {f"vmap, {chunk} at once": by_vmap(model, x, y, chunk) for chunk in CHUNKS}
    found: dict[str, Way | None] = {
        "ours": Sampler(objective),
        "ours, planned anew": lambda: sample_norms(objective),
        BATCH: batch_gradient(model, objective),
        LOOP: loop(model, x, y),
        **chunks,
        "BackPACK BatchL2Grad": backpack(model, x, y),
        "Opacus ghost norms": opacus(model, x, y, ghost=True),
        "Opacus grad_sample": opacus(model, x, y, ghost=False),
    }
    return {name: way for name, way in found.items() if way is not None}


def tell(name: str, ratios: dict[str, float], samples: int) -> None:
    """Print the table of one model."""
    ratios[LOOP] *= samples / LOOPED
    ratios[VMAP] = min(ratios[f"vmap, {chunk} at once"] for chunk in CHUNKS)
    goals = GOALS[name]
    for peer, ratio in ratios.items():
        if peer == BATCH:
            row("14", "per-sample norms / gradient", peer, f"{1 / ratio:.2f}", goals[peer], 1 / ratio)
        elif peer != "ours":
            number = "13" if peer in goals else ""
            row(number, "per-sample norms", peer, times(ratio), goals.get(peer), ratio)


def main() -> None:
    """Race on every model."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=4.0, help="time for each model")
    parser.add_argument("--models", nargs="*", default=list(GOALS))
    chosen = parser.parse_args()
    warnings.filterwarnings("ignore")
    torch.set_num_threads(1)
    digits = load("digits", seed=0)
    x, y = torch.from_numpy(digits.x_train), torch.from_numpy(digits.y_train)
    print(f"per-sample gradient norms of {len(x)} digits, one thread")
    for name in chosen.models:
        torch.manual_seed(0)
        model = build(name, digits.input_shape, digits.outputs).eval()
        head(name)
        ways = ways_of(model, Objective.of(model, digits), x, y)
        tell(name, raced(ways, chosen.seconds), len(x))


if __name__ == "__main__":
    main()
