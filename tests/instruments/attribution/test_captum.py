"""Every attribution that captum knows agrees with captum, on three models."""

import captum.attr as ca
import numpy as np
import pytest
import torch
from attribution_cases import numbers
from captum._utils.models.linear_model import SkLearnLinearRegression
from torch import nn

from dltui.errors import UsageError
from dltui.instruments.attribution import cam, gradients, perturbed
from dltui.instruments.attribution.question import Question
from dltui.instruments.attribution.superpixels import grid

CLOSE = 1e-4
pytestmark = [
    pytest.mark.filterwarnings("ignore:Input Tensor 0 did not already require gradients"),
    pytest.mark.filterwarnings("ignore:Setting backward hooks on ReLU"),
]


def same(mine: torch.Tensor | np.ndarray, theirs: torch.Tensor) -> None:
    """Hold two attributions together, up to a ten-thousandth of the largest."""
    own = mine if isinstance(mine, np.ndarray) else numbers(mine)
    other = numbers(theirs)
    assert own.shape == other.shape
    assert np.abs(own - other).max() <= CLOSE * np.abs(other).max()
    assert np.abs(other).max() > 0


def test_saliency(asked: Question) -> None:
    same(gradients.saliency(asked).abs(), ca.Saliency(asked.module).attribute(asked.x, asked.target))


def test_gradient_x_input(asked: Question) -> None:
    same(gradients.gradient_x_input(asked), ca.InputXGradient(asked.module).attribute(asked.x, asked.target))


def test_smoothgrad(asked: Question) -> None:
    found = gradients.smoothgrad(asked, samples=16, noise=0.2, seed=5)
    sigma = 0.2 * float(asked.x.max() - asked.x.min())
    torch.manual_seed(5)  # both draw the same numbers then
    theirs = ca.NoiseTunnel(ca.Saliency(asked.module)).attribute(
        asked.x, nt_type="smoothgrad", nt_samples=16, stdevs=sigma, target=asked.target, abs=False
    )
    same(found, theirs)


@pytest.mark.parametrize(
    ("rule", "method"), [("gauss-legendre", "gausslegendre"), ("midpoint", "riemann_middle")]
)
def test_integrated_gradients(asked: Question, rule: gradients.Rule, method: str) -> None:
    found, steps, _ = gradients.integrated_gradients(asked, steps=32, rule=rule)
    assert steps == 32
    theirs = ca.IntegratedGradients(asked.module).attribute(
        asked.x, asked.baseline, asked.target, n_steps=32, method=method
    )
    same(found, theirs)


def test_integrated_gradients_are_complete(asked: Question) -> None:
    found, steps, gap = gradients.integrated_gradients(asked)
    change = float(asked.values(asked.x) - asked.values(asked.baseline))
    assert gap <= 0.01
    assert float(found.sum()) == pytest.approx(change, rel=0.011)
    assert steps >= 50


def test_guided_backprop(asked: Question) -> None:
    theirs = ca.GuidedBackprop(asked.module).attribute(asked.x, asked.target)
    same(gradients.guided_backprop(asked), theirs)


def test_grad_cam(asked: Question) -> None:
    if not any(isinstance(part, nn.Conv2d) for part in asked.module.modules()):
        with pytest.raises(UsageError, match="maps"):
            cam.grad_cam(asked)
        return
    layers = [name for name, part in asked.module.named_modules() if isinstance(part, nn.Conv2d)]
    for name in layers:
        found, layer = cam.grad_cam(asked, layer=name)
        assert layer == name
        theirs = ca.LayerGradCam(asked.module, asked.module.get_submodule(name)).attribute(
            asked.x, asked.target, relu_attributions=True
        )
        if theirs.abs().max() > 0:
            same(found, theirs)
        same(
            cam.enlarged(found + 1e-6, (12, 12)),
            ca.LayerAttribution.interpolate(found + 1e-6, (12, 12), "bilinear"),
        )


@pytest.mark.parametrize(("patch", "stride"), [((3, 3), (2, 2)), ((4, 5), (4, 3)), ((1, 1), (1, 1))])
def test_occlusion(asked: Question, patch: tuple[int, int], stride: tuple[int, int]) -> None:
    found = perturbed.occlusion(asked, patch=patch, stride=stride)
    theirs = ca.Occlusion(asked.module).attribute(
        asked.x,
        sliding_window_shapes=(1, *patch),
        strides=(1, *stride),
        baselines=asked.baseline,
        target=asked.target,
    )
    same(found[None, None], theirs)


def test_shapley_values(asked: Question) -> None:
    labels = grid(12, 12, 6)
    found, exact = perturbed.kernel_shap(asked, labels)
    assert exact
    theirs = ca.ShapleyValues(asked.module).attribute(
        asked.x,
        asked.baseline,
        asked.target,
        feature_mask=torch.from_numpy(labels)[None, None],
        perturbations_per_eval=16,
    )
    same(found[labels][None, None], theirs)


def test_kernel_shap_of_captum_is_near(asked: Question) -> None:
    """Captum draws coalitions at random, so that it only comes near what all of them give."""
    labels = grid(12, 12, 6)
    found, _ = perturbed.kernel_shap(asked, labels)
    torch.manual_seed(0)
    np.random.seed(0)
    theirs = ca.KernelShap(asked.module).attribute(
        asked.x,
        asked.baseline,
        asked.target,
        feature_mask=torch.from_numpy(labels)[None, None],
        n_samples=600,
        perturbations_per_eval=64,
    )
    apart = np.abs(found[labels] - numbers(theirs)[0, 0]).max()
    assert apart < 0.2 * np.abs(found).max()


def test_lime(asked: Question) -> None:
    """On the same samples with the same weights, captum's linear model finds the same line."""
    labels = grid(12, 12, 9)
    count = int(labels.max()) + 1
    found, quality = perturbed.lime(asked, labels, samples=200, seed=1)
    present = np.random.default_rng(1).random((200, count)) < 0.5
    present[0] = True
    rows = iter(torch.from_numpy(present.astype(np.float32)))

    def near(_: object, __: object, row: torch.Tensor, **___: object) -> float:
        return float(np.exp(-(((1 - float(row.mean()) ** 0.5) / 0.25) ** 2)))

    theirs = ca.Lime(
        asked.module,
        interpretable_model=SkLearnLinearRegression(),
        similarity_func=near,
        perturb_func=lambda *_, **__: next(rows)[None],
    ).attribute(
        asked.x,
        asked.baseline,
        asked.target,
        feature_mask=torch.from_numpy(labels)[None, None],
        n_samples=200,
        return_input_shape=False,
    )
    same(found[None], theirs)
    assert 0 < quality <= 1
