"""Attributions of functions whose explanation is known: closed forms, and the numbers of the notes."""

import math
from collections.abc import Callable
from itertools import permutations

import numpy as np
import pytest
import torch
from attribution_cases import Function, about, numbers, question_of
from torch import Tensor, nn

from dltui.errors import UsageError
from dltui.instruments.attribution import cam, gradients, perturbed
from dltui.instruments.attribution.question import Question
from dltui.models import build

WEIGHTS = [1.5, -2.0, 0.25, 3.0]
X = [0.5, 1.0, -2.0, 4.0]


@pytest.fixture
def linear() -> Question:
    weights = torch.tensor(WEIGHTS, dtype=torch.float64)
    return about(lambda x: x @ weights + 7.0, X)


def test_a_linear_model_gives_its_weights(linear: Question) -> None:
    weights, product = np.array(WEIGHTS), np.array(WEIGHTS) * np.array(X)
    assert np.array_equal(numbers(gradients.saliency(linear))[0], weights)
    assert np.allclose(numbers(gradients.smoothgrad(linear, samples=5))[0], weights, rtol=1e-12)
    assert np.allclose(numbers(gradients.gradient_x_input(linear))[0], product, rtol=1e-12)
    found, steps, gap = gradients.integrated_gradients(linear)
    assert np.allclose(numbers(found)[0], product, rtol=1e-12)
    assert (steps, gap < 1e-12) == (50, True)
    assert np.allclose(numbers(perturbed.occlusion(linear, patch=[1], stride=[1])), product, rtol=1e-12)
    labels = np.arange(4)
    assert np.allclose(perturbed.lime(linear, labels, samples=64)[0], product, rtol=1e-6)
    assert np.allclose(perturbed.kernel_shap(linear, labels)[0], product, rtol=1e-9)
    slopes, quality = perturbed.lime_around(linear, samples=64)
    assert np.allclose(slopes, weights, rtol=1e-6)
    assert quality == pytest.approx(1)


def test_gradients_are_finite_differences() -> None:
    question = about(lambda x: x[:, 0] ** 2 * x[:, 1].sin() + x[:, 2].exp(), [0.3, 1.2, -0.4])
    step = 1e-6
    for i in range(3):
        ahead, behind = question.x.clone(), question.x.clone()
        ahead[0, i] += step
        behind[0, i] -= step
        slope = float(question.values(ahead) - question.values(behind)) / (2 * step)
        assert float(gradients.saliency(question)[0, i]) == pytest.approx(slope, rel=1e-7)


def rugged(x: Tensor) -> Tensor:
    """Return x + 0.1 sin 50x of the first number; the second only widens the range of the input to 1."""
    return x[:, 0] + 0.1 * (50 * x[:, 0]).sin()


def test_smoothgrad_smooths_what_is_rugged() -> None:
    question = about(rugged, [0.3, 1.3])
    assert float(gradients.saliency(question)[0, 0]) == pytest.approx(-2.798440, abs=1e-6)
    many = gradients.smoothgrad(question, samples=20_000, noise=0.1)
    assert float(many[0, 0]) == pytest.approx(1.0, abs=0.1)
    still = gradients.smoothgrad(question, samples=3, noise=0.0)
    assert torch.allclose(still, gradients.saliency(question))


@pytest.mark.parametrize(("samples", "spread"), [(1, 3.55), (10, 1.17), (100, 0.348)])
def test_smoothgrad_is_the_steadier_the_more_copies(samples: int, spread: float) -> None:
    question = about(rugged, [0.3, 1.3])
    found = [
        float(gradients.smoothgrad(question, samples=samples, noise=0.1, seed=s)[0, 0]) for s in range(250)
    ]
    assert float(np.std(found)) == pytest.approx(spread, rel=0.15)


def test_integrated_gradients_see_what_is_saturated() -> None:
    saturated = about(lambda x: 1 - torch.relu(1 - x[:, 0]), [2.0])
    assert float(gradients.saliency(saturated)[0, 0]) == 0
    found, _, gap = gradients.integrated_gradients(saturated)
    assert float(found[0, 0]) == pytest.approx(1, abs=0.01)
    assert gap <= 0.01
    sigmoid = about(lambda x: torch.sigmoid(10 * x[:, 0] - 5), [2.0])
    assert float(gradients.saliency(sigmoid)[0, 0]) == pytest.approx(3.06e-6, rel=1e-2)
    middle, _, _ = gradients.integrated_gradients(sigmoid, steps=50, rule="midpoint")
    assert float(middle[0, 0]) == pytest.approx(0.9933504, abs=1e-7)
    exact, _, _ = gradients.integrated_gradients(sigmoid, steps=50)
    assert float(exact[0, 0]) == pytest.approx(1 / (1 + math.exp(-15)) - 1 / (1 + math.exp(5)), abs=1e-6)


