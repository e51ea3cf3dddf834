"""One tensor in every respect, and along a run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from dltui.archives import open_archive
from dltui.errors import DltuiError
from dltui.instruments.weights import examine, follow
from dltui.results import load
from dltui.results.tensor import TensorPage
from dltui.results.weights import PROBABILITIES
from dltui.results.weights_along import WeightsAlong
from dltui.training import train


def page(folder: Path, tensor: torch.Tensor, name: str = "w") -> TensorPage:
    save_file({name: tensor}, folder / "one.safetensors")
    with open_archive(folder / "one.safetensors") as archive:
        return examine(archive, name, "one")


def kinds(found: TensorPage) -> list[str]:
    return [figure.title.split(" · ")[0] for figure in found.figures()]


def test_a_matrix_is_told_in_every_respect(tmp_path: Path) -> None:
    tensor = torch.randn(70, 50, generator=torch.Generator().manual_seed(0))
    tensor[3] = 0
    tensor[9] = 2 * tensor[8]
    found = page(tmp_path, tensor)
    values = tensor.double().numpy()
    np.testing.assert_allclose(found.quantiles, np.quantile(values, PROBABILITIES), rtol=1e-6)
    np.testing.assert_array_equal(found.counts, np.histogram(values, found.edges)[0])
    np.testing.assert_array_equal(found.heat, values)
    sigma = np.linalg.svd(values, compute_uv=False)
    np.testing.assert_allclose(found.singular_values, sigma, atol=1e-6)
    assert found.spectrum["stable_rank"] == pytest.approx((sigma**2).sum() / sigma[0] ** 2)
    assert found.dead == [3]
    assert [pair[:2] for pair in found.doubles] == [[8, 9]]
    assert [(one["kind"], one["per"]) for one in found.losses][:2] == [
        ("int8", "tensor"),
        ("int8", "channel"),
    ]
    assert kinds(found) == [
        "Numbers", "Histogram", "Matrix", "Singular values", "Power law", "Outputs", "Doubles", "Signal to noise",
        "Fewer bits",
    ]  # fmt: skip
    assert found.sparsity == pytest.approx(50 / 3500)


def test_a_large_matrix_is_drawn_by_blocks(tmp_path: Path) -> None:
    tensor = torch.randn(600, 301, generator=torch.Generator().manual_seed(1))
    found = page(tmp_path, tensor)
    assert found.heat_step == [3, 2]
    assert found.heat.shape == (200, 151)
    values = tensor.double().numpy()
    assert found.heat[5, 7] == pytest.approx(np.sqrt((values[15:18, 14:16] ** 2).mean()))
    assert found.heat[5, 150] == pytest.approx(np.sqrt((values[15:18, 300:] ** 2).mean()))


@pytest.mark.parametrize(
    ("tensor", "expected"),
    [
        (torch.tensor(2.5), ["Numbers", "Histogram", "Fewer bits"]),
        (torch.arange(5), ["Numbers", "Histogram", "Matrix"]),
        (torch.zeros(3, 4), ["Numbers", "Histogram", "Matrix", "Singular values", "Outputs", "Fewer bits"]),
        (torch.tensor([[1.0, torch.nan], [0, 1]]), ["Numbers", "Histogram"]),
        (torch.tensor([torch.nan]), ["Numbers"]),
        (torch.ones(2, 3, dtype=torch.complex64), ["Numbers", "Histogram", "Singular values"]),
        (torch.ones(4, dtype=torch.bfloat16), ["Numbers", "Histogram", "Matrix", "Fewer bits"]),
    ],
    ids=["scalar", "integers", "zeros", "nan", "all-nan", "complex", "bf16"],
)
def test_odd_tensors_are_told_too(tmp_path: Path, tensor: torch.Tensor, expected: list[str]) -> None:
    found = page(tmp_path, tensor)
    assert [kind for kind in kinds(found) if kind in expected] == expected
    assert all(figure.words() for figure in found.figures())
    json.dumps(found.summary())
    found.save(tmp_path / "kept.safetensors")
    assert json.dumps(load(tmp_path / "kept.safetensors").summary()) == json.dumps(found.summary())


@pytest.mark.parametrize("power", [-1000, -600, 200, 600, 1000])
@pytest.mark.parametrize("shape", [(40, 64), (16, 3, 5, 5), (300,), (300, 280)], ids=str)
def test_huge_and_tiny_numbers_are_told_as_any_other(
    shape: tuple[int, ...], power: int, tmp_path: Path
) -> None:
    weight = torch.randn(shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    weight[2] = weight[3]
    plain = page(tmp_path, weight)
    found = page(tmp_path, torch.from_numpy(np.ldexp(weight.numpy(), power)))  # a warning would be an error
    assert found.dead == plain.dead
    assert [pair[:2] for pair in found.doubles] == [pair[:2] for pair in plain.doubles]
    np.testing.assert_array_equal(found.counts, plain.counts)
    for name in ("quantiles", "edges", "heat", "row_norms", "singular_values"):
        back, wanted = np.ldexp(getattr(found, name), -power), getattr(plain, name)
        np.testing.assert_allclose(back, wanted, rtol=1e-9, atol=1e-12)
    for name in plain.spectrum.keys() - {"edge", "start"}:
        assert found.spectrum[name] == pytest.approx(plain.spectrum[name], rel=1e-6), name
    for one, other in zip(found.losses, plain.losses, strict=True):
        assert (one["kind"], one["per"]) == (other["kind"], other["per"])
        for part in ("relative", "decibels", "cosine", "to_zero"):
            assert one[part] == pytest.approx(other[part], rel=1e-6), part
        assert np.ldexp(one["largest"], -power) == pytest.approx(other["largest"])
    assert found.figures()
    json.dumps(found.summary(), allow_nan=True)


def test_the_largest_floats_there_are_have_a_histogram(tmp_path: Path) -> None:
    top = float(np.finfo(np.float64).max)
    found = page(tmp_path, torch.tensor([[top, -top]] * 3, dtype=torch.float64))
    assert found.counts.tolist() == [3, *[0] * 98, 3]
    assert (found.edges[0], found.edges[-1]) == (-top, top)
    assert found.quantiles[[0, 3, -1]].tolist() == [-top, 0, top]
    assert found.row_norms.tolist() == [np.inf] * 3  # no float holds them


def test_a_tensor_without_numbers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DltuiError, match="has no numbers"):
        page(tmp_path, torch.zeros(0, 3))


@pytest.fixture(scope="module")
def along(tmp_path_factory: pytest.TempPathFactory) -> WeightsAlong:
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DLTUI_HOME", str(home))
        train("mlp:width=12", "moons:n=60", wishes={"epochs": 4, "batch_size": 30})
        partials: list[object] = []
        found = follow("run:latest", "0.weight", lambda done, total, partial=None: partials.append(partial))
        early = follow("run:latest@step=4", "0.weight")
    assert len(partials) == len(found.steps)
    assert not partials[0].summary()["complete"]  # type: ignore[attr-defined]
    assert early.steps.tolist() == [step for step in found.steps.tolist() if step <= 4]
    return found


def test_a_tensor_is_followed_through_a_run(along: WeightsAlong) -> None:
    assert along.name == "hidden.0.weight"
    assert along.steps[0] == 0
    assert len(along.steps) >= 5
    assert along.known.all()
    assert along.away[0] == 0
    assert np.isnan(along.moved[0])
    assert along.moved[1] == pytest.approx(along.away[1])
    assert along.cosine[0] == pytest.approx(1)
    assert (along.counts.sum(axis=1) == 24).all()
    norms = np.sqrt((along.singular_values**2).sum(axis=1))
    np.testing.assert_allclose(norms, along.numbers[:, 4], rtol=1e-6)  # 12 × 2: both singular values are kept
    np.testing.assert_allclose(along.stable_rank, norms**2 / along.singular_values[:, 0] ** 2)
    assert (np.diff(along.quantiles, axis=1) >= 0).all()


def test_it_saves_and_loads(along: WeightsAlong, tmp_path: Path) -> None:
    along.save(tmp_path / "along.safetensors")
    again = load(tmp_path / "along.safetensors")
    assert json.dumps(again.summary()) == json.dumps(along.summary())
    assert len(again.figures()) == 6
    assert all(figure.words() for figure in again.figures())
