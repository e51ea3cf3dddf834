"""Made data: against scikit-learn's makers, seeds, knobs, and the table of names."""

from __future__ import annotations

import pkgutil
from importlib import import_module

import numpy as np
import pytest
from sklearn.datasets import make_circles, make_moons

import dltui.data
from dltui.data import Dataset, load
from dltui.data._names import NAMES
from dltui.data._registry import DATASETS
from dltui.data.split import apportion, hold_out
from dltui.errors import UsageError


def sorted_rows(dataset: Dataset) -> np.ndarray:
    x, y = (
        np.concatenate([dataset.x_train, dataset.x_test]),
        np.concatenate([dataset.y_train, dataset.y_test]),
    )
    rows = np.column_stack([y, x]).astype(np.float64)
    return rows[np.lexsort(rows.round(5).T)]


def test_moons_without_noise_are_scikit_learns() -> None:
    x, y = make_moons(100, noise=None, shuffle=False)
    rows = np.column_stack([y, x])
    assert np.allclose(sorted_rows(load("moons:n=100,noise=0")), rows[np.lexsort(rows.round(5).T)], atol=1e-6)


def test_rings_without_noise_are_scikit_learns_circles() -> None:
    x, y = make_circles(100, noise=None, factor=0.5, shuffle=False)
    rows = np.column_stack([y, x])
    assert np.allclose(sorted_rows(load("rings:n=100,noise=0")), rows[np.lexsort(rows.round(5).T)], atol=1e-6)


def test_spiral_without_noise_keeps_its_equation() -> None:
    data = load("spiral:arms=4,turns=1.5,n=400,noise=0")
    assert data.classes == ("arm 0", "arm 1", "arm 2", "arm 3")
    radius = np.hypot(*data.x_train.T)
    turned = np.arctan2(data.x_train[:, 1], data.x_train[:, 0]) / (2 * np.pi)
    apart = turned - (data.y_train / 4 + 1.5 * radius)
    assert np.allclose(apart, np.round(apart), atol=1e-5)


@pytest.mark.parametrize("name", ["moons", "rings", "spiral"])
def test_seed_and_noise(name: str) -> None:
    same, again, other = load(name, seed=1), load(name, seed=1), load(name, seed=2)
    assert np.array_equal(same.x_train, again.x_train)
    assert not np.array_equal(same.x_train, other.x_train)
    quiet, loud = load(f"{name}:noise=0,n=5000"), load(f"{name}:noise=0.3,n=5000")
    assert np.isclose((loud.x_train - quiet.x_train).std(), 0.3, rtol=0.05)
    assert len(same.x_train) + len(same.x_test) == 1000
    assert same.name == name


def test_table_and_decorators_agree() -> None:
    for module in pkgutil.iter_modules(dltui.data.__path__):
        import_module(f"dltui.data.{module.name}")
    assert set(DATASETS._found) == set(NAMES)
    for name, entry in NAMES.items():
        assert DATASETS.load(name).__module__ == entry.module
        assert (DATASETS.load(name).__doc__ or "").splitlines()[0] == entry.summary


@pytest.mark.parametrize("counts", [[5, 5], [1, 99], [3, 3, 3], [178, 182, 177], [1, 1, 98], [2, 2, 2]])
def test_apportion_is_within_one_of_the_exact_share(counts: list[int]) -> None:
    members = np.array(counts)
    total = -(-int(members.sum()) // 5)
    seats = apportion(members, total)
    assert np.all(np.abs(seats - members * total / members.sum()) <= 1)
    assert np.all(seats < members)
    assert seats.sum() == total


def test_parts_are_disjoint_and_complete() -> None:
    for task, y in (("classes", np.arange(103) % 7), ("numbers", np.linspace(0, 1, 103))):
        learn, held = hold_out(y, task)  # type: ignore[arg-type]
        assert len(held) == 21
        assert sorted([*learn, *held]) == list(range(103))


REFUSALS = [
    ("digit", "unknown data set 'digit': did you mean digits?"),
    ("moons:nois=0.2", "unknown knob of moons 'nois': did you mean noise?"),
    ("moons:noise=much", "noise of moons must be a number, not 'much': try moons:noise=0.1"),
    ("moons:noise=-1", "noise of moons must be within 0 … 1e+06, not -1"),
    ("moons:noise=nan", "noise of moons must be within"),
    ("moons:n=2", "n of moons must be within 10 … 1e+07, not 2"),
    ("spiral:arms=1", "arms of spiral must be within 2 … 100, not 1"),
    ("digits:n=3", "digits has no knobs, so n=3 can't be set: write digits alone"),
    ("gone.npz", "no file gone.npz: expected a .npz with arrays x and y"),
    ("folder/data.csv", "no file folder/data.csv: expected a .npz"),
]


@pytest.mark.parametrize(("spec", "sentence"), REFUSALS)
def test_refusals(spec: str, sentence: str) -> None:
    with pytest.raises(UsageError) as caught:
        load(spec)
    assert sentence in str(caught.value)
