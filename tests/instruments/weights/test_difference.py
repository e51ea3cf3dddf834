"""What changed between two files, on differences that were made."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from dltui.archives import open_archive
from dltui.errors import DltuiError
from dltui.instruments.weights import contrast, difference
from dltui.instruments.weights.lowrank import WHOLE, read_difference
from dltui.instruments.weights.pairs import common_prefix
from dltui.results import load
from dltui.results.weights_diff import WeightsDiff

State = dict[str, torch.Tensor]


def compare(folder: Path, one: State, other: State) -> WeightsDiff:
    save_file(one, folder / "a.safetensors")
    save_file(other, folder / "b.safetensors")
    with open_archive(folder / "a.safetensors") as a, open_archive(folder / "b.safetensors") as b:
        return difference(a, b, ("a", "b"))


def told(found: WeightsDiff) -> dict[str, dict[str, object]]:
    return {one["name"]: one for one in found.summary()["tensors"]}


def lora(
    rows: int, columns: int, rank: int, size: float = 0.01, dtype: torch.dtype = torch.float32
) -> torch.Tensor:
    """Return B·A, computed in a type as a merge would."""
    generator = torch.Generator().manual_seed(0)
    b, a = torch.randn(rows, rank, generator=generator), torch.randn(rank, columns, generator=generator)
    return (b.to(dtype) @ a.to(dtype)) * size


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16], ids=str)
def test_tensors_without_numbers_are_the_same(tmp_path: Path, dtype: torch.dtype) -> None:
    none = torch.zeros(0, 4, dtype=dtype)
    one, other = torch.zeros(3, dtype=dtype), torch.ones(3, dtype=dtype)
    found = told(compare(tmp_path, {"none": none, "w": one}, {"none": none, "w": other}))
    assert [found[name]["status"] for name in ("none", "w")] == ["same", "changed"]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16, torch.float64], ids=str)
@pytest.mark.parametrize("shape", [(96, 64), (64, 200), (WHOLE + 40, WHOLE + 8)], ids=str)
@pytest.mark.parametrize("rank", [1, 4, 16])
@pytest.mark.parametrize("size", [0.01, 0.3])
def test_a_merged_lora_shows_its_rank(
    dtype: torch.dtype, shape: tuple[int, int], rank: int, size: float
) -> None:
    """In every type, although rounding to it makes the difference one of full rank."""
    generator = torch.Generator().manual_seed(rank)
    before = (torch.randn(*shape, generator=generator) * 0.03).to(dtype)
    after = before + lora(*shape, rank, size, dtype)
    kind = str(dtype).removeprefix("torch.")
    found = read_difference(before.double().numpy(), after.double().numpy(), (kind, kind))
    assert found.rank == rank
    assert found.full == min(shape)
    assert not found.bound


def test_a_difference_of_full_rank_is_no_lora(tmp_path: Path) -> None:
    before = torch.randn(80, 60, generator=torch.Generator().manual_seed(0))
    after = before + 1e-3 * torch.randn(80, 60, generator=torch.Generator().manual_seed(1))
    found = compare(tmp_path, {"w": before}, {"w": after})
    assert found.rank_words(0) == "60 of 60"
    assert not found.low_rank(0)


def test_of_a_large_matrix_a_high_rank_is_told_as_a_bound() -> None:
    generator = np.random.default_rng(0)
    one = generator.standard_normal((WHOLE + 1, WHOLE + 1)).astype(np.float32)
    other = one + generator.standard_normal(one.shape).astype(np.float32)
    found = read_difference(one, other, ("float32", "float32"))
    assert (found.rank, found.bound) == (64, True)


def test_changes_are_told_as_numpy_counts_them(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(3)
    before = torch.randn(7, 11, generator=generator)
    after = before.clone()
    after[2:4] += torch.randn(2, 11, generator=generator)
    found = told(compare(tmp_path, {"w": before}, {"w": after}))["w"]
    a, b = before.double().numpy().ravel(), after.double().numpy().ravel()
    assert found["status"] == "changed"
    assert found["relative"] == pytest.approx(np.linalg.norm(b - a) / np.linalg.norm(a))
    assert found["cosine"] == pytest.approx(a @ b / np.linalg.norm(a) / np.linalg.norm(b))
    assert found["largest"] == pytest.approx(np.abs(b - a).max())
    assert found["touched"] == pytest.approx(22 / 77)
    assert found["rank"] == 2
    np.testing.assert_allclose(
        found["singular_values"], np.linalg.svd((b - a).reshape(7, 11), compute_uv=False), atol=1e-6
    )


def test_every_kind_of_change_is_told_in_its_order(tmp_path: Path) -> None:
    same = torch.randn(4, generator=torch.Generator().manual_seed(0))
    one = {
        "same": same,
        "little": torch.ones(10),
        "much": torch.ones(10),
        "gone": torch.ones(2),
        "shape": torch.ones(2, 3),
        "type": torch.ones(5),
        "nan": torch.full((3,), torch.nan),
    }
    other = {
        "same": same,
        "little": torch.ones(10) * 1.01,
        "much": torch.ones(10) * 5,
        "new": torch.ones(2),
        "shape": torch.ones(3, 2),
        "type": torch.ones(5, dtype=torch.float16),
        "nan": torch.full((3,), torch.nan),
    }
    found = compare(tmp_path, one, other)
    assert list(zip(found.names, found.statuses, strict=True)) == [
        ("gone", "removed"),
        ("new", "added"),
        ("shape", "reshaped"),
        ("type", "retyped"),
        ("much", "changed"),
        ("little", "changed"),
        *((name, "same") for name in found.names[6:]),
    ]
    assert set(found.names[6:]) == {"same", "nan"}
    assert not found.same
    assert found.counts() == {"removed": 1, "added": 1, "reshaped": 1, "retyped": 1, "changed": 2, "same": 2}
    assert "float32 → float16" in str(found.figures()[0].rows)  # type: ignore[attr-defined]


def test_equal_files_are_the_same(tmp_path: Path) -> None:
    state = {"w": torch.randn(5, 5, generator=torch.Generator().manual_seed(0)), "n": torch.tensor([1, 2])}
    found = compare(tmp_path, state, dict(state))
    assert found.same
    assert found.summary()["same"] is True
    assert [type(one).__name__ for one in found.figures()] == ["Table"]


def test_a_number_that_is_no_longer_finite_is_a_change(tmp_path: Path) -> None:
    before, after = torch.ones(4, 4), torch.ones(4, 4)
    after[0, 0], after[1, 1] = torch.nan, torch.inf
    found = told(compare(tmp_path, {"w": before}, {"w": after}))["w"]
    assert (found["status"], found["unmatched"]) == ("changed", 2)
    assert found["relative"] == 0
    assert found["rank"] is None


def test_what_stands_before_every_name_is_left_away_where_that_makes_them_meet(tmp_path: Path) -> None:
    state = {"model.fc.weight": torch.ones(2, 2), "model.fc.bias": torch.zeros(2)}
    wrapped = {f"module.{name}": tensor for name, tensor in state.items()}
    found = compare(tmp_path, state, wrapped)
    assert found.same
    assert found.prefixes == ["model.fc.", "module.model.fc."]
    other = compare(tmp_path, state, {"body.w": torch.ones(1)})
    assert other.prefixes == []
    assert set(other.statuses) == {"removed", "added"}


def test_prefixes_end_at_a_dot() -> None:
    assert common_prefix(["a.b.c", "a.b.d"]) == "a.b."
    assert common_prefix(["a.bc", "a.bd"]) == "a."
    assert common_prefix(["a", "ab"]) == ""
    assert common_prefix(["a.b", "a.b"]) == "a."


def test_tensors_larger_than_a_piece_are_compared_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dltui.instruments.weights.pairs.PIECE", 1000)
    before = torch.randn(3000, generator=torch.Generator().manual_seed(0))
    after = before.to(torch.float64)
    after[2999] += 1
    found = told(compare(tmp_path, {"w": before}, {"w": after}))["w"]
    assert found["touched"] == pytest.approx(1 / 3000)
    assert found["norm"] == pytest.approx(1)


def test_one_tensor_is_contrasted_in_every_respect(tmp_path: Path) -> None:
    generator = torch.Generator().manual_seed(5)
    before = torch.randn(60, 40, generator=generator)
    after = before + lora(60, 40, 3)
    found = compare(tmp_path, {"net.w": before}, {"net.w": after})
    with open_archive(tmp_path / "a.safetensors") as a, open_archive(tmp_path / "b.safetensors") as b:
        page = contrast(a, b, "w", ("a", "b"))
        with pytest.raises(DltuiError, match="unknown tensor"):
            contrast(a, b, "v", ("a", "b"))
    assert page.rank == 3
    assert page.relative == pytest.approx(float(found.relative[0]))
    delta = (after.double() - before.double()).numpy()
    assert page.numbers["max"] == pytest.approx(delta.max(), rel=1e-6)
    np.testing.assert_allclose(
        page.before, np.linalg.svd(before.double().numpy(), compute_uv=False), rtol=1e-6
    )
    assert page.losses == []
    page.save(tmp_path / "page.safetensors")
    again = load(tmp_path / "page.safetensors")
    assert again.summary() == page.summary()
    assert again.figures()[0].title.startswith("Change")


def test_it_saves_and_loads(tmp_path: Path) -> None:
    found = compare(
        tmp_path, {"w": torch.ones(30, 30), "x": torch.ones(1)}, {"w": torch.ones(30, 30) + lora(30, 30, 2)}
    )
    found.save(tmp_path / "kept.safetensors")
    again = load(tmp_path / "kept.safetensors")
    assert again.summary() == found.summary()
    assert [one.words() for one in again.figures()] == [one.words() for one in found.figures()]
