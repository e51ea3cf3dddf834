"""Feature inversion: what a layer keeps comes back, what it throws away doesn't."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from dltui.data.inputs import Given
from dltui.data.takes import Takes
from dltui.errors import DltuiError, UsageError
from dltui.instruments.dream.invert import Hold, invert
from dltui.instruments.dream.priors import norm_power
from dltui.results import load

TAKES = Takes("image", (1, 12, 12))


def picture(seed: int = 0) -> Given:
    """A soft blob on a ramp."""
    y, x = np.mgrid[:12, :12] / 11
    values = 0.6 * np.exp(-((x - 0.4) ** 2 + (y - 0.6) ** 2) / 0.05) + 0.3 * x + 0.01 * seed
    return Given("blob", values.astype(np.float32)[None, None])


def narrowing() -> nn.Sequential:
    """Each layer keeps a quarter of what came: means of 2 × 2 pixels, again and again."""
    return nn.Sequential(nn.Conv2d(1, 1, 1), nn.AvgPool2d(2), nn.AvgPool2d(2), nn.AdaptiveAvgPool2d(1))


def test_the_error_grows_with_what_the_layers_throw_away() -> None:
    found = invert(narrowing(), TAKES, picture(), hold=Hold(steps=250))
    assert found.layers == ["0", "1", "2", "3"]
    assert (np.diff(found.input_errors[:, -1]) > 0).all()
    assert found.input_errors[0, -1] < 0.1
    assert (found.feature_errors[:, -1] < 0.05).all()
    assert (found.feature_errors[:, -1] < 0.2 * found.feature_errors[:, 0]).all()
    assert found.weights_unchanged is True


def test_without_priors_the_features_are_matched_to_the_digits() -> None:
    found = invert(narrowing(), TAKES, picture(), ["1"], Hold(alpha=0, tv=0, steps=300))
    values = found.values[:, 0]
    means = values.reshape(2, 6, 2, 6, 2).mean((2, 4))
    np.testing.assert_allclose(means[1], means[0], atol=1e-3)
    rest = values[1] - means[1].repeat(2, 0).repeat(2, 1)
    assert np.abs(rest).max() > 0.02  # inside of a mean the first noise stays


def test_total_variation_smooths_what_the_layer_does_not_say() -> None:
    rough, smooth = (
        invert(narrowing(), TAKES, picture(), ["2"], Hold(tv=tv, alpha=0, steps=200)) for tv in (0.0, 0.1)
    )

    def steep(p: np.ndarray) -> float:
        return float((np.diff(p, axis=0) ** 2).sum() + (np.diff(p, axis=1) ** 2).sum())

    assert steep(smooth.pictures[1]) < 0.5 * steep(rough.pictures[1])
    assert smooth.input_errors[0, -1] < rough.input_errors[0, -1]  # pictures are smooth, noise isn't


def test_the_alpha_norm_is_steep_beyond_what_a_picture_can_hold() -> None:
    at = norm_power(torch.tensor([[[[0.5]]], [[[1.0]]], [[[1.5]]]]), 6.0)
    assert at.tolist() == [0.0, 1.0, 64.0]


def test_rows_of_numbers_and_the_file(tmp_path) -> None:
    model = nn.Sequential(nn.utils.parametrizations.orthogonal(nn.Linear(4, 4)), nn.Linear(4, 2))
    given = Given("row", np.array([[0.1, -0.4, 0.8, 0.3]], np.float32))
    told = []
    found = invert(model, Takes("array", (4,)), given, hold=Hold(steps=400), report=lambda *k: told.append(k))
    assert found.input_errors[0, -1] < 0.02  # four equations
    assert found.feature_errors[1, -1] < 0.01  # two equations are met by many
    assert told[0][2].document()["complete"] is False
    found.save(tmp_path / "inverted.safetensors")
    back = load(tmp_path / "inverted.safetensors")
    assert back.document()["layers"] == found.document()["layers"]
    assert all(figure.words() for figure in [*back.figures(), back.alone(1)])


def test_what_cannot_be_inverted_is_refused() -> None:
    with pytest.raises(UsageError, match="reads tokens"):
        invert(narrowing(), Takes("tokens", (3,)), picture())
    dark = nn.Sequential(nn.Conv2d(1, 1, 1), nn.ReLU())
    with torch.no_grad():
        dark[0].weight.fill_(-1)
        dark[0].bias.fill_(-1)
    with pytest.raises(DltuiError, match="nothing but 0"):
        invert(dark, TAKES, picture(), ["1"], Hold(steps=1))
