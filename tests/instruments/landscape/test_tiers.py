"""Every way to evaluate a plane against the plain one, a bowl whose values are known, and networks that don't fit."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from dltui.instruments.directions import plane as directions
from dltui.instruments.landscape import choose, scan
from dltui.instruments.landscape.choose import fastest
from dltui.instruments.landscape.dense import dense
from dltui.instruments.landscape.folded import folded
from dltui.instruments.landscape.kernels import pooled, window_max
from dltui.instruments.landscape.losses import crossed
from dltui.instruments.landscape.plain import channels_last, plain
from dltui.instruments.landscape.plane import Plane, Tier, Unfit, shares, tell
from dltui.instruments.landscape.window import Window
from dltui.models import build
from dltui.objective import Objective

Make = Callable[[Plane], Tier]
POINTS = np.array([[a, b] for b in (-0.4, 0.0, 0.3) for a in (-0.7, -0.1, 0.0, 0.2, 0.9)])


def awake(model: nn.Module) -> nn.Module:
    """Move every batch norm away from where it begins."""
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            assert module.running_mean is not None
            assert module.running_var is not None
            module.running_mean.normal_(0, 0.2)
            module.running_var.uniform_(0.5, 1.5)
            if module.affine:
                nn.init.normal_(module.weight, 1, 0.2)
                nn.init.normal_(module.bias, 0, 0.2)
    return model.eval()


class Bottleneck(nn.Module):
    """What torchvision writes: in-place ReLUs, ``+=``, ``view`` by the size of the batch."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.bn1 = nn.Conv2d(1, 6, 3, padding=1, bias=False), nn.BatchNorm2d(6)
        self.conv2, self.bn2 = nn.Conv2d(6, 6, 3, padding=1, groups=2), nn.BatchNorm2d(6, affine=False)
        self.relu = nn.ReLU(inplace=True)
        self.fc = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        out = functional.max_pool2d(self.relu(self.bn1(self.conv1(x))), 2)
        identity = out
        out = self.bn2(self.conv2(out))
        out += identity
        out = functional.adaptive_avg_pool2d(functional.relu(out, inplace=True), 1)
        return self.fc(out.view(out.size(0), -1))


class Tied(nn.Module):
    """One layer used twice, and a tensor that is read again after its ReLU."""

    def __init__(self) -> None:
        super().__init__()
        self.into, self.layer, self.out = nn.Linear(64, 8), nn.Linear(8, 8), nn.Linear(8, 4)

    def forward(self, x: Tensor) -> Tensor:
        h = self.into(x.reshape(x.shape[0], -1))
        r = torch.relu(h)
        return self.out(self.layer(torch.relu(self.layer(r))) + h + r)


def preactivated() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.Tanh(), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d((2, 4)),
        nn.Dropout(0.3), nn.Flatten(), nn.Linear(32, 4),
    )  # fmt: skip


def perceptron() -> nn.Module:
    return nn.Sequential(
        nn.Flatten(), nn.Linear(64, 12), nn.BatchNorm1d(12), nn.GELU(), nn.Dropout(), nn.Linear(12, 9), nn.ReLU(),
        nn.Linear(9, 4, bias=False),
    )  # fmt: skip


