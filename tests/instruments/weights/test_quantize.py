"""Fewer bits, beside torch's own casts."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dltui.instruments.weights.quantize import FLOATS, KINDS, Kind, Per, float8, losses, quantized

TORCH = {"e4m3": torch.float8_e4m3fn, "e5m2": torch.float8_e5m2}


def draw(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float32)


@pytest.mark.parametrize("kind", ["e4m3", "e5m2"])
def test_every_number_of_fp8_stays_what_it_is(kind: str) -> None:
    every = torch.arange(256, dtype=torch.uint8).view(TORCH[kind]).float().numpy()
    every = every[np.isfinite(every)]
    np.testing.assert_array_equal(float8(every, kind), every)  # type: ignore[arg-type]
    assert np.abs(every).max() == FLOATS[kind][2]


@pytest.mark.parametrize("kind", ["e4m3", "e5m2"])
@given(values=hnp.arrays(np.float32, 40, elements=st.floats(-448, 448, width=32)))
@settings(max_examples=60, deadline=None)
def test_fp8_rounds_as_torch_does(kind: str, values: np.ndarray) -> None:
    expected = torch.from_numpy(values).to(TORCH[kind]).float().numpy()
    np.testing.assert_array_equal(float8(values, kind), expected)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["e4m3", "e5m2"])
def test_halfway_between_two_goes_to_the_even_one(kind: str) -> None:
    every = torch.arange(1, 120, dtype=torch.uint8).view(TORCH[kind]).double().numpy()
    halfway = (every[1:] + every[:-1]) / 2
    expected = torch.from_numpy(halfway).to(torch.float32).to(TORCH[kind]).double().numpy()
    np.testing.assert_array_equal(float8(halfway, kind), expected)  # type: ignore[arg-type]


@pytest.mark.filterwarnings("ignore:torch.quantize_per:UserWarning")  # torch means to remove them
def test_int8_by_tensor_is_torchs() -> None:
    values = draw(64, 33)
    scale = float(np.abs(values).max()) / 127
    expected = torch.quantize_per_tensor(torch.from_numpy(values), scale, 0, torch.qint8).dequantize().numpy()
    np.testing.assert_allclose(quantized(values, "int8", "tensor"), expected, atol=1e-6)


@pytest.mark.filterwarnings("ignore:torch.quantize_per:UserWarning")  # torch means to remove them
def test_int8_by_channel_is_torchs() -> None:
    values = draw(16, 3, 5, 5, seed=1)
    scales = np.abs(values.astype(np.float64)).max(axis=(1, 2, 3)) / 127
    expected = torch.quantize_per_channel(
        torch.from_numpy(values), torch.from_numpy(scales), torch.zeros(16, dtype=torch.int64), 0, torch.qint8
    )
    np.testing.assert_allclose(quantized(values, "int8", "channel"), expected.dequantize().numpy(), atol=1e-6)


def test_int4_is_torchs_fake_quantisation() -> None:
    values = draw(40, 25, seed=2)
    scale = float(np.abs(values).max()) / 7
    expected = torch.fake_quantize_per_tensor_affine(torch.from_numpy(values), scale, 0, -7, 7).numpy()
    np.testing.assert_allclose(quantized(values, "int4", "tensor"), expected, atol=1e-6)


def test_a_uniform_spread_loses_what_theory_says() -> None:
    """Rounding to steps of s leaves an error of s / √12."""
    values = np.random.default_rng(0).uniform(-1, 1, (100, 400)).astype(np.float32)
    loss = next(one for one in losses(values) if (one.kind, one.per) == ("int8", "tensor"))
    assert loss.relative == pytest.approx(1 / 127 / np.sqrt(12) / np.sqrt(1 / 3), rel=0.02)
    assert loss.decibels == pytest.approx(-20 * np.log10(loss.relative))
    assert loss.largest <= 0.5 / 127 + 1e-9


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("per", ["tensor", "channel"])
def test_losses_are_those_of_the_quantised_tensor(kind: Kind, per: Per) -> None:
    values = draw(30, 17, seed=3)
    values[4] *= 50
    values[5] = 0
    back = quantized(values, kind, per)
    loss = next(one for one in losses(values) if (one.kind, one.per) == (kind, per))
    wide = values.astype(np.float64)
    assert loss.relative == pytest.approx(np.linalg.norm(wide - back) / np.linalg.norm(wide))
    assert loss.largest == pytest.approx(np.abs(wide - back).max())
    cosine = (wide * back).sum() / np.linalg.norm(wide) / np.linalg.norm(back)
    assert loss.cosine == pytest.approx(cosine)
    assert loss.to_zero == pytest.approx(((back == 0) & (wide != 0)).mean())


def test_scales_by_channel_help_where_outputs_differ() -> None:
    values = draw(20, 50, seed=4) * np.logspace(-3, 0, 20)[:, None].astype(np.float32)
    by = {(one.kind, one.per): one for one in losses(values)}
    assert by["int4", "channel"].to_zero < by["int4", "tensor"].to_zero
    assert len(losses(values[0])) == len(KINDS)  # a bias has no channels


def test_nothing_is_lost_of_zeros() -> None:
    assert all(one.relative == 0 for one in losses(np.zeros((3, 4), np.float32)))
