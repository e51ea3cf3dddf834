"""Activation maximisation: planted filters, closed forms, what priors do, and that nothing is changed."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import nn

from dltui.data.takes import Takes
from dltui.errors import UsageError
from dltui.instruments.dream.aim import Aim
from dltui.instruments.dream.climb import Way, dream
from dltui.instruments.dream.priors import Priors, blurred, variation
from dltui.results import load

DIAGONAL = torch.tensor([[2.0, 1, 0], [1, 0, -1], [0, -1, -2]])  # an edge that runs at 45 degrees
PICTURES = Takes("image", (1, 24, 24))
FREE = Priors()


def filtered(kernel: torch.Tensor = DIAGONAL, *, rectified: bool = True) -> nn.Sequential:
    conv = nn.Conv2d(1, 1, 3, padding=1, bias=False)
    with torch.no_grad():
        conv.weight.copy_(kernel[None, None])
    return nn.Sequential(conv, *([nn.ReLU()] if rectified else []))


def stripes(picture: np.ndarray) -> tuple[float, float, float]:
    """Change from pixel to pixel along the diagonal and across it, and the direction of the waves."""
    along = float(np.abs(picture[1:, :-1] - picture[:-1, 1:]).mean())
    across = float(np.abs(picture[1:, 1:] - picture[:-1, :-1]).mean())
    power = np.abs(np.fft.fft2(picture - picture.mean())) ** 2
    down, right = np.meshgrid(*[np.fft.fftfreq(len(picture))] * 2, indexing="ij")
    # the mean direction of the waves, weighted by their power; angles are doubled since a wave has no head
    doubled = np.angle((power * np.exp(2j * np.arctan2(down, right))).sum())
    return along, across, float(np.degrees(doubled) / 2)


@pytest.mark.parametrize("paint", ["pixels", "fourier"])
def test_a_filter_at_45_degrees_dreams_of_stripes_at_45_degrees(paint: str) -> None:
    way = Way(steps=250, paint=paint, priors=Priors(tv=1.0))  # type: ignore[arg-type]
    along, across, angle = stripes(dream(filtered(), PICTURES, Aim("1", (0,)), way).pictures[0])
    assert across > 1.7 * along
    assert angle == pytest.approx(45, abs=10)
    other = dream(filtered(DIAGONAL.flip(1)), PICTURES, Aim("1", (0,)), way)
    assert stripes(other.pictures[0])[2] == pytest.approx(-45, abs=10)


def test_the_objective_never_falls_when_steps_are_small() -> None:
    found = dream(filtered(), PICTURES, Aim("1", (0,)), Way(steps=120, rate=0.01, paint="pixels"))
    assert (np.diff(found.climbed[0]) > 0).all()
    assert found.climbed[0, -1] > 3 * found.climbed[0, 0]


def test_a_linear_map_is_climbed_by_its_positive_part() -> None:
    """The sum of a linear map has no slope inside the picture: its gradient is the sum of the kernel, 0 for an edge."""
    model = filtered(rectified=False)
    x = torch.rand(1, 1, 24, 24, requires_grad=True)
    (slope,) = torch.autograd.grad(model(x).sum(), x)
    assert slope[..., 1:-1, 1:-1].abs().max() == 0
    found = dream(model, PICTURES, Aim("0", (0,)), Way(steps=100, paint="pixels", priors=Priors(tv=0.5)))
    same = dream(filtered(), PICTURES, Aim("1", (0,)), Way(steps=100, paint="pixels", priors=Priors(tv=0.5)))
    np.testing.assert_allclose(found.pictures, same.pictures, atol=1e-5)


def test_one_cell_moves_its_receptive_field_alone() -> None:
    model = nn.Sequential(*filtered(), nn.Conv2d(1, 1, 3, padding=1))
    found = dream(model, PICTURES, Aim("2", (0,), (10, 4)), Way(steps=30, paint="pixels"))
    moved = np.abs(found.frames[-1, 0] - found.frames[0, 0]) > 0
    rows, columns = np.nonzero(moved)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (8, 12, 2, 6)


def test_a_linear_classifier_dreams_of_its_weights() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Flatten(), nn.Linear(16, 3))
    found = dream(model, Takes("image", (1, 4, 4)), Aim("", (0, 2)), Way(steps=400, rate=0.2, paint="pixels"))
    weights = model[1].weight[[0, 2]].detach().numpy().reshape(2, 4, 4)
    large = np.abs(weights) > 0.02
    assert (np.where(weights > 0, found.pictures > 0.97, found.pictures < 0.03) | ~large).all()
    best = np.maximum(weights, 0).sum((1, 2)) + model[1].bias[[0, 2]].detach().numpy()
    np.testing.assert_allclose(found.climbed[:, -1], best, rtol=0.02)
    assert found.chances is not None
    assert (found.chances[:, -1] > found.chances[:, 0]).all()


def test_pixels_are_normalised_as_the_model_takes_them() -> None:
    takes = Takes("image", (3, 8, 8), mean=(0.5, 0.4, 0.3), std=(0.2, 0.2, 0.1))
    model = nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU())
    found = dream(model, takes, Aim("1", (1,)), Way(steps=5))
    pixels = found.values[0] * np.array(takes.std)[:, None, None] + np.array(takes.mean)[:, None, None]
    np.testing.assert_allclose(pixels.transpose(1, 2, 0), found.pictures[0], atol=1e-5)
    assert found.pictures.shape == (1, 8, 8, 3)


def test_priors_do_what_they_are_for() -> None:
    def climb(**held: float) -> np.ndarray:
        way = Way(steps=150, paint="pixels", priors=Priors(**held))  # type: ignore[arg-type]
        return dream(filtered(), PICTURES, Aim("1", (0,)), way).pictures[0]

    free, smooth, small, soft = climb(), climb(tv=1.0), climb(l2=2.0), climb(blur=1.5)

    def rough(p: np.ndarray) -> float:
        return float(variation(torch.from_numpy(p)[None, None]))

    assert rough(smooth) < 0.8 * rough(free)
    assert rough(soft) < 0.8 * rough(free)
    assert np.square(small - 0.5).sum() < 0.7 * np.square(free - 0.5).sum()


def test_blur_and_variation_are_what_others_compute() -> None:
    picture = np.random.default_rng(0).random((2, 1, 9, 13))
    ours = blurred(torch.from_numpy(picture), 1.3).numpy()
    peer = gaussian_filter(picture, (0, 0, 1.3, 1.3), mode="nearest", truncate=4 / 1.3)
    np.testing.assert_allclose(ours, peer, atol=1e-12)
    p = picture[0, 0]
    right, below = np.diff(p, axis=1, append=p[:, -1:]), np.diff(p, axis=0, append=p[-1:])
    assert float(variation(torch.from_numpy(picture))[0]) == pytest.approx(
        np.hypot(right, below).sum(), rel=1e-4
    )
    assert float(variation(torch.from_numpy(picture), 2)[0]) == pytest.approx((right**2 + below**2).sum())


def test_nothing_of_the_model_is_changed() -> None:
    torch.manual_seed(1)
    model = nn.Sequential(
        nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(inplace=True), nn.Dropout(0.5)
    ).train()
    model[0].weight.grad = torch.ones_like(model[0].weight)
    model[0].bias.requires_grad_(requires_grad=False)
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    state = torch.get_rng_state()
    found = dream(model, PICTURES, Aim("2", (0, 3)), Way(steps=10))
    assert found.weights_unchanged is True
    assert all(torch.equal(tensor, before[name]) for name, tensor in model.state_dict().items())
    assert model.training
    assert model[1].training
    assert [p.requires_grad for p in model.parameters()] == [True, False, True, True]
    assert torch.equal(model[0].weight.grad, torch.ones_like(model[0].weight))
    assert not any(part._forward_hooks for part in model.modules())
    assert torch.equal(torch.get_rng_state(), state)


def test_a_dead_unit_is_told() -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.ReLU())
    with torch.no_grad():
        model[0].bias[0] = -1e3
    found = dream(model, PICTURES, Aim("1", (0, 1)), Way(steps=10))
    assert found.asleep == [0]
    assert "unit 0 felt no gradient" in found.figures()[0].caption
    assert found.climbed[1, -1] > found.climbed[1, 0]


def test_a_whole_layer_and_rows_of_numbers() -> None:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 2))
    takes = Takes("array", (2,))
    found = dream(model, takes, Aim("1"), Way(steps=200, priors=Priors(l2=0.0)))
    assert found.climbed.shape[0] == 1
    assert found.climbed[0, -1] > 0.8  # tanh² saturates at 1
    held = dream(model, takes, Aim("", (1,)), Way(steps=200, priors=Priors(l2=1.0)))
    assert np.abs(held.values).max() < 3
    assert held.figures()[0].words()


def test_the_same_seed_gives_the_same_bits_and_another_one_another_dream() -> None:
    way = Way(steps=20, priors=Priors(jitter=2))
    one, two = (dream(filtered(), PICTURES, Aim("1", (0,)), way) for _ in range(2))
    assert np.array_equal(one.values, two.values)
    assert not np.array_equal(
        one.values, dream(filtered(), PICTURES, Aim("1", (0,)), Way(steps=20, seed=1)).values
    )


def test_partial_results_come_as_it_climbs_and_are_kept(tmp_path) -> None:
    told = []
    found = dream(
        filtered(), PICTURES, Aim("1", (0,)), Way(steps=8), report=lambda *known: told.append(known)
    )
    assert told[0][:2] == (0, 8)
    assert told[-1][:2] == (8, 8)
    assert not told[0][2].complete
    assert told[0][2].weights_unchanged is None
    assert all(figure.words() for figure in told[0][2].figures())
    found.save(tmp_path / "dream.safetensors")
    back = load(tmp_path / "dream.safetensors")
    assert back.document()["dreams"] == found.document()["dreams"]
    assert np.array_equal(back.frames, found.frames)


@pytest.mark.parametrize(
    ("takes", "aim", "said"),
    [
        (Takes("tokens", (8,)), Aim("", (0,)), "reads tokens"),
        (PICTURES, Aim("1", (1,)), "there is no unit 1: expected 0 to 0"),
        (PICTURES, Aim("1", (0,), (24, 0)), "no cell 24,0"),
        (PICTURES, Aim("9", (0,)), "unknown layer '9'"),
    ],
)
def test_what_cannot_be_dreamt_of_is_refused(takes: Takes, aim: Aim, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        dream(filtered(), takes, aim, Way(steps=1))