def test_integrated_gradients_take_more_steps_where_much_is_missing() -> None:
    steep = about(lambda x: torch.sigmoid(800 * (x[:, 0] - 0.503)), [1.0])
    _, steps, gap = gradients.integrated_gradients(steep)
    assert steps > 50
    assert gap <= 0.01
    _, few, wide = gradients.integrated_gradients(steep, steps=10, rule="midpoint")
    assert few == 10
    assert wide > 0.05


def test_a_baseline_equal_to_the_input_gives_nothing(linear: Question) -> None:
    found, _, gap = gradients.integrated_gradients(linear.asked(baseline=linear.x))
    assert float(found.abs().max()) == 0
    assert gap == 0


@pytest.mark.parametrize("in_place", [False, True])
def test_guided_backprop_sees_every_relu(in_place: bool) -> None:
    """Through modules and through functions: only positive gradients of positive inputs pass."""
    module = nn.ReLU(inplace=in_place)

    def twice(x: Tensor) -> Tensor:
        low = module(x * 1.0) * torch.tensor([1.0, -1.0, 1.0], dtype=torch.float64)
        return torch.relu(low + 2).sum(dim=1)

    question = about(twice, [1.0, 1.0, -1.0])
    assert numbers(gradients.saliency(question)).tolist() == [[1, -1, 0]]
    assert numbers(gradients.guided_backprop(question)).tolist() == [[1, 0, 0]]


@pytest.mark.parametrize("clip", [nn.ReLU6(), nn.ReLU6(inplace=True), torch.nn.functional.relu6])
def test_guided_backprop_sees_clipped_relus(clip: Callable[[Tensor], Tensor]) -> None:
    signs = torch.tensor([1.0, 1.0, 1.0, -1.0], dtype=torch.float64)
    question = about(lambda x: (clip(x * 1.0) * signs).sum(dim=1), [-1.0, 3.0, 7.0, 2.0])
    assert numbers(gradients.saliency(question)).tolist() == [[0, 1, 0, -1]]
    assert numbers(gradients.guided_backprop(question)).tolist() == [[0, 1, 0, 0]]


def test_guided_backprop_needs_a_relu(linear: Question) -> None:
    with pytest.raises(UsageError, match="none: try saliency"):
        gradients.guided_backprop(linear)


def test_the_mean_of_cam_is_the_score() -> None:
    torch.manual_seed(0)
    module = build("resnet8", (3, 16, 16), 7)
    question = question_of(module, torch.rand(1, 3, 16, 16), 4)
    found, layer = cam.cam(question)
    score = float(question.values(question.x)) - float(numbers(module.get_parameter("fc.bias"))[4])
    assert layer.startswith("stage3")
    assert float(found.mean()) == pytest.approx(score, rel=1e-5)
    graded, where = cam.grad_cam(question)
    assert where == layer
    places = found.shape[-1] * found.shape[-2]
    assert torch.allclose(graded, torch.relu(found) / places, atol=1e-6)


def test_cam_needs_global_average_pooling() -> None:
    question = question_of(build("lenet", (1, 16, 16), 3), torch.rand(1, 1, 16, 16))
    with pytest.raises(UsageError, match="try grad-cam"):
        cam.cam(question)


def test_grad_cam_plus_plus_place_by_place() -> None:
    """Against its formula written out in loops."""
    torch.manual_seed(1)
    module = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(48, 2)).double()
    question = question_of(module, torch.rand(1, 1, 6, 6, dtype=torch.float64), 1)
    found, _ = cam.grad_cam_plus_plus(question, layer="1")
    maps = numbers(module[:2](question.x))[0]
    slopes = numbers(module[3].weight)[1].reshape(3, 4, 4)  # type: ignore[arg-type]
    expected = np.zeros((4, 4))
    for k in range(3):
        weight = 0.0
        for i in range(4):
            for j in range(4):
                g = slopes[k, i, j]
                below = 2 * g**2 + maps[k].sum() * g**3
                weight += (g**2 / below if below else 0.0) * max(g, 0.0)
        expected += weight * maps[k]
    assert np.allclose(numbers(found)[0, 0], np.maximum(expected, 0), rtol=1e-9)


def test_patches_of_a_transformer_become_maps() -> None:
    tokens = torch.arange(2 * 17, dtype=torch.float32).reshape(1, 17, 2)
    maps = cam.as_maps(tokens)
    assert maps is not None
    assert maps.shape == (1, 2, 4, 4)
    assert maps[0, 0, 0].tolist() == [2, 4, 6, 8]  # the first token is no patch
    assert cam.as_maps(torch.zeros(1, 12, 2)) is None
    assert cam.as_maps(torch.zeros(1, 8, 1, 1)) is None


def planted(x: Tensor) -> Tensor:
    """Return the sum of a square of a picture."""
    return x[:, 0, 4:7, 5:8].sum(dim=(1, 2))