def shrinking() -> nn.Module:
    """Maps that become smaller than the kernels over them; the dense tier must not take it for a chain."""
    return nn.Sequential(
        nn.Conv2d(1, 3, 3, stride=2, padding=1), nn.ReLU(inplace=True),
        nn.Conv2d(3, 5, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(5), nn.ReLU(),
        nn.Conv2d(5, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(),
        nn.Conv2d(4, 6, 3, stride=2, padding=1), nn.Tanh(), nn.Conv2d(6, 4, 3, padding=1), nn.Flatten(),
    )  # fmt: skip


NETWORKS: dict[str, tuple[Callable[[], nn.Module], tuple[Make, ...]]] = {
    "mlp": (lambda: build("mlp", (1, 8, 8), 4), (dense, folded)),
    "perceptron": (perceptron, (dense, folded)),
    "lenet": (lambda: build("lenet", (1, 8, 8), 4), (folded,)),
    "resnet8": (lambda: build("resnet8:width=4", (1, 8, 8), 4), (folded,)),
    "resnet20-noskip": (lambda: build("resnet20-noskip:width=2", (1, 8, 8), 4), (folded,)),
    "bottleneck": (Bottleneck, (folded,)),
    "tied": (Tied, (folded,)),
    "preactivated": (preactivated, (folded,)),
    "shrinking": (shrinking, (folded,)),
}


def spanned(model: nn.Module, *, vectors: bool = False, double: bool = False, samples: int = 41) -> Plane:
    torch.manual_seed(3)
    x, y = torch.randn(samples, 1, 8, 8), torch.randint(0, 4, (samples,))
    objective = Objective.bind(model, x, y, block=16, double=double)
    twin = objective.twin()
    if vectors:
        return Plane(objective, twin, [0.3 * torch.randn_like(twin.flat) for _ in range(2)])
    return Plane(objective, twin, directions(twin, "filter", 5)[0])


@pytest.mark.parametrize("vectors", [False, True], ids=["weights", "norms too"])
@pytest.mark.parametrize("name", NETWORKS)
def test_every_way_gives_what_the_plain_one_gives(name: str, vectors: bool) -> None:
    torch.manual_seed(1)
    make, ways = NETWORKS[name]
    plane = spanned(awake(make()), vectors=vectors, double=True)
    weights = shares(plane.objective)
    slow = plain(plane).on(plane.objective)()(POINTS)
    for way in ways:
        quick = way(plane).on(plane.objective)()(POINTS)
        np.testing.assert_allclose(quick.losses, slow.losses, rtol=1e-7, atol=1e-9)
        wanted, found = (tell(each, weights, each.losses[7]) for each in (slow, quick))
        np.testing.assert_allclose(found, wanted, rtol=1e-7, atol=1e-12)


@pytest.mark.parametrize("name", NETWORKS)
def test_a_fast_way_is_taken_and_agrees_in_single_precision(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(1)
    plane = spanned(awake(NETWORKS[name][0]()))
    tier, _ = fastest(plane, Window.around((0, 0), 5, (1, 1)))
    assert tier.name != plain(plane).name
    quick = scan(plane.objective, steps=5, seed=2)
    monkeypatch.setattr(choose, "FAST", ())
    slow = scan(plane.objective, steps=5, seed=2)
    assert quick.evaluator == tier.name
    assert slow.evaluator.startswith("the model itself")
    np.testing.assert_allclose(quick.loss, slow.loss, rtol=1e-5)
    np.testing.assert_allclose(quick.accuracy, slow.accuracy, atol=1.5 / 41)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["mlp", "lenet", "resnet8"])
def test_a_point_does_not_depend_on_its_neighbours(name: str) -> None:
    plane = spanned(awake(NETWORKS[name][0]()))
    for way in (plain, *NETWORKS[name][1]):
        evaluate, weights = way(plane).on(plane.objective)(), shares(plane.objective)
        whole = tell(evaluate(POINTS), weights, None)
        for start, stop in ((0, 1), (1, 4), (5, 7), (14, 15), (3, 12)):
            assert np.array_equal(tell(evaluate(POINTS[start:stop]), weights, None), whole[start:stop])


def linear_bowl(kind: str) -> Objective:
    """A network that is linear in the weights that move, with targets that it meets exactly where it stands."""
    torch.manual_seed(9)
    if kind == "folded":
        model = nn.Sequential(nn.Conv2d(1, 3, 3), nn.BatchNorm2d(3), nn.Flatten(), nn.Linear(12, 2))
        x = torch.randn(30, 1, 4, 4)
    else:
        model, x = nn.Sequential(nn.Linear(5, 7), nn.Linear(7, 2)), torch.randn(30, 5)
    for parameter in list(model.parameters())[-2:]:
        parameter.requires_grad_(False)
    awake(model)
    return Objective.bind(model, x, model(x).detach(), task="numbers", block=8)


@pytest.mark.parametrize("kind", ["plain", "dense", "folded"])
def test_a_quadratic_bowl_through_every_way(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    objective = linear_bowl(kind)
    if kind == "plain":
        monkeypatch.setattr(choose, "FAST", ())
    found = scan(objective, steps=9, distance=1.5, normalize="none", seed=3)
    assert found.evaluator.startswith("the model itself") == (kind == "plain")
    (first, second), _ = directions(objective.twin(), "none", 3)
    twin = objective.doubled().twin()
    moved = []
    for direction in (first, second):
        start = twin.flat.clone()
        with torch.no_grad():
            twin.flat.add_(direction)
            moved.append(twin.module(objective.inputs.double()) - objective.targets.double())
            twin.flat.copy_(start)
    a, b = (part.reshape(-1) for part in moved)
    aa, ab, bb = (float(one @ other) / len(a) for one, other in ((a, a), (a, b), (b, b)))
    x, y = np.meshgrid(found.alphas, found.betas)  # type: ignore[arg-type]
    np.testing.assert_allclose(found.loss, aa * x**2 + 2 * ab * x * y + bb * y**2, rtol=1e-6, atol=1e-9 * aa)
    assert np.unravel_index(found.loss.argmin(), found.loss.shape) == (4, 4)


class Branching(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x) if x.sum() > 0 else -super().forward(x)


class Bare(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.ones(6))
        self.layer = nn.Linear(6, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x * self.scale)


class Overwriting(nn.Linear):
    def forward(self, x: Tensor) -> Tensor:
        h = super().forward(x)
        return h + torch.relu_(h) + h.exp_()


def hooked() -> nn.Module:
    model = nn.Sequential(nn.Linear(6, 5), nn.Linear(5, 4))
    model[0].register_forward_hook(lambda _module, _inputs, out: 2 * out)
    return model


STRANGE: dict[str, tuple[Callable[[], nn.Module], str]] = {
    "control flow": (lambda: Branching(6, 4), "it can't be traced"),
    "a parameter of its own": (Bare, "a parameter outside a layer"),
    "writes over itself": (lambda: Overwriting(6, 4), "exp_ changes its argument"),
    "hooks": (hooked, "it has hooks"),
    "another layer": (lambda: nn.Sequential(nn.Linear(6, 4), nn.LayerNorm(4)), "1 is a LayerNorm"),
    "parametrised": (
        lambda: nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(6, 5)), nn.Linear(5, 4)),
        "0 is a ParametrizedLinear",
    ),
}


@pytest.mark.parametrize("name", STRANGE)
def test_what_is_not_understood_is_evaluated_as_it_is(name: str) -> None:
    torch.manual_seed(2)
    make, why = STRANGE[name]
    model = make()
    objective = Objective.bind(model, torch.randn(9, 6), torch.randint(0, 4, (9,)))
    twin = objective.twin()
    plane = Plane(objective, twin, [torch.randn_like(twin.flat)])
    for way in (dense, folded):
        with pytest.raises(Unfit):
            way(plane)
    told = scan(objective, steps=3).evaluator
    assert told.startswith("the model itself: ")
    assert why in told


def test_a_way_that_does_not_agree_is_not_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    plane = spanned(awake(build("lenet", (1, 8, 8), 4)))

    def wrong(plane: Plane) -> Tier:
        def on(objective: Objective) -> Callable:
            def evaluate(points: np.ndarray) -> object:
                found = plain(plane).on(objective)()(points)
                return found._replace(losses=found.losses * (1 + 1e-4))

            return lambda: evaluate

        return Tier("wrong", on)

    monkeypatch.setattr(choose, "FAST", (wrong, folded))
    assert fastest(plane, Window.around((0, 0), 5, (1, 1)))[0].name == folded(plane).name
    monkeypatch.setattr(choose, "FAST", (wrong,))
    assert "differs by more than rounding" in fastest(plane, Window.around((0, 0), 5, (1, 1)))[0].name


def test_maxima_over_windows_are_those_of_torch() -> None:
    x = torch.randn(3, 2, 7, 9)
    x[0, 0, 2, 3] = torch.nan
    for size in ((2, 2), (3, 2), (1, 1), (3, 3)):
        wanted = functional.max_pool2d(x, size)
        assert torch.equal(torch.nan_to_num(window_max(x, *size), 9), torch.nan_to_num(wanted, 9))


def test_cross_entropies_are_those_of_torch_and_ties_count_as_argmax_has_them() -> None:
    scores = torch.randn(5, 4, 11)
    scores[2] = 0  # all classes alike: the first one wins
    scores[3, :, 0] = 1e4 * torch.tensor([1, -1, 1, 1])
    y = torch.randint(0, 4, (11,))
    wanted = torch.stack([functional.cross_entropy(one.T, y, reduction="none") for one in scores])
    hits = (scores.argmax(1) == y).sum(1)
    losses, found = crossed(scores.clone(), y)
    torch.testing.assert_close(losses, wanted)
    assert found.tolist() == hits.tolist()


@pytest.mark.parametrize("name", ["lenet", "preactivated"])
def test_channels_last_gives_what_the_plain_way_gives(name: str) -> None:
    torch.manual_seed(1)
    plane = spanned(awake(NETWORKS[name][0]()), double=True)
    wanted, found = (way(plane).on(plane.objective)()(POINTS) for way in (plain, channels_last))
    np.testing.assert_allclose(found.losses, wanted.losses, rtol=1e-9, atol=1e-12)
    assert torch.equal(found.right, wanted.right)


@pytest.mark.parametrize("name", ["mlp", "resnet8"])
def test_channels_last_is_for_pooled_pictures(name: str) -> None:
    with pytest.raises(Unfit, match="pools no pictures"):
        channels_last(spanned(NETWORKS[name][0]()))


def test_an_untraceable_network_is_scanned_the_same_way_each_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choose, "FAST", ())
    plane = spanned(awake(build("lenet", (1, 8, 8), 4)))
    window = Window.around((0, 0), 5, (1, 1))
    assert {fastest(plane, window)[0].name for _ in range(5)} == {"the model itself, channels last: "}


@pytest.mark.parametrize("wrong", [None, float("nan"), float("inf"), 1e30])
@pytest.mark.parametrize("size", [(8, 8), (7, 9)], ids=str)
def test_a_convolution_and_its_maxima_at_once(size: tuple[int, int], wrong: float | None) -> None:
    x, weight, bias = torch.randn(3, 5, *size), torch.randn(6, 5, 3, 3), torch.randn(6)
    if wrong is not None:
        x[1, 2, 3, 3] = wrong
    found = pooled(x, weight, bias, (1, 1, 1, 1), 2, 3)
    outputs = torch.conv2d(x, weight, bias, 1, 1)
    torch.testing.assert_close(found, functional.max_pool2d(outputs, (2, 3)), equal_nan=True)