def test_occlusion_finds_what_is_planted() -> None:
    question = question_of(Function(planted), torch.ones(1, 1, 12, 12))
    found = perturbed.occlusion(question, patch=(3, 3), stride=(1, 1))
    assert float(found.max()) == float(found[5, 6]) == pytest.approx((9 + 4 * 6 + 4 * 4) / 9)
    assert float(found[0, 0]) == float(found[11, 11]) == 0
    assert not perturbed.occlusion(question, patch=(0, 0), stride=(1, 1)).any()


def test_lime_is_local() -> None:
    """x₁² + 3x₂ at (1, 2): slopes 2.002 and 3.000; a line through all of −3 … 3 sees nothing of the square."""
    question = about(lambda x: x[:, 0] ** 2 + 3 * x[:, 1], [1.0, 2.0])
    slopes, quality = perturbed.lime_around(question, samples=1000, width=0.3)
    assert slopes == pytest.approx([2.002, 3.000], abs=0.003)
    assert quality > 0.98
    everywhere = np.random.default_rng(0).uniform(-3, 3, (20_000, 2))
    values = everywhere[:, 0] ** 2 + 3 * everywhere[:, 1]
    flat, _ = perturbed.fitted_line(everywhere, values, np.ones(len(values)))
    assert flat == pytest.approx([0.004, 2.995], abs=0.05)


def test_kernel_shap_of_all_coalitions_is_shapley() -> None:
    def game(x: Tensor) -> Tensor:
        return x[:, 0] * x[:, 1] + 2 * x[:, 2] - x[:, 3] * x[:, 0] * x[:, 2] + x[:, 4]

    place = [1.0, 2.0, -1.0, 3.0, 0.5]
    question = about(game, place)
    found, exact = perturbed.kernel_shap(question, np.arange(5))
    expected = np.zeros(5)
    for order in permutations(range(5)):
        x = torch.zeros(1, 5, dtype=torch.float64)
        for i in order:
            before = float(game(x))
            x[0, i] = place[i]
            expected[i] += float(game(x)) - before
    assert exact
    assert np.allclose(found, expected / math.factorial(5), atol=1e-12)


def test_kernel_shap_of_some_coalitions_adds_up_and_comes_near() -> None:
    generator = torch.Generator().manual_seed(0)
    weights = torch.randn(12, generator=generator, dtype=torch.float64)
    question = about(lambda x: torch.tanh(x @ weights) + x[:, 0] * x[:, 1], [1.0] * 12)
    exact, all_of_them = perturbed.kernel_shap(question, np.arange(12), samples=4094)
    some, not_all = perturbed.kernel_shap(question, np.arange(12), samples=1000)
    assert (all_of_them, not_all) == (True, False)
    total = float(question.values(question.x) - question.values(question.baseline))
    assert some.sum() == pytest.approx(total, abs=1e-12)
    assert np.abs(some - exact).max() < 0.05 * np.abs(exact).max()


def test_the_probability_can_be_asked_for() -> None:
    module = nn.Linear(3, 4).double()
    question = question_of(module, torch.rand(1, 3, dtype=torch.float64), 2, score="probability")
    chance = torch.softmax(module(question.x), dim=1)[0, 2]
    assert float(question.values(question.x)) == pytest.approx(float(chance.detach()))


class Patches(nn.Module):
    """A small vision transformer: patches of 4 × 4, a [CLS] token, two blocks, a head that reads [CLS]."""

    def __init__(self) -> None:
        super().__init__()
        self.patch = nn.Conv2d(1, 16, 4, stride=4)
        self.cls = nn.Parameter(torch.randn(1, 1, 16))
        self.blocks = nn.ModuleList(
            nn.TransformerEncoderLayer(16, 2, 32, batch_first=True, norm_first=True) for _ in range(2)
        )
        self.head = nn.Linear(16, 3)

    def forward(self, x: Tensor) -> Tensor:
        """Return three scores."""
        h = self.patch(x).flatten(2).transpose(1, 2)
        h = torch.cat([self.cls.expand(len(x), -1, -1), h], dim=1)
        for block in self.blocks:
            h = block(h)
        found: Tensor = self.head(h[:, 0])
        return found


def test_grad_cam_of_a_transformer_uses_the_last_patches_that_count() -> None:
    """What the last block gives for patches reaches no score: only its [CLS] is read."""
    torch.manual_seed(4)
    question = question_of(Patches(), torch.rand(1, 1, 16, 16), 2)
    found, layer = cam.grad_cam(question)
    assert layer == "blocks.1.norm1"
    assert found.shape == (1, 1, 4, 4)
    assert float(found.max()) > 0
    caught: list[Tensor] = []
    handle = question.module.get_submodule(layer).register_forward_hook(lambda _, __, out: caught.append(out))
    score = question.value(question.x)[0]
    handle.remove()
    (slope,) = torch.autograd.grad(score, caught[0])
    weights = slope[0, 1:].mean(dim=0)
    expected = torch.relu((caught[0][0, 1:] @ weights).reshape(4, 4))
    assert torch.allclose(found[0, 0], expected, atol=1e-6)
